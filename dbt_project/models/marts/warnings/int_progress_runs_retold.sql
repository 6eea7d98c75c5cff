{#- Runs of series that are told again, or of which several periods are new. -#}

{% set run %}rule_id, target_key, source_kind{% endset %}
{% set so_far %}
    over (
        partition by {{ run }}, run_no order by half_year_no asc nulls last
        rows between unbounded preceding and current row
    )
{% endset %}
{#- Runs of a series in the order of time, to the very last. -#}
{% set in_order %}
    over (
        partition by {{ run }}
        order by half_year_no asc nulls last, run_no asc nulls last
        rows between unbounded preceding and unbounded following
    )
{% endset %}

with

judged as (
    select * from {{ ref('int_progress_judged') }}
    where not comes_next
),

before as (
    select * from {{ ref('int_progress_runs_before') }}
),

-- Where no period is bad there is no run: most series end here.
told_of as (
    select {{ run }} from judged
    where is_bad
    union
    select {{ run }} from before
),

-- The run before the seam stands for all of its periods.
periods as (
    select
        judged.rule_id,
        judged.target_key,
        judged.source_kind,
        judged.period,
        judged.period_end,
        judged.is_bad,
        false as is_before,
        judged.measure,
        judged.compared_with,
        judged.risk_level,
        judged.status_raw,
        judged.gap_pct,
        judged.known_from
    from judged
    inner join told_of
        on
            judged.rule_id = told_of.rule_id
            and judged.target_key = told_of.target_key
            and judged.source_kind = told_of.source_kind
    union all by name
    select
        {{ run }},
        last_end as period_end,
        resolved_at is null as is_bad,
        true as is_before
    from before
),

placed as (
    select
        *,
        row_number() over (
            partition by {{ run }}
            order by period_end asc nulls last, period asc nulls last
        ) as place,
        coalesce(
            lag(is_bad) over (
                partition by {{ run }}
                order by period_end asc nulls last, period asc nulls last
            ),
            false
        ) as was_bad
    from periods
),

-- A run is its bad periods and the good one that ends it.
numbered as (
    select
        *,
        is_bad and not is_before as is_counted,
        sum(case when is_before or not was_bad then 1 else 0 end) over (
            partition by {{ run }} order by place asc nulls last
            rows between unbounded preceding and current row
        ) as run_no
    from placed
    where is_bad or was_bad or is_before
),

-- Half-year by half-year, since the state at the end of each is kept.
half_years as (
    select
        {{ run }},
        run_no,
        {{ half_year('period_end') }} as half_year_no,
        max(period_end) as last_end,
        bool_or(is_before) as is_continued,
        bool_and(is_before) as is_carried,
        count(*) filter (where is_counted) as n_periods,
        min_by(period, place) filter (where is_counted) as first_period,
        min(known_from) filter (where is_counted) as first_raised_at,
        max(known_from) filter (where is_counted) as last_seen_at,
        max(known_from) filter (where not is_bad and not is_before)
            as ended_at,
        max_by(period, place) filter (where is_counted) as period,
        max_by(risk_level, place) filter (where is_counted) as risk_level,
        max_by(measure, place) filter (where is_counted) as measure,
        max_by(compared_with, place) filter (where is_counted)
            as compared_with,
        list({{ period_of_run('numbered') }}) filter (where is_counted)
            as periods
    from numbered
    group by {{ run }}, run_no, {{ half_year('period_end') }}
),

added as (
    select
        {{ run }},
        run_no,
        half_year_no,
        last_end,
        is_carried,
        -- A key to join by: a condition beside the keys of an outer join would
        -- hold each row against all others.
        case when bool_or(is_continued) {{ so_far }} then target_key end
            as continued_key,
        cast(sum(n_periods) {{ so_far }} as bigint) as n_periods,
        first_value(first_period ignore nulls) {{ so_far }} as first_period,
        min(first_raised_at) {{ so_far }} as first_raised_at,
        max(last_seen_at) {{ so_far }} as last_seen_at,
        max(ended_at) {{ so_far }} as ended_at,
        last_value(period ignore nulls) {{ so_far }} as period,
        last_value(risk_level ignore nulls) {{ so_far }} as risk_level,
        last_value(measure ignore nulls) {{ so_far }} as measure,
        last_value(compared_with ignore nulls) {{ so_far }} as compared_with,
        flatten(list(periods) {{ so_far }}) as periods,
        coalesce(lead(half_year_no) {{ in_order }} <> half_year_no, true)
            as is_last_of_half_year,
        last_value(half_year_no) {{ in_order }} as last_half_year_no
    from half_years
),

-- A figure may come after that of a later period; a warning is never
-- resolved before it was last seen.
final as (
    select
        added.rule_id,
        added.target_key,
        added.source_kind,
        added.last_end,
        added.half_year_no = added.last_half_year_no as is_latest,
        coalesce(added.period, before.period) as period,
        added.period is null as is_told_before,
        coalesce(added.risk_level, before.risk_level) as risk_level,
        coalesce(added.measure, before.measure) as measure,
        case
            when added.period is null then before.compared_with
            else added.compared_with
        end as compared_with,
        added.n_periods + coalesce(before.n_periods, 0) as n_periods,
        coalesce(before.first_period, added.first_period) as first_period,
        least(before.first_raised_at, added.first_raised_at)
            as first_raised_at,
        greatest(before.last_seen_at, added.last_seen_at) as last_seen_at,
        coalesce(
            before.resolved_at,
            case
                when added.ended_at is not null
                    then greatest(
                        added.ended_at, added.last_seen_at, before.last_seen_at
                    )
            end
        ) as resolved_at,
        list_slice(
            list_sort(list_concat(before.periods, added.periods)),
            -{{ periods_in_evidence() }}, -1
        ) as periods,
        before.figures
    from added
    left join before
        on
            added.rule_id = before.rule_id
            and added.continued_key = before.target_key
            and added.source_kind = before.source_kind
    where
        added.is_last_of_half_year
        and (
            not added.is_carried
            or (
                before.is_rewound
                and added.half_year_no = added.last_half_year_no
            )
        )
)

select * from final
