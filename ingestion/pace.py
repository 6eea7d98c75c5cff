"""Politeness to a host, shared by all processes of an installation.

    locks/hosts/<host>/next     two moments: our next turn at our own pace, and
                                until when the host asked to be left alone
    locks/hosts/<host>/slot-N   held while a request is open

Plain files with advisory locks: a killed process lets go by dying.
"""

from __future__ import annotations

import fcntl
import hashlib
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

_MOMENTS = struct.Struct("<dd")
# A folder's name has 255 bytes at the most; longer names of hosts are hashed.
_LONGEST_NAME = 200


class Pace:
    """Turns at one host: so many a second, so many at the same time."""

    # Stays where a half-made pace is thrown away.
    _descriptor = -1

    def __init__(self, settings: Settings, host: str, limits: Limits) -> None:
        self.folder = settings.locks / "hosts" / _folder_name(host)
        self._next = self.folder / "next"
        self._gap = 1 / limits.per_second if limits.per_second else 0.0
        self._patience = limits.max_wait_seconds
        with machine_faults(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._next.touch()
            self._descriptor = os.open(self._next, os.O_RDONLY)
        self._slot = _Slots(self.folder, limits.concurrency)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def waiting(self) -> float:
        """Seconds that the host still wants to be left alone."""
        _, alone = _read(self._descriptor)
        return max(0.0, alone - time.time())

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Wait for a free slot and for our next moment, then hold the slot.

        Gives 0, or for how many seconds the host wants to be left alone where
        these are more than the source waits for: it must not be asked then.
        """
        descriptor = self._slot.take()
        try:
            yield self._wait()
        finally:
            self._slot.give_back(descriptor)

    def leave_alone(self, seconds: float) -> None:
        """Nobody asks this host again before `seconds` have passed."""
        with _locked(self._next) as descriptor:
            turn, alone = _read(descriptor)
            alone = max(alone, time.time() + seconds)
            os.pwrite(descriptor, _MOMENTS.pack(turn, alone), 0)

    def _wait(self) -> float:
        while (alone := self.waiting()) <= self._patience:
            wait = self._reserve(alone) if self._gap else alone
            if wait > 0:
                time.sleep(wait)
            # Others may have been asked for peace while we waited.
            if not self.waiting():
                return 0.0
        return alone

    def _reserve(self, seconds: float) -> float:
        """Take the next turn after so many `seconds`; how long it is off."""
        with _locked(self._next) as descriptor:
            turn, alone = _read(descriptor)
            moment = time.time()
            start = max(turn, moment + seconds)
            os.pwrite(descriptor, _MOMENTS.pack(start + self._gap, alone), 0)
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


def _folder_name(host: str) -> str:
    name = quote(host, safe=".-")
    if len(name) <= _LONGEST_NAME and name.strip("."):
        return name
    # No quoted name holds "=": this can be no other host's.
    return f"{name[:40]}={hashlib.sha256(host.encode()).hexdigest()}"


def _read(descriptor: int) -> tuple[float, float]:
    """Our next turn, and until when the host wants to be left alone."""
    content = os.pread(descriptor, _MOMENTS.size, 0)
    return _MOMENTS.unpack(content) if len(content) == _MOMENTS.size else (0.0, 0.0)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
