"""A small warehouse that dbt builds in this process."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import sqlparse
from small_world import SmallWorld

from ingestion.settings import Settings
from warehouse.database import transaction
from warehouse.project import invoke, manifest_of
from warehouse.schema import apply_schema
from warehouse.shares import SHARE

PROJECT = Path(__file__).parents[2] / "dbt_project"
LAYERS = ("core", "marts", "published")
Rows = dict[str, Counter]


@dataclass
class Warehouse:
    """The file, the world that fills it and what every stage left behind."""

    path: Path
    manifest: object
    seq: int = 0
    as_of: datetime = datetime(2021, 1, 1)
    taken: dict[str, Rows] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)

    def fill(self, tell: Callable[[SmallWorld], None], until: datetime) -> None:
        with duckdb.connect(self.path) as connection, transaction(connection):
            world = SmallWorld(connection)
            world.seq = self.seq
            tell(world)
            self.seq = world.seq
        self.as_of = until

    def dbt(self, *arguments: str, as_of: datetime | None = None) -> object:
        os.environ["PLANWATCH_BUILD_AS_OF"] = str(as_of or self.as_of)
        os.environ["PLANWATCH_BUILD_LOAD_SEQ"] = str(self.seq)
        # As the build has it: files about a run take longer than a wave.
        return invoke(["--no-write-json", *arguments], self.manifest.deepcopy())

    def run(self, *arguments: str) -> None:
        outcome = self.dbt("run", *arguments)
        assert outcome.success, outcome.exception or [
            result.message for result in outcome.result if result.message != "OK"
        ]

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(self.path, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def take(self, name: str) -> None:
        """Every row of core, marts and published, as it is now."""
        # One connection: to open the file takes longer than to read a table.
        with duckdb.connect(self.path, read_only=True) as connection:
            tables = connection.execute(
                "select table_schema, table_name from information_schema.tables "
                f"where table_schema in {LAYERS} order by all"
            ).fetchall()
            self.taken[name] = {
                f"{schema}.{table}": Counter(
                    connection.execute(f'from {schema}."{table}"').fetchall()
                )
                for schema, table in tables
            }


@contextmanager
def opened(home: Path) -> Iterator[Warehouse]:
    """A warehouse with an empty raw schema, and the environment that dbt reads."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "PLANWATCH_WAREHOUSE": home / "planwatch.duckdb",
            "DBT_PROJECT_DIR": PROJECT,
            "DBT_PROFILES_DIR": PROJECT,
            "DBT_TARGET_PATH": home / "target",
            "DBT_LOG_PATH": home / "logs",
            "PLANWATCH_BUILD_AS_OF": "",
            "PLANWATCH_BUILD_LOAD_SEQ": "",
            SHARE: "1/1",
        }.items():
            patch.setenv(name, str(value))
        patch.setattr(sqlparse, "parse", _look_for_with_among_words)
        made = Warehouse(home / "planwatch.duckdb", manifest_of(Settings(home=home)))
        with duckdb.connect(made.path) as connection:
            apply_schema(connection)
        yield made


def _look_for_with_among_words(sql: str, encoding: str | None = None) -> tuple:
    """For each unit test dbt wants a tree of all the SQL, to look for the first
    WITH; that takes as long as the test. The words in a row say the same."""
    return tuple(sqlparse.engine.FilterStack().run(sql, encoding))
