with

names as (
    select * from {{ ref('int_duty_names') }}
),

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_LATE_UNIT'
),

-- Bad windows that follow on each other are one run.
bad as (
    select
        *,
        place - row_number() over (
            partition by form_code, unit_code order by place asc nulls last
        ) as run_no
    from {{ ref('int_late_windows') }}
    where is_bad
),

runs as (
    select
        form_code,
        unit_code,
        max(place) as last_place,
        count(*) as run_length,
        min_by(period, place) as first_period,
        min(due_at) as first_raised_at
    from bad
    group by form_code, unit_code, run_no
    qualify
        row_number() over (
            partition by form_code, unit_code
            order by max(place) desc nulls last
        ) = 1
),

final as (
    select
        bad.form_code,
        bad.unit_code,
        bad.period,
        names.region_code,
        names.unit_name_en,
        names.unit_name_zh,
        names.form_name_en,
        names.form_name_zh,
        bad.n_late,
        bad.n_reported,
        rule.rule_id,
        rule.rule_version,
        rule.window_periods,
        rule.parameters_json,
        coalesce(next_duty.first_received_at, next_duty.due_at)
            as resolved_at,
        runs.first_period,
        runs.first_raised_at,
        runs.run_length,
        'yellow' as severity,
        bad.due_at as last_seen_at,
        {{ escalation('runs.run_length - 1', 'rule.escalate_every') }}
            as escalation_level
    from runs
    inner join bad
        on
            runs.form_code = bad.form_code
            and runs.unit_code = bad.unit_code
            and runs.last_place = bad.place
    left join {{ ref('int_duty_ledger') }} as next_duty
        on
            runs.form_code = next_duty.form_code
            and runs.unit_code = next_duty.unit_code
            and runs.last_place + 1 = next_duty.place
    inner join names
        on
            runs.form_code = names.form_code
            and runs.unit_code = names.unit_code
    cross join rule
)

select * from final
