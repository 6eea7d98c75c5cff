"""Batches whose bytes were given up: a chain of its own beside the ledger.

Ledger and manifests stay as they are, so the chain still proves what had
landed and when; a tombstone says when and why the bytes went.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ingestion.clock import now, stamp
from ingestion.errors import Damaged
from ingestion.journal import append_line, whole_lines
from ingestion.landing import GENESIS, chained
from ingestion.settings import Settings

TOMBSTONES = "tombstones.jsonl"


def tombstones_path(settings: Settings) -> Path:
    return settings.landing / TOMBSTONES


def tombstones(settings: Settings) -> Iterator[dict]:
    """Entries batch_id, ledger_hash, objects, size_bytes, retired_at, reason."""
    path = tombstones_path(settings)
    if not path.exists():
        return
    content = path.read_bytes()[: whole_lines(path)]
    for number, line in enumerate(content.splitlines(), 1):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise Damaged(
                f"Line {number} of {path} is not readable.",
                "restore landing from a backup.",
            ) from error


def retired(settings: Settings) -> set[str]:
    """Ids of batches whose bytes are gone: nothing can be read from them."""
    return {entry["batch_id"] for entry in tombstones(settings)}


def bury(settings: Settings, entry: dict, reason: str, size_bytes: int) -> None:
    """Add the tombstone of a ledger entry; the landing lock must be held."""
    last = GENESIS
    for before in tombstones(settings):
        last = before["hash"]
    stone = {
        "batch_id": entry["batch_id"],
        "ledger_hash": entry["hash"],
        "size_bytes": size_bytes,
        "retired_at": stamp(now(settings)),
        "reason": reason,
        "previous": last,
    }
    append_line(tombstones_path(settings), {**stone, "hash": chained(stone)})
