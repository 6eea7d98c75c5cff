"""Why an attempt failed: the network's and the source's ways to say no."""

from __future__ import annotations

import email.utils
import http.client
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

import urllib3.exceptions as network

from ingestion.body import CutShort, TooLarge
from ingestion.errors import MachineRefused, PlanwatchError
from ingestion.errors import SourceRefused as _Refused
from ingestion.errors import SourceUnavailable as _Unavailable
from ingestion.transport import PrivateAddress

TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class Unavailable(_Unavailable):
    """A transient failure; `retry_after` seconds when the source says so."""

    def __init__(
        self,
        message: str,
        remedy: str,
        fault: str = "connection",
        status: int = 0,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.fault = fault
        self.status = status
        self.retry_after = retry_after


class Refused(_Refused):
    """A failure that asking again does not mend."""

    def __init__(
        self, message: str, remedy: str, fault: str = "refused", status: int = 0
    ) -> None:
        super().__init__(message, remedy)
        self.fault = fault
        self.status = status


def error_class(error: BaseException) -> str:
    """Short name of a failure, as outcomes carry it."""
    by_type = {
        TooLarge: "too_large",
        CutShort: "cut_short",
        PrivateAddress: "private_address",
        MachineRefused: "machine",
    }
    for kind, name in by_type.items():
        if isinstance(error, kind):
            return name
    if isinstance(error, PlanwatchError):
        return getattr(error, "fault", "content")
    return "internal"


def bad_status(code: str, path: str, status: int, reason: str, headers: Mapping):
    """The error for an answer that is neither data nor `not modified`."""
    if status in TRANSIENT_STATUS:
        return Unavailable(
            f"Source {code} answers {status} {reason}.",
            "try again later; the retries of this attempt are used up.",
            f"http_{status}",
            status,
            retry_after(headers),
        )
    if status in (401, 403):
        return Refused(
            f"Source {code} refuses our credentials ({status}).",
            "check the variables that its `auth` names, and what they may read.",
            f"http_{status}",
            status,
        )
    remedy = {
        404: "check `location` in its declaration.",
        410: "it is gone for good: find its successor and change `location`.",
        406: "check `format`, or declare the header Accept.",
    }.get(status, "check `location` and `query` in its declaration.")
    return Refused(
        f"Source {code} answers {status} {reason} for {path}.",
        remedy,
        f"http_{status}",
        status,
    )


def unreachable(code: str, host: str, error: BaseException, overdue: bool):
    """Our error for one of urllib3; its text never holds an address's query."""
    if _distrusted(error):
        return Refused(
            f"Source {code}: the certificate of {host} is not trusted "
            f"({_reason(error)}).",
            "if the authority is one of your own, declare it as `tls.ca_bundle`; "
            "verification cannot be switched off.",
            "tls",
        )
    fault, words = _named(error, overdue)
    return Unavailable(
        f"Source {code} cannot be reached at {host}: {words}.",
        "check the address and the network; for the sample sources start "
        "`planwatch serve-samples`.",
        fault,
    )


def _named(error: BaseException, overdue: bool) -> tuple[str, str]:
    if overdue:
        return "timeout_total", "the answer takes longer than `limits.total_seconds`"
    if any(isinstance(e, http.client.IncompleteRead) for e in _chain(error)):
        return "cut_short", "the answer is cut short"
    kinds: tuple[tuple[type | tuple, str, str], ...] = (
        (network.NameResolutionError, "dns", "its name cannot be resolved"),
        (network.ReadTimeoutError, "timeout_read", "it falls silent (time-out)"),
        (network.NewConnectionError, "connection", "no connection (refused)"),
        (network.ConnectTimeoutError, "timeout_connect", "no connection in time"),
        (network.ProxyError, "proxy", "the proxy does not connect"),
        (network.SSLError, "tls", "the TLS connection fails"),
        (network.LocationParseError, "address", "the address is malformed"),
        (network.ProtocolError, "connection", "the connection breaks off"),
    )
    for kind, fault, words in kinds:
        if isinstance(error, kind):
            return fault, words
    return "connection", type(error).__name__


def _chain(error: BaseException | None):
    while error is not None:
        yield error
        inner = next((a for a in error.args if isinstance(a, BaseException)), None)
        error = inner or error.__cause__ or error.__context__


def _distrusted(error: BaseException) -> bool:
    return any(isinstance(e, ssl.SSLCertVerificationError) for e in _chain(error))


def _reason(error: BaseException) -> str:
    for inner in _chain(error):
        if isinstance(inner, ssl.SSLCertVerificationError):
            return inner.verify_message
    return type(error).__name__


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header: a number or an HTTP date (RFC 9110).

    A date is counted from the server's own Date, so that neither clock needs
    to be right.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    date = _http_date(text)
    if date is None:
        return None
    start = _http_date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (date - start).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)
