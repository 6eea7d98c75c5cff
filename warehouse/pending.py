"""Which landed batches the warehouse has not taken in yet."""

from __future__ import annotations

from expectations.rejudgement import awaits_release
from expectations.verdict import Verdict
from expectations.waivers import FILE as WAIVERS
from expectations.waivers import site_waivers
from ingestion.landing import LandedBatch, ledger
from ingestion.registry import REGISTRIES
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.tombstones import retired
from warehouse.database import writer


def pending(settings: Settings, source_code: str | None = None) -> list[LandedBatch]:
    """Landed batches without an entry in raw, in the order of arrival.

    The newest batch of a registry counts as pending again after a refusal: it
    may pass once the registries that it refers to are mended.
    """
    entries = [
        entry
        for entry in ledger(settings)
        if source_code in (None, entry["source_code"])
    ]
    if not entries:
        return []
    newest = {entry["source_code"]: entry["batch_id"] for entry in entries}
    loaded, refused = _entered(settings)
    gone = retired(settings)
    batches = [
        LandedBatch.open(settings, entry["batch_id"])
        for entry in entries
        if entry["batch_id"] not in loaded
        and entry["batch_id"] not in gone
        and (
            entry["batch_id"] not in refused
            or newest[entry["source_code"]] == entry["batch_id"]
        )
    ]
    return [b for b in batches if b.registry or b.batch_id not in refused]


def awaiting_release(settings: Settings, site: Site) -> list[LandedBatch]:
    """Loaded batches of which a waiver may release rows, in order of arrival."""
    waivers = site_waivers(site.folder)
    if not waivers:
        return []
    loaded, _ = _entered(settings)
    found = []
    for entry in ledger(settings):
        verdict = Verdict.find(settings.verdicts / entry["batch_id"])
        if (
            verdict
            and entry["batch_id"] in loaded
            and entry["source_code"] in site.sources
            and awaits_release(verdict, waivers)
        ):
            found.append(LandedBatch.open(settings, entry["batch_id"]))
    gone = retired(settings)
    return [batch for batch in found if batch.batch_id not in gone]


def released_but_not_loaded(
    settings: Settings, site: Site
) -> list[tuple[LandedBatch, Verdict]]:
    """Loaded batches whose verdict accepts more rows than raw has entered.

    A process that dies between the new verdict and its load leaves them: no
    waiver is new to that verdict, so they await no release any more.
    """
    # Where nothing was ever waived, no verdict has to be opened. A waiver that
    # was taken back since leaves its file.
    if not (site.folder / WAIVERS).exists():
        return []
    entered = _rows_entered(settings)
    found = []
    for entry in ledger(settings):
        name = entry["batch_id"]
        if name not in entered:
            continue
        verdict = Verdict.find(settings.verdicts / name)
        if verdict and verdict.rows_accepted > entered[name]:
            found.append((LandedBatch.open(settings, name), verdict))
    return found


def in_dependency_order(batches: list[LandedBatch]) -> list[LandedBatch]:
    """Registries before those that refer to them; others stay in order."""
    order = list(REGISTRIES)
    return sorted(
        batches,
        key=lambda b: order.index(b.registry) if b.registry else len(order),
    )


def _rows_entered(settings: Settings) -> dict[str, int]:
    """Accepted rows of each loaded batch that is no registry, corrections added."""
    if not settings.warehouse.exists():
        return {}
    with writer(settings) as connection:
        rows = connection.execute(
            "select batch_id, sum(rows_accepted) from raw.batch"
            " where status = 'loaded' and kind <> 'registry' group by batch_id"
        ).fetchall()
    return dict(rows)


def _entered(settings: Settings) -> tuple[set[str], set[str]]:
    if not settings.warehouse.exists():
        return set(), set()
    with writer(settings) as connection:
        rows: list[tuple[str, str]] = connection.execute(
            "select batch_id, status from raw.batch"
        ).fetchall()
    loaded = {batch for batch, status in rows if status == "loaded"}
    refused = {batch for batch, status in rows if status == "refused"}
    return loaded, refused
