"""The one connection factory: a private writer, and readers of releases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from ingestion.durable import REFUSALS, held, machine_faults
from ingestion.errors import Busy, Damaged, MachineRefused, UsageError
from ingestion.settings import Settings
from warehouse.schema import apply_schema


@contextmanager
def writer(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Sole writer of the warehouse file, with the raw schema in place.

    Raises Busy when another process writes, MachineRefused when the disk says
    no. Every caller makes one transaction.
    """
    with writer_lock(settings), machine_faults(settings.warehouse):
        settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        with connect(settings.warehouse, settings) as connection:
            apply_schema(connection)
            yield connection


@contextmanager
def writer_lock(settings: Settings) -> Iterator[None]:
    with held(settings.locks / "warehouse.lock"):
        yield


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


@contextmanager
def reader(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The current release, read-only, with no way to files or network."""
    path = settings.releases / "current" / "planwatch.duckdb"
    if not path.exists():
        raise UsageError(
            f"There is no release in {settings.releases} yet.",
            "run `planwatch run` (or `planwatch demo`) first.",
        )
    with reader_of(path, settings) as connection:
        yield connection


@contextmanager
def reader_of(path: Path, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A finished database file, read-only, with no way to files or network.

    What does not fit into memory goes to a folder of this reader alone: DuckDB's
    own choice lies beside the file, where its readers overwrite each other's.
    """
    with (
        _spill_folder() as spill,
        connect(path.resolve(), settings, read_only=True) as connection,
    ):
        escaped = spill.replace("'", "''")
        connection.execute(f"set temp_directory = '{escaped}'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection


@contextmanager
def _spill_folder() -> Iterator[str]:
    try:
        folder = TemporaryDirectory(prefix="planwatch-", ignore_cleanup_errors=True)
    except OSError as error:
        raise MachineRefused(
            f"No folder for temporary files can be made: {error.strerror}.",
            "free some space, or name another folder in TMPDIR.",
        ) from error
    with folder as name:
        yield name


def connect(path: Path, settings: Settings, *, read_only: bool = False):
    config = {"memory_limit": settings.memory_limit, "threads": str(settings.threads)}
    try:
        connection = duckdb.connect(str(path), read_only=read_only, config=config)
    except duckdb.IOException as error:
        text = str(error)
        if "Could not set lock" in text:
            raise Busy(
                f"{path} is in use by another program: {text.splitlines()[0]}",
                "read the release (`releases/current`) instead of the writer's file.",
            ) from error
        if any(os.strerror(number) in text for number in REFUSALS):
            raise
        raise Damaged(
            f"{path} cannot be opened: {text.splitlines()[0]}",
            "run `planwatch rebuild`: it makes the warehouse anew from landing.",
        ) from error
    # Not in `config`: the setting is known only once icu has been loaded.
    connection.execute("set timezone = 'UTC'")
    return connection
