"""One command per stage."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ingestion.errors import PlanwatchError, UsageError
from ingestion.ingest import ingest as fetch
from ingestion.ingest import shards
from ingestion.landing import LandedBatch, ledger
from ingestion.settings import Settings
from ingestion.site import Site
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
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Fetch declared sources and keep what is new in landing."""
    settings = settings_of(home, site)
    declared = Site.load(settings.site)
    chosen = [declared.source(source)] if source else list(declared.sources.values())
    landed, failures = [], []
    with fetching() as progress:
        for one in chosen:
            for shard in shards(one):
                try:
                    batch = fetch(settings, one, shard, progress)
                except PlanwatchError as error:  # raised once all had a turn
                    failures.append(error)
                    break
                if batch is not None:
                    landed.append(batch)
    if json:
        print_json([asdict(batch) for batch in landed])
    else:
        print_table(
            ("batch", "files", "bytes", "received at"),
            [
                (b.batch_id, len(b.files), sum(f.size_bytes for f in b.files),
                 b.received_at)
                for b in landed
            ],
        )  # fmt: skip
    if failures:
        raise failures[0]


def gate(
    batch: BatchArgument = None,
    site: SiteOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Judge landed batches: accepted rows, rejected rows with every reason."""
    from expectations.gate import gate as judge

    settings = settings_of(home, site)
    declared = Site.load(settings.site)
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
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Run and test the dbt models."""
    from warehouse.build import build as build_models

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
    from warehouse.verify import rebuild as make_anew

    settings = settings_of(home, site)
    with narrating(json) as event:
        release = make_anew(settings, Site.load(settings.site), event)
    _print_release(release, json)


def verify(home: HomeOption = None, json: JsonOption = False) -> None:
    """Prove that landing was not altered, shortened, reordered or added to."""
    from warehouse.verify import verify as prove

    proof = prove(settings_of(home))
    if json:
        print_json(proof)
    else:
        print(
            f"{proof.batches} batches, {proof.files} files, {proof.size_bytes:,} "
            f"bytes are as they were kept. Head of the ledger: {proof.head}"
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
