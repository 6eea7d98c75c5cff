{{ config(materialized='table', database='scratch') }}

{% set history = past('intermediate', 'int_forecast_history') %}

with

-- Of the levels those that do not go on: see int_forecast_standing.
terms as (
    select
        terms.*,
        touched.from_end,
        {{ in_steps('(terms.first_month - 1)', 'terms') }} as start_step
    from {{ ref('int_target_terms') }} as terms
    inner join {{ ref('int_progress_touched') }} as touched
        on terms.target_key = touched.target_key
    where
        terms.path_shape not in ('linear', 'constant')
        or terms.target_key in (
            select standing.target_key
            from {{ ref('int_forecast_standing') }} as standing
            where not standing.goes_on
        )
),

levels as (
    select * from terms
    where path_shape in ('linear', 'constant')
),

chains as (
    select
        links.*,
        terms.path_shape,
        terms.start_step
    from {{ ref('int_progress_chain') }} as links
    inner join terms on links.target_key = terms.target_key
),

{% if history -%}
    -- What stands from before, up to the first period that is read again.
    standing as (
        select
            kept.*,
            levels.from_end,
            levels.step_months,
            kept.ended_step is not null
            and kept.points[1].step_no * levels.step_months
            >= {{ month_index('levels.from_end') }} as is_bare
        from {{ history }} as kept
        inner join levels on kept.target_key = levels.target_key
    ),

    bare as (
        select * from standing
        where is_bare
    ),

    -- With no open point before it a series goes on from what has ended,
    -- provided that it still has a figure after it: those of all open points
    -- may have been withdrawn.
    told_on as (
        select
            bare.target_key,
            bare.source_kind,
            bare.scale
        from bare
        inner join {{ ref('int_progress_steps') }} as steps
            on
                bare.target_key = steps.target_key
                and bare.source_kind = steps.source_kind
        where
            bare.scale = 'plain'
            and steps.value is not null
            and steps.period_no is not null
            and bare.ended_step * bare.step_months
            < {{ month_index('bare.from_end') }}
    ),

    out_of_reach as (
        select bare.target_key
        from bare
        left join told_on
            on
                bare.target_key = told_on.target_key
                and bare.source_kind = told_on.source_kind
                and bare.scale = told_on.scale
        where told_on.target_key is null
    ),

    read_from as (
        select
            *,
            case
                when
                    target_key in (select standing.target_key from standing)
                    and target_key not in (
                        select out_of_reach.target_key from out_of_reach
                    )
                    then from_end
                else cast('0001-01-01' as date)
            end as read_end
        from levels
    ),
{%- else -%}
    read_from as (
        select
            *,
            cast('0001-01-01' as date) as read_end
        from levels
    ),
{%- endif %}

-- What the steps of progress have read already, the period's own length only.
steps as (
    select * from {{ ref('int_progress_steps') }}
    where
        period_no is not null
        and path_shape in ('linear', 'constant')
        and target_key in (select terms.target_key from terms)
),

-- A level has a past before its plan, and goes on after it.
read_beyond as (
    select * from read_from
    where
        read_end < greatest(from_end, plan_start)
        or plan_end < (
            select max(known.period_end)
            from {{ ref('fct_observation') }} as known
        )
),

-- The bound of all of them first: it spares reading the history.
observations as (
    select *
    from {{ ref('fct_observation') }}
    where
        is_current
        and period_end >= {{ earliest('bound.read_end', 'read_beyond') }}
),

