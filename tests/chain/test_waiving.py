"""A waiver releases a quarantined row into the next release, and leaves a trace."""

from __future__ import annotations

import csv

import pytest
from reporting_site import good_rows, send, write_site

from expectations.receipts import find_receipt
from expectations.waivers import COLUMNS
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse.chain import run
from warehouse.database import reader, writer
from warehouse.publish import current
from warehouse.rebuild import rebuild

# The gate's side of it is tried by tests/expectations/test_rejudgement.py.
pytestmark = pytest.mark.long

WAIVER = {
    "waiver_id": "W-2025-1",
    "rule_id": "OBS_VALUE_TOO_HIGH",
    "who": "Statistics office, Li",
    "why": "a dam was finished in June",
    "until": "2025-12-31",
    "submission_id": "S1",
    "row_key": "3",
}


@pytest.fixture(scope="module")
def waived(tmp_path_factory) -> Settings:
    """Two rows too high, of which the waiver that came later names one."""
    folder = tmp_path_factory.mktemp("waiving")
    site = write_site(folder / "site")
    settings = Settings(home=folder / "home", site=site, now="2025-07-06T00:00:00Z")
    rows = good_rows()
    rows[2]["value"] = rows[3]["value"] = "4000"
    send(settings, "S1", "2025-07-05T08:00:00Z", rows)
    assert run(settings, Site.load(site)).failures == []
    assert ask(settings, ACCOUNT) == [(25, 23, 2, 2, 0, "partly_accepted")]
    with (site / "waivers.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerow(WAIVER)
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


def test_received_stays_accepted_and_rejected(waived):
    assert ask(waived, ACCOUNT) == [(25, 24, 1, 1, 1, "partly_accepted")]
    with writer(waived) as connection:
        sums = connection.execute(
            "select sum(rows_received), sum(rows_accepted), sum(rows_rejected)"
            " from raw.batch where source_code = 'reports'"
        ).fetchone()
    assert sums == (25, 24, 1)


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


def test_only_the_released_row_is_in_the_release(waived):
    assert ask(
        waived,
        "select row_number, value from core.fct_observation where value > 1000",
    ) == [(3, 4000)]


def test_made_anew_from_landing_it_is_the_same_release(waived):
    before = current(waived)
    rebuild(waived, Site.load(waived.site))
    assert current(waived)["content_hash"] == before["content_hash"]
