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
    escalated_to_unit_code,
    acknowledged_by,
    headline_en,
    headline_zh,
    record.warnings as past_warnings,
    record.hits as past_hits,
    record.misses as past_misses,
    record.median_lead_days,
    record.is_enough
from published.early_warning
left join published.warning_track_record as record using (rule_id, rule_version)
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
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{**row, "track_record": past(row)} for row in rows]


def past(record: dict[str, Any]) -> str:
    """In words how often a rule was right; a rule without history says so."""
    if record["past_warnings"] is None:
        return "no track record: never replayed"
    missed = record["past_hits"] + record["past_misses"]
    if not record["past_warnings"]:
        return f"never warned when replayed; {missed} targets were missed"
    text = f"right in {record['past_hits']} of {record['past_warnings']} cases"
    if record["median_lead_days"] is not None:
        text += f", median lead {record['median_lead_days'] / 30.4375:.0f} months"
    if record["past_misses"]:
        text += f", silent on {record['past_misses']} of {missed} misses"
    return text if record["is_enough"] else f"{text} (too few to rely on)"


_RECORD = """
select warnings as past_warnings, hits as past_hits, misses as past_misses,
    median_lead_days, is_enough
from published.warning_track_record
where rule_id = ? and rule_version = ?
"""


def past_of(
    connection: duckdb.DuckDBPyConnection, rule_id: str, rule_version: str
) -> str:
    """`past` of one rule of the release."""
    cursor = connection.execute(_RECORD, [rule_id, rule_version])
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone() or (None,) * len(names)
    return past(dict(zip(names, row, strict=True)))


def track_record(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every row of the track record of the release."""
    cursor = connection.execute(
        "from published.warning_track_record order by rule_id, rule_version"
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
