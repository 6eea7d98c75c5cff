"""Landing: bytes as they came, under their content hash, with a manifest.

    landing/objects/<aa>/<sha256>            the bytes, written once
    landing/batches/<batch_id>/manifest.json where, when and how they came
    landing/ledger.jsonl                     hash chain; a line is the commit

A batch exists once its line stands in the ledger. Whatever a killed process
left before that is overwritten by the next attempt.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from ingestion.clock import now, stamp
from ingestion.durable import held, machine_faults, sync_folder, write_json
from ingestion.errors import Damaged
from ingestion.settings import Settings
from ingestion.source import Source

GENESIS = "0" * 64


@dataclass(frozen=True)
class LandedFile:
    """One kept answer or file; `previous` is what the same URL gave before."""

    sha256: str
    url: str
    size_bytes: int
    media_type: str
    fetched_at: str
    previous: str = ""
    etag: str = ""
    last_modified: str = ""
    next_url: str = ""


@dataclass(frozen=True)
class LandedBatch:
    """What one fetch of a source (or one shard of it) brought."""

    batch_id: str
    source_code: str
    kind: str
    source_kind: str
    registry: str
    licence: str
    simulated: bool
    sha256: str
    received_at: str
    files: tuple[LandedFile, ...]

    @cached_property
    def received(self) -> datetime:
        return datetime.fromisoformat(self.received_at)

    @classmethod
    def open(cls, settings: Settings, batch_id: str) -> LandedBatch:
        """Read a batch's manifest; Damaged when it is gone or unreadable."""
        path = _manifest(settings, batch_id)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            files = tuple(LandedFile(**entry) for entry in content.pop("files"))
            return cls(files=files, **content)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Damaged(
                f"The manifest of batch {batch_id} cannot be read ({path}): {error}.",
                "run `planwatch verify`, then restore landing from a backup.",
            ) from error


def object_path(settings: Settings, sha256: str) -> Path:
    return settings.landing / "objects" / sha256[:2] / sha256


def _manifest(settings: Settings, batch_id: str) -> Path:
    return settings.landing / "batches" / batch_id / "manifest.json"


def _ledger(settings: Settings) -> Path:
    return settings.landing / "ledger.jsonl"


def keep(
    settings: Settings, source: Source, files: Iterable[LandedFile]
) -> LandedBatch | None:
    """Commit fetched files as a batch; None when there are none.

    The id follows from content and from what each URL gave before, so that
    doing it twice makes one batch, and a source that returns to an earlier
    content makes a new one.
    """
    files = tuple(sorted(files, key=lambda file: file.url))
    if not files:
        return None
    identity = json.dumps(
        [source.code, [(f.url, f.sha256, f.previous) for f in files]]
    ).encode()
    digest = hashlib.sha256(identity).hexdigest()
    batch = LandedBatch(
        batch_id=f"{source.code}-{digest[:16]}",
        source_code=source.code,
        kind=source.kind,
        source_kind=source.evidence,
        registry=source.registry or "",
        licence=source.licence,
        simulated=source.simulated,
        sha256=digest,
        received_at=stamp(now(settings)),
        files=files,
    )
    with held(settings.locks / "landing.lock"):
        entries = list(ledger(settings))
        if any(entry["batch_id"] == batch.batch_id for entry in entries):
            return LandedBatch.open(settings, batch.batch_id)
        _append(settings, batch, entries[-1] if entries else None)
    return batch


def _append(settings: Settings, batch: LandedBatch, last: dict | None) -> None:
    manifest = _manifest(settings, batch.batch_id)
    write_json(manifest, asdict(batch))
    entry = {
        "seq": last["seq"] + 1 if last else 1,
        "batch_id": batch.batch_id,
        "source_code": batch.source_code,
        "received_at": batch.received_at,
        "manifest_sha256": hashlib.sha256(manifest.read_bytes()).hexdigest(),
        "previous": last["hash"] if last else GENESIS,
    }
    line = json.dumps({**entry, "hash": chained(entry)}, sort_keys=True) + "\n"
    path = _ledger(settings)
    with machine_faults(path):
        with path.open("ab+") as handle:
            handle.truncate(_whole_lines(path))
            handle.write(line.encode())
            handle.flush()
            os.fsync(handle.fileno())
        sync_folder(path.parent)


def chained(entry: dict) -> str:
    """Hash of a ledger entry, which covers the entry before it."""
    fields = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _whole_lines(path: Path) -> int:
    """Length up to the last line end: what a kill cut off does not count."""
    content = path.read_bytes()
    return content.rfind(b"\n") + 1


def ledger(settings: Settings) -> Iterator[dict]:
    """Entries in the order of arrival; Damaged names the first broken line."""
    path = _ledger(settings)
    if not path.exists():
        return
    content = path.read_bytes()
    for number, line in enumerate(content[: _whole_lines(path)].splitlines(), 1):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise Damaged(
                f"Line {number} of {path} is not readable.",
                "restore the ledger from a backup; `planwatch verify` tells more.",
            ) from error


def with_previous(file: LandedFile, known: dict[str, LandedFile]) -> LandedFile:
    before = known.get(file.url)
    return replace(file, previous=before.sha256) if before else file


def newest_files(settings: Settings, source_code: str) -> dict[str, LandedFile]:
    """The newest kept file of each URL of a source: what validators come from."""
    known: dict[str, LandedFile] = {}
    for entry in ledger(settings):
        if entry["source_code"] == source_code:
            batch = LandedBatch.open(settings, entry["batch_id"])
            known.update({file.url: file for file in batch.files})
    return known
