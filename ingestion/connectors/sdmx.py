"""A query of an SDMX REST service, 2.1 or 3.0; addresses are built by pysdmx."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from ingestion.access import Sdmx
from ingestion.address import with_query
from ingestion.connectors.http import newer
from ingestion.credentials import parameters
from ingestion.errors import SiteError
from ingestion.faults import Refused, Unavailable
from ingestion.fetch import Fetcher, Page, Request
from ingestion.landing import LandedFile
from ingestion.source import Source
from ingestion.visit import Visit

# Media types by format and API: 3.0 services answer in the newer standards.
ACCEPT = {
    ("sdmx-csv", "2.1"): "application/vnd.sdmx.data+csv;version=1.0.0",
    ("sdmx-csv", "3.0"): "application/vnd.sdmx.data+csv;version=2.0.0",
    ("sdmx-json", "2.1"): "application/vnd.sdmx.data+json;version=1.0.0",
    ("sdmx-json", "3.0"): "application/vnd.sdmx.data+json;version=2.0.0",
    ("sdmx-ml", "2.1"): "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
    ("sdmx-ml", "3.0"): "application/vnd.sdmx.data+xml;version=3.0.0",
}
STRUCTURE_ACCEPT = {
    "2.1": "application/vnd.sdmx.structure+xml;version=2.1",
    "3.0": "application/vnd.sdmx.structure+xml;version=3.0.0",
}
_END = 2**16
_FOOTER = re.compile(rb"<(?:\w+:)?Footer[\s>](.*?)</(?:\w+:)?Footer>", re.DOTALL)
_CODE = re.compile(rb'<(?:\w+:)?Message[^>]*\bcode="(\d+)"')
_TEXT = re.compile(rb"<(?:\w+:)?Text[^>]*>([^<]*)<")
_ERROR = re.compile(rb"<(?:\w+:)?Error[\s>]")
# SDMX error codes of services that are busy or hold the answer back.
COME_BACK = {"413", "503", "130", "510"}


def fetch(visit: Visit) -> Iterator[LandedFile]:
    """Yield the structure (as attachment), then the data, where they changed."""
    source = visit.source
    fetcher = Fetcher(visit)
    base = source.resolved_location(visit.settings).rstrip("/")
    if source.sdmx.structure:
        structure = _structure(visit, fetcher, base)
        if structure:
            yield structure
    given = dict(parameters(visit.settings, source))
    url = with_query(data_url(source, base), given)
    yield from newer(visit, fetcher, url, partial(_ask, source=source))


def _ask(request: Request, source: Source) -> Request:
    def inspect(body: Path, headers: Mapping[str, str]) -> Page:
        refuse_footer(source, body)
        return request.inspect(body, headers)

    accept = ACCEPT.get((source.format, source.sdmx.api), "")
    return replace(request, inspect=inspect, accept=accept)


def _structure(visit: Visit, fetcher: Fetcher, base: str) -> LandedFile | None:
    """The newest structure, also when it is the one that is kept already."""
    url = structure_url(visit.source, base)
    accept = STRUCTURE_ACCEPT[visit.source.sdmx.api]
    before = visit.known.get(fetcher.identity(url))
    fetched = fetcher.get(Request(url, before, role="structure", accept=accept))
    return fetched.file or before


def data_url(source: Source, base: str) -> str:
    """Address of the data query, parameters in the API's own spelling."""
    import pysdmx.api.qb as sdmx
    from pysdmx.errors import Invalid

    query, version = source.sdmx, _version(source.sdmx)
    try:
        path = sdmx.DataQuery(
            sdmx.DataContext.DATAFLOW,
            query.agency,
            query.flow,
            query.version,
            key=query.key,
            first_n_obs=query.first_observations,
            last_n_obs=query.last_observations,
            include_history=query.include_history,
        ).get_url(version, True)
    except Invalid as error:
        raise SiteError(
            f"Source {source.code}: `sdmx` is no valid query: {error}.",
            "correct agency, flow, version or key.",
        ) from error
    return base + _with_period(path, query)


def _with_period(path: str, query: Sdmx) -> str:
    if query.api == "2.1":
        return with_query(path, {"startPeriod": query.start, "endPeriod": query.end})
    bounds = [
        f"{operator}:{quote(period)}"
        for operator, period in (("ge", query.start), ("le", query.end))
        if period
    ]
    if not bounds:
        return path
    mark = "&" if "?" in path else "?"
    return f"{path}{mark}c[TIME_PERIOD]={'+'.join(bounds)}"


def structure_url(source: Source, base: str) -> str:
    """Address of the dataflow with everything that it refers to."""
    import pysdmx.api.qb as sdmx

    query = source.sdmx
    path = sdmx.StructureQuery(
        sdmx.StructureType.DATAFLOW,
        query.agency,
        query.flow,
        query.version if query.version != "*" else "~",
        references=sdmx.StructureReference.DESCENDANTS,
    ).get_url(_version(query), True)
    return base + path


def _version(query: Sdmx):
    from pysdmx.api.qb import ApiVersion

    return ApiVersion.V1_5_0 if query.api == "2.1" else ApiVersion.V2_0_0


def refuse_footer(source: Source, body: Path) -> None:
    """A message that only says why there are no data is an error.

    Raises SourceUnavailable for `too large, come back later`, SourceRefused
    for other error messages; warnings beside data pass.
    """
    if source.format != "sdmx-ml":
        return
    start, end = _ends(body)
    if _ERROR.search(start):
        texts = _words(start)
        raise Refused(
            f"Source {source.code} answers with an SDMX error: {texts}.",
            "correct `sdmx` in its declaration.",
            "sdmx_error",
        )
    footer = _FOOTER.search(end)
    code = _CODE.search(footer[1]) if footer else None
    if code and code[1].decode() in COME_BACK:
        raise Unavailable(
            f"Source {source.code} holds the data back (SDMX footer "
            f"{code[1].decode()}): {_words(footer[1])}.",
            "try again later, or cut the query by key or period.",
            "come_back_later",
        )


def _ends(body: Path) -> tuple[bytes, bytes]:
    with body.open("rb") as handle:
        start = handle.read(_END)
        handle.seek(max(0, body.stat().st_size - _END))
        return start, handle.read()


def _words(content: bytes) -> str:
    texts = [text.decode("utf-8", "replace").strip() for text in _TEXT.findall(content)]
    return "; ".join(texts)[:300] or "no text"
