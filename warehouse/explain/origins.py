"""Where figures, targets, reports, reasons and rules come from, in sentences.

Each query is a join of core that the cookbook shows, too; a condition picks
its rows. Aliases: figure, target, owed, reason, rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from warehouse.explain.release import moment, number


@dataclass(frozen=True)
class Origin:
    """A join of core that ends at bytes, and the sentence about one row of it."""

    name: str
    join: str
    order: str
    sentence: Callable[[dict[str, Any]], str]
    # So many rows are told; a rule is told with all of its parameters.
    most: int = 12

    def sql(self, condition: str) -> str:
        return f"{self.join}\nwhere {condition}\norder by {self.order}"


FILE = """left join core.dim_landed_file as file
    on {0}.batch_id = file.batch_id and {0}.file_sha256 = file.file_sha256"""
# A registry is one file, so its batch names the bytes.
REGISTRY_FILE = """left join core.dim_landed_file as file
    on {0}.batch_id = file.batch_id"""


def figure_sentence(row: dict[str, Any]) -> str:
    if row["submission_id"]:
        source = f"submission {row['submission_id']}"
    else:
        source = f"release {row['source_code']}"
        if row["published_at"]:
            source += f" of {moment(row['published_at'])}"
    return (
        f"{row['period']} = {number(row['value'])} {row['unit_measure']} "
        f"comes from {source}, row {row['row_number']} (key {row['row_key']}) of "
        f"{row['url']}, fetched {moment(row['fetched_at'])}, known from "
        f"{moment(row['known_from'])}; bytes sha256 {row['file_sha256'][:16]}…, "
        f"batch {row['batch_id']}."
    )


def whose_figure(row: dict[str, Any]) -> str:
    """The same, where figures of several series stand together."""
    whose = row["unit_code"] or row["region_code"]
    breakdown = "" if row["breakdown"] == "_T" else f" {row['breakdown']}"
    return f"{row['indicator_code']}{breakdown} of {whose}, {figure_sentence(row)}"


_REGISTRY_ROW = ("row_number", "url", "file_sha256", "batch_id")


def _registry_bytes(row: dict[str, Any]) -> str:
    return (
        f"row {row['row_number']} of {row['url']}, bytes sha256 "
        f"{(row['file_sha256'] or 'unknown')[:16]}…, batch {row['batch_id']}"
    )


def target_sentence(row: dict[str, Any]) -> str:
    whose = row["unit_code"] or row["region_code"]
    binding = "a binding" if row["binding"] else "an anticipated"
    text = (
        f"{row['plan_code']} version {row['plan_version']} sets {whose} {binding} "
        f"target of type {row['target_type']} for {row['indicator_code']}: "
        f"{number(row['target_value'])}"
    )
    if row["baseline_value"] is not None:
        text += f" from a baseline of {number(row['baseline_value'])}"
    if row["document_no"]:
        text += f", document {row['document_no']}"
    status = row["source_status"] or "not stated"
    return (
        f"{text}; known from {moment(row['known_from'])}, source status {status}; "
        f"{_registry_bytes(row)}."
    )


def _waiver_sentence(row: dict[str, Any]) -> str:
    whom = row["child_code"] or "all below"
    return (
        f"{row['waived_by']} lets {whom} off a share until {row['waived_until']}: "
        f"{row['waived_why']}; {_registry_bytes(row)}."
    )


def _report_sentence(row: dict[str, Any]) -> str:
    text = (
        f"{row['unit_code']} owes {row['form_code']} for {row['period']} by "
        f"{moment(row['due_at'])} ({row['reason']}); "
    )
    if row["submission_id"] is None:
        unit = {name: row[f"unit_{name}"] for name in _REGISTRY_ROW}
        return f"{text}nothing has come; the unit stands in {_registry_bytes(unit)}."
    return text + (
        f"submission {row['submission_id']} came {moment(row['received_at'])}, "
        f"{row['verdict']}, {row['rows_accepted']} of {row['rows_received']} rows; "
        f"{row['url']}, bytes sha256 {row['file_sha256'][:16]}…, "
        f"batch {row['batch_id']}."
    )


def _reason_sentence(row: dict[str, Any]) -> str:
    whose = row["submission_id"] or row["source_code"]
    return (
        f"{row['rule_id']} version {row['rule_version']} ({row['severity']}, "
        f"{row['status']}) at row {row['row_number']}, {row['field']} of {whose}: "
        f"expected {row['expected']}; {row['url']}, batch {row['batch_id']}."
    )


def _rule_sentence(row: dict[str, Any]) -> str:
    return (
        f"Rule {row['rule_id']} version {row['rule_version']}: {row['parameter']} = "
        f"{row['value']} ({row['source'] or 'no source'}, "
        f"{row['source_status'] or 'no status'}), known from "
        f"{moment(row['known_from'])}; {_registry_bytes(row)}."
    )


FIGURES = Origin(
    "figures",
    "select figure.*, file.url, file.fetched_at\n"
    f"from core.fct_observation as figure\n{FILE.format('figure')}",
    "figure.period_end desc, figure.indicator_code, figure.region_code,"
    " figure.unit_code, figure.breakdown, figure.known_from desc",
    whose_figure,
)
TARGETS = Origin(
    "targets",
    "select target.*, file.url, file.file_sha256\n"
    f"from core.fct_target as target\n{REGISTRY_FILE.format('target')}",
    "target.unit_code nulls first, target.region_code, target.indicator_code,"
    " target.known_from",
    target_sentence,
)
WAIVERS = Origin(
    "waivers",
    "select waiver.*, file.url, file.file_sha256\n"
    f"from core.fct_target_waiver as waiver\n{REGISTRY_FILE.format('waiver')}",
    "waiver.child_code nulls first, waiver.known_from",
    _waiver_sentence,
)
# Where nothing has come there is only the unit, as it is at the period's end.
REPORTS = Origin(
    "reports",
    "select owed.*, sent.submission_id, sent.received_at, sent.verdict,"
    " sent.rows_accepted,\n    sent.rows_received, sent.batch_id, sent.file_sha256,"
    " file.url,\n    unit.row_number as unit_row_number, registry.url as unit_url,\n"
    "    registry.file_sha256 as unit_file_sha256, unit.batch_id as unit_batch_id\n"
    "from core.fct_obligation as owed\n"
    "left join core.fct_submission as sent\n"
    "    on owed.form_code = sent.form_code and owed.unit_code = sent.unit_code\n"
    "        and owed.period = sent.period and sent.is_current\n"
    f"{FILE.format('sent')}\n"
    "left join core.dim_unit_vintage as unit\n"
    "    on owed.unit_code = unit.unit_code and unit.is_current\n"
    "        and coalesce(unit.valid_from <= owed.period_end, true)\n"
    "        and coalesce(unit.valid_to >= owed.period_end, true)\n"
    "left join core.dim_landed_file as registry\n"
    "    on unit.batch_id = registry.batch_id",
    "owed.due_at desc, owed.unit_code, owed.form_code",
    _report_sentence,
)
REASONS = Origin(
    "reasons",
    "select reason.*, sent.file_sha256, file.url\n"
    "from core.fct_rejection as reason\n"
    "left join core.fct_submission as sent\n"
    "    on reason.submission_id = sent.submission_id"
    " and reason.batch_id = sent.batch_id\n"
    f"{FILE.format('sent')}",
    "reason.known_from desc, reason.submission_id, reason.row_number",
    _reason_sentence,
)
RULES = Origin(
    "rules",
    "select rule.*, file.url, file.file_sha256\n"
    f"from core.dim_rule as rule\n{REGISTRY_FILE.format('rule')}",
    "rule.rule_id, rule.parameter",
    _rule_sentence,
    most=100,
)
