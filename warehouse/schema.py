"""The raw schema, applied before anything is loaded or modelled."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingestion.registry import OPTIONAL_EVERYWHERE, REGISTRIES, RegistryShape

SCHEMA = Path(__file__).with_name("schema.sql")
OPS = Path(__file__).with_name("ops.sql")


def apply_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing, also columns of registries; never drops."""
    apply_ops(connection)
    connection.execute(SCHEMA.read_text(encoding="utf-8"))
    for shape in REGISTRIES.values():
        connection.execute(registry_table(shape))
    standing = set(
        connection.execute(
            "select table_name, column_name from duckdb_columns()"
            " where schema_name = 'raw' and database_name = current_database()"
        ).fetchall()
    )
    for shape in REGISTRIES.values():
        for column in registry_columns(shape):
            if (f"registry_{shape.name}", column) not in standing:
                connection.execute(
                    f"alter table raw.registry_{shape.name} add column {column} varchar"
                )


def apply_ops(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables in which dbt's models note how far they have read."""
    connection.execute(OPS.read_text(encoding="utf-8"))


def registry_columns(shape: RegistryShape) -> tuple[str, ...]:
    """Columns that a registry's raw table keeps as text."""
    optional = (name for name in OPTIONAL_EVERYWHERE if name != "known_from")
    return tuple(dict.fromkeys((*shape.columns, *optional)))


def registry_table(shape: RegistryShape) -> str:
    """One row per changed key and batch; is_deleted marks a key that vanished."""
    cells = "".join(f"    {name} varchar,\n" for name in registry_columns(shape))
    return f"""
create table if not exists raw.registry_{shape.name} (
    source_code varchar not null,
    batch_id varchar not null,
    row_number bigint not null,
{cells}    row_hash varchar not null,
    is_deleted boolean not null,
    known_from timestamp not null,
    load_seq bigint not null
)"""
