with

clock as (
    select * from {{ ref('stg_clock') }}
),

milestones as (
    select * from {{ ref('stg_milestones') }}
    where not is_deleted
),

-- The day that was first promised stays beside the one of each vintage.
final as (
    select
        milestones.milestone_code,
        milestones.known_from,
        milestones.plan_code,
        milestones.plan_version,
        milestones.name_en,
        milestones.name_zh,
        milestones.region_code,
        milestones.responsible_unit_code,
        milestones.planned_start_on,
        milestones.due_on,
        first_value(milestones.due_on) over (
            partition by milestones.milestone_code
            order by milestones.known_from asc nulls last
        ) as first_due_on,
        milestones.started_on,
        milestones.done_on,
        milestones.share_done,
        case
            when milestones.done_on is not null
                then greatest(milestones.done_on - milestones.due_on, 0)
            when milestones.due_on < cast(clock.as_of as date)
                then cast(clock.as_of as date) - milestones.due_on
            else 0
        end as days_late,
        case
            when milestones.done_on is not null then 'done'
            when milestones.due_on < cast(clock.as_of as date) then 'overdue'
            when milestones.started_on is not null then 'started'
            else 'not_started'
        end as status,
        milestones.project_code,
        milestones.verification,
        milestones.source,
        milestones.known_to,
        milestones.is_current,
        milestones.source_code,
        milestones.batch_id,
        milestones.row_number,
        milestones.load_seq
    from milestones
    cross join clock
)

select * from final
