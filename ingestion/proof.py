"""Prove that landing is what was written: nothing altered, dropped, reordered
or added behind its back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.durable import held
from ingestion.errors import Damaged
from ingestion.journal import whole_lines
from ingestion.landing import (
    GENESIS,
    LandedBatch,
    LandedFile,
    chained,
    head_path,
    ledger,
    ledger_path,
    lock_path,
    manifest_path,
    object_path,
    recover,
)
from ingestion.settings import Settings
from ingestion.tombstones import TOMBSTONES, tombstones


@dataclass
class Proof:
    """What was looked at; `retired` batches keep their manifest, not their bytes."""

    batches: int = 0
    files: int = 0
    size_bytes: int = 0
    retired: int = 0
    head: str = GENESIS


@dataclass
class _Seen:
    batches: set[str] = field(default_factory=set)
    objects: dict[str, bool] = field(default_factory=dict)


def prove_landing(settings: Settings, deep: bool = True) -> Proof:
    """Check chain, head, manifests and bytes, then that nothing else is there.

    Without `deep`, bytes are compared by size alone. A commit that a killed
    process left half-way is finished first. Raises Damaged naming the first
    bad entry, in the order of the ledger.
    """
    with held(lock_path(settings)):
        recover(settings)
        return _prove(settings, deep)


def _prove(settings: Settings, deep: bool) -> Proof:
    retired = {batch_id: dead["ledger_hash"] for batch_id, dead in _dead(settings)}
    proof, seen = Proof(), _Seen()
    for entry in ledger(settings):
        where = f"entry {proof.batches + 1} of the landing ledger ({entry['batch_id']})"
        _check_link(entry, proof, where)
        proof.batches += 1
        proof.head = entry["hash"]
        batch = _manifest(settings, entry, where)
        seen.batches.add(batch.batch_id)
        dead = retired.get(batch.batch_id)
        if dead is not None and dead != entry["hash"]:
            raise _damage(f"the tombstone of {where} is not its own.")
        proof.retired += dead is not None
        for file in batch.everything:
            if dead is None:
                _check_bytes(settings, file, where, deep, seen)
                proof.files += 1
                proof.size_bytes += file.size_bytes
            else:
                # Bytes that an older manifest shares with a living one stay.
                seen.objects.setdefault(file.sha256, False)
    _check_head(settings, proof)
    _check_nothing_else(settings, seen)
    return proof


def _check_link(entry: dict, proof: Proof, where: str) -> None:
    if entry.get("seq") != proof.batches + 1 or entry.get("previous") != proof.head:
        raise _damage(f"{where} does not follow the one before it.")
    if entry.get("hash") != chained(entry):
        raise _damage(f"{where} was altered.")


def _manifest(settings: Settings, entry: dict, where: str) -> LandedBatch:
    path = manifest_path(settings, entry["batch_id"])
    if _sha256(path) != entry["manifest_sha256"]:
        raise _damage(f"the manifest of {where} was altered or is gone.")
    return LandedBatch.open(settings, entry["batch_id"])


def _check_bytes(
    settings: Settings, file: LandedFile, where: str, deep: bool, seen: _Seen
) -> None:
    if seen.objects.get(file.sha256):
        return
    path = object_path(settings, file.sha256)
    if not path.exists():
        raise _damage(f"the bytes of {file.url} in {where} are gone.")
    whole = path.stat().st_size == file.size_bytes
    if not whole or (deep and _sha256(path) != file.sha256):
        raise _damage(f"the bytes of {file.url} in {where} are not as kept.")
    seen.objects[file.sha256] = True


def _check_head(settings: Settings, proof: Proof) -> None:
    """The head stands apart, so that a ledger cut at its end is noticed."""
    path = ledger_path(settings)
    if path.exists() and whole_lines(path) < path.stat().st_size:
        raise _damage(f"line {proof.batches + 1} of the landing ledger is cut off.")
    head = head_path(settings)
    if not head.exists():
        if proof.batches:
            raise _damage("the head of the landing ledger (head.json) is gone.")
        return
    try:
        content = json.loads(head.read_text(encoding="utf-8"))
        seq, digest = content["seq"], content["hash"]
    except (ValueError, KeyError, TypeError):
        raise _damage("the head of the landing ledger is not readable.") from None
    if seq > proof.batches:
        raise _damage(
            f"entry {proof.batches + 1} of the landing ledger is gone: its head "
            f"counts {seq} entries."
        )
    if (seq, digest) != (proof.batches, proof.head):
        raise _damage(
            f"entry {seq + 1} of the landing ledger was added behind its head."
        )


def _check_nothing_else(settings: Settings, seen: _Seen) -> None:
    for path in sorted((settings.landing / "batches").glob("*")):
        if path.name not in seen.batches:
            raise _damage(f"batch {path.name} was added: no ledger entry names it.")
    for path in sorted((settings.landing / "objects").glob("*/*")):
        if path.name not in seen.objects:
            raise _damage(f"object {path.name} was added: no manifest names it.")


def _dead(settings: Settings) -> Iterator[tuple[str, dict]]:
    """Tombstones by batch, their own chain checked."""
    previous = GENESIS
    for number, entry in enumerate(tombstones(settings), 1):
        where = f"entry {number} of {TOMBSTONES} ({entry.get('batch_id')})"
        if entry.get("previous") != previous or entry.get("hash") != chained(entry):
            raise _damage(f"{where} was altered or does not follow the one before it.")
        previous = entry["hash"]
        yield entry["batch_id"], entry


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
