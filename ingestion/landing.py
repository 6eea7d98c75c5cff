"""Landing: bytes as they came, under their content hash, with a manifest.

    landing/objects/<aa>/<sha256>            the bytes, written once
    landing/batches/<batch_id>/manifest.json where, when and how they came
    landing/ledger.jsonl                     hash chain; a line is the commit
    landing/head.json                        the last line's number and hash
    landing/intent.json                      the commit that is going on

A batch exists once its line stands in the ledger. Bytes wait in
landing/incoming until then; a commit that was killed half-way is finished by
the next one, because its intent was written first.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from ingestion.clock import now, stamp
from ingestion.durable import (
    commit_file,
    held,
    machine_faults,
    sync_folder,
    write_json,
)
from ingestion.errors import Damaged
from ingestion.incoming import make_durable, staged_path
from ingestion.journal import append_line, whole_lines
from ingestion.settings import Settings
from ingestion.source import Source

GENESIS = "0" * 64


@dataclass(frozen=True)
class LandedFile:
    """One kept answer or file; `previous` is what the same URL gave before.

    changes     how often what the URL gives had changed before
    url         without secrets: `${NAME}` stands where one was sent
    unit_code   the unit whose endpoint it came from, else empty
    role        data, or archive, structure, metadata for attachments
    container   sha256 of the archive that it is a member of
    series      what `cursor` (the newest moment or number in it) belongs to
    """

    sha256: str
    url: str
    size_bytes: int
    media_type: str
    fetched_at: str
    previous: str = ""
    changes: int = 0
    etag: str = ""
    last_modified: str = ""
    next_url: str = ""
    unit_code: str = ""
    role: str = "data"
    container: str = ""
    series: str = ""
    cursor: str = ""

    def as_json(self) -> dict[str, str | int]:
        """Its fields; far quicker than `asdict`, which copies deeply."""
        return dict(vars(self))


@dataclass(frozen=True)
class LandedBatch:
    """What one fetch of a source (or one shard of it) brought.

    `files` are read as data. `attachments` were fetched with them: archives
    whose members are the files, structures, metadata.
    """

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
    attachments: tuple[LandedFile, ...] = ()

    @cached_property
    def received(self) -> datetime:
        return datetime.fromisoformat(self.received_at)

    def as_json(self) -> dict:
        """The manifest."""
        content = {f.name: getattr(self, f.name) for f in fields(self)}
        for part in ("files", "attachments"):
            content[part] = [file.as_json() for file in content[part]]
        return content

    @property
    def everything(self) -> tuple[LandedFile, ...]:
        return self.files + self.attachments

    @classmethod
    def open(cls, settings: Settings, batch_id: str) -> LandedBatch:
        """Read a batch's manifest; Damaged when it is gone or unreadable."""
        path = manifest_path(settings, batch_id)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            files = tuple(LandedFile(**entry) for entry in content.pop("files"))
            others = content.pop("attachments", ())
            attachments = tuple(LandedFile(**entry) for entry in others)
            return cls(files=files, attachments=attachments, **content)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Damaged(
                f"The manifest of batch {batch_id} cannot be read ({path}): {error}.",
                "run `planwatch verify`, then restore landing from a backup.",
            ) from error


def object_path(settings: Settings, sha256: str) -> Path:
    return Path(f"{settings.home}/landing/objects/{sha256[:2]}/{sha256}")


def manifest_path(settings: Settings, batch_id: str) -> Path:
    return settings.landing / "batches" / batch_id / "manifest.json"


def ledger_path(settings: Settings) -> Path:
    return settings.landing / "ledger.jsonl"


def head_path(settings: Settings) -> Path:
    return settings.landing / "head.json"


def intent_path(settings: Settings) -> Path:
    return settings.landing / "intent.json"


def lock_path(settings: Settings) -> Path:
    return settings.locks / "landing.lock"


def keep(
    settings: Settings,
    source: Source,
    files: Iterable[LandedFile],
    attachments: Iterable[LandedFile] = (),
) -> LandedBatch | None:
    """Commit staged files as a batch; None when there are none.

    The id follows from content and from what each URL gave before, so that
    doing it twice makes one batch, and a source that returns to an earlier
    content makes a new one, however often it does.
    """
    files = tuple(sorted(files, key=lambda file: file.url))
    if not files:
        return None
    batch = _batch(settings, source, files, tuple(attachments))
    staged = {f.sha256: staged_path(settings, f.sha256) for f in batch.everything}
    make_durable(staged.values())
    with held(lock_path(settings)):
        recover(settings)
        if manifest_path(settings, batch.batch_id).exists():
            # After recovery every manifest there is has its line.
            return LandedBatch.open(settings, batch.batch_id)
        write_json(intent_path(settings), {"batch_id": batch.batch_id})
        _write_manifest(settings, batch)
        _commit(settings, batch)
    return batch


def _batch(settings, source: Source, files, attachments) -> LandedBatch:
    identity = json.dumps(
        [source.code, [(f.url, f.sha256, f.previous, f.changes) for f in files]]
    ).encode()
    digest = hashlib.sha256(identity).hexdigest()
    return LandedBatch(
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
        attachments=attachments,
    )


