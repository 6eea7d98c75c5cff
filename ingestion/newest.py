"""The newest file of each address of a source: what validators come from.

A derived index per source (landing/index/<code>.sqlite) that reads only what
the ledger has gained since it was last used. It may be deleted at any time;
when it does not follow the ledger, or is damaged, it is made anew.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from ingestion.durable import machine_faults
from ingestion.errors import Damaged, MachineRefused
from ingestion.landing import (
    GENESIS,
    LandedBatch,
    LandedFile,
    ledger_from,
    ledger_path,
)
from ingestion.settings import Settings

_SCHEMA = """
create table if not exists newest (url text primary key, file text) without rowid;
create table if not exists cursors (series text primary key, value text) without rowid;
create table if not exists read_to (bytes integer, hash text);
"""


class Newest(Mapping[str, LandedFile]):
    """URL -> newest kept file, looked up one by one; safe in several threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def __getitem__(self, url: str) -> LandedFile:
        row = self._one("select file from newest where url = ?", (url,))
        if row is None:
            raise KeyError(url)
        return LandedFile(**json.loads(row[0]))

    def __len__(self) -> int:
        return self._one("select count(*) from newest")[0]

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            statement = "select url from newest order by url"
            urls = [url for (url,) in self._connection.execute(statement)]
        return iter(urls)

    def cursor(self, series: str) -> str:
        """Newest moment or number that has landed for a series, or empty."""
        row = self._one("select value from cursors where series = ?", (series,))
        return row[0] if row else ""

    def _one(self, statement: str, values: tuple = ()):
        with self._lock:
            return self._connection.execute(statement, values).fetchone()


def newest_files(settings: Settings, source_code: str) -> Newest:
    """Index of a source, brought up to the ledger's end."""
    path = settings.landing / "index" / f"{source_code}.sqlite"
    with machine_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Newest(_refreshed(settings, source_code, path))
    except sqlite3.OperationalError as error:
        raise MachineRefused(
            f"The index {path} cannot be used: {error}.",
            "free some space, give this user the right to write there, or wait "
            "for the process that holds it.",
        ) from error
    except sqlite3.DatabaseError:
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink(missing_ok=True)
        return Newest(_refreshed(settings, source_code, path))


def _refreshed(settings: Settings, code: str, path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=120, check_same_thread=False)
    try:
        connection.isolation_level = None
        # Derived: a loss of power may cost the index, never a landed byte.
        connection.execute("pragma synchronous = off")
        connection.execute("begin immediate")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        if not _follow(settings, code, connection):
            for table in ("newest", "cursors", "read_to"):
                connection.execute(f"delete from {table}")
            _follow(settings, code, connection)
        connection.execute("commit")
    except BaseException:
        connection.close()
        raise
    return connection


def _follow(settings: Settings, code: str, connection: sqlite3.Connection) -> bool:
    """Read the ledger's new lines; False when it is not the one known so far."""
    row = connection.execute("select bytes, hash from read_to").fetchone()
    offset, last = row or (0, GENESIS)
    path = ledger_path(settings)
    size = path.stat().st_size if path.exists() else 0
    if size < offset:
        return False
    start = offset
    for entry, end in ledger_from(settings, offset):
        if entry["previous"] != last:
            if start == 0:
                raise Damaged(
                    f"Entry {entry['seq']} of the landing ledger "
                    f"({entry['batch_id']}) does not follow the one before it.",
                    "run `planwatch verify`, then restore landing from a backup.",
                )
            return False
        if entry["source_code"] == code:
            _take(connection, LandedBatch.open(settings, entry["batch_id"]))
        offset, last = end, entry["hash"]
    if offset != start:
        connection.execute("delete from read_to")
        connection.execute("insert into read_to values (?, ?)", (offset, last))
    return True


def _take(connection: sqlite3.Connection, batch: LandedBatch) -> None:
    connection.executemany(
        "insert or replace into newest values (?, ?)",
        [(f.url, json.dumps(f.as_json())) for f in batch.everything],
    )
    for file in batch.files:
        if file.cursor:
            before = connection.execute(
                "select value from cursors where series = ?", (file.series,)
            ).fetchone()
            newest = later(before[0] if before else "", file.cursor)
            connection.execute(
                "insert or replace into cursors values (?, ?)", (file.series, newest)
            )


def later(one: str, other: str) -> str:
    """The greater of two cursors: numbers as numbers, moments as text."""
    if not one or not other:
        return one or other
    try:
        return max(one, other, key=float)
    except ValueError:
        return max(one, other)
