"""SQLAlchemy dialect through which Great Expectations talks to DuckDB.

Great Expectations knows no DuckDB. duckdb-engine brings the dialect, and these
things have to be put right for the two to work together:

* It fetches results after it closed the connection; DuckDB's results die with
  the connection. So every result is read fully at execution.
* It asks the dialect which regular expressions it has. It takes DuckDB for
  none of its own, except that a dialect that looks like Dremio's gets
  `regexp_matches(column, pattern)`, which is DuckDB's function too.
  (PostgreSQL's `~` would be wrong: in DuckDB it must match the whole text.)
* Reflection through PostgreSQL's catalog views takes a tenth of a second a
  table, more than judging a small registry: `describe` knows the same.
* PostgreSQL dialects double backslashes in literals of compiled queries, and
  the queries of failing rows are compiled so. DuckDB takes them as they are.

`NullPool` because connections are cheap in one process, and a pool would keep
the judged database alive after the judgement.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import duckdb_engine
import sqlalchemy
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGExecutionContext_psycopg2
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.pool import NullPool

from ingestion.settings import Settings

_TYPES = {
    "BIGINT": sqltypes.BigInteger,
    "INTEGER": sqltypes.Integer,
    "DECIMAL": sqltypes.Numeric,
    "DOUBLE": sqltypes.Float,
    "DATE": sqltypes.Date,
    "TIMESTAMP": sqltypes.DateTime,
}


# Beside it stand the libraries themselves and what DuckDB does not count.
MOST_BYTES = 900 * 2**20


class BufferedContext(PGExecutionContext_psycopg2):
    """Reads each result fully as soon as the statement has run."""

    def post_exec(self) -> None:
        super().post_exec()
        if self.cursor.description is not None:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class Dialect(duckdb_engine.Dialect):
    execution_ctx_cls = BufferedContext
    supports_statement_cache = False
    DremioDialect = True
    _backslash_escapes = False

    def get_columns(
        self,
        connection: Any,
        table_name: str,
        schema: str | None = None,  # noqa: ARG002 - all tables are in `main`
        **_: Any,
    ) -> list[dict[str, Any]]:
        # duckdb_columns() would bind every view of the system, too.
        found = connection.exec_driver_sql(f'describe "{table_name}"')
        return [
            {
                "name": name,
                "type": _TYPES.get(kind.split("(")[0], sqltypes.String)(),
                "nullable": True,
                "default": None,
            }
            for name, kind, *_ in found
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {"constrained_columns": [], "name": None}


registry.register("duckdb.gate", __name__, "Dialect")


class Bench:
    """One in-memory database that lives as long as a judgement.

    `connection` prepares and reads tables; `url` is the same database for
    Great Expectations.
    """

    def __init__(self, url: str, connection: Any) -> None:
        self.url = url
        self.connection = connection
        self.data_source: Any = None
        self.assets = 0

    def execute(self, sql: str, parameters: Any = None) -> Any:
        if parameters is None:
            return self.connection.execute(sql)
        return self.connection.execute(sql, parameters)

    def cursor(self) -> Any:
        """Another connection to the same database."""
        return self.connection.duplicate()

    def value(self, sql: str, parameters: Any = None) -> Any:
        """First cell of a query's first row."""
        return self.execute(sql, parameters).fetchone()[0]

    def has(self, name: str) -> bool:
        """Whether there is a table or view of that name."""
        # To ask the catalogue for all it has takes several times as long.
        try:
            self.execute(f'describe "{name}"')
        except duckdb.CatalogException:
            return False
        return True

    def columns(self, table: str) -> list[str]:
        return [row[0] for row in self.execute(f"describe {table}").fetchall()]


def _keep_small(bench: Bench) -> None:
    """Lower the memory limit to what a judgement needs; the rest spills to disk."""
    number, unit = bench.value("select current_setting('memory_limit')").split()
    size = float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit)
    if size > MOST_BYTES:
        bench.execute(f"set global memory_limit = '{MOST_BYTES} bytes'")


@contextmanager
def open_bench(settings: Settings) -> Iterator[Bench]:
    """A named in-memory database: gone when the last connection closes."""
    url = f"duckdb+gate:///:memory:gate_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    raw = engine.raw_connection()
    try:
        bench = Bench(url, raw.driver_connection)
        bench.execute(f"set global threads = {settings.threads}")
        bench.execute(f"set global memory_limit = '{settings.memory_limit}'")
        _keep_small(bench)
        spill = str(settings.home / "spill").replace("'", "''")
        bench.execute(f"set global temp_directory = '{spill}'")
        bench.execute("set global timezone = 'UTC'")
        bench.execute("set enable_progress_bar = false")
        yield bench
    finally:
        raw.close()
        engine.dispose()
