"""What has changed for a recipient since it was last told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.notices.outbox import Notice
from warehouse.notices.recipients import Recipient

RANKS = {"yellow": 1, "orange": 2, "red": 3}

# A warning belongs to the subtree of a unit when the unit itself, the one that
# must act, or (for figures of a region) any unit of the subtree is concerned.
_WARNINGS = """
with indicators as (
    select
        indicator_code,
        any_value(domain) as domain,
        any_value(name_en) as name_en,
        any_value(coalesce(name_zh, name_en)) as name_zh
    from core.dim_indicator
    group by indicator_code
),

followed as (
    select unit_code from core.bridge_unit_ancestor
    where list_contains($units, ancestor_unit_code)
),

regions as (
    select distinct region_code from core.dim_unit
    where unit_code in (from followed)
)

select
    warning_id, rule_id, plan_code, severity, state, escalation_level, conf_status,
    escalated_to_unit_code, headline_en, headline_zh, indicators.name_en,
    indicators.name_zh, indicators.domain, warnings.region_code
from published.early_warning as warnings
left join indicators using (indicator_code)
where
    (len($rules) = 0 or list_contains($rules, rule_id))
    and (len($topics) = 0 or list_contains($topics, indicators.domain))
    and (
        len($units) = 0
        or coalesce(unit_code, responsible_unit_code) in (from followed)
        or (
            unit_code is null
            and warnings.region_code in (select region_code from regions)
        )
    )
order by warning_id
"""


# What the fields of a recipient may name.
_KNOWN = {
    "units": "select unit_code from core.dim_unit",
    "topics": "select domain from core.dim_indicator",
    "rules": "select rule_id from core.dim_rule "
    "union select rule_id from published.early_warning",
}


@dataclass(frozen=True)
class Change:
    """A notice to be, with the warning that it speaks of."""

    notice: Notice
    warning: dict[str, Any]


def unknown_names(
    connection: duckdb.DuckDBPyConnection, recipient: Recipient
) -> dict[str, list[str]]:
    """Names that a recipient follows and the release has not, by field."""
    found = {
        field: connection.execute(
            f"select name from unnest($names) as named (name) "
            f"where name not in (select * from ({known}) as known (code) "
            f"where code is not null) order by name",
            {"names": list(getattr(recipient, field))},
        ).fetchall()
        for field, known in _KNOWN.items()
        if getattr(recipient, field)
    }
    return {field: [name for (name,) in rows] for field, rows in found.items() if rows}


def changes_for(
    connection: duckdb.DuckDBPyConnection, recipient: Recipient, told: dict[str, Notice]
) -> list[Change]:
    """Changes that the recipient has not been told of, the worst first.

    What ended or was answered before it was ever told is not news.
    """
    found = list(_changes(_warnings(connection, recipient), recipient, told))
    return sorted(
        found,
        key=lambda c: (
            c.notice.state == "resolved",
            -RANKS[c.notice.severity],
            c.warning["plan_code"] is None,
            c.notice.change,
            c.warning["rule_id"],
            -c.notice.escalation_level,
            c.notice.warning_id,
        ),
    )


def _warnings(connection, recipient: Recipient) -> list[dict[str, Any]]:
    cursor = connection.execute(
        _WARNINGS,
        {
            "units": list(recipient.units),
            "rules": list(recipient.rules),
            "topics": list(recipient.topics),
        },
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _changes(
    warnings: list[dict[str, Any]], recipient: Recipient, told: dict[str, Notice]
) -> Iterator[Change]:
    least = RANKS[recipient.min_severity]
    for warning in warnings:
        before = told.get(warning["warning_id"])
        # Who was told of the rise is told of the fall, whatever the least.
        followed = before is not None and before.state != "resolved"
        if followed or RANKS[warning["severity"]] >= least:
            what = change_of(before, warning)
            if what:
                yield Change(_notice(recipient, before, warning, what), warning)


def change_of(before: Notice | None, warning: dict[str, Any]) -> str | None:
    """Name of the change since `before`, or None when there is none."""
    state, severity = warning["state"], warning["severity"]
    if before is None:
        return "raised" if state == "open" else None
    if state != before.state:
        return _change_of_state(before.state, state)
    if state == "resolved":
        return None
    if severity != before.severity:
        return "worse" if RANKS[severity] > RANKS[before.severity] else "better"
    return (
        "escalated" if warning["escalation_level"] > before.escalation_level else None
    )


def _change_of_state(before: str, state: str) -> str | None:
    if state == "open":
        return "raised_again" if before == "resolved" else "reopened"
    return None if before == "resolved" else state


def _notice(recipient, before, warning, change: str) -> Notice:
    """Its id follows from the one before: the same history, the same ids."""
    parts = (
        recipient.code,
        warning["warning_id"],
        before.notice_id if before else "",
        warning["state"],
        warning["severity"],
        str(warning["escalation_level"]),
    )
    return Notice(
        notice_id=hashlib.sha256("|".join(parts).encode()).hexdigest()[:16],
        warning_id=warning["warning_id"],
        change=change,
        state=warning["state"],
        severity=warning["severity"],
        escalation_level=warning["escalation_level"],
    )
