"""Judging again: releases from quarantine, and reports of what would change.

`rejudge` puts a new verdict in place of the one that stands, which stays as a
trace in `earlier/`. `dry_run` writes nothing: it says what the present rules
would do to what was judged before, so that nobody breaks a wave by editing a
threshold.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from expectations.catalogue import quoted
from expectations.gate import gate, judged
from expectations.judgement import prepare
from expectations.registries import current_registries
from expectations.verdict import FILE, Verdict
from ingestion.canonical import read_batch
from ingestion.durable import commit_file
from ingestion.landing import LandedBatch
from ingestion.settings import Settings
from ingestion.site import Site

RELEASED = "released.parquet"
# What a row is called in both verdicts.
_KEY = "coalesce(submission_id, '') as submission_id, file_sha256, row_number"


@dataclass(frozen=True)
class Rejudgement:
    """`rows_released` left quarantine, `rows_withdrawn` would go into it.

    Released rows stand in `released.parquet` of the verdict's folder, with the
    columns of `accepted.parquet`.
    """

    before: Verdict | None
    after: Verdict
    rows_released: int
    rows_withdrawn: int


@dataclass(frozen=True)
class DryRun:
    """What the present rules would change.

    `by_rule` holds for each rule how many rows it would newly reject, and how
    many that it rejected would be accepted.
    """

    batches: int
    rows: int
    newly_rejected: int
    newly_accepted: int
    by_rule: dict[str, dict[str, int]] = field(default_factory=dict)
    by_batch: dict[str, dict[str, int]] = field(default_factory=dict)


def rejudge(
    settings: Settings, batch: LandedBatch, site: Site | None = None
) -> Rejudgement:
    """Judge a batch by the rules, waivers and registries of now.

    Nothing happens when none of them has changed.
    """
    folder = settings.verdicts / batch.batch_id
    before = Verdict.find(folder)
    with _Aside(settings, folder) as old:
        after = gate(settings, batch, site)
        if before is None or batch.kind == "registry":
            return Rejudgement(before, after, 0, 0)
        released = _moved(old, folder, "quarantine", "accepted")
        withdrawn = _moved(old, folder, "accepted", "quarantine")
        if after != before:
            _write_released(old, folder)
    return Rejudgement(before, after, len(released), len(withdrawn))


class _Aside:
    """A copy of a verdict's rows for the time of a comparison."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.folder = folder
        self.copy = settings.verdicts / f".before-{folder.name}"

    def __enter__(self) -> Path:
        shutil.rmtree(self.copy, ignore_errors=True)
        self.copy.mkdir(parents=True)
        for name in ("accepted", "quarantine"):
            path = self.folder / f"{name}.parquet"
            if path.exists():
                # A link is enough: files of a verdict are replaced, not changed.
                (self.copy / path.name).hardlink_to(path)
        return self.copy

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.copy, ignore_errors=True)


def _rows(folder: Path, name: str) -> str | None:
    path = folder / f"{name}.parquet"
    if not path.exists():
        return None
    return f"select {_KEY} from read_parquet({quoted(str(path))})"


def _moved(old: Path, new: Path, source: str, target: str) -> list[tuple]:
    """Keys of the rows that stood in `source` of `old` and stand in `target`."""
    before, after = _rows(old, source), _rows(new, target)
    if not before or not after:
        return []
    with duckdb.connect() as connection:
        return connection.execute(
            f"({before}) intersect ({after}) order by all"
        ).fetchall()


def _write_released(old: Path, folder: Path) -> None:
    quarantine = _rows(old, "quarantine")
    if not quarantine or not (folder / "accepted.parquet").exists():
        return
    temporary = folder / f".{RELEASED}"
    accepted = quoted(str(folder / "accepted.parquet"))
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select accepted.* from read_parquet({accepted}) as accepted
                inner join (select distinct * from ({quarantine})) as held
                    on coalesce(accepted.submission_id, '') = held.submission_id
                    and accepted.file_sha256 = held.file_sha256
                    and accepted.row_number = held.row_number
            ) to {quoted(str(temporary))} (format parquet, compression zstd)
            """
        )
    commit_file(temporary, folder / RELEASED)


def dry_run(settings: Settings, site: Site, since: datetime | None = None) -> DryRun:
    """Judge again what arrived since a moment, and only say what would change.

    Reads quarantine and accepted rows of every standing verdict on
    observations; writes nothing that lasts.
    """
    registries = current_registries(settings, site)
    rules: dict[str, Counter[str]] = {}
    batches: dict[str, dict[str, int]] = {}
    rows = 0
    for standing in _standing(settings, since):
        batch = LandedBatch.open(settings, standing.batch_id)
        canonical = read_batch(settings, batch, site.source(batch.source_code))
        judgement = prepare(settings, batch, site, registries)
        with judged(judgement, canonical) as (_, folder):
            rejected = _moved(standing.folder, folder, "accepted", "quarantine")
            accepted = _moved(standing.folder, folder, "quarantine", "accepted")
            _count(rules, folder, rejected, "newly_rejected")
            _count(rules, standing.folder, accepted, "newly_accepted")
        rows += standing.rows_received
        batches[batch.batch_id] = {
            "newly_rejected": len(rejected),
            "newly_accepted": len(accepted),
        }
    return DryRun(
        batches=len(batches),
        rows=rows,
        newly_rejected=sum(b["newly_rejected"] for b in batches.values()),
        newly_accepted=sum(b["newly_accepted"] for b in batches.values()),
        by_rule={rule: dict(counts) for rule, counts in sorted(rules.items())},
        by_batch={name: c for name, c in batches.items() if any(c.values())},
    )


def _standing(settings: Settings, since: datetime | None) -> list[Verdict]:
    found = [Verdict.open(path.parent) for path in settings.verdicts.glob(f"*/{FILE}")]
    return sorted(
        (
            verdict
            for verdict in found
            if verdict.kind != "registry"
            and verdict.readable
            and (since is None or datetime.fromisoformat(verdict.received_at) >= since)
        ),
        key=lambda verdict: (verdict.received_at, verdict.batch_id),
    )


def _count(
    rules: dict[str, Counter[str]], folder: Path, moved: list[tuple], name: str
) -> None:
    """Add to `rules` how many of the moved rows each rule (had) rejected.

    A reason on a submission speaks for all its rows, one on a file for all.
    """
    if not moved:
        return
    path = quoted(str(folder / "rejections.parquet"))
    with duckdb.connect() as connection:
        connection.execute(
            "create table moved (submission_id varchar, file_sha256 varchar,"
            " row_number bigint)"
        )
        connection.executemany("insert into moved values (?, ?, ?)", moved)
        found = connection.execute(
            f"""
            select reason.rule_id, count(distinct moved.rowid)
            from moved
            inner join read_parquet({path}) as reason
                on coalesce(reason.submission_id, moved.submission_id)
                = moved.submission_id
                and coalesce(reason.row_number, moved.row_number)
                = moved.row_number
            where reason.severity = 'error'
            group by all
            """
        ).fetchall()
    for rule_id, count in found:
        rules.setdefault(rule_id, Counter())[name] += count
