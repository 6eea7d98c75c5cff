"""Steps in the life of a plan that the site's transition table does not allow.

The table is data: parameters of rule PLAN_TRANSITION in registry `rules`, one
for each event, whose value names the events that it may follow (`start` for
none). An event that the table does not name is not judged.
"""

from __future__ import annotations

from expectations.duckdb_dialect import Bench
from ingestion.registry import PLAN_EVENTS, RegistryShape

# What an approval consists of; a revision goes through the same again.
APPROVAL = ("drafted", "submitted", "approved")
_PLACE = f"list_position({list(PLAN_EVENTS)}, event)"
# The record of a version with a cell that has an error of its own is left alone:
# every step after it would seem to be wrong.
_STEPS = f"""
create table step as
with

events as (
    select plan_code, plan_version, event, event_on from registry_text
    union
    select plan_code, plan_version, event, event_on from registry_plan_events
),

readable as (
    select *
    from events
    qualify
        bool_and(
            strftime(try_cast(event_on as date), '%Y-%m-%d')
            is not distinct from event_on
            and event_on is not null and {_PLACE} is not null
        ) over (partition by plan_code, plan_version)
),

transitions as (
    select parameter as event, value as may_follow
    from registry_rules
    where
        rule_id = 'PLAN_TRANSITION'
        and rule_version = (
            select rule_version
            from registry_rules
            where rule_id = 'PLAN_TRANSITION'
            group by rule_version
            order by
                max(coalesce(known_from, '')) desc, rule_version desc
            limit 1
        )
),

approvals as (
    select
        plan_code,
        plan_version,
        min(event_on) filter (where event = 'approved') as approved_on,
        list(distinct event order by {_PLACE}) as steps
    from readable
    where event in {APPROVAL}
    group by plan_code, plan_version
),

-- What extends a plan is a version approved later in the same steps, and by the
-- day on which it is extended.
revisions as (
    select
        original.plan_code,
        original.plan_version,
        array_to_string(original.steps, ', ') as approval,
        min(revised.approved_on) as revised_on
    from approvals as original
    left join approvals as revised
        on
            original.plan_code = revised.plan_code
            and original.plan_version <> revised.plan_version
            and original.approved_on <= revised.approved_on
            and list_has_all(revised.steps, original.steps)
    group by original.plan_code, original.plan_version, original.steps
),

followed as (
    select
        *,
        coalesce(
            lag(event) over (
                partition by plan_code, plan_version
                order by event_on, {_PLACE}
            ),
            'start'
        ) as before
    from readable
)

select
    followed.*,
    transitions.may_follow,
    coalesce(
        list_contains(
            string_split(transitions.may_follow, ' '), followed.before
        ),
        true
    ) as is_allowed,
    coalesce(revisions.approval, 'approved') as approval,
    coalesce(revisions.revised_on <= followed.event_on, false) as is_revised
from followed
left join transitions using (event)
left join revisions using (plan_code, plan_version)
"""


def has_life(shape: RegistryShape) -> bool:
    return shape.name == "plan_events"


def add_steps(bench: Bench) -> None:
    """Add to judged_registry what a row's place in the life of its plan says.

    event__before: the event before it where it may not follow that one;
    event__may_follow: what it may follow; event__unrevised: the steps that a
    revised version would have to go through before the plan is extended.
    """
    bench.execute(_STEPS)
    bench.execute(
        """
        create or replace table judged_registry as
        select
            judged.*,
            case when not step.is_allowed then step.before end as event__before,
            step.may_follow as event__may_follow,
            case
                when judged.event = 'extended' and not step.is_revised
                    then step.approval
            end as event__unrevised
        from judged_registry as judged
        left join step
            on
                judged.plan_code = step.plan_code
                and judged.plan_version = step.plan_version
                and judged.event = step.event
                and judged.event_on = step.event_on
        """
    )
    bench.execute("drop table step")
