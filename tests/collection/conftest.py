"""A real HTTP server on loopback whose answers a test writes down as functions."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ingestion.outcomes import outcomes
from ingestion.settings import Settings
from ingestion.source import Source


@dataclass
class Asked:
    """One request as it arrived; `at` is the monotonic moment."""

    path: str
    headers: dict[str, str]
    at: float


@dataclass
class World:
    """The server and what it was asked."""

    url: str
    answers: dict[str, Callable] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.world.asked.append(
            Asked(
                self.path,
                {k.lower(): v for k, v in self.headers.items()},
                time.monotonic(),
            )
        )
        answer = self.world.answers.get(path) or self.world.answers.get("*")
        if answer is None:
            self.say(404, b"no such page")
        else:
            answer(self)

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """Break the connection off with RST."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None:
        pass

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what is tested here."""


@pytest.fixture
def world() -> Iterator[World]:
    handler = type("Handler", (Handler,), {})
    server = Server(("127.0.0.1", 0), handler)
    handler.world = World(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield handler.world
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    site = tmp_path / "site"
    (site / "sources").mkdir(parents=True)
    (site / "site.yml").write_text("name: test\n")
    return Settings(home=tmp_path / "home", site=site)


@pytest.fixture
def declare(world: World) -> Callable[..., Source]:
    """A source over HTTP, quick to give up; keywords replace or add keys."""

    def make(**keys) -> Source:
        limits = {"attempts": 1, "timeout_seconds": 5} | keys.pop("limits", {})
        return Source.model_validate(
            {
                "code": "some_source",
                "kind": "statistical_release",
                "connector": "http",
                "location": f"{world.url}/data",
                "format": "json",
                "limits": limits,
            }
            | keys
        )

    return make


@pytest.fixture
def told(settings: Settings) -> Callable[[], list]:
    """All outcomes so far."""
    return lambda: list(outcomes(settings))
