with

clock as (
    select * from {{ ref('stg_clock') }}
),

rules as (
    select * from {{ ref('int_rules') }}
    where rule_id in ('EW_MILESTONE_OVERDUE', 'EW_NOT_STARTED')
),

milestones as (
    select * from {{ ref('fct_milestone') }}
    where is_current
),

-- What was promised for a day, and the day on which it came true.
promises as (
    select
        'EW_MILESTONE_OVERDUE' as rule_id,
        milestone_code,
        due_on as promised_on,
        done_on as fulfilled_on
    from milestones
    union all
    select
        'EW_NOT_STARTED' as rule_id,
        milestone_code,
        planned_start_on as promised_on,
        coalesce(started_on, done_on) as fulfilled_on
    from milestones
    where planned_start_on is not null
),

aged as (
    select
        promises.*,
        least(
            coalesce(promises.fulfilled_on, cast(clock.as_of as date)),
            cast(clock.as_of as date)
        ) - promises.promised_on as days_over
    from promises
    cross join clock
),

final as (
    select
        aged.milestone_code,
        aged.promised_on,
        aged.fulfilled_on,
        aged.days_over,
        milestones.plan_code,
        milestones.plan_version,
        milestones.name_en,
        milestones.name_zh,
        milestones.region_code,
        milestones.responsible_unit_code,
        milestones.share_done,
        rules.rule_id,
        rules.rule_version,
        rules.parameters_json,
        {{ severity_after('aged.days_over', 'rules') }} as severity,
        {{ end_of_day(
            '(aged.promised_on + cast(rules.yellow_after as integer))'
        ) }} as first_raised_at,
        {{ end_of_day(
            '(aged.promised_on + ' ~ reached_after('aged.days_over', 'rules')
            ~ ')'
        ) }} as last_seen_at,
        {{ end_of_day('aged.fulfilled_on') }} as resolved_at,
        {{ escalation('aged.days_over - rules.yellow_after') }}
            as escalation_level
    from aged
    inner join rules on aged.rule_id = rules.rule_id
    inner join milestones on aged.milestone_code = milestones.milestone_code
    where aged.days_over > rules.yellow_after
)

select * from final