beyond as (
    select
        read_beyond.target_key,
        observations.source_kind,
        observations.period_end,
        read_beyond.step_months,
        cast(observations.value as double) as value
    from read_beyond
    inner join observations
        on
            read_beyond.indicator_code = observations.indicator_code
            and read_beyond.definition_version
            = observations.definition_version
            and read_beyond.region_code = observations.region_code
            and read_beyond.breakdown = observations.breakdown
            and read_beyond.unit_code is not distinct from
            observations.unit_code
            and read_beyond.step_months
            = {{ period_months('observations.period') }}
            and read_beyond.read_end <= observations.period_end
    where
        observations.period_start < read_beyond.plan_start
        or observations.period_end > read_beyond.plan_end
        or observations.period_end < read_beyond.from_end
    qualify
        row_number() over (
            partition by
                read_beyond.target_key, observations.source_kind,
                observations.period
            order by
                observations.known_from desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

figures as (
    {% for read in ['steps', 'beyond'] -%}
        select
            target_key,
            source_kind,
            {{ in_steps(month_index('period_end'), read) }} as step_no,
            value as x
        from {{ read }}
        where value is not null
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

rates as (
    select * from levels
    where min_value is not null and max_value is not null
),

-- Every series on the scale of its model; rates on the logit scale too. A
-- chain starts at nothing on the eve of the plan and adds up: logarithms of
-- factors, or amounts.
scaled as (
    select
        target_key,
        source_kind,
        'plain' as scale,
        step_no,
        x as y
    from figures
    union all
    select
        figures.target_key,
        figures.source_kind,
        'logit' as scale,
        figures.step_no,
        ln((figures.x - rates.min_value) / (rates.max_value - figures.x)) as y
    from figures
    inner join rates on figures.target_key = rates.target_key
    where figures.x > rates.min_value and figures.x < rates.max_value
    union all
    select
        target_key,
        source_kind,
        case path_shape when 'sum' then 'plain' else 'log' end as scale,
        start_step + period_no as step_no,
        case
            when path_shape = 'sum' then total
            when factor > 0 then ln(factor)
        end as y
    from chains
    union all
    select
        target_key,
        source_kind,
        case path_shape when 'sum' then 'plain' else 'log' end as scale,
        start_step as step_no,
        0 as y
    from chains
    where period_no = 1
),

-- Sorted afterwards: an ordered aggregate keeps a buffer for each group.
fresh as (
    select
        target_key,
        source_kind,
        scale,
        list_sort(list(struct_pack(step_no := step_no, y := y))) as points
    from scaled
    where y is not null
    group by target_key, source_kind, scale
),

{% if history -%}
    kept as (
        select
            standing.* replace (
                [
                    p for p in standing.points
                    if p.step_no * standing.step_months
                    < {{ month_index('standing.from_end') }}
                ] as points
            )
        from standing
        where
            target_key not in (
                select out_of_reach.target_key from out_of_reach
            )
    ),

    joined as (
        select
            coalesce(fresh.target_key, kept.target_key) as target_key,
            coalesce(fresh.source_kind, kept.source_kind) as source_kind,
            coalesce(fresh.scale, kept.scale) as scale,
            kept.ended_step,
            kept.n_ended,
            kept.ended,
            kept.season_ends,
            list_concat(
                coalesce(kept.points, []), coalesce(fresh.points, [])
            ) as points
        from fresh
        full outer join kept
            on
                fresh.target_key = kept.target_key
                and fresh.source_kind = kept.source_kind
                and fresh.scale = kept.scale
    ),
{%- else -%}
    joined as (
        select
            *,
            cast(null as integer) as ended_step,
            cast(null as bigint) as n_ended,
            {{ drift_state() }} as ended,
            cast([] as struct(step_no integer, y double)[]) as season_ends
        from fresh
    ),
{%- endif %}

-- Of a target with several kinds of figures some may go on.
going_on as (
    select
        target_key,
        source_kind
    from {{ ref('int_forecast_standing') }}
    where goes_on and target_key in (select terms.target_key from terms)
),

seasoned as (
    select
        joined.target_key,
        joined.source_kind,
        joined.scale,
        terms.path_shape,
        terms.step_months,
        terms.sense,
        terms.target_value,
        terms.min_value,
        terms.max_value,
        terms.start_step,
        {{ in_steps(month_index('terms.target_end'), 'terms') }}
            as target_step,
        greatest(
            terms.first_month + terms.step_months - 1,
            {{ month_index('terms.from_end') }}
        ) as first_told_month,
        terms.first_month + terms.plan_months - 1 as last_told_month,
        case
            when terms.path_shape in ('linear', 'constant')
                then cast(12 / terms.step_months as integer)
            else 1
        end as seasons,
        -- Of the figures of single units there are too many.
        terms.unit_code is null or terms.step_months = 12 as is_kept_whole,
        joined.ended_step,
        coalesce(joined.n_ended, 0) as n_ended,
        coalesce(joined.ended, {{ drift_state() }}) as ended,
        coalesce(joined.season_ends, []) as season_ends,
        joined.points
    from joined
    inner join terms on joined.target_key = terms.target_key
    where
        (joined.target_key, joined.source_kind) not in (
            select
                going_on.target_key,
                going_on.source_kind
            from going_on
        )
),

reaching as (
    select
        *,
        list_concat(season_ends, points) as reached
    from seasoned
),

-- Each point beside the last one of its own season: a year before it, or
-- earlier where periods are missing.
paired as (
    select
        *,
        [
            {
                'now': reached[i],
                'then':
                case
                    when
                        reached[i].step_no - reached[1].step_no
                        < reaching.seasons
                        then null
                    when
                        reached[i - reaching.seasons].step_no
                        = reached[i].step_no - reaching.seasons
                        then reached[i - reaching.seasons]
                    else [
                        p for p in reached[:i - 1]
                        if (reached[i].step_no - p.step_no)
                        % reaching.seasons = 0
                    ][-1]
                end
            }
            for i in range(len(season_ends) + 1, len(reached) + 1)
        ] as pairs
    from reaching
),

final as (
    select
        * exclude (pairs, reached),
        [
            {
                'step_no': a.now.step_no,
                'state': {{ move_of('a.now', 'a.then', 'paired.seasons') }}
            }
            for a in paired.pairs if a.then is not null
        ] as moves
    from paired
)

select * from final
