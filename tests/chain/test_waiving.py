"""A waiver releases a quarantined row into the next release, and leaves a trace."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from reporting_site import good_rows, send, write_site

from expectations.receipts import find_receipt
from expectations.waivers import COLUMNS
from ingestion.errors import SiteError
from ingestion.run import ingest_run
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse import chain
from warehouse.chain import release_waived, run, take_in
from warehouse.database import reader, writer
from warehouse.pending import in_dependency_order, pending
from warehouse.publish import current
from warehouse.rebuild import rebuild

# The gate's side of it is tried by tests/expectations/test_rejudgement.py.
long = pytest.mark.long

WAIVER = {
    "waiver_id": "W-2025-1",
    "rule_id": "OBS_VALUE_TOO_HIGH",
    "who": "Statistics office, Li",
    "why": "a dam was finished in June",
    "until": "2025-12-31",
    "submission_id": "S1",
    "row_key": "3",
}


def send_too_high(settings: Settings) -> None:
    rows = good_rows()
    rows[2]["value"] = rows[3]["value"] = "4000"
    send(settings, "S1", "2025-07-05T08:00:00Z", rows)


def waive(site: Path) -> None:
    with (site / "waivers.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerow(WAIVER)


@pytest.fixture(scope="module")
def waived(tmp_path_factory) -> Settings:
    """Two rows too high, of which the waiver that came later names one."""
    folder = tmp_path_factory.mktemp("waiving")
    site = write_site(folder / "site")
    settings = settings_in(folder)
    send_too_high(settings)
    assert run(settings, Site.load(site)).failures == []
    assert ask(settings, ACCOUNT) == [(25, 23, 2, 2, 0, "partly_accepted")]
    waive(site)
    report = run(settings, Site.load(site))
    assert report.failures == []
    assert [entry.rows_loaded for entry in report.loads] == [1]
    assert run(settings, Site.load(site)).loads == []
    return settings


ACCOUNT = """
select rows_received, rows_accepted, rows_rejected, n_errors, n_waived, verdict
from core.fct_submission
"""


def ask(settings: Settings, query: str) -> list[tuple]:
    with reader(settings) as connection:
        return connection.execute(query).fetchall()


@long
def test_received_stays_accepted_and_rejected(waived):
    assert ask(waived, ACCOUNT) == [(25, 24, 1, 1, 1, "partly_accepted")]
    with writer(waived) as connection:
        sums = connection.execute(
            "select sum(rows_received), sum(rows_accepted), sum(rows_rejected)"
            " from raw.batch where source_code = 'reports'"
        ).fetchone()
    assert sums == (25, 24, 1)


@long
def test_the_trace_says_who_and_why(waived):
    reasons = ask(
        waived,
        "select row_number, severity, expected_from from core.fct_rejection"
        " where rule_id = 'OBS_VALUE_TOO_HIGH' order by row_number",
    )
    assert [(row, severity) for row, severity, _ in reasons] == [
        (3, "waived"),
        (4, "error"),
    ]
    assert reasons[0][2].endswith(
        "waiver W-2025-1 by Statistics office, Li until 2025-12-31:"
        " a dam was finished in June"
    )
    told = {
        e["row_number"]: e["severity"] for e in find_receipt(waived, "S1")["errors"]
    }
    assert (told[3], told[4]) == ("waived", "error")
    assert ask(
        waived,
        "select hits, errors, waived, waived_share from published.rule_quality"
        " where rule_id = 'OBS_VALUE_TOO_HIGH'",
    ) == [(2, 1, 1, 50.0)]


@long
def test_only_the_released_row_is_in_the_release(waived):
    assert ask(
        waived,
        "select row_number, value from core.fct_observation where value > 1000",
    ) == [(3, 4000)]


@long
def test_made_anew_from_landing_it_is_the_same_release(waived):
    before = current(waived)
    rebuild(waived, Site.load(waived.site))
    assert current(waived)["content_hash"] == before["content_hash"]


@pytest.fixture(scope="module")
def loaded_once(tmp_path_factory) -> Path:
    """Site and home: the same rows judged and loaded, nothing built."""
    folder = tmp_path_factory.mktemp("loaded")
    write_site(folder / "site")
    settings = settings_in(folder)
    send_too_high(settings)
    site = Site.load(settings.site)
    ingest_run(settings, site)
    for batch in in_dependency_order(pending(settings)):
        take_in(settings, site, batch)
    return folder


def settings_in(folder: Path) -> Settings:
    return Settings(
        home=folder / "home", site=folder / "site", now="2025-07-06T00:00:00Z"
    )


@pytest.fixture
def loaded(loaded_once, tmp_path) -> tuple[Settings, Site]:
    """What was loaded in a place of its own; then comes the waiver."""
    shutil.copytree(loaded_once, tmp_path, dirs_exist_ok=True)
    settings = settings_in(tmp_path)
    waive(settings.site)
    return settings, Site.load(settings.site)


def test_a_batch_that_cannot_be_judged_again_is_told_and_stops_nothing(
    loaded, monkeypatch
):
    def misfit(*_):
        raise SiteError("A column is new.", "declare it.")

    monkeypatch.setattr(chain, "release", misfit)
    loads, (failure,) = release_waived(*loaded)
    assert loads == []
    assert isinstance(failure, SiteError)


class Killed(BaseException):
    """What no handler catches: the end of a process."""


def killed(*_):
    raise Killed


def test_what_was_released_before_a_kill_is_loaded_by_the_next_run(loaded, monkeypatch):
    settings, site = loaded
    with monkeypatch.context() as dying:
        dying.setattr(chain, "load_released", killed)
        with pytest.raises(Killed):
            release_waived(settings, site)
    assert find_receipt(settings, "S1")["rows_accepted"] == 24
    loads, failures = release_waived(settings, site)
    assert ([entry.rows_loaded for entry in loads], failures) == ([1], [])
    assert release_waived(settings, site) == ([], [])
    with writer(settings) as connection:
        rows = connection.execute(
            "select count(*), count(distinct row_number) from raw.observation"
        ).fetchone()
        (entered,) = connection.execute(
            "select sum(rows_accepted) from raw.batch where source_code = 'reports'"
        ).fetchone()
    assert rows == (24, 24)
    assert entered == 24
