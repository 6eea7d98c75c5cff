"""Rules on whole submissions, partial acceptance, the error budget, receipts."""

from __future__ import annotations

import json
from datetime import datetime

import pyarrow as pa
import pytest
from judged_world import GROWTH, JOBS, RECEIVED, reasons_of, rows_of

from expectations.catalogue import rules
from expectations.check import check
from expectations.receipts import ERROR_COLUMNS, errors_csv, find_receipt
from expectations.submission_file import Envelope
from ingestion.canonical import reading
from ingestion.source import Source

ASKED = Envelope("U1", "F1", "2025-07")

BAD_ENVELOPES = [
    ("SUB_ID_MISSING", {"submission_id": None}, {}),
    ("SUB_UNIT_UNKNOWN", {"unit_code": "U9"}, {}),
    ("SUB_UNIT_UNKNOWN", {"unit_code": None}, {}),
    ("SUB_UNIT_NOT_VALID", {"unit_code": "U2"}, {"region_code": "130000"}),
    ("SUB_FORM_UNKNOWN", {"form_code": "F9"}, {}),
    ("SUB_FORM_NOT_VALID", {"period": "2023-12"}, {}),
    ("SUB_NOT_ASKED", {"unit_code": "U3"}, {}),
    ("SUB_PERIOD_NOTATION", {"period": "July 2025"}, {}),
    ("SUB_PERIOD_NOTATION", {"period": None}, {}),
    ("SUB_PERIOD_FREQUENCY", {"period": "2025-Q2"}, {}),
    ("SUB_PERIOD_FUTURE", {"period": "2025-09"}, {}),
]


GOOD = ({"submission_id": "GOOD", "received_at": datetime(2025, 8, 6)}, [JOBS])
BAD_ROWS = [{**JOBS, "value": "n/a", "breakdown": f"B{n}"} for n in range(3)]
# Submissions that are judged at once, each case of a unit of its own.
CASES = {
    "two contents": [({}, [JOBS]), ({}, [{**JOBS, "value": "7"}])],
    "one content": [({}, [JOBS, GROWTH]), ({}, [JOBS, GROWTH])],
    "no rows": [({}, [])],
    "a bad row": [({}, [JOBS, {**GROWTH, "value": "n/a"}])],
    "over the budget": [({}, [*BAD_ROWS, JOBS, GROWTH])],
    "at the budget": [({}, [*BAD_ROWS[:2], JOBS, GROWTH])],
    **{
        number: [(envelope, [{**JOBS, **cells}]), GOOD]
        for number, (_, envelope, cells) in enumerate(BAD_ENVELOPES)
    },
}


@pytest.fixture(scope="module")
def judged(shared_world):
    shares = shared_world.side_by_side(*CASES.values())
    return dict(zip(CASES, shares, strict=True))


@pytest.mark.parametrize(
    "number", range(len(BAD_ENVELOPES)), ids=[rule for rule, *_ in BAD_ENVELOPES]
)
def test_a_wrong_envelope_refuses_the_whole_submission(judged, number):
    rule, share = BAD_ENVELOPES[number][0], judged[number]
    found = [reason[2] for reason in reasons_of(share) if reason[0] is None]
    assert rule in found
    assert set(found) <= {rule, "SUB_ERROR_BUDGET"}
    assert [row["submission_id"] for row in rows_of(share, "accepted")] == ["GOOD"]
    assert (share.rows_received, share.rows_rejected) == (2, 1)


def test_every_submission_rule_has_a_case_here():
    tested = {rule for rule, *_ in BAD_ENVELOPES}
    tested |= {"SUB_ID_TWICE", "SUB_EMPTY", "SUB_ERROR_BUDGET"}
    # In test_history_rules.py, with the past that they need.
    tested |= {
        "SUB_PERIOD_NOT_ENDED", "SUB_PERIOD_CLOSED", "SUB_ROWS_ABSENT",
        "SUB_COPY_OF_LAST",
    }  # fmt: skip
    assert tested == {rule.id for rule in rules() if rule.scope == "submission"}


def test_a_unit_reports_until_it_ends(world):
    row = {**JOBS, "region_code": "130000"}
    inside, outside = world.side_by_side(
        *(
            [({"unit_code": "U2", "period": period}, [row])]
            for period in ("2025-03", "2025-04")
        )
    )
    assert inside.rows_accepted == 1
    (reason,) = rows_of(outside, "rejections")
    assert reason["rule_id"] == "SUB_UNIT_NOT_VALID"
    assert reason["expected_from"] == ("registry units: valid 2024-01-01 to 2025-03-31")


