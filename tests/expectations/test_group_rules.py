"""Rules within a report, and against parents, regions and other sources."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from judged_world import GDP, GROWTH, JOBS, REGISTRY_ROWS, judge_batch, rows_of
from reported_months import declare, found

from ingestion.canonical import OBSERVATION_COLUMNS, CanonicalBatch

JULY = datetime(2025, 7, 30, tzinfo=UTC)
LATER = datetime(2025, 8, 6, tzinfo=UTC)
# The greatest number that a cell may hold; two of them are more than a decimal.
HUGE = "9" * 28
GOOD = ({"submission_id": "GOOD", "period": "2025-06"}, [JOBS])


def unbounded(world):
    """Indicators that say nothing of how great a value may be."""
    free = {"min_value": None, "max_value": None}
    rows = [{**row, **free} for row in REGISTRY_ROWS["indicators"]]
    assert world.registry("indicators", rows, received=LATER).accepted


def accepted(verdict) -> set[str]:
    return {row["submission_id"] for row in rows_of(verdict, "accepted")}


def parts(female, male):
    """A report of 120 and of parts of it."""
    values = (("_T", "120"), ("FEMALE", female), ("MALE", male))
    rows = [
        {**JOBS, "breakdown": name, "value": value} for name, value in values if value
    ]
    return [({}, rows)]


def pair(jobs):
    return [({}, [{**JOBS, "value": jobs}, {**GROWTH, "value": "20"}])]


def test_a_part_is_no_greater_than_its_total(world):
    """That parts come to less than it is no fault until the site says so."""
    greater, equal, less = world.side_by_side(
        parts("121", None), parts("120", None), parts("50", "60")
    )
    assert found(greater) == [("S1", "OBS_PART_EXCEEDS_TOTAL")]
    assert found(equal) == []
    assert found(less) == []


def test_declared_parts_and_indicators_add_up_to_the_total(world):
    declare(
        world,
        ("OBS_PARTS_TOTAL", "parts.JOBS", "FEMALE,MALE"),
        ("OBS_INDICATORS_SUM", "sum.JOBS", "GROWTH"),
    )
    less, even, one_absent, same, more = world.side_by_side(
        parts("50", "60"), parts("50", "70"), parts("50", None), pair("20"), pair("30")
    )
    assert found(less) == [("S1", "OBS_PARTS_TOTAL")]
    (reason,) = rows_of(less, "rejections")
    assert reason["expected_from"].startswith(
        "rows of this report: FEMALE 50 + MALE 60 = 110"
    )
    assert found(even) == []
    assert found(one_absent) == []
    assert found(same) == []
    assert found(more) == [("S1", "OBS_INDICATORS_SUM")]


def test_an_indicator_stays_below_the_one_that_limits_it(world):
    declare(world, ("OBS_INDICATOR_EXCEEDS", "at_most.GROWTH", "JOBS"))
    at_it, above = world.side_by_side(pair("20"), pair("19"))
    assert found(at_it) == []
    assert found(above) == [("S1", "OBS_INDICATOR_EXCEEDS")]


def test_children_add_up_to_their_parent(world):
    regions = ("100000", "110000", "130000")
    years = {
        "2021": ("100", "40", "60"),
        "2022": ("100", "40", "90"),
        "2023": ("100", "40"),
        "2024": ("100", "120"),
    }
    rows = [
        {**GDP, "period": year, "region_code": region, "value": value}
        for year, values in years.items()
        for region, value in zip(regions, values, strict=False)
    ]
    verdict = world.release(rows)
    assert found(verdict) == [(None, "OBS_CHILDREN_PARENT")] * 2
    wrong = [rows[row["row_number"] - 1] for row in rows_of(verdict, "rejections")]
    assert [(row["period"], row["region_code"]) for row in wrong] == [
        ("2022", "100000"),
        ("2024", "100000"),
    ]


def test_units_include_those_below_them_where_the_site_says_so(world):
    unit = {"unit_kind": "office", "level": "3", "region_code": "110000"}
    units = [
        {**unit, "unit_code": "TOP", "name_en": "Top"},
        {**unit, "unit_code": "LOW", "name_en": "Low", "parent_unit_code": "TOP"},
    ]
    assert world.registry("units", units).accepted
    below = [({"submission_id": "S2", "unit_code": "LOW"}, [{**JOBS, "value": "90"}])]
    landed = world.batch("unit_reports", "submission", below, received=JULY)
    assert world.judge_submissions(landed, below).rows_accepted == 1
    sent = ({"submission_id": "S1", "unit_code": "TOP"}, [JOBS])
    assert found(world.submissions(sent)) == []
    declare(world, ("OBS_CHILDREN_PARENT", "units", "1"))
    verdict = world.submissions(sent)
    assert found(verdict) == [("S1", "OBS_CHILDREN_PARENT")]
    assert rows_of(verdict, "rejections")[0]["expected_from"] == (
        "sum of 1 of 1 subordinate units or regions"
    )


def test_a_unit_reports_no_more_than_its_region_has(world):
    official = {**JOBS, "period": "2025-07", "value": "1000"}
    world.release([official], received=JULY)
    sent = ([({}, [{**JOBS, "value": value}])] for value in ("1001", "2000"))
    about, above = world.side_by_side(*sent)
    assert found(about) == []
    assert found(above) == [("S1", "OBS_ABOVE_REGION")]
    assert "official source stats" in rows_of(above, "rejections")[0]["expected_from"]


def of_another_source(world, values: dict[str, str]):
    """What another source releases of some years."""
    path = world.settings.site / "sources" / "stats2.yml"
    text = (world.settings.site / "sources" / "stats.yml").read_text()
    path.write_text(text.replace("code: stats", "code: stats2"))
    rows = [{**GDP, "period": year, "value": v} for year, v in values.items()]
    landed = world.batch("stats2", "statistical_release", rows)
    sent = [world._row(landed, n, row) for n, row in enumerate(rows, 1)]
    canonical = CanonicalBatch(observations=world.table(OBSERVATION_COLUMNS, sent))
    return judge_batch(world.settings, landed, canonical, world.site)


def test_two_sources_that_differ_are_named(world):
    world.release([GDP, {**GDP, "period": "2023"}], received=JULY)
    verdict = of_another_source(world, {"2023": "60000", "2024": "49843.2"})
    assert found(verdict) == [(None, "OBS_SOURCES_DIFFER")]
    assert [row["row_number"] for row in rows_of(verdict, "rejections")] == [1]


UNIT = {"unit_kind": "office", "level": "3", "region_code": "110000"}
FAMILY = [
    {**UNIT, "unit_code": "TOP", "name_en": "Top"},
    {**UNIT, "unit_code": "LOW1", "name_en": "Low 1", "parent_unit_code": "TOP"},
    {**UNIT, "unit_code": "LOW2", "name_en": "Low 2", "parent_unit_code": "TOP"},
]


@pytest.fixture(scope="module")
def vast(shared_world):
    """A world where values may be as great as a cell holds."""
    unbounded(shared_world)
    units = [*REGISTRY_ROWS["units"], *FAMILY]
    assert shared_world.registry("units", units).accepted
    declare(
        shared_world,
        ("OBS_PARTS_TOTAL", "parts.JOBS", "FEMALE,MALE"),
        ("OBS_INDICATOR_EXCEEDS", "at_most.JOBS", "GROWTH"),
        ("OBS_CHILDREN_PARENT", "units", "1"),
    )
    return shared_world


def broken_down(*more, **values):
    rows = [{**JOBS, "breakdown": name, "value": v} for name, v in values.items()]
    return ({}, [*rows, *more])


VAST = {
    "parts beyond a decimal": [broken_down(_T="7", FEMALE=HUGE, MALE=HUGE), GOOD],
    # Far apart, and each of them a decimal.
    "parts far apart": [broken_down(_T=HUGE, FEMALE=f"-{HUGE}", MALE="0")],
    "parts to the last digit": [
        broken_down(_T=HUGE, FEMALE="4" * 28, MALE="5" * 28),
    ],
    "parts but for the last digit": [
        broken_down(_T="9" * 27 + "6", FEMALE="4" * 28, MALE="5" * 28),
    ],
    "breakdowns": [broken_down(GROWTH, FEMALE=HUGE, MALE=HUGE), GOOD],
    "children": [({"unit_code": "TOP"}, [{**JOBS, "value": HUGE}])],
}


@pytest.fixture(scope="module")
def judged(vast):
    below = [
        ({"submission_id": n, "unit_code": n}, [{**JOBS, "value": HUGE}])
        for n in ("LOW1", "LOW2")
    ]
    landed = vast.batch("unit_reports", "submission", below, received=JULY)
    assert vast.judge_submissions(landed, below).rows_accepted == 2
    return dict(zip(VAST, vast.side_by_side(*VAST.values()), strict=True))


def test_sources_that_lie_further_apart_than_a_decimal_holds_are_named(vast):
    vast.release([{**GDP, "value": f"-{HUGE}"}], received=JULY)
    verdict = of_another_source(vast, {"2024": HUGE})
    assert (None, "OBS_SOURCES_DIFFER") in found(verdict)


def test_parts_beyond_a_decimal_are_judged_and_stop_nobody(judged):
    share = judged["parts beyond a decimal"]
    assert ("S1", "OBS_PARTS_TOTAL") in found(share)
    assert accepted(share) >= {"GOOD"}
    (text,) = (
        row["expected"]
        for row in rows_of(share, "rejections")
        if row["rule_id"] == "OBS_PARTS_TOTAL"
    )
    assert text == "19999999999999999999999999998, the sum of the parts"
    assert found(judged["parts far apart"]) == [("S1", "OBS_PARTS_TOTAL")]


def test_parts_near_the_limits_are_added_to_the_last_digit(judged):
    assert found(judged["parts to the last digit"]) == []
    assert found(judged["parts but for the last digit"]) == [("S1", "OBS_PARTS_TOTAL")]


def test_breakdowns_beyond_a_decimal_exceed_the_limit(judged):
    assert set(found(judged["breakdowns"])) == {("S1", "OBS_INDICATOR_EXCEEDS")}
    assert accepted(judged["breakdowns"]) == {"GOOD"}


def test_children_beyond_a_decimal_warn_their_parent(judged):
    assert found(judged["children"]) == [("S1", "OBS_CHILDREN_PARENT")]
    assert rows_of(judged["children"], "rejections")[0]["expected"] == (
        "19999999999999999999999999998, give or take 5 %"
    )
