with

judged as (
    select * from {{ ref('int_late_windows') }}
),

names as (
    select * from {{ ref('int_duty_names') }}
),

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_LATE_UNIT'
),

-- Bad windows that know the same last good one are one run.
placed as (
    select
        *,
        lead(coalesce(first_received_at, due_at)) over in_order
            as resolved_at,
        max(case when not is_bad then place end) over in_order as good_last
    from judged
    window in_order as (
        partition by form_code, unit_code order by place asc nulls last
    )
),

runs as (
    select
        form_code,
        unit_code,
        max(place) as last_place,
        count(*) as run_length,
        min_by(period, place) as first_period,
        min(due_at) as first_raised_at
    from placed
    where is_bad
    group by form_code, unit_code, good_last
    qualify
        row_number() over (
            partition by form_code, unit_code
            order by max(place) desc nulls last
        ) = 1
),

final as (
    select
        placed.form_code,
        placed.unit_code,
        placed.period,
        names.region_code,
        names.unit_name_en,
        names.unit_name_zh,
        names.form_name_en,
        names.form_name_zh,
        placed.n_late,
        placed.n_reported,
        rule.rule_id,
        rule.rule_version,
        rule.window_periods,
        rule.parameters_json,
        placed.resolved_at,
        runs.first_period,
        runs.first_raised_at,
        runs.run_length,
        'yellow' as severity,
        placed.due_at as last_seen_at,
        {{ escalation('runs.run_length - 1', 'rule.escalate_every') }}
            as escalation_level
    from runs
    inner join placed
        on
            runs.form_code = placed.form_code
            and runs.unit_code = placed.unit_code
            and runs.last_place = placed.place
    inner join names
        on
            runs.form_code = names.form_code
            and runs.unit_code = names.unit_code
    cross join rule
)

select * from final
