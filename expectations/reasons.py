"""Reasons: every failing row of every finding, with all that a person needs."""

from __future__ import annotations

from collections.abc import Sequence

from expectations.catalogue import Check, as_sql, quoted
from expectations.duckdb_dialect import Bench
from expectations.suites import Finding, JudgementFailed

COLUMNS = (
    "batch_id", "submission_id", "row_number", "row_key", "field",
    "offending_value", "rule_id", "rule_version", "severity", "expected",
    "expected_from", "how_to_fix_en", "how_to_fix_zh",
)  # fmt: skip

_TABLE = """
create table reason (
    scope varchar, row_id bigint, batch_id varchar, submission_id varchar,
    row_number bigint, row_key varchar, field varchar, offending_value varchar,
    rule_id varchar, rule_version varchar, severity varchar, expected varchar,
    expected_from varchar, how_to_fix_en varchar, how_to_fix_zh varchar
)
"""
# Sorted by content, so that the order of arrival leaves no trace.
SORTED = (
    f"select {', '.join(COLUMNS)} from reason order by"
    " submission_id nulls first, row_number nulls first, rule_id nulls first,"
    " field nulls first, row_key nulls first, offending_value nulls first"
)


def create(bench: Bench) -> None:
    bench.execute(_TABLE)


def collect(
    bench: Bench, table: str, findings: Sequence[Finding], batch_id: str
) -> None:
    """Add a reason for each failing row of `table`, found by its `row_id`."""
    columns = set(bench.columns(table))
    for finding in findings:
        if finding.success:
            continue
        insert = _insert(table, columns, finding, batch_id)
        ((added,),) = bench.execute(insert).fetchall()
        if not added:
            raise JudgementFailed(
                f"Rule {finding.check.rule.id} failed on {table}, "
                "but its failing rows were not found.",
                "report it: the verdict would not be complete.",
            )


def add(bench: Bench, check: Check, batch_id: str, value: str, found: str) -> None:
    """Add one reason that no table stands behind (an unreadable file)."""
    rule, texts = check.rule, check.texts
    bench.execute(
        f"insert into reason values ({', '.join('?' * 15)})",
        [
            rule.scope, None, batch_id, None, None, None, check.field, value,
            rule.id, rule.version, rule.severity, texts["expected"], found,
            texts["remedy_en"], texts["remedy_zh"],
        ],
    )  # fmt: skip


def _insert(table: str, columns: set[str], finding: Finding, batch_id: str) -> str:
    check = finding.check
    rule = check.rule
    texts = {name: as_sql(text, columns) for name, text in check.texts.items()}

    def cell(name: str) -> str:
        return f'judged."{name}"::varchar' if name in columns else "null::varchar"

    return f"""
        insert into reason
        select
            {quoted(rule.scope)}, judged.row_id, {quoted(batch_id)},
            {cell("submission_id")}, {cell("row_number")}, {cell("row_key")},
            {quoted(check.field)}, {cell(check.field)},
            {quoted(rule.id)}, {quoted(rule.version)}, {quoted(rule.severity)},
            {texts["expected"]}, {texts["expected_from"]},
            {texts["remedy_en"]}, {texts["remedy_zh"]},
        from {table} as judged
        where judged.row_id in (select row_id from ({finding.query}))
    """
