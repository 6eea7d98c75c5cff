with

clock as (
    select * from {{ ref('stg_clock') }}
),

plans as (
    select * from {{ ref('dim_plan') }}
),

life as (
    select * from {{ ref('fct_plan_event') }}
),

-- What is announced for a later day has not happened.
events as (
    select * from life
    where event_on <= (select cast(clock.as_of as date) from clock)
),

limits as (
    select
        max(case when parameter = 'midterm_due_months' then value end)
            as midterm_due_months,
        max(case when parameter = 'final_due_months' then value end)
            as final_due_months
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'PLAN_LIFECYCLE'
),

told as (
    select
        plan_code,
        plan_version,
        max_by(event, event_number) as state,
        max_by(event, event_number) in ('drafted', 'submitted') as is_draft,
        max_by(event_on, event_number) as state_since,
        max(case when event = 'approved' then event_on end) as approved_on,
        max(case when event = 'midterm_evaluated' then event_on end)
            as midterm_evaluated_on,
        max(case when event = 'final_evaluated' then event_on end)
            as final_evaluated_on,
        max(case when event in ('extended', 'abolished') then event_on end)
            as ended_on,
        count(*) filter (where not is_legal) as illegal_events
    from events
    group by plan_code, plan_version
),

successions as (
    select
        older.plan_code,
        older.plan_version,
        newer.plan_version as newer_version,
        newer.known_from as newer_known_from
    from plans as older
    inner join plans as newer
        on
            older.plan_code = newer.plan_code
            and {{ version_place('older.plan_version') }}
            < {{ version_place('newer.plan_version') }}
),

-- From its approval on a later version stands in the place of one; where
-- nothing is told of its life, from the day on which it became known.
replaced as (
    select
        successions.plan_code,
        successions.plan_version,
        min(
            coalesce(
                events.event_on,
                case
                    when life.event is null
                        then cast(successions.newer_known_from as date)
                end
            )
        ) as replaced_on
    from successions
    left join events
        on
            successions.plan_code = events.plan_code
            and successions.newer_version = events.plan_version
            and events.event in ('approved', 'in_force')
    left join life
        on
            successions.plan_code = life.plan_code
            and successions.newer_version = life.plan_version
    group by successions.plan_code, successions.plan_version
),

-- What was evaluated before a plan was revised need not be done again.
inherited as (
    select
        successions.plan_code,
        successions.newer_version as plan_version,
        max(told.midterm_evaluated_on) as midterm_evaluated_on
    from successions
    inner join told
        on
            successions.plan_code = told.plan_code
            and successions.plan_version = told.plan_version
    group by successions.plan_code, successions.newer_version
),

due as (
    select
        plans.plan_code,
        plans.plan_version,
        plans.period_start,
        plans.period_end,
        cast(clock.as_of as date) as today,
        cast(
            plans.period_start
            + to_months(cast(limits.midterm_due_months as integer)) as date
        ) as midterm_due_on,
        last_day(
            plans.period_end
            + to_months(cast(limits.final_due_months as integer))
        ) as final_due_on
    from plans
    cross join clock
    cross join limits
),

final as (
    select
        due.plan_code,
        due.plan_version,
        told.state,
        told.state_since,
        told.approved_on,
        replaced.replaced_on,
        coalesce(told.is_draft, false) as is_draft,
        due.period_end,
        due.period_end < due.today as is_over,
        due.midterm_due_on,
        coalesce(told.midterm_evaluated_on, inherited.midterm_evaluated_on)
            as midterm_evaluated_on,
        replaced.replaced_on is null
        and not coalesce(told.is_draft, false)
        and told.midterm_evaluated_on is null
        and inherited.midterm_evaluated_on is null
        and told.ended_on is null
        and due.midterm_due_on < due.today as is_midterm_overdue,
        due.final_due_on,
        told.final_evaluated_on,
        replaced.replaced_on is null
        and not coalesce(told.is_draft, false)
        and due.period_end < due.today
        and told.final_evaluated_on is null as is_unevaluated,
        replaced.replaced_on is null
        and not coalesce(told.is_draft, false)
        and told.final_evaluated_on is null
        and due.final_due_on < due.today as is_final_overdue,
        coalesce(told.illegal_events, 0) as illegal_events
    from due
    left join told
        on
            due.plan_code = told.plan_code
            and due.plan_version = told.plan_version
    left join replaced
        on
            due.plan_code = replaced.plan_code
            and due.plan_version = replaced.plan_version
    left join inherited
        on
            due.plan_code = inherited.plan_code
            and due.plan_version = inherited.plan_version
)

select * from final
