"""A release is immutable, swapped in one step, and leaves its readers alone."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from html.parser import HTMLParser

import duckdb
import pytest

from ingestion.errors import Busy, UsageError
from ingestion.site import Site
from warehouse.build import build
from warehouse.database import reader, writer
from warehouse.project import project_hash
from warehouse.publish import current, publish

READER = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
print(con.sql("select release_id from published.release_info").fetchone()[0])
sys.stdout.flush()
sys.stdin.readline()
print(con.sql("select release_id from published.release_info").fetchone()[0])
print(con.sql("select count(*) from core.fct_observation").fetchone()[0])
"""


def republish_changed(settings):
    """Publish other rows than before, as a build with news would."""
    with writer(settings) as connection:
        connection.execute("delete from marts.reporting_discipline where true")
    return publish(settings, Site.load(settings.site))


def test_an_open_reader_keeps_the_old_release(published_copy):
    old = current(published_copy)
    path = published_copy.releases / "current" / "planwatch.duckdb"
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline().strip() == old["release_id"]
    new = republish_changed(published_copy)
    assert new.changed
    assert new.release_id != old["release_id"]
    out, _ = process.communicate("\n")
    assert out.splitlines()[0] == old["release_id"]
    assert int(out.splitlines()[1]) == old["tables"]["core.fct_observation"]
    with reader(published_copy) as connection:
        found = connection.execute(
            "select release_id from published.release_info"
        ).fetchone()
    assert found == (new.release_id,)


def test_publishing_twice_changes_nothing(published_copy):
    def times():
        return {p: p.stat().st_mtime_ns for p in published_copy.releases.rglob("*")}

    before = times()
    again = publish(published_copy, Site.load(published_copy.site))
    assert not again.changed
    assert before == {
        p: p.stat().st_mtime_ns for p in published_copy.releases.rglob("*")
    }


def test_a_release_is_read_only_and_holds_nothing_that_was_rejected(published):
    folder = (published.releases / "current").resolve()
    for path in folder.iterdir():
        assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    with duckdb.connect(str(folder / "planwatch.duckdb"), read_only=True) as release:
        schemas = {
            name
            for (name,) in release.execute(
                "select distinct schema_name from duckdb_tables()"
            ).fetchall()
        }
    assert schemas == {"core", "marts", "published"}


def test_a_release_can_be_attached_under_any_name(published):
    path = published.releases / "current" / "planwatch.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as bi (read_only)")
        for mart in ("indicator_progress", "early_warning", "reporting_discipline"):
            (count,) = connection.execute(
                f"select count(*) from bi.published.{mart}"
            ).fetchone()
            assert count > 0, mart


def test_a_reader_cannot_reach_files_or_change_its_rights(published):
    with reader(published) as connection:
        with pytest.raises(duckdb.PermissionException):
            connection.execute("from read_csv('/etc/passwd')")
        with pytest.raises(duckdb.InvalidInputException):
            connection.execute("set enable_external_access = true")
        with pytest.raises(duckdb.InvalidInputException):
            connection.execute("create table core.mine (x int)")


def test_without_a_release_the_reader_says_what_to_do(make_settings, tmp_path):
    with (
        pytest.raises(UsageError, match="planwatch run"),
        reader(make_settings(tmp_path / "empty")),
    ):
        pass


def test_current_is_a_relative_link(published):
    """The home can be moved or mounted elsewhere, and stays whole."""
    assert not os.path.isabs(os.readlink(published.releases / "current"))


def test_every_table_and_column_of_a_release_is_described(published):
    with reader(published) as connection:
        bare = connection.execute(
            """
            select schema_name || '.' || table_name || '.' || column_name
            from duckdb_columns()
            where database_name = 'planwatch' and comment is null
            union all
            select schema_name || '.' || table_name from duckdb_tables()
            where database_name = 'planwatch' and comment is null
            union all
            select schema_name || '.' || view_name from duckdb_views()
            where database_name = 'planwatch' and not internal and comment is null
            """
        ).fetchall()
        (columns,) = connection.execute(
            "select count(*) from duckdb_columns() where database_name = 'planwatch'"
        ).fetchone()
    assert columns > 200
    assert bare == []


class Outside(HTMLParser):
    """Addresses that a browser would fetch to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.scripts += tag == "script"
        given = dict(attrs)
        wanted = given.get("src") or (tag == "link" and given.get("href")) or ""
        if given.get("rel") != "canonical" and re.match(r"(https?:)?//", wanted):
            self.addresses.append(wanted)


def test_a_release_holds_a_page_of_its_models_that_needs_no_network(published):
    folder = (published.releases / "current").resolve()
    page = (folder / current(published)["models_page"]).read_text(encoding="utf-8")
    seen = Outside()
    seen.feed(page)
    assert seen.scripts > 0
    assert seen.addresses == []
    assert str(published.home) not in page
    with reader(published) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where table_name <> 'release_info'"
        ).fetchall()
    assert len(tables) > 40
    for schema, table in tables:
        assert f'{schema}\\".\\"{table}\\"' in page, table


def test_a_process_that_only_publishes_makes_the_page(
    published_copy, command_environment, tmp_path
):
    """As in Airflow: the task that built, and kept dbt's reading, is another one."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for kept in published_copy.project_cache.glob(f"project-{project_hash()[:16]}*"):
        shutil.copy(kept, cache)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "warehouse.cli", "publish"),
            *("--home", str(published_copy.home)),
        ],
        env={**command_environment, "PLANWATCH_CACHE": str(cache)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(cache.glob("models-*.html"))


def test_what_stands_between_two_builds_is_not_published(published_copy):
    old = current(published_copy)
    with writer(published_copy) as connection:
        connection.execute(
            "insert into raw.batch select * replace ("
            " batch_id || '-next' as batch_id, load_seq + 1 as load_seq)"
            " from raw.batch order by load_seq desc limit 1"
        )
    # The first task of a wave in Airflow is done, the last is not.
    build(published_copy, layer="staging")
    with pytest.raises(Busy, match="has not finished"):
        publish(published_copy, Site.load(published_copy.site))
    assert current(published_copy) == old
    build(published_copy)
    release = publish(published_copy, Site.load(published_copy.site))
    assert release.content_hash == old["content_hash"]


def test_the_page_is_made_once_for_a_project(published_copy):
    """Another release of the same project: the same page, not made again."""
    kept = published_copy.project_cache / f"models-{project_hash()[:16]}.html"
    before = kept.stat().st_mtime_ns
    first = (published_copy.releases / "current").resolve() / "models.html"
    release = republish_changed(published_copy)
    assert release.changed
    second = published_copy.releases / release.release_id / "models.html"
    assert second.read_bytes() == first.read_bytes() == kept.read_bytes()
    assert kept.stat().st_mtime_ns == before
