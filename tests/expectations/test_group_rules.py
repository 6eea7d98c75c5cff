"""Rules within a report, and against parents, regions and other sources."""

from __future__ import annotations

from datetime import UTC, datetime

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


def test_a_part_is_no_greater_than_its_total(world):
    rows = [JOBS, {**JOBS, "breakdown": "FEMALE", "value": "121"}]
    assert found(world.submissions(({}, rows))) == [("S1", "OBS_PART_EXCEEDS_TOTAL")]
    rows[1]["value"] = "120"
    assert found(world.submissions(({}, rows))) == []


def test_declared_parts_add_up_to_the_total(world):
    def rows(female, male):
        return [
            JOBS,
            {**JOBS, "breakdown": "FEMALE", "value": female},
            {**JOBS, "breakdown": "MALE", "value": male},
        ]

    assert found(world.submissions(({}, rows("50", "60")))) == []
    declare(world, ("OBS_PARTS_TOTAL", "parts.JOBS", "FEMALE,MALE"))
    verdict = world.submissions(({}, rows("50", "60")))
    assert found(verdict) == [("S1", "OBS_PARTS_TOTAL")]
    (reason,) = rows_of(verdict, "rejections")
    assert reason["expected_from"].startswith(
        "rows of this report: FEMALE 50 + MALE 60 = 110"
    )
    assert found(world.submissions(({}, rows("50", "70")))) == []
    assert found(world.submissions(({}, rows("50", "70")[:2]))) == []


def test_declared_indicators_add_up(world):
    declare(world, ("OBS_INDICATORS_SUM", "sum.JOBS", "GROWTH"))
    rows = [{**JOBS, "value": "20"}, {**GROWTH, "value": "20"}]
    assert found(world.submissions(({}, rows))) == []
    rows[0]["value"] = "30"
    assert found(world.submissions(({}, rows))) == [("S1", "OBS_INDICATORS_SUM")]


def test_an_indicator_stays_below_the_one_that_limits_it(world):
    declare(world, ("OBS_INDICATOR_EXCEEDS", "at_most.GROWTH", "JOBS"))
    rows = [{**JOBS, "value": "20"}, {**GROWTH, "value": "20"}]
    assert found(world.submissions(({}, rows))) == []
    rows[0]["value"] = "19"
    assert found(world.submissions(({}, rows))) == [("S1", "OBS_INDICATOR_EXCEEDS")]


def test_children_add_up_to_their_parent(world):
    regions = ("100000", "110000", "130000")

    def release(*values):
        rows = [
            {**GDP, "region_code": region, "value": value}
            for region, value in zip(regions, values, strict=False)
        ]
        return [r for _, r in found(world.release(rows))]

    assert release("100", "40", "60") == []
    assert release("100", "40", "90") == ["OBS_CHILDREN_PARENT"]
    assert release("100", "40") == []
    assert release("100", "120") == ["OBS_CHILDREN_PARENT"]


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
    assert found(world.submissions(({}, [{**JOBS, "value": "1001"}]))) == []
    verdict = world.submissions(({}, [{**JOBS, "value": "2000"}]))
    assert found(verdict) == [("S1", "OBS_ABOVE_REGION")]
    assert "official source stats" in rows_of(verdict, "rejections")[0]["expected_from"]


def of_another_source(world, value: str):
    path = world.settings.site / "sources" / "stats2.yml"
    text = (world.settings.site / "sources" / "stats.yml").read_text()
    path.write_text(text.replace("code: stats", "code: stats2"))
    rows = [{**GDP, "value": value}]
    landed = world.batch("stats2", "statistical_release", rows)
    table = world.table(OBSERVATION_COLUMNS, [world._row(landed, 1, rows[0])])
    canonical = CanonicalBatch(observations=table)
    return judge_batch(world.settings, landed, canonical, world.site)


def test_two_sources_that_differ_are_named(world):
    world.release([GDP], received=JULY)
    assert found(of_another_source(world, "60000")) == [(None, "OBS_SOURCES_DIFFER")]
    assert found(of_another_source(world, "49843.2")) == []


