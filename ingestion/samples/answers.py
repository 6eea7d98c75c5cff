"""HTTP manners of the sample server: validators, compression, plain errors."""

from __future__ import annotations

import email.utils
import gzip
import hashlib
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

GZIP_FROM_BYTES = 500


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    modified: float | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Body with a strong ETag, or 304; gzip when the client accepts it.

    `modified` is seconds since 1970. The compressed form is another
    representation and so has another tag (RFC 9110, 8.8.3.3).
    """
    tag = hashlib.sha256(body).hexdigest()[:32]
    packed = len(body) >= GZIP_FROM_BYTES and _accepts_gzip(request)
    shared = {
        "ETag": f'"{tag}-gzip"' if packed else f'"{tag}"',
        "Vary": "Accept, Accept-Encoding",
        "Cache-Control": "no-cache",
        **(headers or {}),
    }
    if modified is not None:
        shared["Last-Modified"] = email.utils.formatdate(modified, usegmt=True)
    if _is_known(request, tag, modified):
        return Response(status_code=304, headers=shared)
    if packed:
        shared["Content-Encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=5, mtime=0)
    return Response(body, media_type=media_type, headers=shared)


def refusal(
    status: int, error: str, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """{"error": code, "message": what is wrong and what to send instead}."""
    return JSONResponse({"error": error, "message": message}, status, headers)


def _accepts_gzip(request: Request) -> bool:
    for part in request.headers.get("accept-encoding", "").split(","):
        coding, _, weight = part.replace(" ", "").lower().partition(";q=")
        if coding in ("gzip", "*"):
            return weight.rstrip("0.") != "" or weight == ""
    return False


def _is_known(request: Request, tag: str, modified: float | None) -> bool:
    """If-None-Match decides; If-Modified-Since only in its absence."""
    sent = request.headers.get("if-none-match")
    if sent is not None:
        tags = {
            part.strip().removeprefix("W/").strip('"').removesuffix("-gzip")
            for part in sent.split(",")
        }
        return "*" in tags or tag in tags
    since = request.headers.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        moment = email.utils.parsedate_to_datetime(since)
    except ValueError:
        return False
    return datetime.fromtimestamp(int(modified), UTC) <= moment
