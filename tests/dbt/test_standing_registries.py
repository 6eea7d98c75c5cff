"""A wave without news of the registries leaves what follows from them alone."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from small_world import SmallWorld

from ingestion.settings import Settings
from warehouse import build as build_stage
from warehouse.database import writer
from warehouse.project import project_hash
from warehouse.schema import apply_schema
from warehouse.standing_registries import TAG, have_news

READ = datetime(2025, 7, 1)
NOW = datetime(2025, 8, 1)
# What makes a model depend on the day beyond what `have_news` looks at.
OF_THE_DAY = re.compile(r"stg_clock|has_passed|env_var|current_date|now\(")
COMMENT = re.compile(r"^--.*$|\{#.*?#\}", re.MULTILINE | re.DOTALL)


@pytest.fixture
def raw():
    """An empty schema of raw, and what writes into it."""
    with duckdb.connect() as connection:
        apply_schema(connection)
        yield connection, SmallWorld(connection)


def unit(valid_from: str, **more: str) -> dict[str, str]:
    return {"unit_code": "U9", "name_en": "Late", "valid_from": valid_from, **more}


@pytest.mark.parametrize(
    ("valid_from", "known_from", "read_seq", "expected"),
    [
        ("2025-01-01", datetime(2025, 6, 1), 1, False),
        ("2025-01-01", datetime(2025, 6, 1), 0, True),  # loaded since
        ("2025-01-01", datetime(2025, 7, 9), 1, True),  # known since
        ("2025-07-09", datetime(2025, 6, 1), 1, True),  # in force since
        ("2025-07-01", datetime(2025, 6, 1), 1, False),  # in force when it was read
        ("2025-08-09", datetime(2025, 6, 1), 1, False),  # not yet in force
    ],
)
def test_what_is_news(raw, valid_from, known_from, read_seq, expected):
    connection, world = raw
    world.registry("units", unit(valid_from), at=known_from)
    assert have_news(connection, read_seq, READ, NOW) is expected


@pytest.mark.parametrize(
    ("valid_to", "expected"),
    [("2025-06-30", False), ("2025-07-01", True), ("2025-08-01", False)],
)
def test_what_has_ended_since_is_news(raw, valid_to, expected):
    """The first day without it counts: one that ended on 30 June was gone then."""
    connection, world = raw
    row = unit("2025-01-01", valid_to=valid_to)
    world.registry("units", row, at=datetime(2025, 6, 1))
    assert have_news(connection, 1, READ, NOW) is expected


def test_a_row_without_slices_is_news_only_once(raw):
    connection, world = raw
    world.registry("plans", {"plan_code": "P"}, at=datetime(2025, 6, 1))
    assert have_news(connection, 0, READ, NOW)
    assert not have_news(connection, 1, READ, NOW)


def test_models_of_the_registries_read_nothing_else(warehouse):
    nodes = warehouse.manifest.nodes
    tagged = [node for node in nodes.values() if TAG in node.tags]
    assert len(tagged) > 10
    for node in tagged:
        above, found = [node.unique_id], set()
        while above:
            name = above.pop()
            if name not in found:
                found.add(name)
                above += nodes[name].depends_on.nodes if name in nodes else []
        sources = {name for name in found if name.startswith("source.")}
        clock = "source.planwatch.raw.batch"
        assert all(".raw.registry_" in name for name in sources - {clock}), node.name
        by_day = {
            nodes[name].name
            for name in found - sources
            if OF_THE_DAY.search(COMMENT.sub("", nodes[name].raw_code))
        }
        # These choose among slices of validity, which `have_news` knows.
        sliced = {"dim_region", "dim_unit", "int_rule_parameters"}
        assert by_day <= sliced | {"stg_clock"}, node.name


def test_a_wave_of_figures_leaves_them_standing(warehouse, tmp_path):
    settings = Settings(home=tmp_path, now=datetime(2025, 9, 1, tzinfo=UTC))
    settings.warehouse.parent.mkdir(parents=True)
    shutil.copy(warehouse.facts["rated"], settings.warehouse)
    with duckdb.connect(settings.warehouse) as connection:
        world = SmallWorld(connection)
        (world.seq,) = connection.execute(
            "select max(load_seq) from raw.batch"
        ).fetchone()
        as_of = connection.execute("select as_of from staging.stg_clock").fetchone()[0]
        connection.execute(
            "insert into ops.build values (?, ?, ?, ?)",
            [world.seq, as_of, project_hash(), as_of],
        )
        world.observe("MOOD", {"2022": "2"}, at=as_of + timedelta(days=1))
    report = build_stage.build(settings)
    assert "fct_observation" in report.timings
    of_registries = {
        node.name
        for node in warehouse.manifest.nodes.values()
        if TAG in node.tags and node.resource_type == "model"
    }
    assert of_registries & report.timings.keys() == set()
    # Whoever reads on from them has read as far as they have.
    with writer(settings) as connection:
        bounds, last = build_stage._bounds(connection, settings)
    assert last == bounds
    assert bounds.load_seq == world.seq
    left = told(settings, of_registries)
    anew = build_stage.run_dbt(
        ["run", "--full-refresh", "--select", f"tag:{TAG}"],
        bounds,
        warehouse.manifest.deepcopy(),
    )
    assert of_registries == anew.timings.keys()
    assert told(settings, of_registries) == left


def told(settings: Settings, models: set[str]) -> dict[str, Counter]:
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        return {
            table: Counter(connection.execute(f"from {schema}.{table}").fetchall())
            for schema, table in connection.execute(
                "select schema_name, table_name from duckdb_tables()"
                " where table_name in (select unnest($models))"
                " and schema_name not in ('ops', 'raw')",
                {"models": list(models)},
            ).fetchall()
        }
