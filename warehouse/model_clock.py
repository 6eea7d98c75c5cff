"""The model's clock: it ticks when something happens, not when it is read.

An event is the arrival of a batch, or a due date that has passed. A build with
no event since the last one therefore sees the same moment and gives the same
rows, while a report that stays away is noticed on the day that it is due.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from ingestion.registry import REGISTRIES

_EVENTS = """
with forms as (
    select
        try_cast(due_days as integer) as due_days,
        case frequency when 'A' then 12 when 'S' then 6 when 'Q' then 3 else 1
        end as months,
        try_cast(valid_from as date) as valid_from,
        try_cast(valid_to as date) as valid_to,
    from raw.registry_forms
    where not is_deleted and known_from <= $now
),

period_ends as (
    select
        due_days,
        last_day(step::date) as period_end,
    from
        forms,
        unnest(
            generate_series(
                coalesce(valid_from, date '2000-01-01')::timestamp,
                least(coalesce(valid_to, $now::date), $now::date)::timestamp,
                interval 1 month
            )
        ) as steps (step)
    where month(step) % months = 0
),

due as (
    select period_end + due_days + time '23:59:59' as happened_at
    from period_ends
),

-- Days that pass without news, and after which something is owed.
passed as (
    select period_end as day from raw.registry_plans
    where not is_deleted and known_from <= $now
    union all
    select due_on from raw.registry_milestones
    where not is_deleted and known_from <= $now
    union all
    select planned_start_on from raw.registry_milestones
    where not is_deleted and known_from <= $now
    union all
    select until from raw.registry_acknowledgements where known_from <= $now
),

events as (
    select try_cast(day as date) + interval 1 day as happened_at from passed
    where try_cast(day as date) + interval 1 day <= $now
    union all
    select received_at as happened_at from raw.batch
    where received_at <= $now
    union all
    select happened_at from due
    where happened_at <= $now
)

select max(happened_at) from events
"""

# A source may date what it knew before we fetched it; registries may, too.
_KNOWN = """
select max(known_from) from (
    select max(known_from) as known_from from raw.observation
    where known_from <= $as_of
    union all
    select max(received_at) from raw.submission where received_at <= $as_of
    {registries}
)
"""

_REGISTRY = """
    union all
    select max(known_from) from raw.registry_{name} where known_from <= $as_of
"""


def model_clock(connection: duckdb.DuckDBPyConnection, now: datetime) -> datetime:
    """Newest event at or before `now` (naive UTC); needs one loaded batch."""
    (moment,) = connection.execute(_EVENTS, {"now": now}).fetchone()
    return moment


def clock_as_of(
    connection: duckdb.DuckDBPyConnection, as_of: datetime
) -> datetime | None:
    """The clock of a build on that day: the newest thing that was known then.

    None when nothing was.
    """
    registries = "".join(_REGISTRY.format(name=name) for name in REGISTRIES)
    (known,) = connection.execute(
        _KNOWN.format(registries=registries), {"as_of": as_of}
    ).fetchone()
    moment = model_clock(connection, as_of)
    return max((m for m in (known, moment) if m is not None), default=None)