def test_sources_that_lie_further_apart_than_a_decimal_holds_are_named(world):
    unbounded(world)
    world.release([{**GDP, "value": f"-{HUGE}"}], received=JULY)
    verdict = of_another_source(world, HUGE)
    assert (None, "OBS_SOURCES_DIFFER") in found(verdict)


def test_parts_beyond_a_decimal_are_judged_and_stop_nobody(world):
    unbounded(world)
    declare(world, ("OBS_PARTS_TOTAL", "parts.JOBS", "FEMALE,MALE"))
    parts = [{**JOBS, "breakdown": name, "value": HUGE} for name in ("FEMALE", "MALE")]
    verdict = world.submissions(({}, [{**JOBS, "value": "7"}, *parts]), GOOD)
    assert ("S1", "OBS_PARTS_TOTAL") in found(verdict)
    assert accepted(verdict) >= {"GOOD"}
    (text,) = (
        row["expected"]
        for row in rows_of(verdict, "rejections")
        if row["rule_id"] == "OBS_PARTS_TOTAL"
    )
    assert text == "19999999999999999999999999998, the sum of the parts"
    # Far apart, and each of them a decimal.
    signed = [{**parts[0], "value": f"-{HUGE}"}, {**parts[1], "value": "0"}]
    verdict = world.submissions(({}, [{**JOBS, "value": HUGE}, *signed]))
    assert found(verdict) == [("S1", "OBS_PARTS_TOTAL")]


def test_parts_near_the_limits_are_added_to_the_last_digit(world):
    unbounded(world)
    declare(world, ("OBS_PARTS_TOTAL", "parts.JOBS", "FEMALE,MALE"))

    def sent(total):
        values = (("_T", total), ("FEMALE", "4" * 28), ("MALE", "5" * 28))
        rows = [{**JOBS, "breakdown": name, "value": value} for name, value in values]
        return found(world.submissions(({}, rows)))

    assert sent(HUGE) == []
    assert sent("9" * 27 + "6") == [("S1", "OBS_PARTS_TOTAL")]


def test_breakdowns_beyond_a_decimal_exceed_the_limit(world):
    unbounded(world)
    declare(world, ("OBS_INDICATOR_EXCEEDS", "at_most.JOBS", "GROWTH"))
    rows = [{**JOBS, "breakdown": name, "value": HUGE} for name in ("FEMALE", "MALE")]
    verdict = world.submissions(({}, [*rows, GROWTH]), GOOD)
    assert set(found(verdict)) == {("S1", "OBS_INDICATOR_EXCEEDS")}
    assert accepted(verdict) == {"GOOD"}


def test_children_beyond_a_decimal_warn_their_parent(world):
    unbounded(world)
    unit = {"unit_kind": "office", "level": "3", "region_code": "110000"}
    low = [
        {**unit, "unit_code": n, "name_en": n, "parent_unit_code": "TOP"}
        for n in ("LOW1", "LOW2")
    ]
    top = {**unit, "unit_code": "TOP", "name_en": "Top"}
    assert world.registry("units", [top, *low], received=LATER).accepted
    declare(world, ("OBS_CHILDREN_PARENT", "units", "1"))
    below = [
        ({"submission_id": n, "unit_code": n}, [{**JOBS, "value": HUGE}])
        for n in ("LOW1", "LOW2")
    ]
    landed = world.batch("unit_reports", "submission", below, received=JULY)
    assert world.judge_submissions(landed, below).rows_accepted == 2
    verdict = world.submissions(
        ({"submission_id": "S1", "unit_code": "TOP"}, [{**JOBS, "value": HUGE}])
    )
    assert found(verdict) == [("S1", "OBS_CHILDREN_PARENT")]
    assert rows_of(verdict, "rejections")[0]["expected"] == (
        "19999999999999999999999999998, give or take 5 %"
    )
