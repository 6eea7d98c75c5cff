"""Judgement of observations: submissions row by row, releases file by file.

Rows are judged in chunks that fit in memory. What needs the whole batch (peers
of a period, children of a parent) is counted before; all else stays within a
unit or a region, by which chunks are cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from expectations import chunks, content, reasons, receipts, waivers
from expectations.catalogue import FOLDER, bind, codelist, is_missing, quoted
from expectations.chunks import write_parquet
from expectations.duckdb_dialect import Bench
from expectations.judgement import Judgement
from expectations.registries import OF_OBSERVATIONS
from expectations.suites import Finding, judge, merged
from ingestion.canonical import OBSERVATION_COLUMNS, CanonicalBatch

# Scopes of rules that look at no row's past, in the order of judgement: scripts
# that prepare what they judge, and the table that is judged.
STAGES = (
    (
        "observation",
        ("sent", "submissions", "definitions", "codes", "observations"),
        "judged_observation",
    ),
    ("cross_row", ("usable", "groups"), "judged_group"),
    ("cross_source", ("usable", "sources"), "judged_source"),
)
# Where reasons read what they quote, if not in the judged table.
_EXPLAINED = {
    "judged_observation": "explained_observation",
    "judged_series": "explained_series",
}
_TYPED = {
    "value": "number as value",
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
    findings: list[Finding] = field(default_factory=list)
    readable: bool = True


def judge_observations(
    judgement: Judgement, bench: Bench, canonical: CanonicalBatch, folder: Path
) -> Tally:
    """Judge a submission batch or a release; writes its files into `folder`.

    Fills tables `reason` and `waived` of `bench`.
    """
    _attach_known(judgement, bench)
    chunks.attach(bench, canonical)
    findings = content.judge_files(judgement, bench)
    _whole_batch_facts(judgement, bench)
    count = chunks.plan(bench, judgement)
    if count <= 1:
        chunks.select(bench)
        findings += _judge_rows(judgement, bench)
    else:
        findings = merged([findings, *_judge_chunks(judgement, bench, count, folder)])
    findings += _judge_files(judgement, bench)
    _write(bench, judgement.batch.kind, folder)
    return _tally(bench, judgement.batch.kind, findings)


def _attach_known(judgement: Judgement, bench: Bench) -> None:
    """What is known beside the batch: registries, history, code lists."""
    judgement.registries.attach(bench, OF_OBSERVATIONS)
    judgement.history.attach(bench)
    missing = [row["code"] for row in codelist("obs_status") if is_missing(row)]
    bench.execute("set variable missing_statuses = ?::varchar[]", [missing])


def _whole_batch_facts(judgement: Judgement, bench: Bench) -> None:
    """Facts of others, counted once for all chunks."""
    kind = judgement.batch.kind
    if not any(
        judgement.facts.rules(scope, kind) for scope in ("cross_row", "history")
    ):
        return
    for script in ("periods", "batch", "region_levels", "children"):
        _run(bench, script)
    if judgement.history.peers:
        path = quoted(str(judgement.history.peers))
        bench.execute(f"create table peer_fact as select * from read_parquet({path})")
    else:
        _run(bench, "peers")


def _judge_chunks(
    judgement: Judgement, bench: Bench, count: int, folder: Path
) -> list[list[Finding]]:
    """Judge chunk by chunk, each in a database of its own; then put together."""
    kind = judgement.batch.kind
    shared = chunks.export_shared(bench, folder)
    chunks.cut(bench, kind, folder)
    # Each chunk has its own; until it is judged, memory is for it alone.
    for name in ("chunk_member", *(f"registry_{of}" for of in OF_OBSERVATIONS)):
        bench.execute(f"drop table {name}")
    found = []
    for number in range(count):
        place = folder / f"chunk-{number:05}"
        place.mkdir()
        with judgement.bench() as piece:
            chunks.attach_shared(piece, shared)
            _run(piece, "periods")
            _attach_known(judgement, piece)
            chunks.select_chunk(piece, kind, number, folder)
            found.append(_judge_rows(judgement, piece))
            chunks.export(piece, kind, place, _typed(), _as_sent())
    chunks.gather(bench, kind, folder)
    return found


def _judge_rows(judgement: Judgement, bench: Bench) -> list[Finding]:
    """All rules but those on files; leaves the outcome in tables of `bench`."""
    kind, facts = judgement.batch.kind, judgement.facts
    findings: list[Finding] = []
    done: set[str] = set()
    bench.execute("create table wrong_row (row_id bigint)")
    for scope, scripts, table in STAGES:
        if not facts.rules(scope, kind):
            continue
        for script in scripts:
            if script not in done:
                _run(bench, script)
                done.add(script)
        findings += _judged(judgement, bench, scope, table)
        _add_wrong(bench, scope)
    _prepare_submissions(judgement, bench)
    if not facts.rules("history", kind):
        return findings + _judge_submissions(judgement, bench)
    if "usable" not in done:
        _run(bench, "usable")
    return findings + _judge_past(judgement, bench)


def _add_wrong(bench: Bench, scope: str) -> None:
    bench.execute(
        "insert into wrong_row select distinct row_id from reason"
        " where scope = ? and severity = 'error'"
        " and row_id not in (select row_id from wrong_row)",
        [scope],
    )


def _judge_past(judgement: Judgement, bench: Bench) -> list[Finding]:
    """Rows against their past, then submissions as a whole.

    Only accepted rows are a past, also those of this very batch, so rounds go
    on until one rejects what the one before did. They come to an end, and to
    one end only: what a row's verdict depends on arrived before it.
    """
    _run(bench, "series")
    bench.execute("create table wrong_before as select row_id from wrong_row")
    bench.execute("create table rejected_before as select row_id from wrong_row")
    bench.execute("create table due_series as select series_id from series")
    rounds = bench.value(
        "select coalesce(max(points), 0) from (select count(*) as points"
        " from series_row group by series_id)"
    )
    while True:
        _find_facts(bench)
        findings = _judged(judgement, bench, "history", "judged_series")
        _add_wrong(bench, "history")
        findings += _judge_submissions(judgement, bench)
        if rounds <= 1 or not _goes_on(judgement, bench):
            return findings
        bench.execute("create or replace table wrong_row as from wrong_before")
        for table in ("reason", "waived"):
            bench.execute(
                f"delete from {table} where scope in ('history', 'submission')"
            )


def _find_facts(bench: Bench) -> None:
    """Facts about the rows of the series that are due; others keep theirs."""
    for script in ("series_past", "series_facts"):
        _run(bench, script)
    if not bench.has("judged_series"):
        bench.execute("alter table due_facts rename to judged_series")
    else:
        bench.execute(
            "delete from judged_series"
            " where series_id in (select series_id from due_series)"
        )
        bench.execute("insert into judged_series from due_facts")
    _run(bench, "series_judged")


def _goes_on(judgement: Judgement, bench: Bench) -> bool:
    """Whether this round rejected other rows than the one before.

    Only the series that they belong to have another past now.
    """
    outcome = "rejected_row" if judgement.batch.kind == "submission" else "wrong_row"
    bench.execute(
        "create or replace table changed_row as"
        f" (from {outcome} except from rejected_before)"
        f" union all (from rejected_before except from {outcome})"
    )
    bench.execute(
        "create or replace table due_series as select distinct series_id"
        " from series_row where row_id in (select row_id from changed_row)"
    )
    bench.execute(
        "create or replace table rejected_before as select distinct row_id"
        f" from {outcome}"
    )
    return bool(bench.value("select count(*) from changed_row"))


def _prepare_submissions(judgement: Judgement, bench: Bench) -> None:
    """What submissions leave out; copies are found when the past is known."""
    if judgement.batch.kind != "submission":
        return
    known = {rule.id for rule in judgement.facts.rules("submission", "submission")}
    if "SUB_ROWS_ABSENT" in known:
        _run(bench, "absence")
    for table, columns in (
        ("submission_absence", "rows_absent bigint, absent_rows varchar"),
        (
            "submission_copy",
            "rows_compared bigint, rows_unchanged bigint, copied_period varchar",
        ),
    ):
        bench.execute(
            f"create table if not exists {table} (submission_id varchar, {columns})"
        )


def _judge_submissions(judgement: Judgement, bench: Bench) -> list[Finding]:
    """Submissions as a whole, and with that the outcome of their rows."""
    if judgement.batch.kind != "submission":
        return []
    _run(bench, "shares_of_submissions")
    findings = _judged(judgement, bench, "submission", "judged_submission")
    _run(bench, "outcome")
    return findings


def _judge_files(judgement: Judgement, bench: Bench) -> list[Finding]:
    """Files of a release against their error budget, all chunks together."""
    if judgement.batch.kind == "submission":
        return []
    _run(bench, "shares_of_files")
    findings = _judged(judgement, bench, "file", "judged_file")
    _run(bench, "outcome_of_files")
    return findings


def _judged(
    judgement: Judgement, bench: Bench, scope: str, table: str
) -> list[Finding]:
    if not bench.value(f"select count(*) from {table}"):
        return []
    kind, facts = judgement.batch.kind, judgement.facts
    checks = [
        bind(rule, field, facts)
        for rule in facts.rules(scope, kind)
        for field in rule.fields
    ]
    findings = judge(bench, table, checks)
    reasons.collect(
        bench, _EXPLAINED.get(table, table), findings, judgement.batch.batch_id
    )
    if scope != "file":
        waivers.apply(bench, scope, judgement.waivers)
    return findings


def _run(bench: Bench, script: str) -> None:
    path = FOLDER / "judged" / f"{script}.sql"
    bench.execute(path.read_text(encoding="utf-8"))


def _typed() -> str:
    return ", ".join(_TYPED.get(name, name) for name in OBSERVATION_COLUMNS)


def _as_sent() -> str:
    return ", ".join(OBSERVATION_COLUMNS)


def _write(bench: Bench, kind: str, folder: Path) -> None:
    """Write accepted, quarantine (and submissions and receipts) to `folder`."""
    for name, columns in (("accepted", _typed()), ("quarantine", _as_sent())):
        query = chunks.rows(bench, name, columns)
        write_parquet(bench, f"{query} order by {_SORTED}", folder / f"{name}.parquet")
    if kind == "submission":
        listed = ", ".join(_SUBMISSION_COLUMNS)
        write_parquet(
            bench,
            f"select {listed} from submission_outcome"
            " order by submission_id nulls first",
            folder / "submissions.parquet",
        )
        receipts.write(bench, folder / "receipts.ndjson")
    if bench.value("select count(*) from waived"):
        write_parquet(
            bench,
            "select * exclude (row_id) from waived order by all",
            folder / "waived.parquet",
        )


def _tally(bench: Bench, kind: str, findings: list[Finding]) -> Tally:
    accepted, quarantined = (
        bench.value(f"select count(*) from ({chunks.rows(bench, name, '1')})")
        for name in ("accepted", "quarantine")
    )
    if kind == "submission":
        submissions = bench.value("select count(*) from submission_outcome")
        may_load = True
    else:
        files = bench.value("select count(*) from batch_file")
        refused = bench.value("select count(*) from refused_file")
        submissions, may_load = 0, refused < max(files, 1)
    return Tally(may_load, accepted + quarantined, accepted, submissions, findings)
