"""The whole way in one process, with the very functions that the DAGs call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb

from expectations.delivery import Delivery, deliver
from expectations.gate import gate
from expectations.registries import is_in_force
from expectations.rejudgement import release
from expectations.verdict import Verdict
from ingestion.errors import (
    Busy,
    ContentRejected,
    Damaged,
    MachineRefused,
    PlanwatchError,
)
from ingestion.ingest import due_shards
from ingestion.landing import LandedBatch
from ingestion.run import Listener, ingest_run
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.source import Source
from warehouse.build import LAYERS, BuildReport, build
from warehouse.load import LoadReport, load, load_released, record_refusal
from warehouse.pending import (
    awaiting_release,
    in_dependency_order,
    pending,
    released_but_not_loaded,
)
from warehouse.publish import Release, publish

# event(what, subject, facts): a line of progress for whoever listens.
Event = Callable[[str, str, dict[str, Any]], None]

# Faults of the machine or of what is kept, not of one batch: to go on would
# meet them again, or spread them.
STOPPING = (Busy, Damaged, MachineRefused)


def silent(what: str, subject: str, facts: dict[str, Any]) -> None:
    """An Event for callers that do not listen."""


@dataclass
class RunReport:
    """Account of one run: what came, what was refused, what failed."""

    landed: list[LandedBatch] = field(default_factory=list)
    loads: list[LoadReport] = field(default_factory=list)
    failures: list[PlanwatchError] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    build: BuildReport | None = None
    release: Release | None = None


@dataclass(frozen=True)
class Listeners:
    """Who is told: of each event, and of how far fetching is."""

    event: Event = silent
    progress: Listener = lambda _: None


def run(
    settings: Settings, site: Site, listeners: Listeners = Listeners()
) -> RunReport:
    """Fetch, judge, load, build and publish everything that the site declares.

    A source or a batch that fails does not stop the others: its error stands
    in `failures`. Raises ContentRejected when a registry is refused, since what
    is reported cannot be judged against a registry in doubt.
    """
    report, event = RunReport(), listeners.event
    take_in_registries(settings, site, report, listeners)
    reports = site.of_kind("statistical_release") + site.of_kind("submission")
    _fetch(settings, site, reports, report, listeners)
    _take_in_all(settings, site, report, event)
    released, failures = release_waived(settings, site, event)
    report.loads += released
    report.failures += failures
    event("building", site.name, {})
    report.build = build(settings)
    event("built", ", ".join(LAYERS), {"models": report.build.models})
    event("publishing", site.name, {})
    report.release = publish(settings, site)
    event("published", report.release.release_id, {"changed": report.release.changed})
    _deliver(settings, site, report, event)
    return report


def _take_in_all(
    settings: Settings, site: Site, report: RunReport, event: Event
) -> None:
    """Judge and load what waits; a batch that cannot be judged goes on waiting."""
    for batch in pending(settings):
        if batch.kind == "registry":
            continue
        try:
            report.loads.append(take_in(settings, site, batch, event))
        except STOPPING:
            raise
        except PlanwatchError as error:
            report.failures.append(error)
            event("failed", batch.batch_id, {"error": str(error)})


def _deliver(settings: Settings, site: Site, report: RunReport, event: Event) -> None:
    """Receipts go out last: whatever becomes of them, the release stands."""
    try:
        report.deliveries = deliver(settings, site)
    except PlanwatchError as error:
        report.failures.append(error)
        event("failed", "receipts", {"error": str(error)})


def take_in_registries(
    settings: Settings,
    site: Site,
    report: RunReport,
    listeners: Listeners = Listeners(),
    *,
    only_due: bool = False,
) -> None:
    """Fetch, judge and load what everything else is judged against.

    With `only_due`, those are fetched whose schedule has come. One that cannot
    be fetched stays as it was last accepted; one that was never accepted stops
    the run, since good rows would be rejected against nothing.
    """
    registries = site.of_kind("registry")
    if only_due:
        registries = [r for r in registries if due_shards(settings, r)]
    _fetch(settings, site, registries, report, listeners)
    for batch in in_dependency_order(pending(settings)):
        if batch.kind == "registry":
            report.loads.append(take_in(settings, site, batch, listeners.event))
    for source in site.of_kind("registry"):
        if report.failures and not is_in_force(settings, source.code):
            raise report.failures[0]


def take_in(
    settings: Settings, site: Site, batch: LandedBatch, event: Event = silent
) -> LoadReport:
    """Judge one landed batch and load what the verdict accepts."""
    verdict = gate(settings, batch, site)
    event(
        "judged",
        batch.batch_id,
        {"accepted": verdict.rows_accepted, "rejected": verdict.rows_rejected},
    )
    loaded = enter(settings, batch, verdict)
    if not verdict.accepted:
        event("refused", batch.batch_id, {"because": _first_reasons(verdict)})
    event("loaded", batch.batch_id, {"rows": loaded.rows_loaded})
    return loaded


def release_waived(
    settings: Settings, site: Site, event: Event = silent
) -> tuple[list[LoadReport], list[PlanwatchError]]:
    """Judge again what a new waiver may release, and load what it does.

    A batch of which the present rules would take something back, or that its
    declaration no longer fits, is left as it is: its error stands in the second
    list.
    """
    loads: list[LoadReport] = []
    failures: list[PlanwatchError] = []
    for batch in awaiting_release(settings, site):
        try:
            verdict = release(settings, batch, site)
        except STOPPING:
            raise
        except PlanwatchError as error:
            failures.append(error)
            event("failed", batch.batch_id, {"error": str(error)})
            continue
        loads.append(load_released(settings, batch, verdict))
        event("released", batch.batch_id, {"rows": loads[-1].rows_loaded})
    return loads + _catch_up(settings, site, event), failures


def _catch_up(settings: Settings, site: Site, event: Event) -> list[LoadReport]:
    """Load what an earlier process released and did not live to load."""
    loads = []
    for batch, verdict in released_but_not_loaded(settings, site):
        loaded = load_released(settings, batch, verdict)
        # A submission that came in another batch, too, has all its rows there.
        if loaded.rows_loaded:
            loads.append(loaded)
            event("released", batch.batch_id, {"rows": loaded.rows_loaded})
    return loads


def enter(settings: Settings, batch: LandedBatch, verdict: Verdict) -> LoadReport:
    """Load an accepted batch; record a refused one, and say so for a registry."""
    if verdict.accepted:
        return load(settings, batch, verdict)
    loaded = record_refusal(settings, batch, verdict)
    if batch.kind == "registry":
        raise ContentRejected(
            f"Registry {batch.registry} from {batch.source_code} is refused: "
            f"{_first_reasons(verdict)}",
            "mend the named cells and run again; the last accepted registry and "
            "the last release stay in force.",
        )
    return loaded


def _first_reasons(verdict: Verdict, most: int = 5) -> str:
    """The first reasons of a refused registry, each with its row and cell."""
    rows = duckdb.read_parquet(str(verdict.path("rejections"))).order(
        "row_number, rule_id, field"
    )
    told = [
        f"row {row_number} ({key}), {field} = {value!r}: expected {expected}"
        for row_number, key, field, value, expected in rows.project(
            "row_number, row_key, field, offending_value, expected"
        )
        .limit(most)
        .fetchall()
    ]
    (count,) = rows.count("*").fetchone()
    more = f"; and {count - most} more" if count > most else ""
    return "; ".join(told) + more


def _fetch(
    settings: Settings,
    site: Site,
    sources: list[Source],
    report: RunReport,
    listeners: Listeners,
) -> None:
    """Fetch `sources`; failures are collected, never raised."""
    summary = ingest_run(settings, site, sources, progress=listeners.progress)
    for batch_id in summary.batch_ids:
        batch = LandedBatch.open(settings, batch_id)
        report.landed.append(batch)
        listeners.event("landed", batch_id, {"files": len(batch.files)})
    for failure in summary.failures:
        report.failures.append(failure.error())
        listeners.event("failed", failure.source_code, {"error": failure.message})
