"""Make everything behind landing anew, from what landing proves to be."""

from __future__ import annotations

import shutil

from ingestion.errors import ContentRejected, SiteError, UsageError
from ingestion.landing import LandedBatch, ledger
from ingestion.proof import prove_landing
from ingestion.settings import Settings
from ingestion.site import ACKNOWLEDGEMENTS, Site
from ingestion.tombstones import retired
from warehouse.build import build
from warehouse.chain import Event, silent, take_in
from warehouse.pending import pending
from warehouse.publish import Release, publish


def rebuild(settings: Settings, site: Site, event: Event = silent) -> Release:
    """Make everything behind landing anew and publish it.

    The release has the content hash of the one before, as long as nothing but
    derived files was lost. Releases stay: readers are not disturbed. Raises
    UsageError or SiteError before anything is deleted.
    """
    prove_landing(settings)
    if gone := retired(settings):
        raise UsageError(
            f"Retention has given up the bytes of {len(gone)} batches; made anew, "
            "the warehouse would lose their rows.",
            "restore landing from a backup that still has them.",
        )
    _refuse_undeclared(settings, site)
    for derived in (
        settings.warehouse.parent,
        settings.verdicts,
        settings.canonical,
        settings.receipts,
    ):
        shutil.rmtree(derived, ignore_errors=True)
    _replay(settings, site, event)
    build(settings, full_refresh=True)
    return publish(settings, site)


def _refuse_undeclared(settings: Settings, site: Site) -> None:
    """What landed is judged by its source's declaration: without, it cannot be."""
    landed = {entry["source_code"] for entry in ledger(settings)}
    unknown = sorted(landed - site.sources.keys() - {ACKNOWLEDGEMENTS.code})
    if unknown:
        raise SiteError(
            f"Batches have landed of sources that site {site.name} does not declare: "
            f"{', '.join(unknown)}.",
            "put their files back into sources/ or registry/ of the site, then "
            "rebuild; nothing was deleted.",
        )


def _replay(settings: Settings, site: Site, event: Event) -> None:
    """Take landing in again, in the order of its ledger.

    A registry that is refused was refused then, too; it gets its second try
    once all others are in, as it did.
    """
    refused: list[LandedBatch] = []
    for batch in pending(settings):
        try:
            take_in(settings, site, batch, event)
        except ContentRejected:
            refused.append(batch)
    newest = {batch.batch_id for batch in pending(settings)}
    for batch in refused:
        if batch.batch_id in newest:
            take_in(settings, site, batch, event)
