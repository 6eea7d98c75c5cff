"""One address, pages of it, or one address per unit, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from ingestion.address import with_query, without_query
from ingestion.clock import now, stamp
from ingestion.connectors.pages import Ask, first_page, follow
from ingestion.credentials import parameters
from ingestion.errors import SiteError
from ingestion.fetch import Fetcher
from ingestion.landing import LandedFile
from ingestion.settings import Settings
from ingestion.source import Source
from ingestion.visit import Visit


def fetch(visit: Visit) -> Iterator[LandedFile]:
    """Yield the pages that changed since they were last kept."""
    fetcher = Fetcher(visit)
    url = first_url(visit.settings, visit.source, visit.shard)
    yield from newer(visit, fetcher, url)


def first_url(settings: Settings, source: Source, shard: int) -> str:
    """Address of the first page of a shard, without incremental parameter."""
    given: dict[str, object] = dict(parameters(settings, source))
    if source.shards:
        given[source.shards.parameter] = shard
        given[source.shards.count_parameter] = source.shards.count
    return first_page(source, with_query(source.resolved_location(settings), given))


def newer(
    visit: Visit, fetcher: Fetcher, url: str, ask: Ask | None = None
) -> Iterator[LandedFile]:
    """Follow `url`, asking only for what is newer than what has landed.

    The cursor stands in the manifests: it moves on when the batch is kept,
    and not before.
    """
    incremental = visit.source.incremental
    if incremental is None:
        yield from follow(visit, fetcher, url, ask=ask)
        return
    series = fetcher.identity(without_query(url, incremental.parameter))
    since = visit.known.cursor(series) or incremental.initial
    begun = stamp(now(visit.settings))
    asked = with_query(url, {incremental.parameter: _earlier(visit.source, since)})
    for file in follow(visit, fetcher, asked, series, ask):
        yield file if incremental.field else replace(file, cursor=begun)


def _earlier(source: Source, since: str | None) -> str | None:
    """`since` moved back by the declared overlap."""
    seconds = source.incremental.overlap_seconds
    if not since or not seconds:
        return since
    try:
        moment = datetime.fromisoformat(since) - timedelta(seconds=seconds)
    except ValueError:
        raise SiteError(
            f"Source {source.code}: overlap_seconds does not go with the cursor "
            f"{since!r}, which is no moment.",
            "take overlap_seconds out of `incremental`.",
        ) from None
    text = moment.isoformat()
    return text.replace("+00:00", "Z") if since.endswith("Z") else text
