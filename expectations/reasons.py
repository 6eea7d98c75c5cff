"""Reasons: every failing row of every finding, with all that a person needs."""

from __future__ import annotations

from collections.abc import Sequence

from expectations.catalogue import Check, as_sql, marks, quoted
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
    bench.execute("create table failing_row (finding integer, row_id bigint)")


def collect(
    bench: Bench, table: str, findings: Sequence[Finding], batch_id: str
) -> None:
    """Add a reason for each failing row of `table`, found by its `row_id`.

    Failing rows are few and the table is wide, so it is read once for all
    findings, and of it what their texts quote.
    """
    failed = [finding for finding in findings if not finding.success]
    if not failed:
        return
    _find_rows(bench, table, failed)
    columns = set(bench.columns(table))
    listed = ", ".join(f'"{name}"' for name in sorted(columns & _quoted(failed)))
    bench.execute(
        f"create table failed as select {listed} from {table}"
        " where row_id in (select row_id from failing_row)"
    )
    for number, finding in enumerate(failed):
        bench.execute(_insert(columns, number, finding, batch_id))
    bench.execute("drop table failed")


def _find_rows(bench: Bench, table: str, failed: Sequence[Finding]) -> None:
    """Fill `failing_row`: the rows of each finding, by its number."""
    queries = " union all ".join(
        f"select {number}, row_id from ({finding.query})"
        for number, finding in enumerate(failed)
    )
    bench.execute("delete from failing_row")
    bench.execute(f"insert into failing_row {queries}")
    found = bench.execute("select distinct finding from failing_row").fetchall()
    for number, finding in enumerate(failed):
        if (number,) not in found:
            raise JudgementFailed(
                f"Rule {finding.check.rule.id} failed on {table}, "
                "but its failing rows were not found.",
                "report it: the verdict would not be complete.",
            )


def _quoted(failed: Sequence[Finding]) -> set[str]:
    """Columns that reasons have cells for, and those that their texts quote."""
    names = {"row_id", "submission_id", "row_number", "row_key"}
    for finding in failed:
        names.add(finding.check.field)
        for text in finding.check.texts.values():
            names |= marks(text)
    return names


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


def _insert(columns: set[str], number: int, finding: Finding, batch_id: str) -> str:
    check = finding.check
    rule = check.rule
    texts = {name: as_sql(text, columns) for name, text in check.texts.items()}

    def cell(name: str) -> str:
        return f'failed."{name}"::varchar' if name in columns else "null::varchar"

    return f"""
        insert into reason
        select
            {quoted(rule.scope)}, failed.row_id, {quoted(batch_id)},
            {cell("submission_id")}, {cell("row_number")}, {cell("row_key")},
            {quoted(check.field)}, {cell(check.field)},
            {quoted(rule.id)}, {quoted(rule.version)}, {quoted(rule.severity)},
            {texts["expected"]}, {texts["expected_from"]},
            {texts["remedy_en"]}, {texts["remedy_zh"]},
        from failed
        where failed.row_id in (
            select row_id from failing_row where finding = {number}
        )
    """
