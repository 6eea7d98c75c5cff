{{ config(tags='registries') }}

{% set lifecycle = [
    'drafted', 'submitted', 'approved', 'in_force', 'midterm_evaluated',
    'adjusted', 'expired', 'final_evaluated', 'extended', 'abolished',
    'archived',
] %}

with

events as (
    select * from {{ ref('stg_plan_events') }}
    where is_current
),

-- One parameter per event: the events that it may follow, 'start' for none.
transitions as (
    select
        parameter as to_event,
        value as may_follow
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'PLAN_TRANSITION'
),

-- Events of one day stand in the order of the life-cycle.
ordered as (
    select
        *,
        row_number() over (
            partition by plan_code, plan_version
            order by
                event_on asc nulls last,
                case event
                    {% for event in lifecycle -%}
                        when '{{ event }}' then {{ loop.index }}
                    {% endfor -%}
                end asc nulls last
        ) as event_number
    from events
),

followed as (
    select
        ordered.*,
        coalesce(
            lag(ordered.event) over (
                partition by ordered.plan_code, ordered.plan_version
                order by ordered.event_number asc nulls last
            ),
            'start'
        ) as state_before,
        transitions.may_follow
    from ordered
    left join transitions on ordered.event = transitions.to_event
),

approvals as (
    select
        plan_code,
        plan_version,
        min(case when event = 'approved' then event_on end) as approved_on,
        bool_or(event = 'drafted') as was_drafted,
        bool_or(event = 'submitted') as was_submitted
    from events
    group by plan_code, plan_version
),

-- What extends a plan is a revised version, approved in the same steps as the
-- first one was.
revisions as (
    select
        followed.plan_code,
        followed.plan_version,
        followed.event_number,
        min(revised.plan_version) as revised_version
    from followed
    inner join approvals as original
        on
            followed.plan_code = original.plan_code
            and followed.plan_version = original.plan_version
    inner join approvals as revised
        on
            original.plan_code = revised.plan_code
            and original.plan_version <> revised.plan_version
            and original.approved_on <= revised.approved_on
            and original.was_drafted <= revised.was_drafted
            and original.was_submitted <= revised.was_submitted
            and followed.event_on >= revised.approved_on
    where followed.event = 'extended'
    group by
        followed.plan_code, followed.plan_version, followed.event_number
),

judged as (
    select
        followed.*,
        revisions.revised_version,
        case
            when followed.may_follow is null then null
            when
                concat(' ', followed.may_follow, ' ')
                not like concat('% ', followed.state_before, ' %')
                then
                    concat(
                        followed.event, ' may follow ', followed.may_follow,
                        ', not ', followed.state_before
                    )
            when
                followed.event = 'extended'
                and revisions.revised_version is null
                then 'extended without an approved revised version'
        end as objection
    from followed
    left join revisions
        on
            followed.plan_code = revisions.plan_code
            and followed.plan_version = revisions.plan_version
            and followed.event_number = revisions.event_number
),

final as (
    select
        plan_code,
        plan_version,
        event,
        event_on,
        cast(event_number as integer) as event_number,
        state_before,
        case when may_follow is not null then objection is null end
            as is_legal,
        objection,
        revised_version,
        document_no,
        reason,
        source,
        known_from,
        source_code,
        batch_id,
        row_number,
        load_seq
    from judged
)

select * from final
