"""Early warnings of a release as people ask for them."""

from __future__ import annotations

from typing import Any

import duckdb

from ingestion.errors import UsageError

STATES = ("open", "acknowledged", "resolved", "all")
SEVERITIES = ("yellow", "orange", "red")

_WORST = """
select
    warning_id,
    rule_id,
    rule_version,
    severity,
    state,
    unit_code,
    region_code,
    indicator_code,
    period,
    first_raised_at,
    last_seen_at,
    escalation_level,
    headline_en,
    headline_zh
from published.early_warning
where
    ($state = 'all' or state = $state)
    and ($severity is null or severity = $severity)
order by
    case severity when 'red' then 1 when 'orange' then 2 else 3 end,
    plan_code is null,
    unit_code is not null,
    escalation_level desc,
    try_cast(evidence ->> 'gap_pct' as double) desc nulls last,
    first_raised_at,
    warning_id
limit $most
"""


def worst_warnings(
    connection: duckdb.DuckDBPyConnection,
    state: str = "open",
    severity: str | None = None,
    most: int = 20,
) -> list[dict[str, Any]]:
    """Warnings of a release: red first, whole regions before single units."""
    if state not in STATES or severity not in (None, *SEVERITIES):
        raise UsageError(
            f"There is no state {state!r} or severity {severity!r}.",
            f"states: {', '.join(STATES)}; severities: {', '.join(SEVERITIES)}.",
        )
    cursor = connection.execute(
        _WORST, {"state": state, "severity": severity, "most": most}
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
