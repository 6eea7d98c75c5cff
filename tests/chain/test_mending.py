"""Twelve faults, twelve reasons, one receipt; mended by the hints alone."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest
from reporting_site import good_rows, send, write_site

from expectations.receipts import find_receipt
from expectations.submission_file import Envelope
from expectations.template import write_template
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse.chain import run
from warehouse.database import reader

# Twelve ways to be wrong, each in a row of its own.
FAULTS = {
    "OBS_INDICATOR_UNKNOWN": {"indicator_code": "I01_OLD"},
    "OBS_DEFINITION_UNKNOWN": {"definition_version": "7"},
    "OBS_INDICATOR_NOT_ON_FORM": {"indicator_code": "NOT_ASKED"},
    "OBS_REGION_UNKNOWN": {"region_code": "R9"},
    "OBS_REGION_OTHER": {"region_code": "R2"},
    "OBS_STATUS_UNKNOWN": {"obs_status": "GOOD"},
    "OBS_TEXT_FORMULA": {"comment": "=HYPERLINK(1)"},
    "OBS_TEXT_MARKUP": {"comment": "as <b>agreed</b>"},
    "OBS_VALUE_MISSING": {"value": None},
    "OBS_VALUE_DECIMAL": {"value": "about 40"},
    "OBS_UNIT_MEASURE": {"unit_measure": "PERSONS_10K"},
    "OBS_VALUE_TOO_HIGH": {"value": "4000"},
}


def mended(rows: list[dict], receipt: dict, form: dict[str, dict]) -> list[dict]:
    """What a clerk makes of the receipt, with the form's template at hand."""
    kept = {row["row_key"]: dict(row) for row in rows}
    for error in receipt["errors"]:
        if error["severity"] != "error":
            continue
        assert error["how_to_fix"]["zh"]
        key, field, hint = error["row_key"], error["field"], error["how_to_fix"]["en"]
        if hint.startswith("Leave the row out"):
            del kept[key]
        elif "set obs_status to M" in hint:
            kept[key]["obs_status"] = "M"
        else:
            kept[key][field] = right_cell(error, hint, form[key][field])
    return list(kept.values())


def right_cell(error: dict, hint: str, in_the_form: str) -> str | None:
    expected, given = error["expected"], error["offending_value"]
    if "the template of your form" in hint or hint.startswith("Correct region_code"):
        return in_the_form
    if hint.startswith(f"Leave {error['field']} empty"):
        return None
    if "Remove control characters and tags" in hint:
        return re.sub("<[^>]*>", "", given)
    if "Begin the text with a letter" in hint:
        return given.lstrip("=+-@")
    if "Write 1234.5" in hint or "Check value" in hint:
        return re.search(r"[0-9]+", given if "Write" in hint else expected)[0]
    return expected.removeprefix("one of: ").split(", ")[0]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """Both tries through the whole chain; settings, receipts and rows."""
    folder = tmp_path_factory.mktemp("mending")
    site = write_site(folder / "site")
    first_day = Settings(home=folder / "home", site=site, now="2025-07-06T00:00:00Z")
    second_day = first_day.model_copy(
        update={"now": Settings(now="2025-07-08T00:00:00Z").now}
    )
    wrong = good_rows()
    for row, fault in zip(wrong, FAULTS.values(), strict=False):
        row.update(fault)
    send(first_day, "S1", "2025-07-05T08:00:00Z", wrong)
    assert run(first_day, Site.load(site)).failures == []
    receipt = find_receipt(first_day, "S1")
    corrected = mended(wrong, receipt, form_of(second_day, folder / "form.csv"))
    send(second_day, "S2", "2025-07-07T20:00:00Z", corrected)
    assert run(second_day, Site.load(site)).failures == []
    return {
        "settings": second_day, "first": receipt, "wrong": wrong,
        "second": find_receipt(second_day, "S2"), "corrected": corrected,
    }  # fmt: skip


def form_of(settings: Settings, path: Path) -> dict[str, dict]:
    write_template(settings, path, Envelope("U1", "F", "2025-06"))
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return {row["row_key"]: row for row in csv.DictReader(handle)}


def ask(told: dict, query: str) -> list[tuple]:
    with reader(told["settings"]) as connection:
        return connection.execute(query).fetchall()


def test_twelve_faults_give_twelve_reasons_in_one_receipt(told):
    errors = [e for e in told["first"]["errors"] if e["severity"] == "error"]
    assert len(FAULTS) == 12
    assert [error["row_number"] for error in errors] == list(range(1, 13))
    assert [error["rule_id"] for error in errors] == list(FAULTS)
    assert all(error["expected"] and error["expected_from"] for error in errors)
    assert (told["first"]["verdict"], told["first"]["rows_accepted"]) == (
        "partly_accepted",
        13,
    )


def test_the_second_try_is_accepted_whole(told):
    assert told["second"]["verdict"] == "accepted"
    assert told["second"]["rows_received"] == 24
    assert [e for e in told["second"]["errors"] if e["severity"] == "error"] == []


def test_both_receipts_and_the_superseding_stand_in_sql(told):
    assert ask(
        told,
        "select submission_id, attempt, verdict, rows_received, rows_accepted,"
        " rows_rejected, n_errors, superseded_by, is_current"
        " from core.fct_submission order by attempt",
    ) == [
        ("S1", 1, "partly_accepted", 25, 13, 12, 12, "S2", False),
        ("S2", 2, "accepted", 24, 24, 0, 0, None, True),
    ]
    reasons = ask(
        told,
        "select row_number, rule_id, how_to_fix_en from core.fct_rejection"
        " where submission_id = 'S1' and severity = 'error' order by reason_number",
    )
    receipt = [e for e in told["first"]["errors"] if e["severity"] == "error"]
    assert reasons == [
        (e["row_number"], e["rule_id"], e["how_to_fix"]["en"]) for e in receipt
    ]


def test_rows_supersede_one_by_one(told):
    vintages = ask(
        told,
        "select submission_id, is_current, count(*) from core.fct_observation"
        " group by all order by all",
    )
    # 13 good rows came twice; 11 mended ones came for the first time.
    assert vintages == [("S1", False, 13), ("S2", True, 24)]


def test_the_quality_of_the_rules_shows_the_quick_mending(told):
    rows = ask(
        told,
        "select rule_id, hits, units_concerned, reports_mended, second_try_share,"
        " median_hours_to_fix, is_confusing from published.rule_quality"
        " where errors > 0 order by rule_id",
    )
    # From 07-05 08:00 to 07-07 20:00 there are 60 hours; the site states no
    # criterion, so nothing is flagged.
    assert rows == [(rule, 1, 1, 1, 100.0, 60.0, None) for rule in sorted(FAULTS)]


def test_nothing_rejected_can_be_reached_from_published(told):
    """Each rejected row carries a mark; no cell of the release has one of them."""
    marks = ("I01_OLD", "=HYPERLINK", "<b>agreed", "about 40", "PERSONS_10K", "R9")
    path = told["settings"].releases / "current" / "planwatch.duckdb"
    with duckdb.connect(path.resolve(), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
        assert ("published", "rule_quality") in tables
        assert {schema for schema, _ in tables} == {"core", "marts", "published"}
        for schema, table in tables:
            rows = connection.execute(f'from {schema}."{table}"').fetchall()
            for mark in marks:
                assert not [r for r in rows if any(mark in str(cell) for cell in r)]
    with duckdb.connect(told["settings"].warehouse, read_only=True) as connection:
        kept = str(connection.execute("from raw.quarantine").fetchall())
    assert all(mark in kept for mark in marks)
