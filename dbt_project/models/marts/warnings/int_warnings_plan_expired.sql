with

clock as (
    select * from {{ ref('stg_clock') }}
),

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_PLAN_EXPIRED'
),

plan_states as (
    select * from {{ ref('dim_plan_state') }}
),

-- A draft is nobody's duty.
plans as (
    select told_plans.*
    from {{ ref('dim_plan') }} as told_plans
    left join plan_states
        on
            told_plans.plan_code = plan_states.plan_code
            and told_plans.plan_version = plan_states.plan_version
    where not coalesce(plan_states.is_draft, false)
),

-- What may follow the end of a plan: after expiry its evaluation decides. A
-- version that is replaced has handed its duties on.
told as (
    select
        plan_code,
        plan_version,
        event_on as answered_on
    from {{ ref('fct_plan_event') }}
    where event in ('final_evaluated', 'extended', 'abolished', 'archived')
    union all
    select
        plan_code,
        plan_version,
        replaced_on as answered_on
    from plan_states
),

answers as (
    select
        plan_code,
        plan_version,
        min(answered_on) as answered_on
    from told
    where answered_on <= (select cast(clock.as_of as date) from clock)
    group by plan_code, plan_version
),

aged as (
    select
        plans.*,
        answers.answered_on,
        least(
            coalesce(answers.answered_on, cast(clock.as_of as date)),
            cast(clock.as_of as date)
        ) - plans.period_end as days_over
    from plans
    cross join clock
    left join answers
        on
            plans.plan_code = answers.plan_code
            and plans.plan_version = answers.plan_version
),

final as (
    select
        aged.plan_code,
        aged.plan_version,
        aged.name_en,
        aged.name_zh,
        aged.region_code,
        aged.period_end,
        aged.answered_on,
        aged.days_over,
        rule.rule_id,
        rule.rule_version,
        rule.parameters_json,
        {{ severity_after('aged.days_over') }} as severity,
        {{ end_of_day(
            '(aged.period_end + cast(rule.yellow_after as integer))'
        ) }} as first_raised_at,
        {{ end_of_day(
            '(aged.period_end + ' ~ reached_after('aged.days_over') ~ ')'
        ) }} as last_seen_at,
        {{ end_of_day('aged.answered_on') }} as resolved_at,
        {{ escalation('aged.days_over - rule.yellow_after') }}
            as escalation_level
    from aged
    cross join rule
    where aged.days_over > rule.yellow_after
)

select * from final
