"""Make everything behind landing anew, from what landing proves to be."""

from __future__ import annotations

import shutil

from ingestion.errors import ContentRejected, UsageError
from ingestion.landing import LandedBatch
from ingestion.proof import prove_landing
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.tombstones import retired
from warehouse.build import build
from warehouse.chain import Event, silent, take_in
from warehouse.pending import pending
from warehouse.publish import Release, publish


def rebuild(settings: Settings, site: Site, event: Event = silent) -> Release:
    """Make everything behind landing anew and publish it.

    The release has the content hash of the one before, as long as nothing but
    derived files was lost. Releases stay: readers are not disturbed.
    """
    prove_landing(settings)
    if gone := retired(settings):
        raise UsageError(
            f"Retention has given up the bytes of {len(gone)} batches; made anew, "
            "the warehouse would lose their rows.",
            "restore landing from a backup that still has them.",
        )
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
