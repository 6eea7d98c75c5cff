"""Polite, bounded and suspicious HTTP: what comes back is not trusted."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import tenacity
import urllib3

from ingestion.access import REFERENCE
from ingestion.address import host, origin
from ingestion.body import Written, copy
from ingestion.clock import now, stamp
from ingestion.credentials import credentials
from ingestion.errors import PlanwatchError, Transient
from ingestion.faults import (
    Refused,
    Unavailable,
    bad_status,
    error_class,
    retry_after,
    unreachable,
)
from ingestion.incoming import unfinished
from ingestion.landing import LandedFile
from ingestion.pace import Pace
from ingestion.source import resolve
from ingestion.transport import Transport
from ingestion.visit import Visit

USER_AGENT = "planwatch/0.1 (development plan monitoring; polite collector)"
MAX_REDIRECTS = 5
REMEMBERED_HOSTS = 64
ASK_FOR_PEACE = frozenset({429, 503})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What DNS allows; the codec of host names sees to the 63 bytes of a label.
LONGEST_NAME = 253

ACCEPT = {
    "sdmx-csv": "application/vnd.sdmx.data+csv;version=1.0.0",
    "sdmx-json": "application/vnd.sdmx.data+json;version=1.0.0",
    "sdmx-ml": "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
    "csv": "text/csv, */*;q=0.5",
}
ACCEPT_JSON = "application/json, */*;q=0.5"
PAGES_ARE_DATA = ("html", "xls", "xlsx")


@dataclass(frozen=True)
class Page:
    """What the reader of a body found: the next address, and whether to keep."""

    next_url: str = ""
    empty: bool = False
    cursor: str = ""


Inspect = Callable[[Path, Mapping[str, str]], Page]


@dataclass(frozen=True)
class Fetched:
    """A successful attempt. `file` is None when nothing new has to be kept."""

    result: str
    file: LandedFile | None
    next_url: str


@dataclass(frozen=True)
class Request:
    """One address to ask, and what its answer is taken for."""

    url: str
    before: LandedFile | None = None
    inspect: Inspect = lambda _path, _headers: Page()
    unit_code: str = ""
    role: str = "data"
    series: str = ""
    accept: str = ""


class Fetcher:
    """Asks the addresses of one source; safe to use from several threads."""

    def __init__(self, visit: Visit, threads: int = 1) -> None:
        self.visit = visit
        self.settings = visit.settings
        self.source = visit.source
        self.credentials = credentials(visit.settings, visit.source)
        self.transport = Transport(visit.settings, visit.source, threads)
        self._origins: set[tuple[str, str]] = set()
        self._paces: dict[str, Pace] = {}
        self._headers = {
            "User-Agent": USER_AGENT,
            "Accept": ACCEPT.get(self.source.format, ACCEPT_JSON),
            "Accept-Encoding": "gzip",
        }
        # What a variable stands in may be secret: for declared addresses only.
        self._our_headers: dict[str, str] = {}
        for name, value in self.source.headers.items():
            kept = self._our_headers if REFERENCE.search(value) else self._headers
            kept[name] = resolve(value, self.settings, self.source.code)
        if not self.source.endpoints:
            self.trust(self.source.resolved_location(self.settings))

    def trust(self, url: str) -> None:
        """An address that the site declares: may be private, gets credentials."""
        self._origins.add(origin(url))

    def identity(self, url: str) -> str:
        return self.credentials.hide(url)

    def get(self, request: Request) -> Fetched:
        """Fetch into incoming, trying again what may pass by itself.

        Raises SourceUnavailable after the declared attempts, SourceRefused at
        once for an answer that will not change by asking again.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_another_try),
            stop=tenacity.stop_after_attempt(self.source.limits.attempts),
            wait=backoff,
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                return self.attempt(request, attempt.retry_state.attempt_number)
        raise AssertionError("tenacity raises the last failure itself")

    def _worth_another_try(self, error: BaseException) -> bool:
        asked = getattr(error, "retry_after", None) or 0
        patience = self.source.limits.max_wait_seconds
        return isinstance(error, Transient) and asked <= patience

    def attempt(self, request: Request, number: int = 1) -> Fetched:
        """Ask once; the outcome is recorded whatever it is."""
        started = time.monotonic()
        shown = self.identity(request.url)
        told = {"attempt": number, "unit_code": request.unit_code}
        try:
            fetched, status = self._ask(request)
        except PlanwatchError as error:
            # A server may say our secret back to us: it goes no further.
            error.message = self.credentials.hide(error.message)
            error.args = (error.message, error.remedy)
            self.visit.recorder.record(
                shown, "failed", started, **told,
                status=getattr(error, "status", 0),
                error_class=error_class(error),
                message=error.message,
            )  # fmt: skip
            raise
        file = fetched.file
        self.visit.recorder.record(
            shown, fetched.result, started, **told, status=status,
            size_bytes=file.size_bytes if file else 0,
            sha256=file.sha256 if file else "",
        )  # fmt: skip
        return fetched

    def _ask(self, request: Request) -> tuple[Fetched, int]:
        url, headers = request.url, self._validators(request)
        seen: set[str] = set()
        while True:
            with self._exchange(url, headers) as answer:
                if answer.status not in REDIRECTS or "Location" not in answer.headers:
                    return self._take(request, answer), answer.status
                following = answer.headers["Location"]
            seen.add(url)
            url = self._redirected(url, following, seen)

    @contextmanager
    def _exchange(self, url: str, headers: dict[str, str]) -> Iterator:
        """One request and its answer: politeness around, our errors out."""
        ours, pace = self.is_ours(url), self.pace(host(url))
        if ours:
            headers = headers | self._our_headers | self.credentials.headers
            url = self.credentials.sent(url)
        # Before a slot is waited for, and again by what the turn tells.
        self._refuse_if_left_alone(pace.waiting(), host(url))
        try:
            with pace.turn() as alone:
                self._refuse_if_left_alone(alone, host(url))
                with self.transport.get(url, headers, ours) as answer:
                    if answer.status in ASK_FOR_PEACE:
                        pace.leave_alone(retry_after(answer.headers) or 0)
                    yield answer
        except (urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
            # `from None`: what these hold may show an address with its token.
            overdue = self.transport.overdue()
            raise unreachable(self.source.code, host(url), error, overdue) from None

    def _refuse_if_left_alone(self, waiting: float, name: str) -> None:
        if waiting > self.source.limits.max_wait_seconds:
            raise Unavailable(
                f"{name} asked to be left alone for another {waiting:.0f} seconds.",
                "try again then.",
                "left_alone",
                retry_after=waiting,
            )

    def _redirected(self, url: str, location: str, seen: set[str]) -> str:
        """The address that a redirect leads to, where it may be followed."""
        try:
            following = joined(url, location)
        except ValueError:
            raise Refused(
                f"Source {self.source.code} redirects to what is no address "
                f"({host(url)}).",
                "tell its operator, or declare its final address as `location`.",
                "redirect",
            ) from None
        self._refuse_redirect(url, following, seen)
        return following

    def _refuse_redirect(self, url: str, following: str, seen: set[str]) -> None:
        code, scheme = self.source.code, urlsplit(following).scheme
        if scheme not in ("http", "https"):
            raise Refused(
                f"Source {code} redirects to {scheme}://.",
                "only http and https are followed.",
                "redirect",
            )
        if urlsplit(url).scheme == "https" and scheme == "http":
            raise Refused(
                f"Source {code} redirects from https to http ({host(following)}).",
                "declare the http address itself if it may be read unprotected.",
                "redirect",
            )
        if following in seen or len(seen) > MAX_REDIRECTS:
            raise Refused(
                f"Source {code} redirects "
                + ("in a circle." if following in seen else f"{len(seen)} times."),
                "declare its final address as `location`.",
                "redirect_loop",
            )

    def _validators(self, request: Request) -> dict[str, str]:
        headers = dict(self._headers)
        if request.accept:
            headers["Accept"] = request.accept
        before = request.before
        # Without the next page's address, a 304 would end the pages too early.
        if before and (not before.next_url or self.credentials.reveal(before.next_url)):
            if before.etag:
                headers["If-None-Match"] = before.etag
            if before.last_modified:
                headers["If-Modified-Since"] = before.last_modified
        return headers

    def is_ours(self, url: str) -> bool:
        """Whether a declared address has this origin (or is its http twin)."""
        scheme, name = origin(url)
        return (scheme, name) in self._origins or (
            scheme == "https" and ("http", name) in self._origins
        )

    def pace(self, name: str) -> Pace:
        pace = self._paces.get(name)
        if pace is None:
            if len(self._paces) >= REMEMBERED_HOSTS:
                self._paces.clear()
            pace = Pace(self.settings, name, self.source.limits)
            self._paces[name] = pace
        return pace

    def _take(self, request: Request, answer) -> Fetched:
        before = request.before
        if answer.status == http.client.NOT_MODIFIED and before:
            return Fetched("unchanged", None, self.credentials.reveal(before.next_url))
        if answer.status == http.client.NO_CONTENT:
            return Fetched("empty", None, "")
        if answer.status != http.client.OK:
            raise bad_status(
                self.source.code,
                urlsplit(self.identity(request.url)).path,
                answer.status,
                answer.reason or "",
                answer.headers,
            )
        return self._store(request, answer)

    def _store(self, request: Request, answer) -> Fetched:
        """Stream the decoded body to disk under limits, then name it by hash."""
        headers = answer.headers
        with unfinished(self.settings) as body:
            with body.open() as handle:
                written = copy(
                    self._reader(answer),
                    headers.get("Content-Encoding", ""),
                    handle,
                    self.source,
                )
            self._refuse_web_page(body.path, headers)
            page = request.inspect(body.path, headers)
            if page.empty:
                return Fetched("empty", None, page.next_url)
            file = self._landed(request, headers, written, page)
            if request.before and request.before.sha256 == file.sha256:
                return Fetched("same", None, page.next_url)
            body.stage(file.sha256)
        return Fetched("landed", file, page.next_url)

    def _landed(self, request: Request, headers, written: Written, page: Page):
        return LandedFile(
            sha256=written.sha256,
            url=self.identity(request.url),
            size_bytes=written.size_bytes,
            media_type=headers.get("Content-Type", "application/octet-stream"),
            fetched_at=stamp(now(self.settings)),
            etag=headers.get("ETag", ""),
            last_modified=headers.get("Last-Modified", ""),
            next_url=self.identity(page.next_url),
            unit_code=request.unit_code,
            role=request.role,
            series=request.series,
            cursor=page.cursor,
        )

    def _reader(self, answer) -> Callable[[int], bytes]:
        """Reads the raw body piece by piece, as far as Content-Length says."""

        def read(size: int) -> bytes:
            self._refuse_if_overdue()
            piece = answer.read1(size, decode_content=False)
            if not piece:
                # That we ended it ourselves looks like the answer's own end.
                self._refuse_if_overdue()
                if answer.length_remaining:
                    raise urllib3.exceptions.IncompleteRead(
                        answer.tell(), answer.length_remaining
                    )
            return piece

        return read

    def _refuse_if_overdue(self) -> None:
        if self.transport.overdue():
            raise unreachable(
                self.source.code, "its host", TimeoutError(), overdue=True
            )

    def _refuse_web_page(self, path: Path, headers: Mapping[str, str]) -> None:
        """A login or error page with status 200 is no data."""
        kind = headers.get("Content-Type", "").lower()
        if not kind.startswith("text/html") or self.source.format in PAGES_ARE_DATA:
            return
        with path.open("rb") as handle:
            start = handle.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if start.startswith((b"<!doctype html", b"<html", b"<head")):
            raise Refused(
                f"Source {self.source.code} answers with a web page, not with data.",
                "it may want other credentials, or `location` leads to a page for "
                "people; open it in a browser.",
                "web_page",
                http.client.OK,
            )


def joined(url: str, reference: str) -> str:
    """The address that a reference on the page `url` means (RFC 3986).

    Raises ValueError for one that cannot be asked, or not written down.
    """
    following = urljoin(url, reference)
    following.encode()
    if "\\" in urlsplit(following).netloc:
        # Some take what stands before it for the host, others what follows.
        raise ValueError("a backslash in the name of the host")
    name = urllib3.util.parse_url(following).host or ""
    if len(name.encode("idna")) > LONGEST_NAME:
        raise ValueError("the name of the host is too long")
    return following


_exponential = tenacity.wait_random_exponential(multiplier=0.2, max=10)


def backoff(state: tenacity.RetryCallState) -> float:
    """What the server asks for, else exponential back-off with jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    return _exponential(state) if asked is None else asked
