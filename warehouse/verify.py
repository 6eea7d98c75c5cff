"""Prove that landing is what was written, and that it gives the release."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import ContentRejected, Damaged
from ingestion.landing import GENESIS, LandedBatch, chained, ledger, object_path
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse.build import build
from warehouse.chain import Event, silent, take_in
from warehouse.pending import pending
from warehouse.publish import Release, publish


@dataclass(frozen=True)
class Proof:
    """What `verify` looked at."""

    batches: int
    files: int
    size_bytes: int
    head: str


def verify(settings: Settings) -> Proof:
    """Check the ledger's chain, every manifest and every kept byte.

    Raises Damaged naming the first bad entry.
    """
    previous, batches, files, size = GENESIS, 0, 0, 0
    for entry in ledger(settings):
        batches += 1
        where = f"entry {batches} of the landing ledger ({entry.get('batch_id')})"
        if entry.get("seq") != batches or entry.get("previous") != previous:
            raise _damage(f"{where} does not follow the one before it.")
        if entry.get("hash") != chained(entry):
            raise _damage(f"{where} was altered.")
        previous = entry["hash"]
        manifest = settings.landing / "batches" / entry["batch_id"] / "manifest.json"
        if _sha256(manifest) != entry["manifest_sha256"]:
            raise _damage(f"the manifest of {where} was altered or is gone.")
        for file in LandedBatch.open(settings, entry["batch_id"]).files:
            if _sha256(object_path(settings, file.sha256)) != file.sha256:
                raise _damage(f"the bytes of {file.url} in {where} are not as kept.")
            files += 1
            size += file.size_bytes
    return Proof(batches, files, size, previous)


def _sha256(path: Path) -> str | None:
    if not path.exists():
        return None
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _damage(sentence: str) -> Damaged:
    return Damaged(
        sentence[0].upper() + sentence[1:],
        "restore landing from a backup; do not publish from it.",
    )


def rebuild(settings: Settings, site: Site, event: Event = silent) -> Release:
    """Make everything behind landing anew and publish it.

    The release has the content hash of the one before, as long as nothing but
    derived files was lost. Releases stay: readers are not disturbed.
    """
    verify(settings)
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
