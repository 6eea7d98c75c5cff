"""What a reader works on, and the tables that it fills.

    file_<n>   one per file: "#id" (the record, counted from 0), "#row" (row of
               the file, as a person counts it), "#key", "#deleted", and the
               file's own columns as c0, c1 … (text; their names stay here)
    present    file_number, file_sha256, records
    skipped    file_number, file_sha256, row_number, reason, text
    problems   file_number, file_sha256, url, record, row_number, column_name,
               value, expected

`file_number` is the place in the batch: two addresses may give the same bytes.
A record is a row, or one cell of a wide table. Every record that is present
ends as read, skipped or refused; `account` proves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.errors import ContentRejected
from ingestion.landing import LandedBatch, LandedFile, object_path
from ingestion.settings import Settings
from ingestion.source import Source

_TEXT_KEPT = 1000
_BOOKS = """
create table present (
    file_number integer, file_sha256 varchar, records bigint
);
create table skipped (
    file_number integer, file_sha256 varchar, row_number bigint,
    reason varchar, text varchar
);
create table problems (
    file_number integer, file_sha256 varchar, url varchar,
    record bigint, row_number bigint, column_name varchar, value varchar,
    expected varchar
);
"""
_SKIPPED = pa.schema(
    [("row_number", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
)
_PROBLEMS = pa.schema(
    [("record", pa.int64()), ("row_number", pa.int64()), ("column_name", pa.string()),
     ("value", pa.string()), ("expected", pa.string())]
)  # fmt: skip


class Unreadable(ContentRejected):
    """A kept file is not what its source declares; it is refused whole."""


def unreadable(file: LandedFile, why: str, remedy: str = "") -> Unreadable:
    return Unreadable(
        f"{file.url}: {why}.",
        remedy or "send it again in the declared format; the bytes are kept.",
    )


@dataclass(frozen=True)
class Problem:
    """A record that cannot be read: where, what stands there, what should."""

    record: int | None
    row_number: int | None
    column: str | None
    value: str | None
    expected: str


@dataclass(frozen=True)
class Table:
    """A file as loaded: column names in the order of c0, c1 …

    `notes` is the text around the data; `optional` names columns that the
    format defines and that may hold nothing; `places` are the columns' numbers
    where they are not simply 0, 1, 2 …
    """

    number: int
    file: LandedFile
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    places: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return f"file_{self.number}"

    def cell(self, column: str) -> str:
        """SQL name of a column."""
        place = self.columns.index(column)
        return f"c{self.places[place] if self.places else place}"


@dataclass(frozen=True)
class Intake:
    """One batch on its way to rows.

    `paths` tells where files lie that have not landed; `bare` asks for the
    files' own columns, unmapped.
    """

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    batch: LandedBatch
    source: Source
    paths: Mapping[str, Path] = field(default_factory=dict)
    bare: bool = False
    tables: list[Table] = field(default_factory=list)

    def open_books(self) -> None:
        self.connection.execute(_BOOKS)

    @property
    def numbers(self) -> range:
        """Places of the files to read; of a registry only the newest counts."""
        count = len(self.batch.files)
        return range(count - 1 if self.batch.kind == "registry" else 0, count)

    def path(self, file: LandedFile) -> Path:
        given = self.paths.get(file.sha256)
        return given or object_path(self.settings, file.sha256)

    def beside(self, name: str) -> Path:
        """A file that the declaration refers to, such as a code map."""
        return self.settings.site / "sources" / name

    def document(self, file: LandedFile) -> bytes:
        """The whole file; Unreadable beyond `read_limits.max_document_bytes`."""
        path = self.path(file)
        limit = self.source.read_limits.max_document_bytes
        size = path.stat().st_size
        if size > limit:
            raise unreadable(
                file,
                f"it has {size:,} bytes, over the limit of {limit:,} for files that "
                "are read whole",
                "raise `read_limits.max_document_bytes` if so much is expected.",
            )
        return path.read_bytes()

    def skip(self, number: int, rows: Iterable[tuple[int | None, str, str]]) -> None:
        """Record rows that are no data: row, reason, text."""
        kept = [(row, why, _storable(text)[:_TEXT_KEPT]) for row, why, text in rows]
        self._append("skipped", _SKIPPED, kept, f"{number} as file_number, "
                     f"{self._hash(number)} as file_sha256")  # fmt: skip

    def refuse(self, number: int, problems: Iterable[Problem]) -> None:
        """Record why records cannot be read; those are left out."""
        rows = [
            (p.record, p.row_number, p.column and _storable(p.column),
             p.value and _storable(p.value)[:_TEXT_KEPT], p.expected)
            for p in problems
        ]  # fmt: skip
        file = self.batch.files[number]
        self._append("problems", _PROBLEMS, rows, f"{number} as file_number, "
                     f"{quoted(file.sha256)} as file_sha256, "
                     f"{quoted(file.url)} as url")  # fmt: skip

    def _hash(self, number: int) -> str:
        return quoted(self.batch.files[number].sha256)

    def count(self, number: int, records: int) -> None:
        """Record how many records the file holds."""
        self.connection.execute(
            "insert into present values (?, ?, ?)",
            [number, self.batch.files[number].sha256, records],
        )

    def add_table(self, table: Table, records: Sequence[Record]) -> None:
        """Load records as `file_<n>`; cells beyond the columns do not exist."""
        columns = {
            "#id": pa.array([r.record for r in records], pa.int64()),
            "#row": pa.array([r.row_number for r in records], pa.int64()),
            "#key": pa.array([r.key for r in records], pa.string()),
            "#deleted": pa.array([r.deleted for r in records], pa.bool_()),
        }
        for index in range(len(table.columns)):
            cells = [storable(r.cells[index]) for r in records]
            columns[f"c{index}"] = pa.array(cells, pa.string())
        self._load(table.name, pa.table(columns))
        self.tables.append(table)

    def _load(self, name: str, content: pa.Table) -> None:
        self.connection.register("arriving", content)
        self.connection.execute(f"create table {name} as select * from arriving")
        self.connection.unregister("arriving")

    def _append(self, name: str, schema, rows: list[tuple], told: str) -> None:
        if not rows:
            return
        cells = zip(*rows, strict=True)
        columns = [pa.array(c, f.type) for c, f in zip(cells, schema, strict=True)]
        names = [f.name for f in schema]
        self.connection.register("arriving", pa.table(columns, names=names))
        self.connection.execute(
            f"insert into {name} by name select {told}, * from arriving"
        )
        self.connection.unregister("arriving")


@dataclass(frozen=True)
class Record:
    """One record of a file, its cells in the order of the table's columns."""

    record: int
    row_number: int
    cells: Sequence[str | None]
    key: str | None = None
    deleted: bool = False


def storable(text: str | None) -> str | None:
    """Text as it is stored; an empty cell is null."""
    return _storable(text) if text else None


def _storable(text: str) -> str:
    # Half a surrogate pair (JSON can carry one) is no text that can be stored.
    return text.encode("utf-8", "replace").decode("utf-8")


def quoted(text: str) -> str:
    """SQL literal."""
    return "'" + _storable(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """SQL name of a column that a file named."""
    return '"' + name.replace('"', '""') + '"'
