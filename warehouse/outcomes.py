"""Outcomes of fetching, from landing's log into raw."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingestion.outcomes import COLUMNS, outcome_files
from ingestion.settings import Settings
from warehouse.database import transaction

_KEY = "run_id, source_code, shard, url, attempt, attempted_at"
_READ = {
    ".parquet": "read_parquet($path)",
    # A killed process may leave half a line at the end: the next read has it.
    ".ndjson": "read_json($path, columns = $columns, format = 'newline_delimited',"
    " ignore_errors = true)",
}


def load_outcomes(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Add attempts that raw does not have yet; gives how many.

    A finished run is read once. The log of a run that is still going on is
    read again each time and only its new lines are added.
    """
    with transaction(connection):
        done = {
            name
            for (name,) in connection.execute(
                "select file_name from ops.outcome_file"
            ).fetchall()
        }
        waiting = [f for f in outcome_files(settings) if f.name not in done]
        return sum(_add(connection, path) for path in waiting)


def _add(connection, path: Path) -> int:
    parameters = {"path": str(path)}
    if path.suffix == ".ndjson":
        parameters["columns"] = COLUMNS
    listed = ", ".join(f'"{name}"' for name in COLUMNS if name != "at")
    (count,) = connection.execute(
        f"""
        insert into raw.fetch_outcome by name
        select {listed}, "at" as attempted_at
        from {_READ[path.suffix]}
        where ({_KEY}) not in (select ({_KEY}) from raw.fetch_outcome)
        """,
        parameters,
    ).fetchone()
    if path.suffix == ".parquet":
        connection.execute("insert into ops.outcome_file values (?)", [path.name])
    return count
