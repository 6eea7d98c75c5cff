"""Giving up old bytes: never what a release cites, never without a trace."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion.clock import now
from ingestion.durable import held, machine_faults
from ingestion.errors import Damaged
from ingestion.incoming import sweep
from ingestion.landing import LandedBatch, ledger, lock_path, object_path, recover
from ingestion.settings import Settings
from ingestion.tombstones import bury, retired
from ingestion.wave import journaled


@dataclass(frozen=True)
class Retained:
    """What `retain` gave up (or would give up), and why the rest stays."""

    retired: tuple[str, ...]
    size_bytes: int
    cited: int
    newest: int
    protected: int
    swept: int


def retain(
    settings: Settings,
    days: int | None,
    protected: Iterable[str] = (),
    dry_run: bool = False,
) -> Retained:
    """Delete the bytes of batches that landed more than `days` days ago.

    Kept whatever their age: batches that a release in home/releases cites,
    batches with the newest file of any address (a 304 refers to it), and
    `protected` ones (the caller's, such as those not loaded yet). Ledger and
    manifests stay; a tombstone keeps the proof whole. `days` None keeps all.
    """
    with held(lock_path(settings)):
        recover(settings)
        swept = 0 if dry_run else sweep(settings, journaled(settings))
        if days is None:
            return Retained((), 0, 0, 0, 0, swept)
        return _retain(settings, days, set(protected), dry_run, swept)


def _retain(settings, days: int, protected: set[str], dry_run: bool, swept: int):
    gone = retired(settings)
    entries = [entry for entry in ledger(settings) if entry["batch_id"] not in gone]
    limit = now(settings) - timedelta(days=days)
    cited, newest = cited_batches(settings, entries), _newest(settings, entries)
    old = [e for e in entries if datetime.fromisoformat(e["received_at"]) < limit]
    reasons = (("cited", cited), ("newest", newest), ("protected", protected))
    counts = {
        name: sum(e["batch_id"] in batches for e in old) for name, batches in reasons
    }
    leaving = [
        e for e in old if not any(e["batch_id"] in batches for _, batches in reasons)
    ]
    for e in leaving:
        if not dry_run:
            bury(settings, e, f"older than {days} days", _sizes(settings, e))
    dead = gone | {e["batch_id"] for e in leaving}
    size = _give_up(settings, dead, dry_run)
    return Retained(tuple(e["batch_id"] for e in leaving), size, **counts, swept=swept)


def cited_batches(settings: Settings, entries: list[dict]) -> set[str]:
    """Batches that the releases under home/releases were made from.

    A manifest lists them as `source_batches`; one that does not is taken to cite
    everything that had landed when it was built.
    """
    cited: set[str] = set()
    for path in settings.releases.glob("*/manifest.json"):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            named, built = manifest.get("source_batches"), manifest["built_at"]
            moment = datetime.fromisoformat(built)
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise Damaged(
                f"The release manifest {path} cannot be read: {error}.",
                "restore or remove that release; until then nothing is given up.",
            ) from error
        if isinstance(named, list):
            cited.update(named)
            continue
        cited.update(
            e["batch_id"]
            for e in entries
            if datetime.fromisoformat(e["received_at"]) <= moment
        )
    return cited


def _newest(settings: Settings, entries: list[dict]) -> set[str]:
    """Batches that hold the newest file of an address of their source."""
    holder: dict[tuple[str, str], str] = {}
    for entry in entries:
        for file in LandedBatch.open(settings, entry["batch_id"]).everything:
            holder[entry["source_code"], file.url] = entry["batch_id"]
    return set(holder.values())


def _give_up(settings: Settings, dead: set[str], dry_run: bool) -> int:
    """Delete the bytes that no living batch shares; also of earlier tombstones,
    after which a killed process may have left them."""
    living: set[str] = set()
    leaving: dict[str, int] = {}
    for entry in ledger(settings):
        batch = LandedBatch.open(settings, entry["batch_id"])
        sizes = {file.sha256: file.size_bytes for file in batch.everything}
        if entry["batch_id"] in dead:
            leaving |= sizes
        else:
            living |= sizes.keys()
    total = 0
    for sha256 in leaving.keys() - living:
        path = object_path(settings, sha256)
        if path.exists():
            total += leaving[sha256]
            with machine_faults(path):
                if not dry_run:
                    path.unlink()
    return total


def _sizes(settings: Settings, entry: dict) -> int:
    batch = LandedBatch.open(settings, entry["batch_id"])
    return sum(file.size_bytes for file in batch.everything)
