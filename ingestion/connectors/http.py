"""One address, or numbered pages of it, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

from ingestion.errors import SourceRefused
from ingestion.fetch import Fetcher
from ingestion.landing import LandedFile
from ingestion.settings import Settings
from ingestion.source import Source


def fetch(
    settings: Settings, source: Source, shard: int, known: dict[str, LandedFile]
) -> Iterator[LandedFile]:
    """Yield the pages that changed since they were last kept."""
    fetcher = Fetcher(settings, source)
    url = first_url(settings, source, shard)
    seen: set[str] = set()
    while url:
        if url in seen:
            raise SourceRefused(
                f"Source {source.code} names a page as its own successor: {url}.",
                "tell the operator of the source.",
            )
        seen.add(url)
        before = known.get(url)
        file = fetcher.get(url, before, _next_page(source, url))
        if file is not None and (before is None or file.sha256 != before.sha256):
            yield file
        url = (file or before).next_url


def first_url(settings: Settings, source: Source, shard: int) -> str:
    location = source.resolved_location(settings)
    query = {}
    if source.shards:
        query[source.shards.parameter] = shard
        query[source.shards.count_parameter] = source.shards.count
    if source.paging:
        query[source.paging.parameter] = 1
        query[source.paging.size_parameter] = source.paging.size
    separator = "&" if urlsplit(location).query else "?"
    return f"{location}{separator}{urlencode(query)}" if query else location


def _next_page(source: Source, url: str):
    """Reader of the address of the page that follows `url`."""
    if source.paging is None:
        return lambda _: ""

    def read(body: Path) -> str:
        try:
            following = json.loads(body.read_bytes())["next"]
        except (ValueError, KeyError, TypeError) as error:
            raise SourceRefused(
                f"Source {source.code}: page {url} is not JSON with a `next` field.",
                "check `paging` and `format` in its declaration.",
            ) from error
        return urljoin(url, following) if following else ""

    return read
