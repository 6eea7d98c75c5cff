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

from ingestion.durable import held
from ingestion.errors import Busy, MachineRefused, UsageError
from ingestion.site import Site
from warehouse import publish as publishing
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


# More than its memory holds, so that it is sorted on disk.
SPILLING = """
import sys
from pathlib import Path
from ingestion.settings import Settings
from warehouse.database import reader
settings = Settings(home=Path(sys.argv[1]), memory_limit="64MB", threads=1)
with reader(settings) as connection:
    print(*connection.execute(
        "select count(*), sum(n), sum(times) from (select n, n * $1 as times"
        " from range($2) as numbers (n) order by hash(n * $1) limit $2 - 1)",
        [int(sys.argv[2]), int(sys.argv[3])],
    ).fetchone())
    print(*sorted(p.name for p in (settings.releases / "current").iterdir()))
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


def test_readers_that_spill_leave_each_other_and_the_release_alone(
    published, command_environment, tmp_path
):
    rows = 2_000_000
    # DuckDB takes -c for a terminal and draws how far it is.
    script = tmp_path / "spilling.py"
    script.write_text(SPILLING)
    readers = [
        subprocess.Popen(
            [sys.executable, str(script), str(published.home), str(k), str(rows)],
            env=command_environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for k in (1, 2)
    ]  # fmt: skip
    for times, process in enumerate(readers, 1):
        out, err = process.communicate()
        assert process.returncode == 0, err
        sums, there = out.splitlines()
        count, total, multiplied = map(int, sums.split())
        assert (count, multiplied) == (rows - 1, total * times)
        assert there == "manifest.json models.html planwatch.duckdb"


def test_without_room_to_spill_the_reader_says_what_to_do(
    published, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(MachineRefused, match="TMPDIR"), reader(published):
        pass


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


def load_another_batch(settings) -> None:
    with writer(settings) as connection:
        connection.execute(
            "insert into raw.batch select * replace ("
            " 'late' as batch_id, load_seq + 1 as load_seq)"
            " from raw.batch order by load_seq desc limit 1"
        )


def test_what_stands_between_two_builds_is_not_published(published_copy):
    old = current(published_copy)
    load_another_batch(published_copy)
    # The first task of a wave in Airflow is done, the last is not.
    build(published_copy, layer="staging")
    with pytest.raises(Busy, match="has not finished"):
        publish(published_copy, Site.load(published_copy.site))
    assert current(published_copy) == old
    build(published_copy)
    release = publish(published_copy, Site.load(published_copy.site))
    assert release.content_hash == old["content_hash"]


@pytest.fixture(scope="module")
def republished(published, tmp_path_factory, make_settings):
    """A second release, with a batch that was loaded between build and publication.

    Settings, manifest and kept page as they were before it, and the release.
    """
    home = tmp_path_factory.mktemp("republished") / "home"
    shutil.copytree(published.home, home, symlinks=True)
    settings = make_settings(home)
    old, page = current(settings), kept_page(settings).stat()
    load_another_batch(settings)
    return settings, old, page, republish_changed(settings)


def kept_page(settings):
    return settings.project_cache / f"models-{project_hash()[:16]}.html"


def test_a_release_cites_only_what_its_build_had_read(republished):
    """What came after the build is in the next release."""
    settings, old, _, release = republished
    assert release.changed
    assert list(release.source_batches) == old["source_batches"]
    assert current(settings)["source_batches"] == old["source_batches"]


def test_current_moves_before_another_may_publish(published_copy, monkeypatch):
    real, seen = publishing._point_current, []

    def looked_at(settings, release_id):
        with (
            pytest.raises(Busy),
            held(settings.locks / "warehouse.lock", wait_seconds=0),
        ):
            pass
        seen.append(release_id)
        return real(settings, release_id)

    monkeypatch.setattr(publishing, "_point_current", looked_at)
    release = publish(published_copy, Site.load(published_copy.site))
    assert seen == [release.release_id]


def test_the_page_is_made_once_for_a_project(republished):
    """Another release of the same project: the same page, not made again."""
    settings, old, page, release = republished
    assert release.changed
    first = settings.releases / old["release_id"] / "models.html"
    second = settings.releases / release.release_id / "models.html"
    kept = kept_page(settings)
    assert second.read_bytes() == first.read_bytes() == kept.read_bytes()
    assert kept.stat().st_mtime_ns == page.st_mtime_ns
