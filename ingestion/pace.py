"""Politeness to a host, shared by all processes of an installation.

    locks/hosts/<host>/next     moment at which the next request may start
    locks/hosts/<host>/slot-N   held while a request is open

Plain files with advisory locks: a killed process lets go by dying.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ingestion.access import Limits
from ingestion.durable import machine_faults
from ingestion.settings import Settings

_MOMENT = struct.Struct("<d")


class Pace:
    """Turns at one host: so many a second, so many at the same time."""

    def __init__(self, settings: Settings, host: str, limits: Limits) -> None:
        self.folder = settings.locks / "hosts" / quote(host, safe=".-")
        self._next = self.folder / "next"
        self._gap = 1 / limits.per_second if limits.per_second else 0.0
        with machine_faults(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._next.touch()

        self._descriptor = os.open(self._next, os.O_RDONLY)
        self._slot = _Slots(self.folder, limits.concurrency)

    def __del__(self) -> None:
        os.close(self._descriptor)

    def waiting(self) -> float:
        """Seconds that the host still wants to be left alone."""
        return max(0.0, _read(self._descriptor) - time.time())

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a free slot and for the next moment, then hold the slot."""
        descriptor = self._slot.take()
        try:
            wait = self._reserve() if self._gap else self.waiting()
            if wait > 0:
                time.sleep(wait)
            yield
        finally:
            self._slot.give_back(descriptor)

    def leave_alone(self, seconds: float) -> None:
        """Nobody asks this host again before `seconds` have passed."""
        with _locked(self._next) as descriptor:
            moment = max(_read(descriptor), time.time() + seconds)
            os.pwrite(descriptor, _MOMENT.pack(moment), 0)

    def _reserve(self) -> float:
        with _locked(self._next) as descriptor:
            moment = time.time()
            start = max(_read(descriptor), moment)
            os.pwrite(descriptor, _MOMENT.pack(start + self._gap), 0)
        return start - moment


class _Slots:
    """Locks that are held while a request is open; files stay open for reuse."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count
        self._free: list[int] = []
        self._made = 0

    def __del__(self) -> None:
        for descriptor in self._free:
            os.close(descriptor)

    def take(self) -> int:
        """Hold any slot that nobody holds; wait for one when all are taken."""
        try:
            descriptor = self._free.pop()
        except IndexError:
            descriptor = self._open(self._made)
            self._made += 1
        if _try_lock(descriptor):
            return descriptor
        os.close(descriptor)
        for number in range(self._count):
            descriptor = self._open(number)
            if _try_lock(descriptor):
                return descriptor
            os.close(descriptor)
        descriptor = self._open(self._made)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def give_back(self, descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        self._free.append(descriptor)

    def _open(self, number: int) -> int:
        # Each process begins elsewhere, so that they seldom meet.
        path = self._folder / f"slot-{(os.getpid() + number) % self._count}"
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> float:
    content = os.pread(descriptor, _MOMENT.size, 0)
    return _MOMENT.unpack(content)[0] if len(content) == _MOMENT.size else 0.0


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
