"""dataValueSets of a DHIS2 instance, so many organisation units at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from ingestion.connectors.http import newer
from ingestion.credentials import parameters
from ingestion.faults import Refused
from ingestion.fetch import Fetcher, Page, Request
from ingestion.landing import LandedFile
from ingestion.source import Source
from ingestion.visit import Visit

SUFFIX = {"dhis2-json": "json", "dhis2-xml": "xml", "dhis2-csv": "csv"}
ACCEPT = {"json": "application/json", "xml": "application/xml", "csv": "text/csv"}
FIELDS = "id,code,name,lastUpdated"


def fetch(visit: Visit) -> Iterator[LandedFile]:
    """Yield the declared maps (as attachments), then the changed value sets."""
    source = visit.source
    fetcher = Fetcher(visit)
    base = source.resolved_location(visit.settings).rstrip("/")
    for kind in source.dhis2.metadata:
        file = _map(visit, fetcher, f"{base}/api/{kind}.json?paging=false", kind)
        if file:
            yield file
    for url in data_urls(visit, base):
        yield from newer(visit, fetcher, url, partial(_ask, source=source))


def data_urls(visit: Visit, base: str) -> list[str]:
    """One address for each `batch` of the shard's organisation units."""
    source, query = visit.source, visit.source.dhis2
    suffix = SUFFIX.get(source.format, "json")
    count = source.shards.count if source.shards else 1
    units = list(query.org_units[visit.shard :: count])
    batches = [units[n : n + query.batch] for n in range(0, len(units), query.batch)]
    if query.org_unit_groups and visit.shard == 0 and not batches:
        batches = [[]]
    shared = [
        *(("dataSet", v) for v in query.data_sets),
        *(("dataElementGroup", v) for v in query.data_element_groups),
        *(("period", v) for v in query.periods),
        *((("startDate", query.start),) if query.start else ()),
        *((("endDate", query.end),) if query.end else ()),
        *((("children", "true"),) if query.children else ()),
        *((("includeDeleted", "true"),) if query.include_deleted else ()),
        *parameters(visit.settings, source).items(),
    ]
    addresses = []
    for number, batch in enumerate(batches):
        groups = query.org_unit_groups if visit.shard == 0 and number == 0 else ()
        pairs = [
            *shared,
            *(("orgUnitGroup", v) for v in groups),
            *(("orgUnit", v) for v in batch),
        ]
        text = "&".join(f"{name}={quote(str(value))}" for name, value in pairs)
        addresses.append(f"{base}/api/dataValueSets.{suffix}?{text}")
    return addresses


def _ask(request: Request, source: Source) -> Request:
    suffix = SUFFIX.get(source.format, "json")

    def inspect(body: Path, _headers: Mapping[str, str]) -> Page:
        return Page(empty=suffix == "json" and not _values(source, body))

    return replace(request, inspect=inspect, accept=ACCEPT[suffix])


def _values(source: Source, body: Path) -> list:
    """The value list; a message in its place is an error with status 200."""
    try:
        content = json.loads(body.read_bytes())
        if content.get("status") == "ERROR":
            raise Refused(
                f"Source {source.code}: DHIS2 answers {content.get('message')}.",
                "check data sets, organisation units and periods of `dhis2`.",
                "dhis2_error",
            )
        return content.get("dataValues") or []
    except (ValueError, AttributeError):
        raise Refused(
            f"Source {source.code} does not answer with a DHIS2 data value set.",
            "`location` must be the instance's base, without /api.",
            "envelope",
        ) from None


def _map(visit: Visit, fetcher: Fetcher, url: str, kind: str) -> LandedFile | None:
    address = f"{url}&fields={quote(FIELDS, safe=',')}"
    before = visit.known.get(fetcher.identity(address))
    request = Request(address, before, role="metadata", accept=ACCEPT["json"])
    fetched = fetcher.get(request)
    file = fetched.file or before
    return replace(file, series=kind) if file else None
