"""Troubles of a real source, on a timetable: they exercise the retries."""

from __future__ import annotations

import threading

from starlette.types import ASGIApp, Receive, Scope, Send

from ingestion.samples.answers import refusal

# The first trouble comes early, so that a handful of requests meets one.
FIRST = 3
REMEMBERED_PATHS = 100_000
TROUBLES = ((429, "too_many_requests"), (503, "unavailable"))


class Chaos:
    """Fails the first request of every `every`-th new address; 0 never does.

    Answers 429 and 503 by turns with Retry-After; the second request of the
    same address passes.
    """

    def __init__(self, app: ASGIApp, every: int, retry_after: int) -> None:
        self.app, self.every, self.retry_after = app, every, retry_after
        self._seen: set[bytes] = set()
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trouble = None
        if self.every and scope["type"] == "http" and scope["path"] != "/health":
            trouble = self._trouble(
                scope["path"].encode() + b"?" + scope["query_string"]
            )
        if trouble is None:
            await self.app(scope, receive, send)
            return
        status, error = trouble
        response = refusal(
            status,
            error,
            f"Simulated trouble; try again after {self.retry_after} s.",
            {"Retry-After": str(self.retry_after)},
        )
        await response(scope, receive, send)

    def _trouble(self, address: bytes) -> tuple[int, str] | None:
        with self._lock:
            if address in self._seen or len(self._seen) >= REMEMBERED_PATHS:
                return None
            self._seen.add(address)
            nth, rest = divmod(len(self._seen) - FIRST, self.every)
        if rest or nth < 0:
            return None
        return TROUBLES[nth % len(TROUBLES)]