def test_the_day_of_receipt_is_that_of_the_site(world):
    """16:30 UTC on 31 July is August in Shanghai."""
    late, early = world.side_by_side(
        *(
            [({"period": "2025-08", "received_at": received}, [JOBS])]
            for received in (datetime(2025, 7, 31, hour, 30) for hour in (16, 15))
        )
    )
    assert late.rows_accepted == 1
    assert reasons_of(early) == [(None, "period", "SUB_PERIOD_FUTURE")]


def test_one_id_with_two_contents_is_refused(judged):
    share = judged["two contents"]
    assert (None, "submission_id", "SUB_ID_TWICE") in reasons_of(share)
    (submission,) = rows_of(share, "submissions")
    assert submission["verdict"] == "rejected"
    assert (submission["rows_received"], submission["rows_rejected"]) == (2, 2)


def test_one_content_twice_counts_once(judged):
    share = judged["one content"]
    assert reasons_of(share) == []
    assert (share.rows_received, share.rows_accepted) == (2, 2)


def test_an_empty_submission_says_so(judged):
    share = judged["no rows"]
    assert reasons_of(share) == [(None, "rows", "SUB_EMPTY")]
    assert rows_of(share, "submissions")[0]["verdict"] == "rejected"


def test_a_batch_without_submissions_is_accepted(world):
    verdict = world.submissions()
    assert verdict.accepted
    assert (verdict.rows_received, verdict.submissions) == (0, 0)


def test_good_rows_go_on_and_bad_rows_to_quarantine(judged):
    share = judged["a bad row"]
    (submission,) = rows_of(share, "submissions")
    assert submission["verdict"] == "partly_accepted"
    assert [row["row_number"] for row in rows_of(share, "accepted")] == [1]
    (kept,) = rows_of(share, "quarantine")
    assert (kept["row_number"], kept["value"]) == (2, "n/a")


def test_over_the_error_budget_all_rows_are_refused(judged):
    assert judged["over the budget"].rows_accepted == 0
    budget = rows_of(judged["over the budget"], "rejections")[0]
    assert budget["rule_id"] == "SUB_ERROR_BUDGET"
    assert budget["expected"] == "share of rejected rows at most 0.5"
    assert "3 of 5 rows are rejected" in budget["expected_from"]
    assert judged["at the budget"].rows_accepted == 2


def test_twelve_faults_give_twelve_reasons_in_one_pass_and_mend(world):
    bad = {
        **JOBS,
        "indicator_code": "HOUSES",
        "region_code": "130000",
        "breakdown": "-F",
        "value": "-1.5",
        "unit_measure": "HA",
        "obs_status": "?",
        "conf_status": "?",
        "definition_version": "1",
        "comment": "=<script>",
        "row_key": "@k",
    }
    other = {**GROWTH, "value": "99.25", "definition_version": "1"}
    verdict = world.submissions(({"period": "2025-Q3"}, [bad, other]))
    found = {reason[1:] for reason in reasons_of(verdict)}
    assert found >= {
        ("indicator_code", "OBS_INDICATOR_NOT_ON_FORM"),
        ("region_code", "OBS_REGION_OTHER"),
        ("breakdown", "OBS_TEXT_FORMULA"),
        ("value", "OBS_VALUE_NEGATIVE"),
        ("unit_measure", "OBS_UNIT_MEASURE"),
        ("obs_status", "OBS_STATUS_UNKNOWN"),
        ("conf_status", "OBS_CONFIDENTIALITY_UNKNOWN"),
        ("comment", "OBS_TEXT_FORMULA"),
        ("comment", "OBS_TEXT_MARKUP"),
        ("row_key", "OBS_TEXT_FORMULA"),
        ("period", "SUB_PERIOD_FREQUENCY"),
        ("value", "OBS_VALUE_TOO_HIGH"),
    }
    receipt = find_receipt(world.settings, "S1")
    assert len(receipt["errors"]) == len(reasons_of(verdict))
    mended = world.submissions(({"submission_id": "S2"}, [JOBS, GROWTH]))
    assert rows_of(mended, "submissions")[0]["verdict"] == "accepted"


