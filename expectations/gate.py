"""The gate: every landed batch gets a verdict, and keeps it.

    verdicts/<batch_id>/
        verdict.json            written last: its presence is the commit
        rejections.parquet      every reason of one pass
        validation.json         what Great Expectations found, check by check
        accepted.parquet        rows that go on, typed       (observations)
        quarantine.parquet      rejected rows, as sent       (observations)
        submissions.parquet     one verdict each             (submissions)
        registry_rows.parquet   the accepted snapshot        (registries)

Judging twice gives the same files. A batch is judged again only when the rule
set or a registry that it was judged by has changed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from expectations.catalogue import Facts, bind, rule_set_version, rules_for, site_facts
from expectations.registries import (
    Registries,
    consulted,
    current_registries,
    promote,
)
from expectations.verdict import FILE, Verdict, digests
from ingestion.canonical import CanonicalBatch, Unreadable, read_batch
from ingestion.durable import commit_file, machine_faults, sync_folder
from ingestion.landing import LandedBatch
from ingestion.registry import REGISTRIES
from ingestion.settings import Settings
from ingestion.site import Site

if TYPE_CHECKING:
    from expectations.duckdb_dialect import Bench
    from expectations.observation_judgement import Tally
    from expectations.suites import Finding


def gate(settings: Settings, batch: LandedBatch, site: Site | None = None) -> Verdict:
    """Judge a landed batch against the registries in force.

    An unreadable batch is refused whole. SiteError when the source's mapping
    does not fit the file; nothing is stored then.
    """
    site = site or Site.load(settings.site)
    source = site.source(batch.source_code)
    try:
        return judge_batch(settings, batch, read_batch(settings, batch, source), site)
    except Unreadable as fault:
        return refuse(settings, batch, site, fault)


def judge_batch(
    settings: Settings, batch: LandedBatch, canonical: CanonicalBatch, site: Site
) -> Verdict:
    """Judge canonical rows; see `gate`."""
    registries = current_registries(settings, site)
    identity = _identity(batch, registries, site)
    standing = Verdict.find(settings.verdicts / batch.batch_id)
    if standing and _stands(standing, batch, identity):
        promote(settings, standing)
        return standing
    # SQLAlchemy and Great Expectations are imported when something is judged.
    from expectations import observation_judgement, registry_judgement

    facts = site_facts(site.error_budget)
    with _opened(settings, batch, site, identity) as (bench, folder):
        if batch.kind == "registry":
            judged = registry_judgement.judge_registry
            tally = judged(bench, batch, canonical, registries, facts)
            if tally.accepted:
                shape = REGISTRIES[batch.registry]
                registry_judgement.write_registry(bench, shape, folder)
        else:
            judged = observation_judgement.judge_observations
            tally = judged(bench, batch, canonical, registries, facts)
            observation_judgement.write_outcome(bench, batch, folder)
        verdict = _verdict(settings, bench, batch, tally, identity)
        _write_reasons(bench, tally.findings, folder)
        verdict = _commit(settings, verdict, folder)
    promote(settings, verdict)
    return verdict


class Identity(NamedTuple):
    """What a verdict depends on beside the batch."""

    rule_set_version: str
    registry_state: str


def _identity(batch: LandedBatch, registries: Registries, site: Site) -> Identity:
    # A source's own earlier snapshot is replaced, so it decides nothing.
    state = registries.state(consulted(batch.registry), batch.source_code)
    return Identity(rule_set_of(site), state)


def rule_set_of(site: Site) -> str:
    """Version of everything but registries that this site judges by."""
    return rule_set_version(
        {"error_budget": site.error_budget, "time_zone": site.time_zone}
    )


def _stands(verdict: Verdict, batch: LandedBatch, identity: Identity) -> bool:
    """An unreadable batch is tried again: the machine may have been at fault."""
    return verdict.readable and (
        verdict.batch_sha256,
        verdict.rule_set_version,
        verdict.registry_state,
    ) == (batch.sha256, *identity)


@contextmanager
def _opened(
    settings: Settings, batch: LandedBatch, site: Site, identity: Identity
) -> Iterator[tuple[Bench, Path]]:
    """A judgement's database and a scratch folder beside the verdict's."""
    from expectations import reasons
    from expectations.duckdb_dialect import open_bench

    folder = settings.verdicts / f".{batch.batch_id}.{os.getpid()}"
    with machine_faults(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        with open_bench(settings) as bench:
            reasons.create(bench)
            # A variable is a constant to the planner; a column would be looked
            # up in the time zone tables for every row.
            bench.execute("set variable time_zone = ?", [site.time_zone])
            bench.execute(
                "create table judged_batch as select ? as kind, ? as source_code,"
                " ?::timestamp as received_at, timezone('UTC', received_at) as moment,"
                " timezone(getvariable('time_zone'), moment)::date as received_on,"
                " ? as rule_set_version",
                [
                    batch.kind,
                    batch.source_code,
                    batch.received.replace(tzinfo=None),
                    identity.rule_set_version,
                ],
            )
            yield bench, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _verdict(
    settings: Settings,
    bench: Bench,
    batch: LandedBatch,
    tally: Tally,
    identity: Identity,
) -> Verdict:
    counts = bench.execute(
        "select rule_id, count(*) from reason group by rule_id order by rule_id"
    ).fetchall()
    warned = bench.value("select count(*) from reason where severity = 'warning'")
    return Verdict(
        batch_id=batch.batch_id,
        batch_sha256=batch.sha256,
        source_code=batch.source_code,
        kind=batch.kind,
        registry=batch.registry,
        received_at=batch.received_at,
        accepted=tally.accepted,
        rows_received=tally.rows_received,
        rows_accepted=tally.rows_accepted,
        rows_rejected=tally.rows_received - tally.rows_accepted,
        warnings=warned,
        submissions=tally.submissions,
        rule_set_version=identity.rule_set_version,
        registry_state=identity.registry_state,
        readable=tally.readable,
        reasons=dict(counts),
        folder=settings.verdicts / batch.batch_id,
    )


def _write_reasons(bench: Bench, findings: list[Finding], folder: Path) -> None:
    from expectations import reasons
    from expectations.observation_judgement import write_parquet

    write_parquet(bench, reasons.SORTED, folder / "rejections.parquet")
    content = [
        {
            "rule_id": finding.check.rule.id,
            "rule_version": finding.check.rule.version,
            "field": finding.check.field,
            "expectation": finding.check.type,
            "kwargs": finding.check.kwargs,
            "success": finding.success,
            "unexpected_index_query": finding.query,
        }
        for finding in findings
    ]
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (folder / "validation.json").write_text(text + "\n", encoding="utf-8")


def _commit(settings: Settings, verdict: Verdict, folder: Path) -> Verdict:
    """Move the files in place; a kill before verdict.json leaves no verdict."""
    with machine_faults(verdict.folder):
        verdict.folder.mkdir(parents=True, exist_ok=True)
        (verdict.folder / FILE).unlink(missing_ok=True)
        sync_folder(verdict.folder)
        # What an earlier judgement left would pass for part of this one.
        for path in verdict.folder.glob("*.parquet"):
            path.unlink()
        for path in sorted(folder.iterdir()):
            if path.name == "receipts.ndjson":
                name = f"{verdict.batch_id}.ndjson"
                commit_file(path, settings.receipts / name)
            else:
                commit_file(path, verdict.folder / path.name)
    sealed = replace(verdict, files=digests(verdict.folder))
    sealed.save()
    return sealed


def refuse(
    settings: Settings, batch: LandedBatch, site: Site, fault: Unreadable
) -> Verdict:
    """Verdict on bytes that are not of the declared format."""
    from expectations import reasons
    from expectations.observation_judgement import Tally

    identity = _identity(batch, current_registries(settings, site), site)
    facts: Facts = site_facts(site.error_budget)
    with _opened(settings, batch, site, identity) as (bench, folder):
        for rule in rules_for("file", batch.kind, "reader"):
            for field in rule.fields:
                check = bind(rule, field, facts)
                reasons.add(bench, check, batch.batch_id, batch.sha256, fault.message)
        tally = Tally(False, 0, 0, 0, [], readable=False)
        verdict = _verdict(settings, bench, batch, tally, identity)
        _write_reasons(bench, [], folder)
        return _commit(settings, verdict, folder)
