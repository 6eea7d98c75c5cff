"""Why a warning was raised: values, target, path, rule, and where each came from."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from ingestion.errors import UsageError
from warehouse.explain.origins import FILE, figure_sentence
from warehouse.explain.release import (
    Explanation,
    kind,
    moment,
    number,
    release_sentence,
    row_of,
    rows_of,
)
from warehouse.warnings import past_of


def explain_warning(
    connection: duckdb.DuckDBPyConnection, warning_id: str
) -> Explanation:
    """Explain one warning of a release; UsageError when there is none such."""
    warning = row_of(
        connection, "select * from published.early_warning where warning_id = ?",
        [warning_id],
    )  # fmt: skip
    if warning is None:
        raise UsageError(
            f"The current release has no warning {warning_id!r}.",
            "list them with `planwatch warnings --state all`.",
        )
    evidence = json.loads(warning["evidence"])
    tell = _TELLERS.get(warning["rule_id"], _progress)
    sentences = [
        _state(warning),
        *tell(connection, warning, evidence),
        _rule(warning, evidence),
        f"Its track record: {past_of(connection, *_named(warning))}.",
        release_sentence(connection),
    ]
    return Explanation(
        subject=warning_id,
        headline_en=warning["headline_en"],
        headline_zh=warning["headline_zh"],
        sentences=tuple(sentences),
        evidence=evidence,
        warning_id=warning_id,
    )


def _state(warning: dict[str, Any]) -> str:
    text = (
        f"It is {warning['severity']} and {warning['state']}; first raised "
        f"{moment(warning['first_raised_at'])}, last seen "
        f"{moment(warning['last_seen_at'])}, escalation level "
        f"{warning['escalation_level']}"
    )
    if warning["escalated_to_unit_code"]:
        text += f": {warning['escalated_to_unit_code']} must act"
    if warning["state"] == "acknowledged":
        text += (
            f"; {warning['acknowledged_by']} answered on "
            f"{moment(warning['acknowledged_at'])}: {warning['acknowledged_why']}"
        )
        if warning["acknowledged_until"]:
            text += f" (until {warning['acknowledged_until']})"
    return text + "."


_SUBJECT = """
    plan_code = $plan_code
    and plan_version = $plan_version
    and indicator_code = $indicator_code
    and definition_version = $definition_version
    and region_code = $region_code
    and unit_code is not distinct from $unit_code
    and breakdown = $breakdown
"""

_PROGRESS = f"""
with progress as (
    select *
    from published.indicator_progress
    where {_SUBJECT} and source_kind = $source_kind and period = $period
)

select progress.*, plan.name_en as plan_name, plan.period_start, plan.period_end
from progress
inner join core.dim_plan as plan using (plan_code, plan_version)
"""

_TARGET = f"select * from core.fct_target where is_current and {_SUBJECT}"

_VALUES = f"""
select observation.*, file.url, file.fetched_at
from core.fct_observation as observation
{FILE.format("observation")}
where
    observation.is_current
    and observation.source_kind = $source_kind
    and observation.indicator_code = $indicator_code
    and observation.definition_version = $definition_version
    and observation.region_code = $region_code
    and observation.unit_code is not distinct from $unit_code
    and observation.breakdown = $breakdown
    and observation.period_end <= (
        select max(period_end) from core.fct_observation
        where observation_key = $observation_key
    )
    and observation.period_start >= $period_start
order by observation.period_end desc
limit 12
"""

CUMULATIVE = ("cum_total", "cum_reduction", "avg_growth_floor")


def _progress(connection, warning, evidence) -> list[str]:
    subject = {
        name: warning[name]
        for name in (
            "plan_code", "plan_version", "indicator_code", "region_code", "unit_code",
        )
    } | {
        name: evidence[name]
        for name in ("definition_version", "breakdown", "source_kind")
    }  # fmt: skip
    progress = row_of(connection, _PROGRESS, {**subject, "period": warning["period"]})
    of_target = {k: v for k, v in subject.items() if k != "source_kind"}
    target = row_of(connection, _TARGET, of_target)
    standing = (
        f"In {progress['period']} the {kind(evidence['source_kind'])} figure to date "
        f"is {number(progress['value_to_date'])} (reported value "
        f"{number(progress['value'])}); the path asks for "
        f"{number(progress['path_value'])} after "
        f"{progress['elapsed_share']:.0%} of the plan's time, so it is "
        f"{number(progress['gap_pct'])} % of the path behind: "
        f"{progress['status_raw']}."
    )
    return [
        _target_sentence(progress, target),
        standing,
        *_value_sentences(connection, progress, subject),
    ]


def _target_sentence(progress, target) -> str:
    binding = "binding" if progress["binding"] else "anticipated"
    text = (
        f"{progress['plan_name']} ({progress['plan_code']}, version "
        f"{progress['plan_version']}, {progress['period_start']} to "
        f"{progress['period_end']}) sets a {binding} target of type "
        f"{progress['target_type']}: {number(progress['target_value'])}"
    )
    if progress["baseline_value"] is not None:
        text += f" from a baseline of {number(progress['baseline_value'])}"
    if target is not None:
        status = target["source_status"] or "not stated"
        text += (
            f"; registry row {target['row_number']} of batch {target['batch_id']}, "
            f"known from {moment(target['known_from'])}, source status {status}"
        )
    return text + "."


def _value_sentences(connection, progress, subject) -> list[str]:
    values = rows_of(
        connection,
        _VALUES,
        {
            **{k: v for k, v in subject.items() if not k.startswith("plan_")},
            "observation_key": progress["observation_key"],
            "period_start": progress["period_start"],
        },
    )
    most = len(values) if progress["target_type"] in CUMULATIVE else 1
    return [figure_sentence(value) for value in values[:most]]


_VINTAGES = """
select target_value, binding, known_from, known_to, document_no, reason,
    batch_id, row_number, plan_version
