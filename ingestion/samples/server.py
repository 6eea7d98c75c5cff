"""The sample sources over HTTP on loopback: statistics, registries, submissions.

GET /health
GET /sdmx/data/{flow}          SDMX-CSV or SDMX-JSON, by Accept or ?format=
GET /registry/{name}.csv       registries of the simulated network
GET /submissions               pages of submissions, bearer token needed
GET /receipts/{submission_id}  receipt as JSON, or its errors as CSV, by Accept
                               or ?format=; the same token
"""

from __future__ import annotations

import errno
import hmac
import json
import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingestion.errors import MachineRefused, UsageError
from ingestion.samples.answers import answer, refusal
from ingestion.samples.chaos import Chaos
from ingestion.samples.network import REPORT
from ingestion.samples.sdmx_messages import dataflows, sdmx_csv, sdmx_json
from ingestion.samples.submission_log import SubmissionLog

DEFAULT_TOKEN = "sample-token"
DEFAULT_PORT = 8765
PAGE_SIZE, MAX_PAGE_SIZE, MAX_SHARDS = 500, 5000, 1000
SDMX_CSV = "application/vnd.sdmx.data+csv;version=1.0.0"
SDMX_JSON = "application/vnd.sdmx.data+json;version=1.0.0"
FORMATS = {"sdmx-csv": SDMX_CSV, "csv": SDMX_CSV,
           "sdmx-json": SDMX_JSON, "json": SDMX_JSON}  # fmt: skip
WRITERS = {SDMX_CSV: sdmx_csv, SDMX_JSON: sdmx_json}
# (submission_id, "json" or "csv") -> the receipt, or None when there is none.
Receipts = Callable[[str, str], bytes | None]
RECEIPT_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


def no_receipts(submission_id: str, form: str) -> bytes | None:
    """Receipts of a server beside which nothing is judged."""


def create_app(
    folder: Path,
    token: str = DEFAULT_TOKEN,
    chaos: int = 25,
    retry_after: int = 1,
    until: datetime | None = None,
    receipts: Receipts = no_receipts,
) -> Starlette:
    """Application over the network that `simulate` wrote into `folder`.

    `chaos`: see Chaos. `until` (aware) hides what arrives from that moment
    on, so that waves of submissions can be replayed one after the other.
    `receipts` finds what the gate told a submitter.
    """
    if not (folder / REPORT).is_file():
        raise UsageError(
            f"There is no simulated network in {folder}.",
            "run the simulation first (`planwatch demo` does).",
        )
    cut = None if until is None else math.ceil(until.timestamp())
    app = Starlette(
        routes=[
            Route("/health", _health),
            Route("/sdmx/data/{flow}", _statistics),
            Route("/registry/{name}.csv", _registry),
            Route("/submissions", _submissions),
            Route("/receipts/{submission_id:path}", _receipt),
        ],
        middleware=[Middleware(Chaos, every=chaos, retry_after=retry_after)],
    )
    app.state.folder = folder
    app.state.token = token
    app.state.receipts = receipts
    app.state.log = SubmissionLog(folder / "submissions", cut)
    return app


def serve(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    token: str = DEFAULT_TOKEN,
    chaos: int = 25,
    retry_after: int = 1,
    until: datetime | None = None,
    receipts: Receipts = no_receipts,
) -> None:
    """Serve until interrupted. MachineRefused when the port is taken."""
    app = create_app(folder, token, chaos, retry_after, until, receipts)
    with _listening(host, port) as listener:
        _server(app).run(sockets=[listener])


@contextmanager
def serving(
    folder: Path, host: str = "127.0.0.1", port: int = 0, **options
) -> Iterator[str]:
    """Serve from a thread and give the address; port 0 takes a free one.

    Options are those of create_app. The socket listens before the thread
    starts: a request made at once waits instead of failing.
    """
    app = create_app(folder, **options)
    with _listening(host, port) as listener:
        server = _server(app)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        thread.start()
        try:
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _server(app: Starlette) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    )


