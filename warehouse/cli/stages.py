"""One command per stage."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ingestion.errors import EXIT_SOURCE, UsageError
from ingestion.landing import LandedBatch, ledger
from ingestion.settings import Settings
from ingestion.site import MOST_DAYS, Site
from warehouse.cli.options import (
    HomeOption,
    JsonOption,
    SiteOption,
    print_json,
    print_table,
    settings_of,
)
from warehouse.cli.progress import fetching, narrating

BatchArgument = Annotated[
    str | None,
    typer.Argument(help="Batch id as `ingest` prints it; without it: all waiting."),
]


def ingest(
    source: Annotated[
        str | None, typer.Argument(help="Source code; without it: every source.")
    ] = None,
    retry_failed: Annotated[
        str | None,
        typer.Option("--retry-failed", help="Redo just what failed in this run."),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that fetch side by side.")
    ] = 1,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Fetch declared sources and keep what is new in landing."""
    from ingestion.run import ingest_run
    from ingestion.run import retry_failed as retry

    settings = settings_of(home, site)
    declared = Site.load(settings.site)
    if source and retry_failed:
        raise UsageError(
            "--retry-failed redoes all that failed in a run.",
            "leave the source out, or leave --retry-failed out.",
        )
    with fetching() as progress:
        if retry_failed:
            summary = retry(
                settings, declared, retry_failed, processes=processes, progress=progress
            )
        else:
            chosen = [declared.source(source)] if source else None
            summary = ingest_run(
                settings, declared, chosen, processes=processes, progress=progress
            )
    if json:
        print_json(summary)
    else:
        _print_run(settings, summary)
    if summary.failures:
        raise summary.failures[0].error()
    if summary.failed_endpoints:
        raise typer.Exit(EXIT_SOURCE)


def _print_run(settings: Settings, summary) -> None:
    landed = [LandedBatch.open(settings, batch_id) for batch_id in summary.batch_ids]
    print_table(
        ("batch", "files", "bytes", "received at"),
        [
            (
                batch.batch_id,
                len(batch.files),
                sum(file.size_bytes for file in batch.files),
                batch.received_at,
            )
            for batch in landed
        ],
    )
    told = ", ".join(f"{n} {result}" for result, n in sorted(summary.counts.items()))
    print(f"Run {summary.run_id}: {told or 'nothing to fetch'}.")
    for failure in summary.failures:
        print(f"  {failure.source_code}: {failure.message}")
    if summary.failures or summary.failed_endpoints:
        print(f"Redo just that: planwatch ingest --retry-failed {summary.run_id}")


def gate(
    batch: BatchArgument = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell what the present rules would change."),
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(help="With --dry-run: only what arrived on this day or later."),
    ] = None,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Judge landed batches: accepted rows, rejected rows with every reason.

    With --dry-run everything that was judged before, accepted and rejected, is
    judged again by the rules, waivers and registries of now; only the report
    of what would change comes of it.
    """
    from expectations.gate import gate as judge

    settings = settings_of(home, site)
    declared = Site.load(settings.site)
    if since and not dry_run:
        raise UsageError("--since goes with --dry-run.", "add --dry-run.")
    if dry_run:
        _foresee(settings, declared, batch, since, json)
        return
    verdicts = [judge(settings, b, declared) for b in _batches(settings, batch)]
    if json:
        print_json([asdict(verdict) for verdict in verdicts])
    else:
        print_table(
            ("batch", "accepted", "rows received", "rows accepted", "rows rejected"),
            [
                (v.batch_id, v.accepted, v.rows_received, v.rows_accepted,
                 v.rows_rejected)
                for v in verdicts
            ],
        )  # fmt: skip
    if not all(verdict.accepted for verdict in verdicts):
        raise typer.Exit(1)


def _foresee(settings, site, batch: str | None, since, json: bool) -> None:
    from expectations.rejudgement import dry_run

    if batch:
        raise UsageError(
            "--dry-run judges all that arrived since a day.",
            "leave the batch out, or give --since.",
        )
    moment = since.replace(tzinfo=ZoneInfo(site.time_zone)) if since else None
    report = dry_run(settings, site, moment)
    if json:
        print_json(asdict(report))
        return
    print(
        f"{report.rows:,} rows of {report.batches} batches judged again: "
        f"{report.newly_rejected} would be rejected that were accepted, "
        f"{report.newly_released} accepted that were rejected. Nothing was changed."
    )
    if report.by_rule:
        print_table(
            ("rule", "newly rejected", "newly released"),
            [
                (rule, n.get("newly_rejected", 0), n.get("newly_released", 0))
                for rule, n in report.by_rule.items()
            ],
        )


def data_docs(
    batch: BatchArgument = None,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write a page for each verdict, as Great Expectations shows it.

    The pages need no network: one style sheet of their own, no scripts.
    """
    from expectations.data_docs import build_data_docs

    settings = settings_of(home, site)
    index = build_data_docs(settings, batch or "")
    if json:
        print_json({"index": index})
    else:
        print(index)


