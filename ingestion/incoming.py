"""The room before landing: bytes that were fetched but belong to no batch yet.

    landing/incoming/<aa>/new-…     being written
    landing/incoming/<aa>/<sha256>  complete; waits for the commit of its batch

Nothing here counts as landed. Whatever a killed process leaves is either
named by the journal of a wave, which goes on with it, or swept away.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ingestion.durable import machine_faults
from ingestion.settings import Settings

_numbers = itertools.count()
# From so many files on, one sync of the file system is cheaper than theirs.
_MANY = 16


def staged_path(settings: Settings, sha256: str) -> Path:
    return Path(f"{settings.home}/landing/incoming/{sha256[:2]}/{sha256}")


class Unfinished:
    """A file that is being written: staged under its hash, or gone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        number = next(_numbers)
        # Spread over folders: file systems look for room near the folder, and
        # slowly so when thousands are made in one.
        self.path = Path(
            f"{settings.home}/landing/incoming/{number % 256:02x}"
            f"/new-{os.getpid()}-{number}"
        )
        self._staged = False

    def open(self) -> BinaryIO:
        try:
            return open(self.path, "wb")
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.open("wb")

    def stage(self, sha256: str) -> Path:
        """Name complete bytes by their hash. Not durable yet: see make_durable."""
        final = staged_path(self._settings, sha256)
        try:
            self.path.replace(final)
        except FileNotFoundError:
            final.parent.mkdir(parents=True, exist_ok=True)
            self.path.replace(final)
        self._staged = True
        return final

    def discard(self) -> None:
        if not self._staged:
            self.path.unlink(missing_ok=True)


@contextmanager
def unfinished(settings: Settings) -> Iterator[Unfinished]:
    """Room for one file; what is not staged is gone afterwards."""
    file = Unfinished(settings)
    try:
        with machine_faults(file.path):
            yield file
    finally:
        file.discard()


def make_durable(paths: Iterable[Path]) -> None:
    """Return when files and their names would survive a loss of power."""
    paths = list(paths)
    if not paths:
        return
    with machine_faults(paths[0]):
        if len(paths) > _MANY and _sync_file_system(paths[0].parent):
            return
        folders = set()
        for path in paths:
            with suppress(FileNotFoundError):
                _sync(path)
                folders.add(path.parent)
        for folder in folders:
            _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(path: Path) -> bool:
    """Linux's syncfs; False where there is none."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if call is None:
        return False
    while not path.exists():
        path = path.parent
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if call(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(descriptor)
    return True


def sweep(settings: Settings, named: set[str], hours: float = 48) -> int:
    """Remove what killed processes left; keeps hashes that `named` holds."""
    removed = 0
    oldest = time.time() - hours * 3600
    for path in (settings.landing / "incoming").glob("*/*"):
        with suppress(FileNotFoundError):
            if path.name not in named and path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed
