"""The DAGs: their policy, and one real run of each over the sample sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import warnings
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest

from ingestion.errors import Damaged
from ingestion.ingest import ingest
from ingestion.settings import Settings
from ingestion.site import Site
from tests.chain.reporting_site import OFFICE
from warehouse.airflow_home import page_login
from warehouse.chain import RunReport, take_in_registries
from warehouse.pending import pending
from warehouse.publish import current

ROOT = Path(__file__).resolve().parents[2]
CHAIN = ("ingest_statistics", "ingest_submissions", "build_warehouse", "publish_marts")


def test_exactly_these_dags_exist_and_all_import(dagbag):
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {*CHAIN, "notify"}


def test_importing_them_warns_of_nothing(dagbag):
    told = [text for texts in dagbag.captured_warnings.values() for text in texts]
    assert [text for text in told if "dags/" in text] == []


@pytest.mark.parametrize("dag_id", [*CHAIN, "notify"])
def test_every_dag_has_owner_tags_documentation_and_retries(dagbag, dag_id):
    dag = dagbag.dags[dag_id]
    assert "planwatch" in dag.tags
    assert len(dag.doc_md) > 100
    assert dag.catchup is False
    assert dag.tasks
    for task in dag.tasks:
        assert task.owner == "planwatch"
        assert task.retries == 3
        assert task.retry_exponential_backoff
        assert task.on_failure_callback


def test_every_task_that_writes_the_warehouse_waits_in_the_one_slot_pool(dagbag):
    writers = {
        task.task_id
        for dag in dagbag.dags.values()
        for task in dag.tasks
        if task.pool == "warehouse_writer"
    }
    assert writers >= {
        "refresh_registries", "release_waived", "load", "publish",
        "build_core", "build_marts",
    }  # fmt: skip


def test_a_start_that_is_killed_leaves_no_half_a_login(tmp_path, monkeypatch):
    settings = Settings.load(home=tmp_path)
    (tmp_path / "airflow").mkdir()
    write = Path.write_text

    def write_half(path, text):
        write(path, text[: len(text) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Path, "write_text", write_half)
        with pytest.raises(KeyboardInterrupt):
            page_login(settings)
    user, password = page_login(settings)
    assert (user, len(password)) == ("admin", 16)
    assert page_login(settings) == (user, password)
    (file,) = (tmp_path / "airflow").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"admin"', "\xff"])
def test_a_login_that_cannot_be_read_is_told(tmp_path, text):
    settings = Settings.load(home=tmp_path)
    (tmp_path / "airflow").mkdir()
    page_login(settings)
    (file,) = (tmp_path / "airflow").iterdir()
    file.write_text(text, encoding="latin-1")
    with pytest.raises(Damaged, match="holds no login .* remove that file"):
        page_login(settings)


@pytest.mark.parametrize("dag_id", ["ingest_statistics", "ingest_submissions"])
def test_every_row_that_is_loaded_starts_the_build(dagbag, dag_id):
    """Each way into raw has a task that announces it, and only when it loaded."""
    from airflow.sdk.exceptions import AirflowSkipException

    tasks = dagbag.dags[dag_id].tasks
    telling = {task.task_id for task in tasks if task.outlets}
    assert telling == {"announce_registries", "release_waived", "load"}
    announce = dagbag.dags[dag_id].get_task("announce_registries")
    assert announce.upstream_task_ids == {"refresh_registries"}
    assert announce.python_callable({"rows": 3, "failures": []}) == 3
    with pytest.raises(AirflowSkipException):
        announce.python_callable({"rows": 0, "failures": []})


def test_the_dags_are_tied_by_assets(dagbag):
    def outlets(dag_id):
        return {
            outlet.uri for task in dagbag.dags[dag_id].tasks for outlet in task.outlets
        }

    assert outlets("ingest_statistics") == outlets("ingest_submissions")
    raw = next(iter(outlets("ingest_submissions")))
    assert raw in str(dagbag.dags["build_warehouse"].timetable.asset_condition)
    models = next(iter(outlets("build_warehouse")))
    assert models in str(dagbag.dags["publish_marts"].timetable.asset_condition)


def test_parsing_a_dag_imports_nothing_heavy_and_takes_less_than_a_second(dag_home):
    code = (
        "import airflow.sdk, pendulum, sys, time\n"
        "import airflow.sdk.exceptions\n"
        "import importlib\n"
        "seconds = []\n"
        f"for name in {CHAIN}:\n"
        "    start = time.perf_counter()\n"
        "    importlib.import_module(name)\n"
        "    seconds.append(time.perf_counter() - start)\n"
        "print(max(seconds))\n"
        "print([m for m in ('pandas', 'duckdb', 'great_expectations', 'dbt.cli',"
        " 'requests', 'ingestion', 'warehouse') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:ingest", "-c", code],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, heavy = done.stdout.splitlines()[-2:]
    assert float(seconds) < 1.0
    assert heavy == "[]"


def run(dagbag, dag_id: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(dagbag.dags[dag_id].test().state)


def test_the_dags_take_the_samples_to_the_release_that_the_chain_gives(
    dagbag, dag_home, published
):
    for dag_id in CHAIN:
        assert run(dagbag, dag_id) == "success", dag_id
    by_dags, by_chain = current(dag_home), current(published)
    assert by_dags["tables"] == by_chain["tables"]
    assert by_dags["content_hash"] == by_chain["content_hash"]
    started = time.monotonic()
    for dag_id in CHAIN:
        assert run(dagbag, dag_id) == "success", dag_id
    assert current(dag_home) == by_dags
    assert time.monotonic() - started < 120


def test_nobody_is_told_where_nobody_asked(dagbag, dag_home):
    run_of = dagbag.dags["notify"].test()
    states = {ti.task_id: str(ti.state) for ti in run_of.get_task_instances()}
    assert states == {"send_notices": "skipped"}
    assert not (dag_home.home / "notices").exists()


def test_a_refusing_source_fails_the_run_and_blocks_no_other(
    dagbag, dag_home, monkeypatch
):
    monkeypatch.setenv("PLANWATCH_SAMPLES_TOKEN", "wrong")
    assert run(dagbag, "ingest_submissions") == "failed"
    assert run(dagbag, "ingest_statistics") == "success"


REGIONS = """\
code: regions_office
kind: registry
registry: regions
connector: inbox
location: regions.csv
format: csv
"""
FILES = {
    "site.yml": "name: two offices\n",
    "registry/indicators.csv": (
        "indicator_code,definition_version,name_en,unit_measure,frequency,domain,"
        "direction,aggregation\nI01,1,Births,PERSONS,A,test,higher,sum\n"
    ),
    "sources/regions_office.yml": REGIONS,
    "sources/a_office.yml": OFFICE.format(code="a_office", period="year"),
    "sources/b_office.yml": OFFICE.format(code="b_office", period="year"),
    "regions.csv": "region_code,name_en,level\nR1,Rivers,1\n",
    # A column that its declaration does not know: the batch cannot be judged.
    "a_office.csv": "region,year,value,new_column\nR1,2024,5,x\n",
    "b_office.csv": "region,year,value\nR1,2024,7\n",
}


@pytest.fixture(scope="module")
def registered(dag_home, tmp_path_factory, make_settings) -> Path:
    """Site and home of a misfit and a good file; the registry has been taken in."""
    folder = tmp_path_factory.mktemp("two_offices")
    for name, text in FILES.items():
        path = folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = make_settings(folder / "home", site=folder / "site")
    report = RunReport()
    take_in_registries(settings, Site.load(settings.site), report)
    assert report.failures == []
    return folder


@pytest.fixture
def two_offices(registered, tmp_path, make_settings, monkeypatch):
    """The same in a place of its own, where the registry is out of reach since."""
    shutil.copytree(registered, tmp_path, dirs_exist_ok=True)
    settings = make_settings(tmp_path / "home", site=tmp_path / "site")
    (settings.site / "regions.csv").unlink()
    monkeypatch.setenv("PLANWATCH_HOME", str(settings.home))
    monkeypatch.setenv("PLANWATCH_SITE", str(settings.site))
    return settings


def test_neither_a_registry_out_of_reach_nor_a_misfit_blocks_the_good_file(
    dagbag, two_offices
):
    run_of = dagbag.dags["ingest_statistics"].test()
    states = sorted(
        (ti.task_id, str(ti.state))
        for ti in run_of.get_task_instances()
        if ti.task_id in ("refresh_registries", "fetch", "judge", "load")
    )
    assert states == [
        ("fetch", "success"), ("fetch", "success"),
        ("judge", "failed"), ("judge", "success"),
        ("load", "success"), ("refresh_registries", "success"),
    ]  # fmt: skip
    assert str(run_of.state) == "failed"
    assert [batch.source_code for batch in pending(two_offices)] == ["a_office"]


def test_a_registry_out_of_reach_fails_the_run_at_the_end(dagbag, two_offices):
    from airflow.sdk.exceptions import AirflowFailException

    dag = dagbag.dags["ingest_statistics"]
    taken = dag.get_task("refresh_registries").python_callable("manual")
    assert taken["rows"] == 0
    (failure,) = taken["failures"]
    assert "regions_office" in failure
    last = dag.get_task("nothing_failed")
    assert {"refresh_registries", "fetch", "judge"} <= last.upstream_task_ids
    assert last.trigger_rule == "none_failed"
    with pytest.raises(AirflowFailException, match="regions_office"):
        last.python_callable(taken)
    assert last.python_callable({"rows": 0, "failures": []}) is None


def test_a_scheduled_run_asks_what_is_due_and_one_by_hand_asks_all(
    dagbag, two_offices, monkeypatch
):
    task = dagbag.dags["ingest_statistics"].get_task
    site = Site.load(two_offices.site)
    ingest(two_offices, site.source("b_office"))
    listed = task("list_shards").python_callable
    assert listed("statistical_release", "scheduled") == [["a_office", 0]]
    both = [["a_office", 0], ["b_office", 0]]
    assert listed("statistical_release", "manual") == both
    # Out of reach, and asked this morning already: not until tomorrow.
    text = REGIONS + "schedule: '0 2 * * *'\n"
    (two_offices.site / "sources" / "regions_office.yml").write_text(text)
    refresh = task("refresh_registries").python_callable
    assert refresh("scheduled")["failures"] == []
    assert len(refresh("manual")["failures"]) == 1
    tomorrow = two_offices.now + timedelta(days=1)
    monkeypatch.setenv("PLANWATCH_NOW", tomorrow.isoformat())
    assert listed("statistical_release", "scheduled") == both
    assert len(refresh("scheduled")["failures"]) == 1


def test_a_run_knows_whether_it_was_scheduled(dagbag):
    from airflow.sdk.api.datamodels._generated import DagRunType

    template = dagbag.dags["ingest_statistics"].get_task("list_shards").op_args[1]
    for kind in (DagRunType.SCHEDULED, DagRunType.MANUAL):
        run_of = SimpleNamespace(run_type=kind)
        assert jinja2.Template(template).render(dag_run=run_of) == kind.value