def load(
    batch: BatchArgument = None,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Load what the gate accepted into raw; judges first what is not judged."""
    from warehouse.chain import take_in

    settings = settings_of(home, site)
    declared = Site.load(settings.site)
    with narrating(json) as event:
        reports = [
            take_in(settings, declared, b, event) for b in _batches(settings, batch)
        ]
    if json:
        print_json([asdict(report) for report in reports])


def build(
    layer: Annotated[
        str | None,
        typer.Option(help="staging, intermediate, core, marts or published."),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Make every table anew.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Build what was known then (2023-06-30, or a moment in UTC) into a "
            "file of its own.",
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Run and test the dbt models, or make the model of an earlier day."""
    from warehouse.build import build as build_models

    if as_of is not None:
        _build_as_of(as_of, layer or full_refresh, home, json)
        return
    report = build_models(settings_of(home), layer, full_refresh=full_refresh)
    if json:
        print_json(report)
    elif report.skipped:
        print(f"Nothing new since the last build (clock {report.as_of}).")
    else:
        print(
            f"{report.models} models and {report.tests} tests in "
            f"{report.seconds} s (clock {report.as_of})."
        )


def _build_as_of(text: str, more: object, home: str | None, json: bool) -> None:
    from warehouse.as_of import build_as_of, file_as_of, moment

    if more:
        raise UsageError(
            "--as-of makes the whole model anew.",
            "leave --layer and --full-refresh out.",
        )
    settings, as_of = settings_of(home), moment(text)
    path = file_as_of(settings, as_of)
    report = build_as_of(settings, as_of, path)
    if json:
        print_json({**asdict(report), "file": path})
        return
    print(f"{report.models} models in {report.seconds} s (clock {report.as_of}).")
    print(f"  {path}")
    print(f'Ask it: planwatch sql --as-of {text} "from published.early_warning"')


def publish(
    site: SiteOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Write the immutable release and point `current` at it."""
    from warehouse.publish import publish as publish_release

    settings = settings_of(home, site)
    _print_release(publish_release(settings, Site.load(settings.site)), json)


def rebuild(
    site: SiteOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Make everything anew from landing alone; releases stay."""
    from warehouse.rebuild import rebuild as make_anew

    settings = settings_of(home, site)
    with narrating(json) as event:
        release = make_anew(settings, Site.load(settings.site), event)
    _print_release(release, json)


def verify(home: HomeOption = None, json: JsonOption = False) -> None:
    """Prove that landing was not altered, shortened, reordered or added to."""
    from ingestion.proof import prove_landing

    proof = prove_landing(settings_of(home))
    if json:
        print_json(proof)
    else:
        print(
            f"{proof.batches} batches, {proof.files} files, {proof.size_bytes:,} "
            f"bytes are as they were kept. Head of the ledger: {proof.head}"
        )


def retain(
    days: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST_DAYS,
            help="Age in days (default: the site's retention_days).",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be given up.")
    ] = False,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Give up old landed bytes; never what a release cites or will cite."""
    from ingestion.retention import retain as give_up
    from warehouse.pending import pending
    from warehouse.publish import unreleased

    settings = settings_of(home, site)
    age = days if days is not None else Site.load(settings.site).retention_days
    # First what is not loaded: a batch that is loaded meanwhile stands in both.
    waiting = {batch.batch_id for batch in pending(settings)} | unreleased(settings)
    kept = give_up(settings, age, protected=waiting, dry_run=dry_run)
    if json:
        print_json(kept)
    else:
        verb = "would be given up" if dry_run else "given up"
        print(
            f"{len(kept.retired)} batches, {kept.size_bytes:,} bytes {verb}; kept: "
            f"{kept.cited} cited by releases, {kept.newest} the newest of an address, "
            f"{kept.protected} waiting."
        )


def _print_release(release, json: bool) -> None:
    if json:
        print_json(release)
        return
    state = "new" if release.changed else "unchanged"
    print(f"Release {release.release_id} ({state}), content {release.content_hash}")
    print(f"  {release.file}")


def _batches(settings: Settings, batch_id: str | None) -> list[LandedBatch]:
    from warehouse.pending import in_dependency_order, pending

    if batch_id is None:
        return in_dependency_order(pending(settings))
    if batch_id not in {entry["batch_id"] for entry in ledger(settings)}:
        raise UsageError(
            f"No batch {batch_id!r} has landed in {settings.home}.",
            "see `planwatch ingest` for ids, or leave the id out.",
        )
    return [LandedBatch.open(settings, batch_id)]
