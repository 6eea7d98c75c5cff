"""World Bank API v2: pages of JSON, and errors that come with status 200."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ingestion.address import with_query
from ingestion.connectors.pages import refuse_endless
from ingestion.credentials import parameters
from ingestion.faults import Refused, Unavailable
from ingestion.fetch import Fetcher, Page, Request
from ingestion.landing import LandedFile
from ingestion.source import Source
from ingestion.visit import Visit

# "Service currently unavailable" and "Request timed out" of the API's list.
PASSING = {"105", "110"}
# Of one indicator; no query of the real API comes near.
MAX_PAGES = 10_000


def fetch(visit: Visit) -> Iterator[LandedFile]:
    """Yield the changed pages of every declared indicator."""
    fetcher = Fetcher(visit)
    for first in first_urls(visit):
        url, seen = first, set[str]()
        while url:
            refuse_endless(
                fetcher, url, seen, MAX_PAGES,
                "raise `per_page` of `worldbank`, or tell the operator of the source.",
            )  # fmt: skip
            seen.add(url)
            before = visit.known.get(fetcher.identity(url))
            fetched = fetcher.get(Request(url, before, inspector(visit.source, url)))
            if fetched.file:
                yield fetched.file
            url = fetched.next_url


def first_urls(visit: Visit) -> list[str]:
    source, query = visit.source, visit.source.worldbank
    base = source.resolved_location(visit.settings).rstrip("/")
    countries = ";".join(query.countries)
    return [
        with_query(
            f"{base}/country/{countries}/indicator/{indicator}",
            {
                "format": "json",
                "per_page": query.per_page,
                "page": 1,
                "date": query.date,
                "source": query.source,
                **parameters(visit.settings, source),
            },
        )
        for indicator in query.indicators
    ]


def inspector(source: Source, url: str):
    """Reader of the envelope: [{page, pages, total, …}, [rows]] or a message."""

    def inspect(body: Path, _headers: Mapping[str, str]) -> Page:
        try:
            content = json.loads(body.read_bytes())
            envelope = content[0]
            if "message" in envelope:
                raise _error(source, envelope["message"])
            page, pages = int(envelope["page"]), int(envelope["pages"])
            rows = content[1]
        except (ValueError, LookupError, TypeError):
            raise Refused(
                f"Source {source.code} does not answer with a World Bank envelope.",
                "`location` must be the API's base, such as …/v2.",
                "envelope",
            ) from None
        if not rows:
            raise Refused(
                f"Source {source.code}: the World Bank has no data for this query.",
                "check indicators, countries and date of `worldbank`.",
                "no_data",
            )
        return Page(with_query(url, {"page": page + 1}) if page < pages else "")

    return inspect


def _error(source: Source, messages: list[dict]) -> Exception:
    text = "; ".join(
        f"{m.get('id')} {m.get('key')}: {m.get('value')}" for m in messages
    )
    if any(str(m.get("id")) in PASSING for m in messages):
        return Unavailable(
            f"Source {source.code}: the World Bank answers {text}.",
            "try again later.",
            "envelope",
        )
    return Refused(
        f"Source {source.code}: the World Bank answers {text}.",
        "check indicators, countries and date of `worldbank`.",
        "envelope",
    )
