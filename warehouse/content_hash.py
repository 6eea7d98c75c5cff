"""Content hash of tables: over rows, whatever their order or the file's bytes."""

from __future__ import annotations

import hashlib
import json

import duckdb


def content_hash(
    connection: duckdb.DuckDBPyConnection, tables: list[tuple[str, str, str]]
) -> tuple[str, dict[str, int]]:
    """SHA-256 over (catalog, schema, table) tables and their row counts.

    A row counts as the md5 of its cells as text; the sums of its two halves do
    not depend on order and notice a row that stands twice. Doubles are
    taken to ten significant digits: sums of threads differ in the last ones.
    `load_seq` is left out: it says in which order this machine loaded.
    """
    digests, counts = {}, {}
    for catalog, schema, table in sorted(tables):
        columns = connection.execute(
            "select column_name, data_type from duckdb_columns() where"
            " (database_name, schema_name, table_name) = (?, ?, ?)"
            " and column_name <> 'load_seq'"
            " order by column_name",
            [catalog, schema, table],
        ).fetchall()
        cells = ", ".join(_cell(name, kind) for name, kind in columns)
        count, *sums = connection.execute(
            f"""
            with cells as (
                select md5_number(concat_ws(chr(31), {cells})) as row_hash
                from "{catalog}"."{schema}"."{table}"
            )

            select
                count(*),
                coalesce(sum((row_hash >> 64)::ubigint), 0),
                coalesce(sum((row_hash & 18446744073709551615)::ubigint), 0)
            from cells
            """
        ).fetchone()
        name = f"{schema}.{table}"
        digests[name] = [[c for c, _ in columns], count, *map(str, sums)]
        counts[name] = count
    whole = json.dumps(digests, sort_keys=True).encode()
    return hashlib.sha256(whole).hexdigest(), counts


def _cell(name: str, kind: str) -> str:
    column = f'"{name}"'
    if kind in ("DOUBLE", "FLOAT"):
        column = f"format('{{:.9e}}', {column})"
    elif kind in ("TIMESTAMP", "DATE"):
        column = f"epoch_us({column})"
    return f"coalesce({column}::varchar, chr(1))"
