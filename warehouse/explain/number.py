"""One row of a published table: its cells, and all that they are made of."""

from __future__ import annotations

from typing import Any

import duckdb

from ingestion.errors import UsageError
from warehouse.explain.origins import Origin
from warehouse.explain.release import (
    Explanation,
    Query,
    query_for,
    release_sentence,
    row_of,
    rows_of,
)
from warehouse.explain.trails import TRAILS

# Marks of rows that say nothing to a reader.
_HIDDEN = ("_key", "_hash")


def explain_number(
    connection: duckdb.DuckDBPyConnection, table: str, where: str | None
) -> Explanation:
    """Explain the row of a published table that `where` picks.

    UsageError where none or several rows answer.
    """
    row = _the_row(connection, table, where)
    sentences, queries = [], []
    for origin, condition in TRAILS[table]:
        query = query_for(origin.sql(condition), row)
        sentences += told(connection, origin, query)
        queries.append(query)
    return Explanation(
        subject=f"published.{table}",
        headline_en=_cells(row),
        headline_zh="",
        sentences=(*sentences, release_sentence(connection)),
        evidence=row,
        queries=tuple(queries),
    )


def told(
    connection: duckdb.DuckDBPyConnection, origin: Origin, query: Query
) -> list[str]:
    """Sentences about the first rows, and how many more there are."""
    rows = rows_of(connection, f"{query.sql}\nlimit {origin.most}", query.parameters)
    if not rows:
        return [f"No {origin.name} stand behind it."]
    sentences = [origin.sentence(row) for row in rows]
    if len(rows) == origin.most:
        counted = f"select count(*) as n from ({query.sql})"
        more = row_of(connection, counted, query.parameters)["n"] - origin.most
        if more:
            sentences.append(f"… and {more:,} more {origin.name}; --json has the SQL.")
    return sentences


def _the_row(connection, table: str, where: str | None) -> dict[str, Any]:
    query = f"from published.{table} where {where or 'true'} limit 2"
    try:
        rows = rows_of(connection, query)
    except duckdb.Error as error:
        raise UsageError(
            f"--where {where!r} does not fit published.{table}: {error}",
            f'see its columns with `planwatch sql "describe published.{table}"`.',
        ) from error
    if len(rows) == 1:
        return rows[0]
    found = "several rows" if rows else "no row"
    raise UsageError(
        f"published.{table} has {found} where {where or 'nothing is asked'}.",
        f'pick one with --where; `planwatch sql "from published.{table}"` lists them.',
    )


def _cells(row: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value}"
        for name, value in row.items()
        if value is not None and not name.endswith(_HIDDEN)
    )
