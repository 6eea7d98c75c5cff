"""The gate: every landed batch gets a verdict, and keeps it.

    verdicts/<batch_id>/
        verdict.json            written last: its presence is the commit
        rejections.parquet      every reason of one pass
        validation.json         what Great Expectations found, check by check
        accepted.parquet        rows that go on, typed       (observations)
        quarantine.parquet      rejected rows, as sent       (observations)
        submissions.parquet     one verdict each             (submissions)
        registry_rows.parquet   the accepted snapshot        (registries);
                                outlives a refusal as long as it is in force
        waived.parquet          which waiver let what through, if any
        earlier/<n>/            verdict and reasons that this one replaced

Judging twice gives the same files. A batch is judged again only when the rule
set or a registry that it was judged by has changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.catalogue import bind
from expectations.data_docs import write_pages
from expectations.history import not_yet_judged
from expectations.judgement import Identity, Judgement, prepare, with_history
from expectations.registries import current_registries, promote, rows_in_force
from expectations.verdict import FILE, Verdict, digests
from ingestion.canonical import CanonicalBatch, Unreadable, read_batch
from ingestion.durable import commit_file, held, machine_faults, sync_folder
from ingestion.errors import SiteError
from ingestion.landing import LandedBatch
from ingestion.registry import REGISTRIES
from ingestion.settings import Settings
from ingestion.site import Site

if TYPE_CHECKING:
    from expectations.duckdb_dialect import Bench
    from expectations.observation_judgement import Tally
    from expectations.suites import Finding

# What is kept of a verdict that another one replaces.
_KEPT = (FILE, "rejections.parquet", "validation.json", "waived.parquet")


def gate(settings: Settings, batch: LandedBatch, site: Site | None = None) -> Verdict:
    """Judge a landed batch against the registries in force.

    Batches that belong to its history and have no verdict yet are judged
    before, so that the order of calls does not matter. An unreadable batch is
    refused whole. SiteError when the source's mapping does not fit the file;
    nothing is stored then, and of the history such a batch has no part.
    """
    site = site or Site.load(settings.site)
    if batch.kind != "registry":
        for earlier in not_yet_judged(settings, batch, site):
            # It waits and tells its fault when it is judged as its own.
            with suppress(SiteError):
                _gate(settings, earlier, site)
    return _gate(settings, batch, site)


def _gate(settings: Settings, batch: LandedBatch, site: Site) -> Verdict:
    # Two workers may come to the same batch: one as its own, one as history.
    with held(settings.locks / f"verdict-{batch.batch_id}.lock"):
        verdict = _judge(settings, batch, site)
        write_pages(settings, [verdict])
        return verdict


def _judge(settings: Settings, batch: LandedBatch, site: Site) -> Verdict:
    source = site.source(batch.source_code)
    try:
        return judge_batch(settings, batch, read_batch(settings, batch, source), site)
    except Unreadable as fault:
        return refuse(settings, batch, site, fault)


def judge_batch(
    settings: Settings,
    batch: LandedBatch,
    canonical: CanonicalBatch,
    site: Site,
    only: frozenset[str] = frozenset(),
) -> Verdict:
    """Judge canonical rows; see `gate`. `only` restricts the rules."""
    registries = current_registries(settings, site)
    judgement = prepare(settings, batch, site, registries, only)
    standing = Verdict.find(settings.verdicts / batch.batch_id)
    if standing and _stands(standing, batch, judgement.identity):
        promote(settings, standing)
        return standing
    with judged(judgement, canonical) as (found, folder):
        verdict = commit(settings, found, folder)
    promote(settings, verdict)
    return verdict


@contextmanager
def judged(
    judgement: Judgement, canonical: CanonicalBatch
) -> Iterator[tuple[Verdict, Path]]:
    """Verdict and its files in a scratch folder; nothing is committed yet."""
    # SQLAlchemy and Great Expectations are imported when something is judged.
    from expectations import observation_judgement, registry_judgement

    batch = judgement.batch
    with judgement.scratch() as folder, judgement.bench() as bench:
        if batch.kind == "registry":
            tally = registry_judgement.judge_registry(judgement, bench, canonical)
            if tally.accepted:
                shape = REGISTRIES[batch.registry]
                registry_judgement.write_registry(bench, shape, folder)
        else:
            tally = observation_judgement.judge_observations(
                with_history(judgement), bench, canonical, folder
            )
        verdict = _verdict(judgement, bench, tally)
        _write_reasons(bench, tally, folder)
        yield verdict, folder


def _stands(verdict: Verdict, batch: LandedBatch, identity: Identity) -> bool:
    """An unreadable batch is tried again: the machine may have been at fault."""
    return verdict.readable and (
        verdict.batch_sha256,
        verdict.rule_set_version,
        verdict.registry_state,
    ) == (batch.sha256, *identity)


def _verdict(judgement: Judgement, bench: Bench, tally: Tally) -> Verdict:
    batch, identity = judgement.batch, judgement.identity
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
        folder=judgement.settings.verdicts / batch.batch_id,
    )


def _write_reasons(bench: Bench, tally: Tally, folder: Path) -> None:
    from expectations import reasons
    from expectations.chunks import write_parquet

    write_parquet(bench, reasons.SORTED, folder / "rejections.parquet")
    failing = {
        (rule_id, field): count
        for rule_id, field, count in bench.execute(
            "select rule_id, field, count(*) from reason group by all"
        ).fetchall()
    }
    content = [_account(finding, failing, tally) for finding in tally.findings]
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (folder / "validation.json").write_text(text + "\n", encoding="utf-8")


def _account(finding: Finding, failing: dict, tally: Tally) -> dict:
    """What stands in validation.json about one check."""
    check = finding.check
    return {
        "rule_id": check.rule.id,
        "rule_version": check.rule.version,
        "scope": check.rule.scope,
        "severity": check.rule.severity,
        "field": check.field,
        "expectation": check.type,
        "kwargs": check.kwargs,
        "message_en": check.rule.message_en,
        "message_zh": check.rule.message_zh,
        "success": finding.success,
        "unexpected_count": failing.get((check.rule.id, check.field), 0),
        "rows_received": tally.rows_received,
        "unexpected_index_query": finding.query,
    }


def commit(settings: Settings, verdict: Verdict, folder: Path) -> Verdict:
    """Move the files in place; a kill before verdict.json leaves no verdict."""
    with machine_faults(verdict.folder):
        verdict.folder.mkdir(parents=True, exist_ok=True)
        _keep_earlier(verdict.folder)
        (verdict.folder / FILE).unlink(missing_ok=True)
        sync_folder(verdict.folder)
        # What an earlier judgement left would pass for part of this one; but
        # everybody reads the rows in force, whatever becomes of this verdict.
        kept = rows_in_force(settings, verdict)
        for path in verdict.folder.glob("*.parquet"):
            if path != kept:
                path.unlink()
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            if path.name == "receipts.ndjson":
                name = f"{verdict.batch_id}.ndjson"
                commit_file(path, settings.receipts / name)
            elif not path.name.startswith("shared-"):
                commit_file(path, verdict.folder / path.name)
    sealed = replace(verdict, files=digests(verdict.folder))
    sealed.save()
    return sealed


def _keep_earlier(folder: Path) -> None:
    """Keep the trace of a verdict that is about to be replaced."""
    if not (folder / FILE).exists():
        return
    number = 1
    while (place := folder / "earlier" / f"{number:04}" / FILE).exists():
        number += 1
    place.parent.mkdir(parents=True, exist_ok=True)
    # verdict.json last: a kill before it leaves a place that is filled again.
    for name in reversed(_KEPT):
        if (folder / name).exists():
            shutil.copyfile(folder / name, place.with_name(name))
    sync_folder(place.parent)


def refuse(
    settings: Settings, batch: LandedBatch, site: Site, fault: Unreadable
) -> Verdict:
    """Verdict on bytes that are not of the declared format."""
    from expectations import reasons
    from expectations.observation_judgement import Tally

    judgement = prepare(settings, batch, site, current_registries(settings, site))
    with judgement.scratch() as folder, judgement.bench() as bench:
        for rule in judgement.facts.rules("file", batch.kind, "reader"):
            for field in rule.fields:
                check = bind(rule, field, judgement.facts)
                reasons.add(bench, check, batch.batch_id, batch.sha256, fault.message)
        tally = Tally(False, 0, 0, 0, readable=False)
        verdict = _verdict(judgement, bench, tally)
        _write_reasons(bench, tally, folder)
        return commit(settings, verdict, folder)
