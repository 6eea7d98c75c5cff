"""A real HTTP receiver on a free loopback port, in a thread of this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """What came, and what is answered: `answers` first, 204 after them."""

    port: int = 0
    came: list[dict] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    on_post: Callable[[], None] = lambda: None

    @property
    def keys(self) -> list[str]:
        return [entry["key"] for entry in self.came]

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/notices"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.came.append({"key": self.headers["Idempotency-Key"], **body})
            receiver.on_post()
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    # It looks every 20 ms, instead of 500, whether it is to end.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
