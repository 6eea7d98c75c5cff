"""One shard of a source with an address per unit: tens of thousands of answers.

    landing/waves/<source>-<shard>.ndjson   what has been fetched so far

A killed wave goes on where it stopped: an answer counts as fetched when its
line stands in the journal and its bytes, hashed again, are what it says.
Nothing has landed before the shard's batch is kept; once it is kept, the wave
is over, even if the process died before it could remove the journal.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from ingestion.address import host
from ingestion.clock import now, stamp
from ingestion.connectors.pages import inspector
from ingestion.durable import held, machine_faults
from ingestion.endpoints import Endpoint, endpoints, sends_secrets, trusted
from ingestion.errors import PlanwatchError, SourceRefused, SourceUnavailable
from ingestion.faults import Refused
from ingestion.fetch import Fetcher, Request
from ingestion.incoming import staged_path
from ingestion.landing import (
    LandedBatch,
    LandedFile,
    keep,
    lock_path,
    object_path,
    recover,
    with_previous,
)
from ingestion.newest import newest_files
from ingestion.settings import Settings
from ingestion.visit import Visit

# An unfinished wave that is older is closed as it is, and a new one begins.
RESUMED_HOURS = 24
# A host that failed so often in a row is given up for this round.
PATIENCE = 20
# Endpoints that a shard asks one by one to see how long answers take.
PROBED = 5
NO_ANSWER = {"connection", "dns", "timeout_connect", "timeout_read", "timeout_total"}
_HASHED_AT_ONCE = 2**20


class Journal:
    """What a shard of a wave has done; one write is one line."""

    def __init__(self, settings: Settings, code: str, shard: int) -> None:
        self.settings = settings
        self.path = settings.landing / "waves" / f"{code}-{shard}.ndjson"
        self.files: list[LandedFile] = []
        self.done: set[str] = set()
        self.begun: datetime | None = None
        self._descriptor = -1

    def open(self) -> None:
        """Take over what an unfinished wave left, then append to it."""
        if self.path.exists():
            self._read()
        with machine_faults(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._descriptor = os.open(self.path, flags, 0o644)
        if self.begun is None:
            self.begun = now(self.settings)
            self._write({"begun": stamp(self.begun)})

    def is_too_old(self) -> bool:
        age = now(self.settings) - self.begun if self.begun else timedelta()
        return age > timedelta(hours=RESUMED_HOURS)

    def begin_anew(self) -> None:
        """Close the wave that it holds, whose files are kept, and begin one."""
        self.close()
        self._release()
        self.files, self.done, self.begun = [], set(), None
        self.open()

    def _read(self) -> None:
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self.path, whole)
        for line in content[:whole].splitlines():
            entry = json.loads(line)
            if "begun" in entry:
                self.begun = datetime.fromisoformat(entry["begun"])
            elif entry["file"] is None:
                self.done.add(entry["url"])
            else:
                file = LandedFile(**entry["file"])
                if self._is_there(file):
                    self.files.append(file)
                    self.done.add(entry["url"])

    def _is_there(self, file: LandedFile) -> bool:
        """After a loss of power a line may have outlived its bytes."""
        for path in (
            staged_path(self.settings, file.sha256),
            object_path(self.settings, file.sha256),
        ):
            if path.exists() and _sha256(path) == file.sha256:
                return True
        return False

    def add(self, url: str, file: LandedFile | None) -> None:
        if file:
            self.files.append(file)
        self._write({"url": url, "file": file.as_json() if file else None})

    def _write(self, entry: dict) -> None:
        with machine_faults(self.path):
            os.write(self._descriptor, (json.dumps(entry) + "\n").encode())

    def close(self) -> None:
        """The batch is kept: nothing is left to go on with."""
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def journaled(settings: Settings) -> set[str]:
    """Hashes that unfinished waves still need."""
    named = set()
    for path in (settings.landing / "waves").glob("*.ndjson"):
        for line in path.read_bytes().splitlines():
            try:
                file = json.loads(line).get("file")
            except ValueError:
                continue
            if file:
                named.add(file["sha256"])
    return named


def fetch_wave(
    visit: Visit,
    progress: Callable[[LandedFile], None],
    only: frozenset[str] | None = None,
) -> LandedBatch | None:
    """Fetch all endpoints of a shard (or the units in `only`) and keep them.

    A wave that is over is closed first; its batch is the answer when the new
    wave brings none.
    Endpoints that fail stand in the outcomes and hold up no others. Raises
    the last failure when not a single endpoint answered.
    """
    lock = visit.settings.locks / f"wave-{visit.source.code}-{visit.shard}.lock"
    with (
        held(lock),
        Journal(visit.settings, visit.source.code, visit.shard) as journal,
    ):
        journal.open()
        visit = _as_landed(visit)
        before = _finish(visit, journal)
        batch = _go_on(_as_landed(visit) if before else visit, journal, progress, only)
    return batch or before


def _as_landed(visit: Visit) -> Visit:
    """The visit with what has landed up to now.

    Another process may have landed the shard while this one waited for the
    lock, and one that was killed may have left its commit half done.
    """
    with held(lock_path(visit.settings)):
        recover(visit.settings)
    return replace(visit, known=newest_files(visit.settings, visit.source.code))


def _finish(visit: Visit, journal: Journal) -> LandedBatch | None:
    """Close a wave that is over: its batch has landed, or it is too old.

    What has not landed of it becomes a batch of its own: in one batch with
    later answers of the same units, both would be known from the same moment.
    """
    left = [file for file in journal.files if not _has_landed(visit, file)]
    if len(left) == len(journal.files) and not journal.is_too_old():
        return None
    batch = keep(visit.settings, visit.source, left)
    journal.begin_anew()
    return batch


def _has_landed(visit: Visit, file: LandedFile) -> bool:
    """A journal holds only what was not the newest when it was fetched."""
    newest = visit.known.get(file.url)
    return newest is not None and newest.sha256 == file.sha256


def _go_on(
    visit: Visit,
    journal: Journal,
    progress: Callable[[LandedFile], None],
    only: frozenset[str] | None,
) -> LandedBatch | None:
    """Ask whom the journal has no answer of, and keep all that it holds then."""
    asked = [
        endpoint
        for endpoint in endpoints(visit.settings, visit.source, visit.shard)
        if only is None or endpoint.unit_code in only
    ]
    wave = Wave(visit, journal, progress)
    wave.run(asked)
    batch = keep(visit.settings, visit.source, journal.files)
    journal.close()
    if wave.last_failure and not wave.answered and not journal.files:
        raise wave.last_failure
    return batch


@dataclass
class Hosts:
    """Failures in a row by host: a dead host must not cost a time-out per unit."""

    failures: dict[str, int] = field(default_factory=dict)

    def gave_up(self, name: str) -> bool:
        return self.failures.get(name, 0) >= PATIENCE

    def answered(self, name: str) -> None:
        self.failures[name] = 0

    def failed(self, name: str, error: PlanwatchError) -> None:
        if getattr(error, "fault", "") in NO_ANSWER:
            self.failures[name] = self.failures.get(name, 0) + 1
        else:
            self.failures[name] = 0

    def probe_again(self) -> None:
        """In a new round, a host given up gets a few requests to show itself."""
        for name, count in self.failures.items():
            self.failures[name] = min(count, PATIENCE - 2)


class Wave:
    """Rounds over endpoints: in each, those that may pass are asked again."""

    def __init__(
        self, visit: Visit, journal: Journal, progress: Callable[[LandedFile], None]
    ) -> None:
        self.visit = visit
        self.journal = journal
        self.progress = progress
        self.parallel = visit.source.endpoints.parallel
        self.fetcher = Fetcher(visit, self.parallel)
        self.secretive = sends_secrets(visit.source)
        self.hosts = Hosts()
        self.answered = 0
        self.last_failure: PlanwatchError | None = None
        self._lock = threading.Lock()
        self._again: list[Endpoint] = []
        self._stopped = False

    def run(self, asked: Sequence[Endpoint]) -> None:
        for url in trusted(self.visit.settings, self.visit.source, asked):
            self.fetcher.trust(url)
        pending = [
            endpoint
            for endpoint in asked
            if self.fetcher.identity(endpoint.url) not in self.journal.done
        ]
        attempts = self.visit.source.limits.attempts
        pending, threads = self._probe(pending)
        for attempt in range(1, attempts + 1):
            self._round(pending, attempt, threads)
            pending, self._again = self._again, []
            if not pending or attempt == attempts:
                return
            self.hosts.probe_again()
            # Only the rounds wait: nobody sleeps for a single endpoint.
            time.sleep(random.uniform(0, min(10, 0.2 * 2**attempt)))  # noqa: S311

    def _probe(self, pending: list[Endpoint]) -> tuple[list[Endpoint], int]:
        """Ask the first few alone; the rest, and how many threads suit it.

        Threads pay while an answer is waited for. Where most of the time is
        our own work, as with a near and quick server, they only get into each
        other's way.
        """
        wall, work = time.monotonic(), time.thread_time()
        self._round(pending[:PROBED], 1, 1)
        wall, work = time.monotonic() - wall, time.thread_time() - work
        wanted = int(wall / max(work, 1e-6) / 4)
        return pending[PROBED:], max(1, min(self.parallel, wanted))

    def _round(self, pending: list[Endpoint], attempt: int, threads: int) -> None:
        queue = iter(pending)

        def work() -> None:
            while not self._stopped:
                with self._lock:
                    endpoint = next(queue, None)
                if endpoint is None:
                    return
                try:
                    self._ask(endpoint, attempt)
                except BaseException:
                    self._stopped = True
                    raise

        if threads == 1:
            work()
            return
        with ThreadPoolExecutor(threads, "wave") as pool:
            workers = [pool.submit(work) for _ in range(threads)]
            try:
                for worker in workers:
                    worker.result()
            finally:
                self._stopped = any(not worker.done() for worker in workers)

    def _ask(self, endpoint: Endpoint, attempt: int) -> None:
        name, shown = host(endpoint.url), self.fetcher.identity(endpoint.url)
        if self.hosts.gave_up(name):
            self._gave_up(endpoint, attempt, name, shown)
            return
        if self.secretive and not self.fetcher.is_ours(endpoint.url):
            self._withhold(endpoint, attempt, name, shown)
            return
        before = self.visit.known.get(shown)
        request = Request(
            endpoint.url, before, inspector(self.visit.source, endpoint.url),
            unit_code=endpoint.unit_code,
        )  # fmt: skip
        try:
            file = self.fetcher.attempt(request, attempt).file
        except (SourceUnavailable, SourceRefused) as error:
            with self._lock:
                self.hosts.failed(name, error)
                self.last_failure = error
                if isinstance(error, SourceUnavailable):
                    self._again.append(endpoint)
            return
        if file:
            file = with_previous(file, {shown: before} if before else {})
        with self._lock:
            self.hosts.answered(name)
            self.answered += 1
            self.journal.add(shown, file)
        if file:
            self.progress(file)

    def _gave_up(self, endpoint: Endpoint, attempt: int, name: str, shown: str) -> None:
        self.visit.recorder.record(
            shown, "failed", time.monotonic(), attempt=attempt,
            unit_code=endpoint.unit_code, error_class="host_down",
            message=f"{name} has not answered {PATIENCE} times in a row; not asked.",
        )  # fmt: skip
        with self._lock:
            self._again.append(endpoint)

    def _withhold(
        self, endpoint: Endpoint, attempt: int, name: str, shown: str
    ) -> None:
        """Whoever writes the list must not be able to collect our credentials."""
        source = self.visit.source
        error = Refused(
            f"Source {source.code}: {name} is named only by the list from "
            f"{source.endpoints.source}; its credentials are not sent there.",
            "if they are meant for that host, name it in `location`, or give the "
            "addresses in a `file` or `registry` of the site.",
            "undeclared_host",
        )
        self.visit.recorder.record(
            shown, "failed", time.monotonic(), attempt=attempt,
            unit_code=endpoint.unit_code, error_class=error.fault, message=str(error),
        )  # fmt: skip
        with self._lock:
            self.last_failure = error
