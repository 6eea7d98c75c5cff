"""Plain CSV: UTF-8, comma, header line, every cell as text."""

from __future__ import annotations

import duckdb

from ingestion.formats.mapping import map_observations
from ingestion.landing import LandedBatch, LandedFile, object_path
from ingestion.settings import Settings
from ingestion.source import Source

# `strict_mode` and a fixed dialect: a ragged or misquoted line stops the read
# with its number; nothing is guessed per file.
_READ = """
create temp table {table} as
select
    row_number() over () as row_number,
    *,
from read_csv(
    {path}, header = true, all_varchar = true, delim = ',', quote = '"',
    escape = '"', nullstr = '', strict_mode = true, auto_detect = false,
    columns = {columns}, encoding = 'utf-8'
)
"""


def read(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: LandedBatch,
    source: Source,
) -> None:
    """Registry files become `registry_rows`, others `observations`."""
    if batch.kind == "registry":
        read_table(connection, settings, batch.files[-1], "registry_rows")
        return
    for number, file in enumerate(batch.files):
        read_table(connection, settings, file, f"file_{number}")
    map_observations(connection, batch, source)


def read_table(connection, settings: Settings, file: LandedFile, table: str) -> None:
    """Load one CSV file with all its columns as text and `row_number` from 1."""
    path = object_path(settings, file.sha256)
    header = _header(connection, str(path))
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in header)
    connection.execute(
        _READ.format(table=table, path=_quoted(str(path)), columns=f"{{{columns}}}")
    )


def _header(connection, path: str) -> list[str]:
    """Names of the header line; DuckDB's own sniffer would guess the dialect."""
    row = connection.execute(
        "select * from read_csv(?, header = false, all_varchar = true,"
        " delim = ',', quote = '\"', escape = '\"', auto_detect = true,"
        " sample_size = 1) limit 1",
        [path],
    ).fetchone()
    names = [(name or "").strip() for name in row or ()]
    if not names or any(not name for name in names):
        raise duckdb.InvalidInputException("the header line has an empty column name")
    if len(set(names)) < len(names):
        raise duckdb.InvalidInputException("a column name stands twice in the header")
    return names


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