DEFAULTS = {
    "breakdown": "_T",
    "definition_version": "1",
    "obs_status": "A",
    "conf_status": "F",
    "row_key": "1",
}


def read_by_the_server(world, path, rows) -> list[dict]:
    """Rows of a JSON file as the server's reader gives them."""
    envelope = {"submission_id": "S1", **ASKED._asdict()}
    path.write_text(json.dumps({"data": [{**envelope, "rows": rows}]}))
    batch = world.batch("unit_reports", "submission", rows)
    declared = world.site.source("unit_reports").model_dump()
    source = Source(**{**declared, "format": "submission-json"})
    paths = {batch.files[0].sha256: path}
    with reading(world.settings, batch, source, paths) as connection:
        found = connection.table("observations").order("row_number").arrow()
    return pa.table(found).to_pylist()


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_cell_takes_its_default_at_the_server_and_in_the_check(
    world, tmp_path, empty
):
    row = {**JOBS, **dict.fromkeys(DEFAULTS, empty)}
    (read,) = read_by_the_server(world, tmp_path / "server.json", [row])
    assert {name: read[name] for name in DEFAULTS} == DEFAULTS
    (tmp_path / "unit.json").write_text(json.dumps([row]))
    settings = world.settings.model_copy(update={"now": RECEIVED})
    assert check(settings, tmp_path / "unit.json", ASKED)["errors"] == []


def test_a_padded_cell_is_refused_at_the_server_and_in_the_check(world, tmp_path):
    rows = [{**JOBS, "breakdown": code} for code in (" _T", " ")]
    read = read_by_the_server(world, tmp_path / "server.json", rows)
    assert [cells["breakdown"] for cells in read] == [" _T", " "]
    verdict = world.submissions(({}, rows))
    assert [r[2] for r in reasons_of(verdict) if r[0]] == ["OBS_BREAKDOWN_BLANK"] * 2
    (tmp_path / "unit.json").write_text(json.dumps(rows))
    settings = world.settings.model_copy(update={"now": RECEIVED})
    errors = check(settings, tmp_path / "unit.json", ASKED)["errors"]
    assert [e["offending_value"] for e in errors if e["row_number"]] == [" _T", " "]


RECEIPT = {
    "submission_id", "unit_code", "form_code", "period", "received_at", "sha256",
    "verdict", "rows_received", "rows_accepted", "rows_rejected",
    "rule_set_version", "due_at", "on_time", "errors",
}  # fmt: skip


def test_a_receipt_has_the_fields_of_the_contract(world):
    quote = '{"submission_id":"S2"}'
    verdict = world.submissions(
        ({"submission_id": "S1"}, [{**JOBS, "value": "=1", "comment": quote}]),
        ({"submission_id": "S2", "received_at": datetime(2025, 8, 11)}, [JOBS]),
    )
    lines = (world.settings.receipts / f"{verdict.batch_id}.ndjson").read_text()
    assert [json.loads(line)["submission_id"] for line in lines.splitlines()] == [
        "S1",
        "S2",
    ]
    first = find_receipt(world.settings, "S1")
    assert set(first) == RECEIPT
    # The form is due ten days after the month ends.
    assert (first["due_at"], first["on_time"]) == ("2025-08-10T23:59:59Z", True)
    assert first["received_at"] == "2025-08-05T09:30:00Z"
    error = next(e for e in first["errors"] if e["rule_id"] == "OBS_VALUE_DECIMAL")
    assert set(error) == {*ERROR_COLUMNS[:-2], "how_to_fix"}
    assert set(error["how_to_fix"]) == {"en", "zh"}
    second = find_receipt(world.settings, "S2")
    assert (second["verdict"], second["on_time"]) == ("accepted", False)
    assert find_receipt(world.settings, "S") is None
    assert ",'=1," in errors_csv(first)


def test_the_same_content_again_keeps_its_first_receipt(world):
    again = {"received_at": datetime(2025, 8, 9)}
    world.submissions(({}, [JOBS]))
    world.submissions((again, [JOBS]))
    first = find_receipt(world.settings, "S1")
    assert first["received_at"] == "2025-08-05T09:30:00Z"
    world.submissions(({**again, "received_at": datetime(2025, 8, 10)}, [GROWTH]))
    newest = find_receipt(world.settings, "S1")
    assert newest["received_at"] == "2025-08-10T00:00:00Z"
