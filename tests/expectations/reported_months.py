"""Reports of one unit, month by month, and what rules on other rows say of them."""

from __future__ import annotations

from datetime import datetime

from judged_world import JOBS, rows_of

from expectations.catalogue import rules

CROSS = {"cross_row", "history", "cross_source"}


def month(number: int, day: int = 5) -> dict:
    """Envelope of the report on a month of 2025, received on a day of the next."""
    received = datetime(2025, number + 1, day, 9)
    return {
        "submission_id": f"M{number}",
        "period": f"2025-{number:02}",
        "received_at": received,
    }


def reported(*values, row=JOBS, **more):
    """One submission a month from January on."""
    return [
        (month(n), [{**row, **more, "value": str(value)}])
        for n, value in enumerate(values, 1)
    ]


def found(verdict, *, of=CROSS) -> list[tuple[str, str]]:
    """(submission_id, rule_id) of the rules on rows against other rows."""
    known = {rule.id for rule in rules() if rule.scope in of}
    return [
        (row["submission_id"], row["rule_id"])
        for row in rows_of(verdict, "rejections")
        if row["rule_id"] in known
    ]


def declare(world, *declared):
    rows = [
        {"rule_id": rule, "rule_version": "1", "parameter": name, "value": value}
        for rule, name, value in declared
    ]
    assert world.registry("rules", rows).accepted