def _listening(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A port that a finished server has just left can be taken again.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        raise MachineRefused(
            f"Cannot listen on {host}:{port}: {error.strerror}.",
            "end the program that uses the port, or choose another one for the "
            "server and in PLANWATCH_SAMPLES_URL.",
        ) from error
    return listener


def _health(request: Request) -> Response:
    report = json.loads((request.app.state.folder / REPORT).read_bytes())
    body = {"status": "ok", "units": report["units"], "months": report["months"]}
    return answer(request, json.dumps(body).encode() + b"\n", "application/json")


def _statistics(request: Request) -> Response:
    flow, known = request.path_params["flow"].upper(), dataflows()
    if flow not in known:
        return refusal(404, "unknown_dataflow", f"Dataflows here: {', '.join(known)}.")
    media_type = _negotiated(request)
    if media_type is None:
        return refusal(
            406,
            "not_acceptable",
            f"Accept one of: {SDMX_CSV}, {SDMX_JSON}; or ?format= one of: "
            f"{', '.join(FORMATS)}.",
        )
    modified = known[flow].stat().st_mtime
    return answer(request, WRITERS[media_type](flow), media_type, modified)


def _negotiated(request: Request) -> str | None:
    """?format= wins over Accept; CSV for those who take anything."""
    wanted = request.query_params.get("format")
    if wanted is not None:
        return FORMATS.get(wanted.lower())
    accepted = request.headers.get("accept", "*/*").lower()
    if "sdmx.data+json" in accepted or "application/json" in accepted:
        return SDMX_JSON
    if any(t in accepted for t in ("sdmx.data+csv", "text/csv", "text/*", "*/*")):
        return SDMX_CSV
    return None


def _registry(request: Request) -> Response:
    folder = request.app.state.folder / "registry"
    known = {path.stem: path for path in sorted(folder.glob("*.csv"))}
    path = known.get(request.path_params["name"])
    if path is None:
        return refusal(404, "unknown_registry", f"Registries: {', '.join(known)}.")
    return answer(
        request, path.read_bytes(), "text/csv; charset=utf-8", path.stat().st_mtime
    )


class _BadRequest(Exception):
    pass


def _submissions(request: Request) -> Response:
    if not _is_allowed(request):
        return _unauthorised()
    try:
        return _page(request)
    except _BadRequest as error:
        return refusal(400, "bad_request", str(error))


def _unauthorised() -> Response:
    return refusal(
        401,
        "unauthorised",
        "Send the header `Authorization: Bearer TOKEN` with the token of this server.",
        {"WWW-Authenticate": "Bearer"},
    )


def _receipt(request: Request) -> Response:
    """The token is asked for first: without it, ids cannot be tried out."""
    if not _is_allowed(request):
        return _unauthorised()
    accepted = request.headers.get("accept", "*/*").lower()
    by_header = "csv" if accepted.startswith("text/csv") else "json"
    form = request.query_params.get("format", by_header).lower()
    if form not in RECEIPT_TYPES:
        return refusal(406, "not_acceptable", "Use ?format=json or ?format=csv.")
    submission_id = request.path_params["submission_id"]
    body = request.app.state.receipts(submission_id, form)
    if body is None:
        return refusal(
            404, "unknown_submission", "No submission of this id has been judged yet."
        )
    return answer(request, body, RECEIPT_TYPES[form])


def _is_allowed(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    expected = request.app.state.token.encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(
        token.strip().encode(), expected
    )


def _page(request: Request) -> Response:
    """{"page", "page_size", "next": address or null, "data": [submission, …]}

    The number of pages stands in a header: in the body it would change every
    page whenever one submission arrives.
    """
    page = _number(request, "page", 1, 1, 10**9)
    size = _number(request, "page_size", PAGE_SIZE, 1, MAX_PAGE_SIZE)
    shards = _number(request, "shards", 1, 1, MAX_SHARDS)
    shard = _number(request, "shard", 0, 0, shards - 1)
    numbers = request.app.state.log.numbers(shard, shards)
    pages = max(1, math.ceil(len(numbers) / size))
    if page > pages:
        return refusal(404, "no_such_page", f"There are {pages} pages, not {page}.")
    following = "null"
    if page < pages:
        query = {**request.query_params, "page": page + 1}
        following = json.dumps(f"/submissions?{urlencode(query)}")
    wanted = numbers[(page - 1) * size : page * size]
    body = b'{"page":%d,"page_size":%d,"next":%s,"data":[\n%s\n]}\n' % (
        page,
        size,
        following.encode(),
        b",\n".join(request.app.state.log.lines(wanted)),
    )
    totals = {"X-Total-Count": str(len(numbers)), "X-Total-Pages": str(pages)}
    return answer(request, body, "application/json", headers=totals)


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise _BadRequest(f"{name}={text[:40]!r} is no whole number.")
    if not least <= int(text) <= most:
        raise _BadRequest(f"{name}={text} is not between {least} and {most}.")
    return int(text)
