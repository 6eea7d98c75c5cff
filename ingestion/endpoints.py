"""The addresses of a source that has one for each unit."""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from ingestion.access import REFERENCE
from ingestion.address import origin
from ingestion.errors import SiteError
from ingestion.landing import object_path
from ingestion.newest import newest_files
from ingestion.settings import Settings
from ingestion.source import Source

# Readers of addresses do not agree where the host ends when one of these is in.
_AMBIGUOUS = re.compile(r"[\\\s\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Endpoint:
    """Where one unit's figures are."""

    unit_code: str
    url: str


_read: dict[str, tuple[object, dict[int, list[Endpoint]]]] = {}


def endpoints(settings: Settings, source: Source, shard: int) -> list[Endpoint]:
    """Endpoints of one shard, in the order of the list.

    A unit stays in its shard however the list grows. SiteError for a list
    that is missing, lacks a column, or names a unit twice.
    """
    lists = _lists(settings, source)
    # Read once per process and state of the list, not once per shard.
    state = (source, [(path, _version(source, path)) for path in lists])
    known = _read.get(source.code)
    if known is None or known[0] != state:
        known = _read[source.code] = (state, _by_shard(settings, source, lists))
    return known[1].get(shard, [])


def trusted(
    settings: Settings, source: Source, listed: Iterable[Endpoint]
) -> list[str]:
    """Addresses whose hosts the site itself names.

    A list that has landed is what another source answers: whoever writes it
    could point anywhere. With such a list only the host of `location` is
    named by the site, unless the list fills in that one, too.
    """
    if not source.endpoints.source:
        return [endpoint.url for endpoint in listed]
    address = source.resolved_location(settings)
    if not _is_http(address) or "{unit_code}" in origin(address)[1]:
        return []
    return [address]


def sends_secrets(source: Source) -> bool:
    """Whether requests carry what only declared hosts may see."""
    texts = list(source.headers.values())
    if not source.endpoints.url_column:
        texts.append(source.location)
    return bool(
        source.auth
        or source.tls.client_certificate
        or any(REFERENCE.search(text) for text in texts)
    )


def _version(source: Source, path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise SiteError(
            f"Source {source.code}: its endpoints {path} cannot be read: "
            f"{error.strerror}.",
            "give a UTF-8 CSV with a header line.",
        ) from error
    return status.st_mtime_ns, status.st_size


def _by_shard(settings: Settings, source: Source, lists) -> dict[int, list[Endpoint]]:
    declared = source.endpoints
    found: dict[int, list[Endpoint]] = {}
    seen: set[str] = set()
    for row in _rows(source, lists):
        if any(row.get(name) != value for name, value in declared.where.items()):
            continue
        unit = (row.get(declared.unit_column) or "").strip()
        if unit in seen:
            raise SiteError(
                f"Source {source.code}: unit {unit} stands twice in its endpoints.",
                "give every unit one row; `where` can choose among rows.",
            )
        seen.add(unit)
        shard = zlib.crc32(unit.encode()) % declared.shards
        endpoint = Endpoint(unit, _address(settings, source, unit, row))
        found.setdefault(shard, []).append(endpoint)
    return found


def _address(settings: Settings, source: Source, unit: str, row: dict) -> str:
    column = source.endpoints.url_column
    if column:
        url = (row.get(column) or "").strip()
    else:
        template = source.resolved_location(settings)
        url = template.replace("{unit_code}", quote(unit, safe=""))
    if not _is_http(url):
        raise SiteError(
            f"Source {source.code}: unit {unit} has no http address ({url[:80]!r}).",
            f"correct the column {column} of its endpoints.",
        )
    return url


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = parts.scheme in ("http", "https") and not _AMBIGUOUS.search(url)
    return plain and bool(parts.hostname)


def _rows(source: Source, lists: Iterable[Path]) -> Iterator[dict[str, str]]:
    declared = source.endpoints
    needed = {declared.unit_column, *declared.where}
    if declared.url_column:
        needed.add(declared.url_column)
    for path in lists:
        try:
            with path.open(encoding="utf-8-sig", newline="") as handle:
                reader = csv.DictReader(handle)
                missing = needed - set(reader.fieldnames or ())
                if missing:
                    raise SiteError(
                        f"Source {source.code}: {path} has no column "
                        f"{', '.join(sorted(missing))}.",
                        "name its columns in `endpoints`.",
                    )
                yield from reader
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SiteError(
                f"Source {source.code}: its endpoints {path} cannot be read: {error}.",
                "give a UTF-8 CSV with a header line.",
            ) from error


def _lists(settings: Settings, source: Source) -> list[Path]:
    declared = source.endpoints
    if declared.file:
        return [source.beside(settings, declared.file)]
    if declared.registry:
        return [settings.site / "registry" / f"{declared.registry}.csv"]
    known = newest_files(settings, str(declared.source))
    if not len(known):
        raise SiteError(
            f"Source {source.code}: nothing has landed from {declared.source}, "
            "which lists its endpoints.",
            f"fetch it first: planwatch ingest {declared.source}.",
        )
    return [object_path(settings, file.sha256) for file in known.values()]