def _write_manifest(settings: Settings, batch: LandedBatch) -> None:
    """A line for each file: readable, and quick for tens of thousands."""
    content = batch.as_json()
    lists = {name: content.pop(name) for name in ("files", "attachments")}
    parts = [
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in content.items()
    ]
    for name, files in lists.items():
        lines = ",\n".join(json.dumps(file, ensure_ascii=False) for file in files)
        parts.append(f"{json.dumps(name)}: [\n{lines}\n]")
    final = manifest_path(settings, batch.batch_id)
    temporary = final.with_name(f".{final.name}.{os.getpid()}")
    with machine_faults(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")
    commit_file(temporary, final)


def recover(settings: Settings) -> None:
    """Finish the commit that a killed process began; the lock must be held.

    Once the manifest stands, all its bytes are durable in incoming or in
    objects already: going forward always succeeds. Before that, no more than
    the folder that was to hold it has to go.
    """
    intent = intent_path(settings)
    if not intent.exists():
        return
    batch_id = json.loads(intent.read_text(encoding="utf-8"))["batch_id"]
    if manifest_path(settings, batch_id).exists():
        _commit(settings, LandedBatch.open(settings, batch_id))
    else:
        with machine_faults(intent):
            for left in manifest_path(settings, batch_id).parent.glob(".*"):
                left.unlink()
            with suppress(FileNotFoundError):
                manifest_path(settings, batch_id).parent.rmdir()
            intent.unlink()


def _commit(settings: Settings, batch: LandedBatch) -> None:
    """Objects, ledger, head: each step may be found done already."""
    _settle(settings, batch)
    last = last_entry(settings)
    if last is None or last["batch_id"] != batch.batch_id:
        last = _append(settings, batch, last)
    write_json(head_path(settings), {"seq": last["seq"], "hash": last["hash"]})
    intent_path(settings).unlink()
    sync_folder(settings.landing)


def _settle(settings: Settings, batch: LandedBatch) -> None:
    """Move the batch's bytes from incoming to objects."""
    moved = []
    for sha256 in {file.sha256 for file in batch.everything}:
        final, staged = object_path(settings, sha256), staged_path(settings, sha256)
        with machine_faults(final):
            try:
                staged.replace(final)
            except FileNotFoundError:
                final.parent.mkdir(parents=True, exist_ok=True)
                if staged.exists():
                    staged.replace(final)
                elif not final.exists():
                    raise Damaged(
                        f"The bytes {sha256} of batch {batch.batch_id} are gone.",
                        "fetch the source again.",
                    ) from None
        moved.append(final)
    make_durable(moved)


def _append(settings: Settings, batch: LandedBatch, last: dict | None) -> dict:
    manifest = manifest_path(settings, batch.batch_id)
    entry = {
        "seq": last["seq"] + 1 if last else 1,
        "batch_id": batch.batch_id,
        "source_code": batch.source_code,
        "received_at": batch.received_at,
        "manifest_sha256": hashlib.sha256(manifest.read_bytes()).hexdigest(),
        "previous": last["hash"] if last else GENESIS,
    }
    entry["hash"] = chained(entry)
    append_line(ledger_path(settings), entry)
    return entry


def chained(entry: dict) -> str:
    """Hash of a ledger entry, which covers the entry before it."""
    fields = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def last_entry(settings: Settings) -> dict | None:
    """The newest ledger entry, without reading the ones before it."""
    path = ledger_path(settings)
    if not path.exists():
        return None
    end = whole_lines(path)
    with path.open("rb") as handle:
        handle.seek(max(0, end - 2**16))
        lines = handle.read(end - handle.tell()).splitlines()
    return _parsed(path, lines[-1], "The last line") if lines else None


def ledger(settings: Settings) -> Iterator[dict]:
    """Entries in the order of arrival; Damaged names the first broken line."""
    for entry, _ in ledger_from(settings, 0):
        yield entry


def ledger_from(settings: Settings, offset: int) -> Iterator[tuple[dict, int]]:
    """Entries that begin at or after byte `offset`, each with its end."""
    path = ledger_path(settings)
    if not path.exists():
        return
    end = whole_lines(path)
    with path.open("rb") as handle:
        handle.seek(offset)
        number = 0
        while offset < end:
            line = handle.readline()
            offset += len(line)
            number += 1
            yield _parsed(path, line, f"Line {number}"), offset


def _parsed(path: Path, line: bytes, which: str) -> dict:
    try:
        entry = json.loads(line)
        if not {"batch_id", "source_code", "hash", "seq"} <= entry.keys():
            raise ValueError("fields are missing")
    except (ValueError, AttributeError) as error:
        raise Damaged(
            f"{which} of {path} is not readable.",
            "restore the ledger from a backup; `planwatch verify` tells more.",
        ) from error
    return entry


def with_previous(file: LandedFile, known: Mapping[str, LandedFile]) -> LandedFile:
    before = known.get(file.url)
    if before is None:
        return file
    return replace(file, previous=before.sha256, changes=before.changes + 1)
