"""Any published number is explained down to plan, rule, file, row and bytes."""

from __future__ import annotations

import json
import re

import pytest

from ingestion.errors import UsageError
from tests.conftest import ROOT
from warehouse.database import reader
from warehouse.explain import explain
from warehouse.explain.origins import FIGURES, REASONS, REPORTS, RULES, TARGETS
from warehouse.explain.trails import TRAILS

# The sample site has nothing to tell there.
EMPTY = {"report_divergence", "warning_track_record"}


@pytest.fixture
def release(published):
    with reader(published) as connection:
        yield connection


def published_tables(connection) -> set[str]:
    return {
        name
        for (name,) in connection.execute(
            "select view_name from duckdb_views() where schema_name = 'published'"
            " and view_name not like '%\\_v1' escape '\\'"
        ).fetchall()
    }


def test_every_published_table_has_a_trail(release):
    assert {*TRAILS, "early_warning"} == published_tables(release)


@pytest.mark.parametrize("table", sorted({*TRAILS} - EMPTY))
def test_some_row_of_each_table_leads_to_bytes(release, table):
    """Every tenth row or so, picked by all of its cells."""
    rows = release.execute(f"from published.{table} using sample 5 rows").fetchall()
    names = [column[0] for column in release.description]
    assert rows
    for row in rows:
        told = explain(release, table, _picking(names, row))
        found = " ".join(told.sentences)
        assert re.search(r"batch [a-z_]+-[0-9a-f]{16}", found), told.text()
        assert re.search(r"(sha256 [0-9a-f]{16}|https?://)", found)
        assert told.evidence == dict(zip(names, row, strict=True))


def test_a_report_that_has_not_come_leads_to_the_row_of_its_unit(release):
    row = release.execute(
        "from published.reporting_discipline where actual_reports = 0"
        " order by period, unit_code limit 1"
    ).fetchone()
    names = [column[0] for column in release.description]
    told = explain(release, "reporting_discipline", _picking(names, row))
    (sentence,) = [said for said in told.sentences if "nothing has come" in said]
    number, batch = re.search(
        r"the unit stands in row (\d+) of http\S+, bytes sha256 [0-9a-f]{16}…,"
        r" batch (sim_units-[0-9a-f]{16})",
        sentence,
    ).groups()
    assert release.execute(
        "select unit_code from core.dim_unit_vintage"
        " where batch_id = ? and row_number = ?",
        [batch, int(number)],
    ).fetchall() == [(dict(zip(names, row, strict=True))["unit_code"],)]


def _picking(names, row) -> str:
    cells = [
        f"{name} is not distinct from {_literal(cell)}"
        for name, cell in zip(names, row, strict=True)
        if not isinstance(cell, float)
    ]
    return " and ".join(cells)


def _literal(cell) -> str:
    return "null" if cell is None else "'" + str(cell).replace("'", "''") + "'"


@pytest.mark.parametrize("table", sorted(EMPTY))
def test_the_joins_of_an_empty_table_run(release, table):
    """No row to explain, but the SQL has to fit the columns of the release."""
    assert release.execute(f"select count(*) from published.{table}").fetchone() == (0,)
    columns = release.execute(
        "select column_name, data_type from duckdb_columns()"
        " where schema_name = 'published' and table_name = ?",
        [table],
    ).fetchall()
    for origin, condition in TRAILS[table]:
        sql = origin.sql(condition)
        for name, kind in columns:
            sql = re.sub(rf"\${name}\b", f"cast(null as {kind})", sql)
        release.execute(sql).fetchall()


def test_a_number_is_told_with_its_target_rules_and_figures(release):
    told = explain(
        release,
        "published.indicator_progress",
        "indicator_code = 'ENERGY_PER_GDP_CUT' and period = '2023'"
        " and plan_code = 'CN-FYP14'",
    )
    found = told.text()
    # Published falls of 2.7, 0.1 and 0.5 make 3.28 to date (methods, 1.1).
    for year, fall in (("2021", "2.7"), ("2022", "0.1"), ("2023", "0.5")):
        assert f"ENERGY_PER_GDP_CUT of 100000, {year} = {fall} PERCENT" in found
    assert "sets 100000 a binding target of type cum_reduction" in found
    assert "yellow_limit_pct = 10 (NDRC energy dual-control barometer" in found
    (target,) = [query for query in told.queries if "fct_target" in query.sql]
    # Before and after the mid-term label.
    assert len(release.execute(target.sql, target.parameters).fetchall()) == 2


def test_a_key_is_told_in_all_vintages(release):
    key, n = release.execute(
        "select observation_key, max(vintage) from published.revision_triangle"
        " group by all order by all limit 1"
    ).fetchone()
    told = explain(release, key)
    assert len([line for line in told.sentences if "comes from" in line]) == n > 1
    (target_key,) = release.execute(
        "select min(target_key) from core.fct_target"
    ).fetchone()
    assert "target of type" in explain(release, target_key).text()


@pytest.mark.parametrize(
    ("what", "where", "said"),
    [
        ("indicator_progress", None, "several rows"),
        ("indicator_progress", "period = '1066'", "no row"),
        ("indicator_progress", "colour = 'red'", "colour"),
        ("EW-1", "period = '2023'", "--where picks a row of a published table"),
        ("0" * 32, None, "no figure or target with the key"),
    ],
)
def test_what_cannot_be_explained_says_why(release, what, where, said):
    with pytest.raises(UsageError) as refusal:
        explain(release, what, where)
    assert said in str(refusal.value)


def test_the_cookbook_shows_the_same_joins(published):
    """Every join that explain uses stands there, word by word."""
    cookbook = " ".join((ROOT / "docs" / "cookbook.md").read_text().split())
    for origin in (FIGURES, TARGETS, REPORTS, REASONS, RULES):
        joins = " ".join(origin.join.split())
        assert joins[joins.index(" from ") :] in cookbook, origin.name


def test_the_command_gives_json_with_its_queries(published):
    from typer.testing import CliRunner

    from warehouse.cli.commands import app

    done = CliRunner().invoke(
        app,
        [
            "explain", "label_concordance", "--where", "indicator_code = 'URBAN_RATE'",
            "--home", str(published.home), "--json",
        ],
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["queries"][0]["parameters"] == {
        "target_key": told["evidence"]["target_key"]
    }