from core.fct_target
where
    plan_code = $plan_code
    and indicator_code = $indicator_code
    and definition_version = $definition_version
    and region_code = $region_code
    and unit_code is not distinct from $unit_code
    and breakdown = $breakdown
order by known_from, plan_version
"""


def _target_weakened(connection, warning, evidence) -> list[str]:
    subject = {
        name: warning[name]
        for name in ("plan_code", "indicator_code", "region_code", "unit_code")
    } | {name: evidence[name] for name in ("definition_version", "breakdown")}
    return [
        f"Known from {moment(row['known_from'])} (plan version "
        f"{row['plan_version']}): {number(row['target_value'])}, "
        f"{'binding' if row['binding'] else 'anticipated'}; document "
        f"{row['document_no'] or 'not named'}, reason {row['reason'] or 'not given'}; "
        f"row {row['row_number']} of batch {row['batch_id']}."
        for row in rows_of(connection, _VINTAGES, subject)
    ]


def _facts(_connection, _warning, evidence) -> list[str]:
    """The figures of the warning as they stand, where they tell enough."""
    told = ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in evidence.items()
        if not isinstance(value, list | dict) and value is not None
    )
    return [f"It rests on: {told}."]


def _silent_unit(connection, warning, evidence) -> list[str]:
    sentences = [
        f"The report of {warning['unit_code']} on {warning['form_code']} for "
        f"{entry['period']} was due {entry['due_at']} and has not come."
        for entry in evidence["periods"]
    ]
    last = row_of(
        connection,
        "select * from core.fct_observation left join (select batch_id, file_sha256,"
        " url, fetched_at from core.dim_landed_file) using (batch_id, file_sha256)"
        " where unit_code = ? and form_code = ?"
        " order by period_end desc, known_from desc limit 1",
        [warning["unit_code"], warning["form_code"]],
    )
    heard = (
        f"The last row heard from it: {figure_sentence(last)}" if last else
        "It has never sent an accepted row."
    )  # fmt: skip
    return [*sentences, heard]


_WINDOW = """
select
    obligation.period,
    obligation.due_at,
    min(observation.known_from) as received_at,
    arg_min(observation.submission_id, observation.known_from) as submission_id,
    arg_min(file.url, observation.known_from) as url
from core.fct_obligation as obligation
left join core.fct_observation as observation
    on
        obligation.form_code = observation.form_code
        and obligation.unit_code = observation.unit_code
        and obligation.period = observation.period
left join core.dim_landed_file as file using (batch_id, file_sha256)
where
    obligation.unit_code = ?
    and obligation.form_code = ?
    and obligation.period <= ?
group by all
order by obligation.due_at desc
limit ?
"""


def _late_unit(connection, warning, evidence) -> list[str]:
    window = rows_of(
        connection,
        _WINDOW,
        [
            warning["unit_code"],
            warning["form_code"],
            warning["period"],
            int(evidence["window_periods"]),
        ],
    )
    return [
        f"{row['period']}: due {moment(row['due_at'])}, "
        + (
            f"received {moment(row['received_at'])} as submission "
            f"{row['submission_id']} ({row['url']})"
            + (", late." if row["received_at"] > row["due_at"] else ", on time.")
            if row["received_at"]
            else "nothing accepted has come."
        )
        for row in window
    ]


_TELLERS = {
    "EW_SILENT_UNIT": _silent_unit,
    "EW_LATE_UNIT": _late_unit,
    "EW_TARGET_WEAKENED": _target_weakened,
    "EW_PLAN_EXPIRED": _facts,
    "EW_MILESTONE_OVERDUE": _facts,
    "EW_NOT_STARTED": _facts,
    "EW_CHILDREN_BELOW_PARENT": _facts,
    "EW_DEBT_CLASS": _facts,
}


def _named(warning: dict[str, Any]) -> tuple[str, str]:
    return warning["rule_id"], warning["rule_version"]


def _rule(warning, evidence) -> str:
    parameters = [
        *_listed(evidence.get("parameters")),
        *_listed(evidence.get("limit_parameters")),
    ]
    return f"Rule {warning['rule_id']} version {warning['rule_version']} raised it" + (
        f" with {'; '.join(parameters)}." if parameters else "."
    )


def _listed(parameters) -> list[str]:
    return [
        f"{p['parameter']} = {p['value']} ({p.get('source') or 'no source'}, "
        f"{p.get('source_status') or 'no status'})"
        for p in parameters or []
    ]
