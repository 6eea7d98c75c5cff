{#- Runs of series that are told again, or of which several periods are new. -#}

{% set run %}rule_id, target_key, source_kind{% endset %}
{% set so_far %}
    over (
        partition by {{ run }}, run_no order by half_year_no asc nulls last
        rows between unbounded preceding and current row
    )
{% endset %}
{% set in_order %}
    over (
        partition by {{ run }}
        order by half_year_no asc nulls last, run_no asc nulls last
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
        true as is_bad,
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
        list({{ period_of_run() }}) filter (where is_counted) as periods
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
            as is_last_of_half_year
    from half_years
),

-- What the seam did not change stands as it is kept.
states as (
    select
        *,
        coalesce(lead(last_end) {{ in_order }}, {{ no_end() }}) as until_end
    from added
    where is_last_of_half_year and not is_carried
),

-- A figure may come after that of a later period; a warning is never
-- resolved before it was last seen.
final as (
    select
        states.rule_id,
        states.target_key,
        states.source_kind,
        states.last_end,
        states.until_end,
        coalesce(states.period, before.period) as period,
        states.period is null as is_told_before,
        coalesce(states.risk_level, before.risk_level) as risk_level,
        coalesce(states.measure, before.measure) as measure,
        case
            when states.period is null then before.compared_with
            else states.compared_with
        end as compared_with,
        states.n_periods + coalesce(before.n_periods, 0) as n_periods,
        coalesce(before.first_period, states.first_period) as first_period,
        least(before.first_raised_at, states.first_raised_at)
            as first_raised_at,
        greatest(before.last_seen_at, states.last_seen_at) as last_seen_at,
        case
            when states.ended_at is not null
                then greatest(
                    states.ended_at, states.last_seen_at, before.last_seen_at
                )
        end as resolved_at,
        list_slice(
            list_sort(list_concat(before.periods, states.periods)),
            -{{ periods_in_evidence() }}, -1
        ) as periods,
        before.figures
    from states
    left join before
        on
            states.rule_id = before.rule_id
            and states.continued_key = before.target_key
            and states.source_kind = before.source_kind
)

select * from final
