"""Judging again: releases from quarantine, and reports of what would change.

`release` puts a new verdict in place of the one that stands, which stays as a
trace in `earlier/`. `dry_run` writes nothing: it says what the present rules
would do to what was judged before, so that nobody breaks a wave by editing a
threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from expectations.catalogue import quoted
from expectations.data_docs import write_pages
from expectations.gate import commit, judged
from expectations.judgement import prepare
from expectations.registries import current_registries
from expectations.verdict import FILE, Verdict
from expectations.waivers import Waiver, waivers_version
from ingestion.canonical import read_batch
from ingestion.durable import held
from ingestion.errors import ContentRejected
from ingestion.landing import LandedBatch
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.tombstones import retired

# What a row is called in both verdicts.
_KEY = "coalesce(submission_id, '') as submission_id, file_sha256, row_number"


@dataclass(frozen=True)
class DryRun:
    """What the present rules would change.

    `by_rule` holds for each rule how many rows it would newly reject, and how
    many that it rejected would be released.
    """

    batches: int
    rows: int
    newly_rejected: int
    newly_released: int
    by_rule: dict[str, dict[str, int]] = field(default_factory=dict)
    by_batch: dict[str, dict[str, int]] = field(default_factory=dict)


def awaits_release(verdict: Verdict, waivers: tuple[Waiver, ...]) -> bool:
    """Does a waiver that the verdict does not know name a rule it applied?"""
    if verdict.kind == "registry" or not verdict.readable or not waivers:
        return False
    named = {waiver.rule_id for waiver in waivers}
    known = verdict.registry_state.endswith(waivers_version(waivers))
    return not known and bool(named & verdict.reasons.keys())


def release(settings: Settings, batch: LandedBatch, site: Site) -> Verdict:
    """Judge a batch by the rules, waivers and registries of now.

    ContentRejected when that would take back rows that were accepted: they
    may be loaded. The verdict that stands stays then.
    """
    standing = Verdict.open(settings.verdicts / batch.batch_id)
    with (
        held(settings.locks / f"verdict-{batch.batch_id}.lock"),
        _judged_again(settings, batch, site) as (found, folder),
    ):
        withdrawn = _moved(standing.folder, folder, "accepted", "quarantine")
        if withdrawn:
            raise ContentRejected(
                f"The present rules would take back {len(withdrawn)} accepted rows "
                f"of {batch.batch_id}; nothing was released from it.",
                "see `planwatch gate --dry-run`; mend rules or waivers, or make "
                "everything anew with `planwatch rebuild`.",
            )
        verdict = commit(settings, found, folder)
        write_pages(settings, [verdict])
        return verdict


@contextmanager
def _judged_again(
    settings: Settings, batch: LandedBatch, site: Site
) -> Iterator[tuple[Verdict, Path]]:
    canonical = read_batch(settings, batch, site.source(batch.source_code))
    judgement = prepare(settings, batch, site, current_registries(settings, site))
    with judged(judgement, canonical) as (verdict, folder):
        yield verdict, folder


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


def dry_run(settings: Settings, site: Site, since: datetime | None = None) -> DryRun:
    """Judge again what arrived since a moment, and only say what would change.

    Reads quarantine and accepted rows of every standing verdict on
    observations; writes nothing that lasts.
    """
    rules: dict[str, Counter[str]] = {}
    batches: dict[str, dict[str, int]] = {}
    rows = 0
    for standing in _standing(settings, site, since):
        batch = LandedBatch.open(settings, standing.batch_id)
        with _judged_again(settings, batch, site) as (_, folder):
            rejected = _moved(standing.folder, folder, "accepted", "quarantine")
            accepted = _moved(standing.folder, folder, "quarantine", "accepted")
            _count(rules, folder, rejected, "newly_rejected")
            _count(rules, standing.folder, accepted, "newly_released")
        rows += standing.rows_received
        batches[batch.batch_id] = {
            "newly_rejected": len(rejected),
            "newly_released": len(accepted),
        }
    return DryRun(
        batches=len(batches),
        rows=rows,
        newly_rejected=sum(b["newly_rejected"] for b in batches.values()),
        newly_released=sum(b["newly_released"] for b in batches.values()),
        by_rule={rule: dict(counts) for rule, counts in sorted(rules.items())},
        by_batch={name: c for name, c in batches.items() if any(c.values())},
    )


def _standing(settings: Settings, site: Site, since: datetime | None) -> list[Verdict]:
    """Verdicts on what can still be read, in the order of arrival."""
    gone = retired(settings)
    found = [Verdict.open(path.parent) for path in settings.verdicts.glob(f"*/{FILE}")]
    return sorted(
        (
            verdict
            for verdict in found
            if verdict.kind != "registry"
            and verdict.readable
            and verdict.batch_id not in gone
            and verdict.source_code in site.sources
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
