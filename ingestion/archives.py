"""Archives as sources: their members become files, nothing is ever unpacked by name.

Members are named by their hash, so no name in an archive can lead anywhere;
names that try are refused all the same, since they tell of a hostile file.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath, PureWindowsPath

from ingestion.body import UNPACKED_IN_PIECES, Meter, copy
from ingestion.faults import Refused
from ingestion.incoming import unfinished
from ingestion.landing import LandedFile
from ingestion.settings import Settings
from ingestion.source import Source

_SYMBOLIC_LINK = 0o120000
_TYPE_OF_FILE = 0o170000


@dataclass(frozen=True)
class _Opening:
    """An archive that is being read, and the meter of all it unpacks to."""

    settings: Settings
    source: Source
    archive: LandedFile
    whole: Meter


def members(
    settings: Settings, source: Source, archive: LandedFile, path: Path
) -> Iterator[LandedFile]:
    """Stage the members of an archive and yield them as files of their own.

    Each keeps the archive's address with `#name`, and its hash as container.
    Raises SourceRefused for damaged, encrypted or hostile archives and for
    what breaks `limits`.
    """
    opening = _Opening(settings, source, archive, Meter(source))
    opening.whole.passed(archive.size_bytes, 0)
    read = _gzip if source.archive.kind == "gzip" else _zip
    try:
        yield from read(opening, path)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile,
        NotImplementedError, RuntimeError, UnicodeDecodeError,
    ) as error:  # fmt: skip
        raise _refused(source, archive, f"it cannot be read ({error})") from error


def _zip(opening: _Opening, path: Path) -> Iterator[LandedFile]:
    source, archive = opening.source, opening.archive
    pattern = source.archive.members
    with zipfile.ZipFile(path) as content:
        infos = [info for info in content.infolist() if not info.is_dir()]
        _refuse_names(source, archive, infos)
        wanted = [info for info in infos if fnmatchcase(info.filename, pattern)]
        if not wanted:
            raise _refused(source, archive, f"no member fits {pattern!r}")
        for info in sorted(wanted, key=lambda info: info.filename):
            with content.open(info) as member:
                yield _staged(opening, info.filename, member)


def _gzip(opening: _Opening, path: Path) -> Iterator[LandedFile]:
    address = opening.archive.url.partition("?")[0]
    name = PurePosixPath(address).name.removesuffix(".gz")
    with gzip.open(path) as member:
        yield _staged(opening, name or "content", member)


def _staged(opening: _Opening, name: str, member) -> LandedFile:
    """Unpack one member under the archive's limits, not its header's promises."""

    def read(size: int) -> bytes:
        piece = member.read(size)
        opening.whole.passed(0, len(piece))
        return piece

    with unfinished(opening.settings) as body:
        with body.open() as handle:
            written = copy(read, "", handle, opening.source)
        body.stage(written.sha256)
    return replace(
        opening.archive,
        sha256=written.sha256,
        url=f"{opening.archive.url}#{name}",
        size_bytes=written.size_bytes,
        media_type="application/octet-stream",
        container=opening.archive.sha256,
        previous="",
        changes=0,
        etag="",
        next_url="",
    )


def _refuse_names(source: Source, archive: LandedFile, infos) -> None:
    if len(infos) > source.archive.max_members:
        raise _refused(source, archive, f"it has {len(infos):,} members")
    names = [info.filename for info in infos]
    if len(set(names)) < len(names):
        raise _refused(source, archive, "a name stands in it twice")
    for info in infos:
        name = info.filename
        outside = (
            ".." in PurePosixPath(name.replace("\\", "/")).parts
            or name.startswith(("/", "\\"))
            or PureWindowsPath(name).drive
        )
        if outside:
            raise _refused(source, archive, f"the name {name!r} leads out of it")
        if (info.external_attr >> 16) & _TYPE_OF_FILE == _SYMBOLIC_LINK:
            raise _refused(source, archive, f"{name!r} is a symbolic link")
        if info.flag_bits & 1:
            raise _refused(source, archive, f"{name!r} is encrypted")
        if info.compress_type not in UNPACKED_IN_PIECES:
            raise _refused(source, archive, f"{name!r} is neither stored nor deflated")


def _refused(source: Source, archive: LandedFile, reason: str) -> Refused:
    return Refused(
        f"Source {source.code}: the archive {archive.url} is refused: {reason}.",
        "tell the operator of the source; see `archive` in its declaration.",
        "archive",
    )
