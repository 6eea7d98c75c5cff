"""The model of an earlier day, beside a warehouse that stays as it is."""

from __future__ import annotations

from datetime import datetime

import pytest
from typer.testing import CliRunner

from ingestion.errors import UsageError
from ingestion.settings import Settings
from warehouse.as_of import build_as_of, file_as_of, moment
from warehouse.cli.commands import app
from warehouse.content_hash import content_hash
from warehouse.database import connect
from warehouse.schema import apply_ops

EARLIER = datetime(2024, 5, 1)


def rows(settings: Settings, path) -> tuple[str, dict[str, int]]:
    with connect(path, settings, read_only=True) as connection:
        tables = connection.execute(
            "select table_catalog, table_schema, table_name"
            " from information_schema.tables where table_schema in ('core', 'marts')"
            " and table_name <> 'fct_fetch_outcome'"
        ).fetchall()
        return content_hash(connection, tables)


@pytest.fixture(scope="module")
def models(published, tmp_path_factory):
    """Content of the warehouse, and of a file taken from day to day."""
    path = tmp_path_factory.mktemp("as_of") / "planwatch.duckdb"
    main = rows(published, published.warehouse)
    reports = [build_as_of(published, EARLIER, path)]
    early = rows(published, path)
    reports.append(build_as_of(published, published.now, path))
    return published, main, early, rows(published, path), reports


def test_as_of_now_is_what_was_built(models):
    settings, main, _, grown, reports = models
    assert grown == main
    assert reports[0].models > reports[1].models > 20
    assert rows(settings, settings.warehouse) == main


def test_an_earlier_day_knows_what_was_known_then(models):
    settings, main, early, _, reports = models
    with connect(settings.warehouse, settings, read_only=True) as connection:
        (known,) = connection.execute(
            "select count(*) from core.fct_observation where known_from <= ?",
            [EARLIER],
        ).fetchone()
    assert 0 < known < main[1]["core.fct_observation"]
    assert early[1]["core.fct_observation"] == known
    assert early[1]["core.dim_landed_file"] > 0
    assert reports[0].as_of < "2024-05-01T00:00:00Z"


def test_a_day_before_all_knowledge_is_refused(published, tmp_path):
    with pytest.raises(UsageError, match="Nothing was known on 1990"):
        build_as_of(published, datetime(1990, 1, 1), tmp_path / "planwatch.duckdb")
    with pytest.raises(UsageError, match="cannot hold a model"):
        build_as_of(published, EARLIER, tmp_path / "other.duckdb")


def test_a_day_is_meant_until_its_end_and_nonsense_is_told():
    assert moment("2023-06-30") == datetime(2023, 6, 30, 23, 59, 59)
    assert moment("2023-06-30T08:00:00+08:00") == datetime(2023, 6, 30)
    for same in ("20230630", "2023-W26-5", "2023W265"):
        assert moment(same) == moment("2023-06-30")
    for wrong in ("yesterday", "0001-01-01T00:00+05:00"):
        with pytest.raises(UsageError, match="not a moment"):
            moment(wrong)


@pytest.mark.parametrize("tables", [True, False])
def test_a_model_that_is_half_built_is_not_asked(published_copy, tables):
    """As a killed `build --as-of` leaves it: nothing notes that it ended."""
    file = file_as_of(published_copy, EARLIER)
    file.parent.mkdir(parents=True)
    with connect(file, published_copy) as connection:
        if tables:
            apply_ops(connection)
    asked = ["sql", "select 1", "--as-of", EARLIER.isoformat()]
    done = CliRunner().invoke(app, [*asked, "--home", str(published_copy.home)])
    assert isinstance(done.exception, UsageError)
    assert "has not been finished" in str(done.exception)


@pytest.mark.long
def test_the_command_line_builds_it_once_and_asks_it_often(published):
    home = str(published.home)
    runner = CliRunner()
    asked = ["sql", "select count(*) as n from core.fct_observation", "--home", home]
    before = runner.invoke(app, [*asked, "--as-of", "2024-05-01"])
    assert "planwatch build --as-of 2024-05-01" in str(before.exception)
    done = runner.invoke(app, ["build", "--as-of", "2024-05-01", "--home", home])
    assert done.exit_code == 0, done.output
    assert str(file_as_of(published, moment("2024-05-01"))) in done.stdout
    then = runner.invoke(app, [*asked, "--as-of", "2024-05-01"])
    now = runner.invoke(app, asked)
    assert 0 < int(then.stdout.split()[1]) < int(now.stdout.split()[1])
