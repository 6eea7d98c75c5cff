"""Schedules in cron's five fields, read in UTC by the library Airflow uses.

The library is imported where a schedule is read: it costs a tenth of a second.
"""

from __future__ import annotations

from datetime import datetime


def next_moment(schedule: str, after: datetime) -> datetime:
    """First moment of `schedule` later than `after`, in its time zone."""
    from croniter import croniter

    return croniter(schedule, after).get_next(datetime)


def check_cron(schedule: str) -> None:
    """ValueError with what is expected, unless `schedule` has a next moment."""
    from croniter import CroniterError

    try:
        if len(schedule.split()) != 5:
            raise ValueError(f"{len(schedule.split())} fields")
        next_moment(schedule, datetime(2000, 1, 1))
    except (CroniterError, ValueError) as error:
        raise ValueError(
            f"{schedule!r} is no schedule ({error}): five fields are expected, "
            "minute, hour, day, month, weekday in UTC, such as '0 3 * * 1'"
        ) from error
