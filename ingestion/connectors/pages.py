"""Which page follows, for each way of paging."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ingestion.address import with_query
from ingestion.faults import Refused
from ingestion.fetch import Fetcher, Inspect, Page, Request, joined
from ingestion.landing import LandedFile
from ingestion.newest import later
from ingestion.source import Source
from ingestion.visit import Visit

# Adds to a page's request what a protocol needs beyond plain HTTP.
Ask = Callable[[Request], Request]
# A Link header (RFC 8288, 3) by its grammar: in quotes, commas and semicolons
# separate nothing. requests.utils.parse_header_links splits at them all the same.
_VALUE = r'\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,"]*))'
_PARAMETER = re.compile(rf"\s*;\s*([^\s=;,]+)(?:{_VALUE})?")
_LINK = re.compile(rf"<([^<>]*)>((?:{_PARAMETER.pattern})*)")


def first_page(source: Source, url: str) -> str:
    """`url` with the parameters of the first page."""
    paging = source.paging
    if paging is None:
        return url
    return with_query(
        url,
        {
            name: value
            for name, value in (
                (paging.parameter, paging.start),
                (paging.size_parameter, paging.size),
            )
            if name
        },
    )


def follow(
    visit: Visit,
    fetcher: Fetcher,
    url: str,
    series: str = "",
    ask: Ask | None = None,
) -> Iterator[LandedFile]:
    """Fetch a page and all that follow it; yield those that changed.

    Raises SourceRefused for pages that lead back to themselves, repeat their
    content, or number more than `max_pages`.
    """
    source, seen, last = visit.source, set[str](), ""
    most = source.paging.max_pages if source.paging else 1
    while url:
        refuse_endless(
            fetcher, url, seen, most,
            "check `paging` in its declaration; `max_pages` can be raised.",
        )  # fmt: skip
        seen.add(url)
        before = visit.known.get(fetcher.identity(url))
        request = Request(url, before, inspector(source, url), series=series)
        fetched = fetcher.get(ask(request) if ask else request)
        kept = fetched.file or (before if fetched.result != "empty" else None)
        if kept and kept.sha256 == last:
            raise Refused(
                f"Source {source.code} gives the same page again: it does not know "
                f"the parameter of `paging`.",
                "check `paging` in its declaration.",
                "paging",
            )
        last = kept.sha256 if kept else ""
        if fetched.file:
            yield fetched.file
        url = fetched.next_url


def refuse_endless(
    fetcher: Fetcher, url: str, seen: set[str], most: int, remedy: str
) -> None:
    """Raise SourceRefused for a page that was seen, or is one too many."""
    if url not in seen and len(seen) < most:
        return
    raise Refused(
        f"Source {fetcher.source.code} "
        + (
            f"names a page as its own successor: {fetcher.identity(url)}."
            if url in seen
            else f"has more than {most} pages."
        ),
        remedy,
        "paging",
    )


def inspector(source: Source, url: str) -> Inspect:
    """Reader of a page: what follows it, and its newest cursor."""

    def inspect(body: Path, headers: Mapping[str, str]) -> Page:
        following, empty = _following(source, url, body, headers)
        if source.incremental is None or not source.lists_rows:
            return Page(following, empty)
        rows = rows_of(source, body)
        cursor = newest_cursor(source, rows) if source.incremental.field else ""
        return Page(following, empty or not rows, cursor)

    return inspect


def _following(source: Source, url: str, body: Path, headers) -> tuple[str, bool]:
    kind = source.paging.kind if source.paging else None
    if kind is None:
        return "", False
    if kind == "link":
        return _joined(source, url, linked_next(headers.get("Link", ""))), False
    if kind == "next":
        return named_next(source, body, url), False
    return counted_next(source, body, url)


def _joined(source: Source, url: str, following: str) -> str:
    """The address that follows; after TLS never one in clear text."""
    schemes = sorted({"https", urlsplit(url).scheme})
    try:
        named = joined(url, following) if following else ""
        if named and urlsplit(named).scheme not in schemes:
            raise ValueError("another scheme")
    except ValueError:
        raise Refused(
            f"Source {source.code}: what a page names as its next page is no address "
            f"that may be followed ({' or '.join(schemes)}).",
            "check `paging` in its declaration, or tell the operator of the source.",
            "paging",
        ) from None
    return named


def linked_next(header: str) -> str:
    """Address with rel=next in a Link header (RFC 8288), or empty."""
    for link in _LINK.finditer(header):
        for name, quoted, plain in _PARAMETER.findall(link[2]):
            if name.lower() != "rel":
                continue
            if "next" in (quoted or plain.strip(" '")).lower().split():
                return link[1]
            break  # Of several, the first counts.
    return ""


def named_next(source: Source, body: Path, url: str) -> str:
    content = _json(source, body)
    try:
        following = at(content, source.paging.next)
    except LookupError:
        raise Refused(
            f"Source {source.code}: a page has no field `{source.paging.next}`.",
            "name the field of the next address as `paging.next`.",
            "paging",
        ) from None
    return _joined(source, url, str(following or ""))


def counted_next(source: Source, body: Path, url: str) -> tuple[str, bool]:
    """Next address by page, offset or cursor, and whether this page is empty."""
    paging = source.paging
    if paging.kind == "cursor":
        try:
            value = at(_json(source, body), paging.cursor)
        except LookupError:
            value = None
        return (with_query(url, {paging.parameter: value}) if value else ""), False
    count = len(rows_of(source, body))
    here = int(parse_qs(urlsplit(url).query)[paging.parameter][0])
    if count == 0:
        return "", True
    if paging.kind == "offset":
        return with_query(url, {paging.parameter: here + count}), False
    if paging.total_pages:
        total = int(at(_json(source, body), paging.total_pages))
        first = paging.start or 0
        if here - first + 1 >= total:
            return "", False
    return with_query(url, {paging.parameter: here + 1}), False


def rows_of(source: Source, body: Path) -> list:
    """Rows of a JSON or CSV page; other formats cannot be counted."""
    path = source.paging.items if source.paging else None
    if source.format.endswith("csv"):
        encoding = source.encoding or "utf-8-sig"
        with body.open(encoding=encoding, errors="replace", newline="") as handle:
            return list(csv.DictReader(handle, delimiter=source.dialect.separator))
    if not source.lists_rows:
        raise Refused(
            f"Source {source.code}: pages of {source.format} cannot be counted.",
            "use paging by link, or fetch the whole in one answer.",
            "paging",
        )
    content = _json(source, body)
    rows = at(content, path) if path else content
    if not isinstance(rows, list):
        raise Refused(
            f"Source {source.code}: a page holds no list of rows at "
            f"{path or 'its top'}.",
            "name the field of the rows as `paging.items`.",
            "paging",
        )
    return rows


def newest_cursor(source: Source, rows: list) -> str:
    """Greatest value of the incremental field among rows."""
    newest = ""
    for row in rows:
        try:
            newest = later(newest, str(at(row, source.incremental.field) or ""))
        except LookupError:
            raise Refused(
                f"Source {source.code}: a row has no field "
                f"`{source.incremental.field}`, which `incremental` names.",
                "correct `incremental.field`.",
                "paging",
            ) from None
    return newest


def at(content, path: str):
    """Value at a dotted path; LookupError when there is none."""
    for name in path.split("."):
        if isinstance(content, list) and name.isdigit():
            content = content[int(name)]
        elif isinstance(content, dict):
            content = content[name]
        else:
            raise LookupError(path)
    return content


def _json(source: Source, body: Path):
    try:
        return json.loads(body.read_bytes())
    except (ValueError, RecursionError):
        raise Refused(
            f"Source {source.code}: a page is not JSON, or nested without end.",
            "check `paging` and `format` in its declaration.",
            "paging",
        ) from None
