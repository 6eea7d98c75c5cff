"""Files that somebody puts into a local folder; we never move or delete them."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ingestion.clock import now, stamp
from ingestion.durable import commit_file, machine_faults
from ingestion.errors import SiteError, SourceRefused
from ingestion.landing import LandedFile, object_path
from ingestion.settings import Settings
from ingestion.source import Source

MEDIA_TYPES = {".csv": "text/csv", ".json": "application/json"}


def fetch(
    settings: Settings, source: Source, shard: int, known: dict[str, LandedFile]
) -> Iterator[LandedFile]:
    """Yield the files whose content is not kept yet."""
    for path in _files(source, source.path(settings)):
        inside = path.is_relative_to(settings.site)
        url = (path.relative_to(settings.site) if inside else path).as_posix()
        before = known.get(url)
        sha256 = _sha256(path)
        if before is None or before.sha256 != sha256:
            yield _keep(settings, source, path, url)


def _files(source: Source, path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.is_file() and p.name[0] != ".")
    raise SiteError(
        f"Source {source.code}: there is no file or folder {path}.",
        "correct `location`; it is relative to the site's folder.",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _keep(settings: Settings, source: Source, path: Path, url: str) -> LandedFile:
    status = path.stat()
    if status.st_size > source.limits.max_bytes:
        raise SourceRefused(
            f"{path} has {status.st_size:,} bytes, over the limit of "
            f"{source.limits.max_bytes:,}.",
            "raise `limits.max_bytes` of the source if so much is expected.",
        )
    temporary = settings.landing / "incoming" / f"{os.getpid()}-{path.name}"
    with machine_faults(temporary):
        temporary.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, temporary)
    # The copy is what gets hashed: the file may be written while we read it.
    sha256 = _sha256(temporary)
    size = temporary.stat().st_size
    commit_file(temporary, object_path(settings, sha256))
    return LandedFile(
        sha256=sha256,
        url=url,
        size_bytes=size,
        media_type=MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        fetched_at=stamp(now(settings)),
        last_modified=stamp(datetime.fromtimestamp(status.st_mtime, UTC)),
    )
