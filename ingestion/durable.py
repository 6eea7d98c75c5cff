"""Writing that survives a killed process: all of it is there, or nothing."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from ingestion.errors import Busy, MachineRefused, UsageError

REFUSALS = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES,
    errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE,
)  # fmt: skip


@contextmanager
def machine_faults(path: Path) -> Iterator[None]:
    """Turn the machine's refusals into one sentence with the remedy."""
    try:
        yield
    except PermissionError as error:
        raise MachineRefused(
            f"No permission to write {error.filename or path}.",
            "give this user the right to write there, or choose another --home.",
        ) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise MachineRefused(
            f"Cannot write {path}: {error.filename or path} is no folder.",
            "move away what stands there, or choose another --home.",
        ) from error
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        raise MachineRefused(
            f"Cannot write {error.filename or path}: {os.strerror(error.errno)}.",
            "free some space or choose another --home; what was kept is intact.",
        ) from error
    except duckdb.Error as error:
        # DuckDB writes Parquet and database files itself and tells the system's
        # refusal in words only.
        told = str(error).splitlines()[0]
        if not any(os.strerror(number) in told for number in REFUSALS):
            raise
        raise MachineRefused(
            f"Cannot write {path}: {told}",
            "free some space or choose another --home; what was kept is intact.",
        ) from error


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def commit_file(temporary: Path, final: Path) -> None:
    """fsync `temporary` and rename it onto `final` in one step."""
    with machine_faults(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(final)
        sync_folder(final.parent)


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file to write that takes the place of `path` when it is whole.

    For files where a user wants them. UsageError where `path` cannot be a
    file; what stood there stays as it was, and nothing half-written stays.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", "name a file in --output.")
    temporary = path.with_name(f".{path.name}.part")
    try:
        with machine_faults(path), _folder_of(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
        commit_file(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def _folder_of(path: Path) -> Iterator[None]:
    """As `machine_faults`, where the remedy is another file, not another home."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(
            f"{path} cannot be written: {error.filename} is no folder.",
            "correct --output.",
        ) from error


def write_json(final: Path, content: Any) -> None:
    """Write `content` as JSON so that readers see the old or the new whole."""
    with machine_faults(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.with_name(f".{final.name}.{os.getpid()}")
        temporary.write_text(
            json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n",
            encoding="utf-8",
        )
    commit_file(temporary, final)


@contextmanager
def held(lock: Path, wait_seconds: float = 600) -> Iterator[None]:
    """Hold a lock file; released by the system when the process dies."""
    with machine_faults(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        guard = FileLock(lock, timeout=wait_seconds)
        try:
            guard.acquire()
        except Timeout as error:
            raise Busy(
                f"Another Planwatch process has held {lock.name} for "
                f"{wait_seconds:.0f} seconds.",
                "wait until it has finished, then run the same command again.",
            ) from error
    try:
        yield
    finally:
        guard.release()
