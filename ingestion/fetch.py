"""Polite, bounded and suspicious HTTP: what comes back is not trusted."""

from __future__ import annotations

import email.utils
import hashlib
import ipaddress
import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
import tenacity

from ingestion.clock import now, stamp
from ingestion.durable import commit_file, machine_faults
from ingestion.errors import SourceRefused, SourceUnavailable, Transient
from ingestion.landing import LandedFile, object_path
from ingestion.settings import Settings
from ingestion.source import Source, bearer_token

USER_AGENT = "planwatch/0.1 (development plan monitoring; polite collector)"
TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_REDIRECTS = 5
MAX_WAIT_SECONDS = 60.0
CHUNK = 2**16

ACCEPT = {
    "sdmx-csv": "application/vnd.sdmx.data+csv;version=1.0.0",
    "sdmx-json": "application/vnd.sdmx.data+json;version=1.0.0",
    "submission-json": "application/json",
    "csv": "text/csv",
}


class Unavailable(SourceUnavailable):
    """A transient answer that may say when to come back."""

    def __init__(self, message: str, remedy: str, retry_after: float | None = None):
        super().__init__(message, remedy)
        self.retry_after = retry_after


class Fetcher:
    """One session for one source: validators, retries, limits, redirects."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self.settings = settings
        self.source = source
        self.session = requests.Session()
        self.session.headers["User-Agent"] = USER_AGENT
        self.session.headers["Accept"] = ACCEPT[source.format]
        self._token = bearer_token(source, settings)

    def get(
        self,
        url: str,
        before: LandedFile | None,
        next_url: Callable[[Path], str] = lambda _: "",
    ) -> LandedFile | None:
        """Fetch `url` into landing; None when the source says 304.

        `next_url` reads the following page's address from the kept body.
        Raises SourceUnavailable after the declared attempts, SourceRefused at
        once for an answer that will not change by asking again.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            stop=tenacity.stop_after_attempt(self.source.limits.attempts),
            wait=_wait,
            reraise=True,
        )
        return retrying(self._once, url, before, next_url)

    def _once(self, url, before, next_url) -> LandedFile | None:
        try:
            with self._open(url, before) as answer:
                if answer.status_code == requests.codes.not_modified:
                    return None
                self._refuse_bad_status(answer)
                return self._store(url, answer, next_url)
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise SourceUnavailable(
                f"Source {self.source.code} cannot be reached at {_host(url)}: "
                f"{type(error).__name__}.",
                "check the address and the network; for the sample sources start "
                "`planwatch serve-samples`.",
            ) from error

    def _open(self, url: str, before: LandedFile | None) -> requests.Response:
        """Follow redirects by hand, so that each target is looked at first."""
        headers = _validators(before)
        origin = _host(url)
        for _ in range(MAX_REDIRECTS):
            if self._token is not None and _host(url) == origin:
                headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
            else:
                headers.pop("Authorization", None)
            answer = self.session.get(
                url,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=self.source.limits.timeout_seconds,
            )
            if not answer.is_redirect:
                return answer
            url = urljoin(url, answer.headers["Location"])
            answer.close()
            self._refuse_private(url, origin)
        raise SourceRefused(
            f"Source {self.source.code} redirects more than {MAX_REDIRECTS} times.",
            "declare its final address as `location`.",
        )

    def _refuse_private(self, url: str, origin: str) -> None:
        """A redirect must not reach into the network that we run in."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise SourceRefused(
                f"Source {self.source.code} redirects to {parts.scheme}://.",
                "only http and https are followed.",
            )
        if self.source.allow_private or _host(url) == origin:
            return
        addresses = {
            info[4][0]
            for info in socket.getaddrinfo(parts.hostname, parts.port or 80)
        }
        if not all(ipaddress.ip_address(a).is_global for a in addresses):
            raise SourceRefused(
                f"Source {self.source.code} redirects to the private host "
                f"{parts.hostname}.",
                "if that is intended, declare `allow_private: true`.",
            )

    def _refuse_bad_status(self, answer: requests.Response) -> None:
        status = answer.status_code
        if status in TRANSIENT_STATUS:
            raise Unavailable(
                f"Source {self.source.code} answers {status} {answer.reason}.",
                "try again later; the retries of this attempt are used up.",
                _retry_after(answer.headers, now(self.settings)),
            )
        if status in (401, 403):
            raise SourceRefused(
                f"Source {self.source.code} refuses our credentials ({status}).",
                "check the token variable that its `auth.bearer` names.",
            )
        if status != requests.codes.ok:
            raise SourceRefused(
                f"Source {self.source.code} answers {status} {answer.reason} for "
                f"{_path(answer.url)}.",
                "check `location` in its declaration.",
            )

    def _store(self, url: str, answer: requests.Response, next_url) -> LandedFile:
        """Stream the decoded body to disk under limits, then name it by hash."""
        folder = self.settings.landing / "incoming"
        temporary = folder / f"{os.getpid()}-{id(answer)}"
        digest = hashlib.sha256()
        with machine_faults(temporary):
            folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as handle:
                size = self._copy(answer, handle, digest)
        sha256 = digest.hexdigest()
        following = next_url(temporary)
        commit_file(temporary, object_path(self.settings, sha256))
        return LandedFile(
            sha256=sha256,
            url=url,
            size_bytes=size,
            media_type=answer.headers.get("Content-Type", "application/octet-stream"),
            fetched_at=stamp(now(self.settings)),
            etag=answer.headers.get("ETag", ""),
            last_modified=answer.headers.get("Last-Modified", ""),
            next_url=following,
        )

    def _copy(self, answer, handle, digest) -> int:
        limits = self.source.limits
        size = 0
        for chunk in answer.iter_content(CHUNK):
            size += len(chunk)
            packed = max(answer.raw.tell(), 1)
            if size > limits.max_bytes:
                raise SourceRefused(
                    f"Source {self.source.code} sends more than "
                    f"{limits.max_bytes:,} bytes.",
                    "raise `limits.max_bytes` if so much is expected.",
                )
            if size > 2**20 and size / packed > limits.max_ratio:
                raise SourceRefused(
                    f"Source {self.source.code} unpacks to more than "
                    f"{limits.max_ratio} times its size.",
                    "raise `limits.max_ratio` if that is expected.",
                )
            handle.write(chunk)
            digest.update(chunk)
        return size


def _validators(before: LandedFile | None) -> dict[str, str]:
    headers = {}
    if before and before.etag:
        headers["If-None-Match"] = before.etag
    if before and before.last_modified:
        headers["If-Modified-Since"] = before.last_modified
    return headers


_backoff = tenacity.wait_random_exponential(multiplier=0.2, max=10)


def _wait(state: tenacity.RetryCallState) -> float:
    """What the server asks for, else exponential back-off with jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    return _backoff(state) if asked is None else min(asked, MAX_WAIT_SECONDS)


def _retry_after(headers: Mapping[str, str], moment: datetime) -> float | None:
    """Seconds of a Retry-After header: a number or an HTTP date (RFC 9110)."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - moment).total_seconds())


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _path(url: str) -> str:
    return urlsplit(url).path


