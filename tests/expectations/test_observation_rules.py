"""Each rule with a row that breaks it and one that does not."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from judged_world import (
    GDP,
    GROWTH,
    JOBS,
    RECEIVED,
    REGISTRY_ROWS,
    copy_of,
    reasons_of,
    rows_of,
)
from reported_months import declare

from expectations.catalogue import rules

# Cells that break exactly the named rule, on top of a right row.
BAD_CELLS = [
    ("OBS_CELL_MISSING", "unit_measure", JOBS, {"unit_measure": None}),
    ("OBS_CELL_MISSING", "obs_status", JOBS, {"obs_status": None}),
    ("OBS_ENVELOPE", "period", JOBS, {"period": "2025-06"}),
    ("OBS_INDICATOR_UNKNOWN", "indicator_code", JOBS, {"indicator_code": "JOB"}),
    ("OBS_INDICATOR_UNKNOWN", "indicator_code", JOBS, {"indicator_code": None}),
    ("OBS_DEFINITION_UNKNOWN", "definition_version", JOBS, {"definition_version": "9"}),
    (
        "OBS_INDICATOR_NOT_ON_FORM",
        "indicator_code",
        JOBS,
        {"indicator_code": "HOUSES", "unit_measure": "UNITS"},
    ),
    ("OBS_REGION_UNKNOWN", "region_code", JOBS, {"region_code": "999999"}),
    ("OBS_REGION_UNKNOWN", "region_code", JOBS, {"region_code": None}),
    ("OBS_REGION_OTHER", "region_code", JOBS, {"region_code": "130000"}),
    ("OBS_VALUE_MISSING", "value", JOBS, {"value": None}),
    ("OBS_VALUE_MISSING", "value", JOBS, {"value": ""}),
    *(
        ("OBS_VALUE_DECIMAL", "value", JOBS, {"value": value})
        for value in (
            "1,000", "1 000", "1e5", "１２", "+5", "5%", ".5", "5.", " 5", "5\n",
            "NaN", "0x10", "1_000", "1" * 29, "0.12345678901", "¥5", "一百",
        )
    ),
    ("OBS_UNIT_MEASURE", "unit_measure", JOBS, {"unit_measure": "PERSON"}),
    ("OBS_VALUE_NEGATIVE", "value", JOBS, {"value": "-1"}),
    ("OBS_VALUE_TOO_LOW", "value", GROWTH, {"value": "-50.1"}),
    ("OBS_VALUE_TOO_HIGH", "value", GROWTH, {"value": "50.1"}),
    ("OBS_VALUE_DECIMALS", "value", GROWTH, {"value": "1.25"}),
    ("OBS_STATUS_UNKNOWN", "obs_status", JOBS, {"obs_status": "Z"}),
    ("OBS_CONFIDENTIALITY_UNKNOWN", "conf_status", JOBS, {"conf_status": "secret"}),
    *(
        ("OBS_TEXT_FORMULA", "comment", JOBS, {"comment": comment})
        for comment in ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1")
    ),
    ("OBS_TEXT_FORMULA", "row_key", JOBS, {"row_key": "=A1"}),
    ("OBS_TEXT_MARKUP", "comment", JOBS, {"comment": "a <b>bold</b> word"}),
    ("OBS_TEXT_MARKUP", "comment", JOBS, {"comment": "bell\x07"}),
    ("OBS_TEXT_MARKUP", "comment", JOBS, {"comment": "right\u202eleft"}),
    *(
        ("OBS_TEXT_ENCODING", "comment", JOBS, {"comment": comment})
        for comment in ("caf\ufffd", "锟斤拷", "cafÃ©", "itâ€™s")
    ),
    ("OBS_EMBARGO_STATUS", "conf_status", JOBS, {"conf_status": "E"}),
    *(
        ("OBS_BREAKDOWN_BLANK", "breakdown", JOBS, {"breakdown": breakdown})
        for breakdown in (
            "", " ", " _T", "_T ", "_T\n", "\u3000_T", "_T\u00a0", "\u200b",
            "_T\u200b",
        )
    ),
]  # fmt: skip

GOOD_CELLS = [
    (JOBS, {"value": "0"}),
    (JOBS, {"value": "100000"}),
    (JOBS, {"value": "00012"}),
    (JOBS, {"value": "12.000"}),
    (JOBS, {"value": None, "obs_status": "M"}),
    (JOBS, {"value": "", "obs_status": "Q"}),
    (JOBS, {"obs_status": "P", "conf_status": "N"}),
    (JOBS, {"comment": "5 < 6, 100 - 1 = 99, a@b.cn, 备注 ±3"}),
    (JOBS, {"breakdown": "FEMALE"}),
    (JOBS, {"breakdown": "15 to 24"}),
    (JOBS, {"breakdown": "女"}),
    (GROWTH, {"value": "-50"}),
    (GROWTH, {"value": "50.0000000000"}),
]


def at(n: int) -> dict:
    """Envelope of the n-th submission, received n seconds after the first."""
    received = RECEIVED.replace(tzinfo=None) + timedelta(seconds=n)
    return {"submission_id": f"S{n}", "received_at": received}


def test_bad_cells_break_exactly_their_rule(world):
    sent = [
        (at(n), [{**row, **cells}]) for n, (_, _, row, cells) in enumerate(BAD_CELLS)
    ]
    verdict = world.submissions(*sent)
    found = {
        (row["submission_id"], row["rule_id"], row["field"])
        for row in rows_of(verdict, "rejections")
        if row["rule_id"] != "SUB_ERROR_BUDGET"
    }
    assert found == {
        (f"S{n}", rule, field) for n, (rule, field, _, _) in enumerate(BAD_CELLS)
    }
    warnings = {rule.id for rule in rules() if rule.severity == "warning"}
    warned = [n for n, bad in enumerate(BAD_CELLS) if bad[0] in warnings]
    assert verdict.rows_accepted == len(warned)


# Reports on rows that are judged at once, each of a unit of its own.
REPORTS = {
    "good cells": [
        (at(n), [{**row, **cells}]) for n, (row, cells) in enumerate(GOOD_CELLS)
    ],
    "copies": [
        ({}, [JOBS, {**JOBS, "value": "7"}, GROWTH, {**JOBS, "breakdown": "FEMALE"}])
    ],
    "one row twice": [(at(1), [JOBS]), (at(2), [JOBS])],
    "another measure": [({}, [JOBS, {**GROWTH, "unit_measure": "PCT"}])],
}


@pytest.fixture(scope="module")
def reports(shared_world):
    shares = shared_world.side_by_side(*REPORTS.values())
    return dict(zip(REPORTS, shares, strict=True))


def test_good_cells_break_no_rule(reports):
    assert reasons_of(reports["good cells"]) == []
    assert reports["good cells"].rows_accepted == len(GOOD_CELLS)


def test_a_value_keeps_all_its_digits(world):
    value = "12345678901234567890.1234567891"
    verdict = world.release([{**GDP, "value": value}])
    assert str(rows_of(verdict, "accepted")[0]["value"]) == value


def test_all_copies_of_a_row_are_rejected(reports):
    assert reasons_of(reports["copies"]) == [
        (1, "row_key", "OBS_DUPLICATE"),
        (2, "row_key", "OBS_DUPLICATE"),
    ]
    (first, _) = rows_of(reports["copies"], "rejections")
    assert first["expected"] == "one row; there are 2"


def test_units_of_one_region_stand_side_by_side_in_a_release(world):
    units = [{**REGISTRY_ROWS["units"][0], "unit_code": code} for code in ("U1", "U9")]
    assert world.registry("units", units).accepted
    row = {**GDP, "unit_code": "U1"}
    whole = {**GDP, "unit_code": None, "value": "90000"}
    verdict = world.release([row, {**row, "unit_code": "U9", "value": "7"}, whole])
    assert reasons_of(verdict) == []
    assert verdict.rows_accepted == 3
    again = world.release([row, row, whole, whole, {**row, "unit_code": "U9"}])
    assert reasons_of(again)[1:] == [
        (number, "row_key", "OBS_DUPLICATE") for number in range(1, 5)
    ]


def test_same_row_in_two_submissions_is_no_duplicate(reports):
    assert reports["one row twice"].rows_accepted == 2
    assert reasons_of(reports["one row twice"]) == []


RELEASE_BAD = [
    ("OBS_PERIOD_NOTATION", {"period": "2024年"}),
    ("OBS_PERIOD_NOTATION", {"period": None}),
    ("OBS_PERIOD_NOTATION", {"period": "2024-13"}),
    ("OBS_PERIOD_FREQUENCY", {"period": "2024-Q4"}),
    ("OBS_PERIOD_FUTURE", {"period": "2026"}),
    ("OBS_PUBLISHED_AT", {"published_at": "soon"}),
    ("OBS_PUBLISHED_AT", {"published_at": "2025-02-30"}),
    ("OBS_EMBARGO", {"published_at": "2025-08-06"}),
    ("OBS_EMBARGO", {"published_at": "2025-08-05T09:30:01Z"}),
    ("OBS_EMBARGO_STATUS", {"conf_status": "E"}),
    ("OBS_REGION_UNKNOWN", {"region_code": "000000"}),
    ("OBS_VALUE_DECIMAL", {"value": "…"}),
]


def test_releases_are_judged_by_the_row_rules_that_apply(world):
    """In one file: of each breakdown nine good rows and then a bad one."""
    good = [{**GDP, "period": str(year)} for year in range(2015, 2024)]
    rows = [
        {**row, "breakdown": f"B{n}"}
        for n, (_, cells) in enumerate(RELEASE_BAD)
        for row in (*good, {**GDP, **cells})
    ]
    verdict = world.release(rows)
    assert [(number, rule) for number, _, rule in reasons_of(verdict)] == [
        (10 * n, rule) for n, (rule, _) in enumerate(RELEASE_BAD, 1)
    ]
    for name, share in (("accepted", 9), ("quarantine", 1)):
        told = Counter(row["breakdown"] for row in rows_of(verdict, name))
        assert told == {f"B{n}": share for n in range(len(RELEASE_BAD))}


def test_a_forecast_may_lie_ahead_and_vintages_stand_side_by_side(world):
    earlier = datetime(2025, 1, 17)
    verdict = world.release(
        [
            {**GDP, "period": "2026", "obs_status": "F"},
            {**GDP, "known_from": earlier, "published_at": "2025-01-17"},
            {**GDP, "published_at": "2025-03-01T09:00:00+08:00"},
        ]
    )
    assert reasons_of(verdict) == []
    published = [row["published_at"] for row in rows_of(verdict, "accepted")]
    assert published == [None, datetime(2025, 1, 17), datetime(2025, 3, 1, 1)]


def test_an_embargo_that_is_over_holds_nothing_back(world):
    over = {"conf_status": "E", "published_at": "2025-08-05"}
    assert reasons_of(world.release([{**GDP, **over}])) == []


def test_only_breakdowns_of_the_form_are_asked(world):
    items = [
        {"form_code": "F1", "indicator_code": "JOBS"},
        {"form_code": "F1", "indicator_code": "JOBS", "breakdown": "FEMALE"},
    ]
    assert world.registry("form_items", items).accepted
    rows = [JOBS, *({**JOBS, "breakdown": b} for b in ("FEMALE", "MALE"))]
    verdict = world.submissions(({}, rows))
    assert reasons_of(verdict) == [(3, "breakdown", "OBS_BREAKDOWN_NOT_ON_FORM")]
    assert rows_of(verdict, "rejections")[0]["expected"] == "one of: FEMALE, _T"


def test_a_definition_is_in_force_where_the_site_says_so(world):
    rows = [
        {
            "rule_id": "OBS_DEFINITION_NOT_IN_FORCE",
            "rule_version": "1",
            "parameter": "until.JOBS.1",
            "value": "2025-06-30",
        }
    ]
    assert world.registry("rules", rows).accepted
    june, july = world.side_by_side(
        [({**at(2), "period": "2025-06"}, [JOBS])], [(at(1), [JOBS, GROWTH])]
    )
    assert reasons_of(june) == []
    assert reasons_of(july) == [
        (1, "definition_version", "OBS_DEFINITION_NOT_IN_FORCE")
    ]


# Type, values of it, and values that are numbers but not of it: the patterns of
# DHIS2's value types as DATIM's checkValueTypeCompliance has them.
VALUE_TYPES = [
    ("NUMBER", ["0200", "1.50", "-3"], []),
    ("INTEGER", ["0", "-7", "200"], ["0200", "1.5", "1.0", "-0"]),
    ("INTEGER_POSITIVE", ["1", "200"], ["0", "-1", "01"]),
    ("INTEGER_NEGATIVE", ["-1"], ["0", "1", "-01"]),
    ("INTEGER_ZERO_OR_POSITIVE", ["0", "5"], ["-5", "00"]),
    ("PERCENTAGE", ["0", "99.5", "100"], ["101", "-1"]),
    ("UNIT_INTERVAL", ["0.25", "1"], ["1.5", "-1"]),
    ("INTEGRE", [], ["1"]),
]


@pytest.fixture(scope="module")
def typed(tmp_path_factory, judged_home):
    """Of each type an indicator of its name, and what was found of its values."""
    world = copy_of(judged_home, tmp_path_factory.mktemp("typed"))
    kinds = [kind for kind, _, _ in VALUE_TYPES]
    low = {"definition_version": "1", "name_en": "Growth", "domain": "economy"}
    shape = {"unit_measure": "PERCENT", "direction": "higher", "frequency": "M"}
    more = {**low, **shape, "aggregation": "sum"}
    indicators = [{"indicator_code": kind, **more} for kind in kinds]
    assert world.registry("indicators", indicators).accepted
    items = [{"form_code": "F1", "indicator_code": kind} for kind in kinds]
    assert world.registry("form_items", items).accepted
    declare(world, *(("OBS_VALUE_TYPE", f"type.{kind}", kind) for kind in kinds))
    sent = (
        [
            (at(n), [{**GROWTH, "indicator_code": kind, "value": value}])
            for n, value in enumerate([*good, *bad])
        ]
        for kind, good, bad in VALUE_TYPES
    )
    return dict(zip(kinds, world.side_by_side(*sent), strict=True))


@pytest.mark.parametrize(("kind", "good", "bad"), VALUE_TYPES)
def test_a_value_has_the_type_that_the_site_declares(typed, kind, good, bad):
    reasons = rows_of(typed[kind], "rejections")
    errors = [r for r in reasons if r["rule_id"] == "OBS_VALUE_TYPE"]
    assert [r["offending_value"] for r in errors] == bad
    assert typed[kind].rows_accepted == len(good)
    assert {r["expected_from"] for r in errors} <= {
        f"registry rules: type.{kind} is {kind}"
    }


def test_every_row_rule_has_a_bad_row_here():
    judged = {rule for rule, *_ in BAD_CELLS} | {rule for rule, _ in RELEASE_BAD}
    catalogue = {rule.id for rule in rules() if rule.scope == "observation"}
    own_case = {
        "OBS_DUPLICATE", "OBS_BREAKDOWN_NOT_ON_FORM", "OBS_DEFINITION_NOT_IN_FORCE",
        "OBS_UNIT_UNKNOWN", "OBS_UNIT_NOT_VALID", "OBS_VALUE_TYPE",
    }  # fmt: skip
    assert catalogue - judged == own_case


def test_texts_of_a_reason_are_filled_in(reports):
    (reason,) = rows_of(reports["another measure"], "rejections")
    assert reason["offending_value"] == "PCT"
    assert reason["expected"] == "PERCENT"
    assert reason["expected_from"] == (
        "registry indicators, row GROWTH version 1, known 2024-01-01"
    )
    assert "PERCENT" in reason["how_to_fix_en"]
    assert "PERCENT" in reason["how_to_fix_zh"]


def test_a_release_names_only_units_that_exist_in_the_period(world):
    row = {**GDP, "unit_code": "U1"}
    closed = {**row, "unit_code": "U2", "region_code": "130000"}
    assert reasons_of(world.release([row, {**closed, "period": "2024"}])) == []
    unknown, early = {**row, "unit_code": "U9"}, {**closed, "period": "2023"}
    reasons = reasons_of(world.release([unknown, early]))
    assert (1, "unit_code", "OBS_UNIT_UNKNOWN") in reasons
    assert (2, "unit_code", "OBS_UNIT_NOT_VALID") in reasons
