"""A batch that cannot be judged goes on waiting and is in nobody's way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from reporting_site import OFFICE, good_rows, send, write_site
from typer.testing import CliRunner

from ingestion.errors import Busy, Damaged, MachineRefused, SiteError
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse import chain
from warehouse.cli.commands import app
from warehouse.database import reader
from warehouse.pending import pending

# The first in the ledger: all others come after it.
FILES = {
    "a_office": "region,month,value,NEW_COLUMN\nR1,2025-05,5,x\n",
    "b_office": "region,month,value\nR2,2025-05,7\n",
}


@pytest.fixture(scope="module")
def registered(tmp_path_factory) -> Path:
    """A site and its home, which has taken in the registries and nothing else."""
    folder = tmp_path_factory.mktemp("misfits")
    settings = settings_in(folder)
    site = write_site(settings.site)
    for code, text in FILES.items():
        (site / f"{code}.csv").write_text(text)
        (site / "sources" / f"{code}.yml").write_text(
            OFFICE.format(code=code, period="month")
        )
    send(settings, "S1", "2025-07-05T08:00:00Z", good_rows())
    chain.take_in_registries(settings, Site.load(site), chain.RunReport())
    return folder


def settings_in(folder: Path) -> Settings:
    return Settings(
        home=folder / "home", site=folder / "site", now="2025-07-06T00:00:00Z"
    )


@pytest.fixture
def settings(registered, tmp_path) -> Settings:
    """One office whose file got a column more, one good office, one good unit."""
    shutil.copytree(registered, tmp_path, dirs_exist_ok=True)
    return settings_in(tmp_path)


def waiting(settings: Settings) -> list[str]:
    return [batch.source_code for batch in pending(settings)]


@pytest.mark.long
def test_what_is_good_is_released_and_the_command_ends_with_the_misfit(
    settings, monkeypatch
):
    monkeypatch.setenv("PLANWATCH_NOW", settings.now.isoformat())
    done = CliRunner().invoke(
        app, ["run", "--json", "--home", settings.home, "--site", settings.site]
    )
    assert isinstance(done.exception, SiteError)
    assert done.exception.exit_code == 3
    (failure,) = json.loads(done.stdout)["failures"]
    assert "NEW_COLUMN" in failure
    assert waiting(settings) == ["a_office"]
    with reader(settings) as connection:
        rows = connection.execute(
            "select source_code, count(*) from core.fct_observation group by all"
            " order by all"
        ).fetchall()
    assert rows == [("b_office", 1), ("reports", 25)]


@pytest.fixture
def only_taken_in(monkeypatch) -> None:
    """What comes after loading is not in question, and takes its time."""
    for name in ("build", "publish", "deliver"):
        monkeypatch.setattr(chain, name, lambda *_: _Nothing())


class _Nothing:
    models, release_id, changed = 0, "", False


def test_a_source_that_left_the_site_does_not_stop_the_others(settings, only_taken_in):
    site = Site.load(settings.site)
    chain.ingest_run(settings, site, [site.source("b_office")])
    (settings.site / "sources" / "b_office.yml").unlink()
    (settings.site / "sources" / "a_office.yml").unlink()
    report = chain.run(settings, Site.load(settings.site))
    (failure,) = report.failures
    assert "b_office" in failure.message
    assert waiting(settings) == ["b_office"]
    assert report.loads[-1].rows_loaded == 25


def test_what_is_good_is_loaded_and_the_misfit_is_told_run_after_run(
    settings, only_taken_in
):
    site = Site.load(settings.site)
    loaded = []
    for _ in range(2):
        report = chain.run(settings, site)
        loaded += [entry for entry in report.loads if entry.rows_loaded]
        (failure,) = report.failures
        assert isinstance(failure, SiteError)
        assert "NEW_COLUMN" in failure.message
        assert waiting(settings) == ["a_office"]
    observed = [e for e in loaded if not site.source(e.source_code).registry]
    rows = {entry.source_code: entry.rows_loaded for entry in observed}
    assert rows == {"b_office": 1, "reports": 25}
    assert len(observed) == 2


def test_the_misfit_of_one_month_is_not_in_the_way_of_the_next(settings, only_taken_in):
    """It belongs to the history of the later batches, and has nothing to tell."""
    chain.run(settings, Site.load(settings.site))
    august = settings.model_copy(
        update={"now": Settings(now="2025-08-06T00:00:00Z").now}
    )
    send(august, "S2", "2025-08-05T08:00:00Z", good_rows())
    report = chain.run(august, Site.load(settings.site))
    (failure,) = report.failures
    assert "NEW_COLUMN" in failure.message
    assert waiting(august) == ["a_office"]
    assert sum(load.rows_loaded for load in report.loads) == 25


@pytest.mark.parametrize("fault", [Busy, Damaged, MachineRefused])
def test_a_fault_that_all_batches_share_stops_the_run(
    settings, only_taken_in, monkeypatch, fault
):
    def refuse(settings, batch, site):
        if batch.kind == "registry":
            return judge(settings, batch, site)
        raise fault("The disk is full.", "make room.")

    judge = chain.gate
    monkeypatch.setattr(chain, "gate", refuse)
    with pytest.raises(fault):
        chain.run(settings, Site.load(settings.site))
