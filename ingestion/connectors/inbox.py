"""Files that somebody puts into a folder or bucket; we never move or delete them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from ingestion.body import copy
from ingestion.clock import now, stamp
from ingestion.errors import PlanwatchError
from ingestion.faults import Refused, error_class
from ingestion.incoming import unfinished
from ingestion.landing import LandedFile
from ingestion.storage import Look, Storage
from ingestion.visit import Visit

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".xml": "application/xml",
    ".zip": "application/zip",
    ".gz": "application/gzip",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def fetch(visit: Visit) -> Iterator[LandedFile]:
    """Yield the files whose content is not kept yet."""
    storage = Storage(visit.settings, visit.source)
    for look in whole(visit, storage, storage.looks()):
        file = _taken(visit, storage, look)
        if file is not None:
            yield file


def whole(
    visit: Visit,
    storage: Storage,
    looks: list[Look],
    wait: Callable[[float], None] = time.sleep,
) -> list[Look]:
    """Files that nobody is writing any more.

    A file that was touched within `settle_seconds` is looked at a second time
    that much later; one that has changed in between waits for the next fetch,
    which its outcome says. A single declared file, and an object (which
    appears whole), are taken as they are.
    """
    inbox = visit.source.inbox
    if inbox and inbox.settle == "marker":
        return _marked(visit, storage, looks, inbox.marker)
    if storage.is_remote or (inbox is None and storage.is_one_file):
        return looks
    seconds = inbox.settle_seconds if inbox else 1.0
    young = {look.path for look in looks if look.age_seconds < seconds}
    if not young:
        return looks
    wait(seconds)
    settled = []
    for look in looks:
        if look.path not in young or _unchanged(look, storage.again(look)):
            settled.append(look)
        else:
            _waits(visit, storage, look, "it is still being written")
    return settled


def _unchanged(look: Look, later: Look | None) -> bool:
    return later is not None and (look.size_bytes, look.modified) == (
        later.size_bytes,
        later.modified,
    )


def _marked(visit: Visit, storage: Storage, looks, marker: str) -> list[Look]:
    """Files beside which their marker lies; markers themselves are no data."""
    there = {look.path for look in looks}
    markers = {_marker(look.path, marker) for look in looks}
    found = []
    for look in looks:
        path = _marker(look.path, marker)
        if look.path in markers or _is_marker(look, marker):
            continue
        if path in there or storage.exists(path):
            found.append(look)
        else:
            _waits(visit, storage, look, f"there is no {PurePosixPath(path).name} yet")
    return found


def _marker(path: str, marker: str) -> str:
    at = PurePosixPath(path)
    return str(at.with_name(marker.format(name=at.name, stem=at.stem)))


def _is_marker(look: Look, marker: str) -> bool:
    """Whether the name ends as markers do (its data may have gone)."""
    return PurePosixPath(look.path).name.endswith(marker.rpartition("}")[2] or "\0")


def _waits(visit: Visit, storage: Storage, look: Look, reason: str) -> None:
    visit.recorder.record(
        storage.address(look), "waiting", time.monotonic(), message=reason
    )


def _taken(visit: Visit, storage: Storage, look: Look) -> LandedFile | None:
    started = time.monotonic()
    address = storage.address(look)
    before = visit.known.get(address)
    if before and _same_for_sure(look, before):
        visit.recorder.record(address, "unchanged", started)
        return None
    if reason := storage.refusal(look):
        visit.recorder.record(
            address, "failed", started, error_class="no_file", message=reason
        )
        return None
    try:
        file = _keep(visit, storage, look, address, before)
    except FileNotFoundError:
        _waits(visit, storage, look, "it has gone again")
        return None
    except PlanwatchError as error:
        visit.recorder.record(
            address, "failed", started,
            error_class=error_class(error), message=error.message,
        )  # fmt: skip
        raise
    visit.recorder.record(
        address, "landed" if file else "same", started,
        size_bytes=look.size_bytes, sha256=file.sha256 if file else "",
    )  # fmt: skip
    return file


def _same_for_sure(look: Look, before: LandedFile) -> bool:
    """Size and time as when it was kept, and the time clearly before that.

    A file changed in the very moment of being read may keep its time: such a
    one is hashed again.
    """
    if (look.size_bytes, look.modified) != (before.size_bytes, before.last_modified):
        return False
    kept = datetime.fromisoformat(before.fetched_at)
    return datetime.fromisoformat(look.modified) < kept - timedelta(seconds=2)


def _keep(visit: Visit, storage, look: Look, address: str, before) -> LandedFile | None:
    source = visit.source
    if look.size_bytes > source.limits.max_bytes:
        raise Refused(
            f"{look.path} has {look.size_bytes:,} bytes, over the limit of "
            f"{source.limits.max_bytes:,}.",
            "raise `limits.max_bytes` of the source if so much is expected.",
            "too_large",
        )
    with unfinished(visit.settings) as body:
        # What is hashed is the copy: the file may be written while we read it.
        with storage.open(look) as theirs, body.open() as ours:
            written = copy(theirs.read, "", ours, source)
        if before and before.sha256 == written.sha256:
            return None
        body.stage(written.sha256)
    suffix = PurePosixPath(look.path).suffix.lower()
    return LandedFile(
        sha256=written.sha256,
        url=address,
        size_bytes=written.size_bytes,
        media_type=MEDIA_TYPES.get(suffix, "application/octet-stream"),
        fetched_at=stamp(now(visit.settings)),
        last_modified=look.modified,
    )
