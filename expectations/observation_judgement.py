"""Judgement of observations: submissions row by row, releases file by file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from expectations import reasons, receipts
from expectations.catalogue import (
    FOLDER,
    Facts,
    bind,
    codelist,
    is_missing,
    quoted,
    rules_for,
)
from expectations.duckdb_dialect import Bench
from expectations.registries import OF_OBSERVATIONS, Registries
from expectations.suites import Finding, judge
from ingestion.canonical import (
    OBSERVATION_COLUMNS,
    SUBMISSION_COLUMNS,
    CanonicalBatch,
)
from ingestion.durable import machine_faults
from ingestion.errors import Damaged
from ingestion.landing import LandedBatch

_TYPED = {
    "value": "value_sent::decimal(38, 10) as value",
    "published_at": "timezone('UTC', published_at::timestamptz) as published_at",
}
_SORTED = "submission_id nulls first, file_sha256 nulls first, row_number nulls first"
_SUBMISSION_COLUMNS = (
    "submission_id", "batch_id", "source_code", "file_sha256", "unit_code",
    "form_code", "period", "received_at", "sha256", "verdict", "rows_received",
    "rows_accepted", "rows_rejected", "rule_set_version",
)  # fmt: skip


@dataclass(frozen=True)
class Tally:
    """Counts of a judged batch, and whether it may be loaded."""

    accepted: bool
    rows_received: int
    rows_accepted: int
    submissions: int
    findings: list[Finding]
    readable: bool = True


def judge_observations(
    bench: Bench,
    batch: LandedBatch,
    canonical: CanonicalBatch,
    registries: Registries,
    facts: Facts,
) -> Tally:
    """Judge a submission batch or a statistical release; fills `reason`."""
    registries.attach(bench, OF_OBSERVATIONS)
    _attach(bench, batch, canonical)
    for script in ("sent", "submissions", "observations"):
        _run(bench, script)
    findings = _judged(bench, batch, "observation", "judged_observation", facts)
    bench.execute(
        "create table wrong_row as select distinct row_id from reason"
        " where scope = 'observation' and severity = 'error'"
    )
    _run(bench, "shares")
    if batch.kind == "submission":
        findings += _judged(bench, batch, "submission", "judged_submission", facts)
    else:
        findings += _judged(bench, batch, "file", "judged_file", facts)
    _run(bench, "outcome")
    return _tally(bench, batch, findings)


def write_outcome(bench: Bench, batch: LandedBatch, folder: Path) -> None:
    """Write accepted, quarantine (and submissions and receipts) to `folder`."""
    accepted = ", ".join(_TYPED.get(name, name) for name in OBSERVATION_COLUMNS)
    as_sent = ", ".join(OBSERVATION_COLUMNS)
    _copy(bench, accepted, "anti", folder / "accepted.parquet")
    _copy(bench, as_sent, "semi", folder / "quarantine.parquet")
    if batch.kind == "submission":
        listed = ", ".join(_SUBMISSION_COLUMNS)
        write_parquet(
            bench,
            f"select {listed} from submission_outcome"
            " order by submission_id nulls first",
            folder / "submissions.parquet",
        )
        receipts.write(bench, folder / "receipts.ndjson")


def write_parquet(bench: Bench, query: str, path: Path) -> None:
    with machine_faults(path):
        bench.execute(
            f"copy ({query}) to {quoted(str(path))} (format parquet, compression zstd)"
        )


def _copy(bench: Bench, columns: str, join: str, path: Path) -> None:
    query = (
        f"select {columns} from judged_observation {join} join rejected_row"
        f" using (row_id) order by {_SORTED}"
    )
    write_parquet(bench, query, path)


def _attach(bench: Bench, batch: LandedBatch, canonical: CanonicalBatch) -> None:
    for name, path, columns in (
        ("canonical_observation", canonical.observations, OBSERVATION_COLUMNS),
        ("canonical_submission", canonical.submissions, SUBMISSION_COLUMNS),
    ):
        if path is None:
            cells = ", ".join(f"{_empty(column)} as {column}" for column in columns)
            bench.execute(f"create view {name} as select {cells} where false")
        else:
            bench.execute(
                f"create view {name} as select {', '.join(columns)}"
                f" from read_parquet({quoted(str(path))})"
            )
    bench.execute("create table batch_file (file_sha256 varchar)")
    for sha256 in sorted({file.sha256 for file in batch.files}):
        bench.execute("insert into batch_file values (?)", [sha256])
    missing = [row["code"] for row in codelist("obs_status") if is_missing(row)]
    bench.execute(
        "create table missing_status as select unnest(?::varchar[]) as code", [missing]
    )


def _empty(column: str) -> str:
    times, numbers = ("received_at", "known_from"), ("row_number", "rows_received")
    kind = (
        "timestamp" if column in times else "bigint" if column in numbers else "varchar"
    )
    return f"null::{kind}"


def _run(bench: Bench, script: str) -> None:
    path = FOLDER / "judged" / f"{script}.sql"
    bench.execute(path.read_text(encoding="utf-8"))


def _judged(
    bench: Bench, batch: LandedBatch, scope: str, table: str, facts: Facts
) -> list[Finding]:
    if not bench.value(f"select count(*) from {table}"):
        return []
    checks = [
        bind(rule, field, facts)
        for rule in rules_for(scope, batch.kind)
        for field in rule.fields
    ]
    findings = judge(bench.url, table, checks)
    reasons.collect(bench, table, findings, batch.batch_id)
    return findings


def _tally(bench: Bench, batch: LandedBatch, findings: list[Finding]) -> Tally:
    received = bench.value("select count(*) from judged_observation")
    rejected = bench.value("select count(*) from rejected_row")
    orphans = bench.value(
        "select count(*) from judged_observation left join submission_context"
        " using (submission_id) where submission_context.submission_id is null"
    )
    if batch.kind == "submission" and orphans:
        raise Damaged(
            f"Batch {batch.batch_id} has {orphans} rows without their submission.",
            "remove its folder under canonical/ and run `planwatch gate` again.",
        )
    files = bench.value("select count(*) from batch_file")
    refused = bench.value("select count(*) from refused_file")
    return Tally(
        accepted=batch.kind == "submission" or refused < max(files, 1),
        rows_received=received,
        rows_accepted=received - rejected,
        submissions=bench.value("select count(*) from submission_outcome"),
        findings=findings,
    )
