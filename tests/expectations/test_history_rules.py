"""Rules against the past, peers, other rows and other sources: good and bad."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from judged_world import GDP, GROWTH, JOBS, rows_of

from expectations.catalogue import rules

CROSS = {"cross_row", "history", "cross_source"}


def month(number: int, day: int = 5) -> dict:
    """Envelope of the report on a month of 2025, received on a day of the next."""
    received = datetime(2025, number + 1, day, 9)
    return {
        "submission_id": f"M{number}",
        "period": f"2025-{number:02}",
        "received_at": received,
    }


def reported(*values, row=JOBS, **more):
    """One submission a month from January on."""
    return [
        (month(n), [{**row, **more, "value": str(value)}])
        for n, value in enumerate(values, 1)
    ]


def found(verdict, *, of=CROSS) -> list[tuple[str, str]]:
    """(submission_id, rule_id) of the rules on rows against other rows."""
    known = {rule.id for rule in rules() if rule.scope in of}
    return [
        (row["submission_id"], row["rule_id"])
        for row in rows_of(verdict, "rejections")
        if row["rule_id"] in known
    ]


def declare(world, *declared):
    rows = [
        {"rule_id": rule, "rule_version": "1", "parameter": name, "value": value}
        for rule, name, value in declared
    ]
    assert world.registry("rules", rows).accepted


STEADY = (812, 955, 870, 900)
JULY = datetime(2025, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (880_000 // 10, "OBS_MAGNITUDE_HUNDRED"),
        (9_100, "OBS_MAGNITUDE_TEN"),
        (90, "OBS_MAGNITUDE_TEN"),
        (9, "OBS_MAGNITUDE_HUNDRED"),
        (1, "OBS_MAGNITUDE_THOUSAND"),
    ],
)
def test_slips_of_magnitude_are_recognised_and_named(world, value, rule):
    verdict = world.submissions(*reported(*STEADY, value))
    assert found(verdict) == [("M5", rule)]
    (reason,) = (r for r in rows_of(verdict, "rejections") if r["rule_id"] == rule)
    assert (
        reason["expected_from"] == "unit U1 reported 812–955 in 4 of the last 12 months"
    )


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("884000", "OBS_MAGNITUDE_THOUSAND"),
        ("8840000", "OBS_MAGNITUDE_TEN_THOUSAND"),
    ],
)
def test_a_thousandfold_value_is_rejected(world, value, rule):
    row = {**JOBS, "indicator_code": "HOUSES", "unit_measure": "UNITS"}
    items = [{"form_code": "F1", "indicator_code": "HOUSES"}]
    assert world.registry("form_items", items).accepted
    verdict = world.submissions(*reported(*STEADY, value, row=row))
    assert found(verdict) == [("M5", rule)]
    assert [row["value"] for row in rows_of(verdict, "quarantine")] == [value]


@pytest.mark.parametrize("value", [812, 1500, 400])
def test_usual_values_are_no_slip(world, value):
    assert found(world.submissions(*reported(*STEADY, value))) == []


def test_history_of_earlier_batches_counts_like_that_of_the_same(world):
    *past, last = reported(*STEADY, 1)
    together = world.submissions(*past, last)
    before = datetime(2025, 6, 1, tzinfo=UTC)
    landed = world.batch("unit_reports", "submission", past, received=before)
    world.judge_submissions(landed, past)
    alone = world.submissions(last)
    assert found(alone) == found(together)
    assert (
        rows_of(alone, "rejections")[0]["expected_from"]
        == rows_of(together, "rejections")[0]["expected_from"]
    )


def test_what_became_known_later_is_no_history(world):
    *past, last = reported(*STEADY, 1)
    late = datetime(2025, 9, 1, tzinfo=UTC)
    landed = world.batch("unit_reports", "submission", past, received=late)
    world.judge_submissions(landed, past)
    assert found(world.submissions(last)) == []


def test_a_jump_is_a_warning_and_travels_with_the_row(world):
    verdict = world.submissions(*reported(800, 820, 810, 815, 805, 812, 2100))
    assert found(verdict) == [("M7", "OBS_JUMP_OWN")]
    assert verdict.rows_rejected == 0
    assert found(world.submissions(*reported(800, 820, 810, 815, 805, 812, 1000))) == []


def test_peers_judge_what_has_no_past(world):
    units = [
        {
            "unit_code": f"P{n}",
            "name_en": f"Office {n}",
            "unit_kind": "office",
            "level": "3",
            "region_code": "110000",
        }
        for n in range(12)
    ]
    assert world.registry("units", units).accepted

    def wave(*values, period="2025-07"):
        return [
            (
                {"submission_id": f"S{n:02}", "unit_code": f"P{n}", "period": period},
                [{**JOBS, "value": str(value)}],
            )
            for n, value in enumerate(values)
        ]

    before = wave(100, 110, 120, 105, 95, 90, 115, 102, 98, 101, 99, period="2025-06")
    landed = world.batch("unit_reports", "submission", before, received=JULY)
    assert world.judge_submissions(landed, before).rows_accepted == 11
    one = [("S00", "OBS_JUMP_PEERS")]
    assert found(world.submissions(*wave(104))) == []
    assert found(world.submissions(*wave(700))) == one
    # What others report in the same wave decides nothing: it may not be there yet.
    assert found(world.submissions(*wave(700, *[700] * 10))) == [
        (f"S{n:02}", "OBS_JUMP_PEERS") for n in range(11)
    ]
    slip = world.submissions(*wave(99_000))
    assert found(slip) == [("S00", "OBS_MAGNITUDE_THOUSAND")]
    (reason,) = rows_of(slip, "rejections")[-1:]
    assert reason["expected_from"] == "median of 11 peers in 2025-06: 101"


def test_a_cumulative_series_never_falls(world):
    series = reported(100, 200, 150)
    assert found(world.submissions(*series)) == []
    declare(world, ("OBS_CUMULATIVE_FALLS", "cumulative.JOBS", "year"))
    verdict = world.submissions(*series)
    assert found(verdict) == [("M3", "OBS_CUMULATIVE_FALLS")]
    (reason,) = rows_of(verdict, "rejections")[-1:]
    assert reason["expected_from"].startswith("2025-02 stood at 200")
    assert found(world.submissions(*reported(100, 200, 200))) == []


def test_a_stock_is_the_last_stock_and_the_flow(world):
    declare(world, ("OBS_STOCK_FLOW", "flow.JOBS", "GROWTH"))

    def series(last):
        first, second = reported(100, last)
        return first, (second[0], [*second[1], {**GROWTH, "value": "10"}])

    assert found(world.submissions(*series(110))) == []
    assert found(world.submissions(*series(130))) == [("M2", "OBS_STOCK_FLOW")]


def test_a_late_revision_is_a_warning_with_what_was_said_before(world):
    first, _ = reported(100, 0)
    late = ({**first[0], "submission_id": "R", "received_at": datetime(2025, 3, 1)},)
    verdict = world.submissions(first, (*late, [{**JOBS, "value": "120"}]))
    assert found(verdict) == [("R", "OBS_REVISION_LATE")]
    (reason,) = rows_of(verdict, "rejections")
    assert (
        reason["expected_from"] == "reported as 100.0000000000 on 2025-02-05 09:00:00"
    )
    in_time = ({**late[0], "received_at": datetime(2025, 2, 8)},)
    assert found(world.submissions(first, (*in_time, [JOBS]))) == []
    same = world.submissions(first, (*late, [{**JOBS, "value": "100"}]))
    assert found(same) == []


def test_two_submissions_of_one_moment_contradict_each_other(world):
    one, other = {"submission_id": "A"}, {"submission_id": "B"}
    verdict = world.submissions((one, [JOBS]), (other, [{**JOBS, "value": "7"}]))
    assert found(verdict) == [("B", "OBS_DUPLICATE_ACROSS")]
    gap = {**JOBS, "value": None, "obs_status": "M"}
    empty = world.submissions((one, [gap]), (other, [gap]))
    assert found(empty) == [("B", "OBS_DUPLICATE_ACROSS")]
    refused = ({**one, "form_code": "NONE"}, [JOBS])
    assert found(world.submissions(refused, (other, [JOBS]))) == []
    later = {**other, "received_at": datetime(2025, 8, 6)}
    assert found(world.submissions((one, [JOBS]), (later, [JOBS]))) == []


def test_a_later_batch_may_repeat_but_not_contradict_one_moment(world):
    first = [({"submission_id": "A"}, [JOBS])]
    early = datetime(2025, 8, 4, tzinfo=UTC)
    landed = world.batch("unit_reports", "submission", first, received=early)
    assert world.judge_submissions(landed, first).rows_accepted == 1
    again = world.submissions(*first, ({"submission_id": "C"}, [GROWTH]))
    assert found(again) == []
    other = world.submissions(({"submission_id": "B"}, [{**JOBS, "value": "7"}]))
    assert found(other) == [("B", "OBS_DUPLICATE_ACROSS")]


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


def test_two_sources_that_differ_are_named(world):
    path = world.settings.site / "sources" / "stats2.yml"
    text = (world.settings.site / "sources" / "stats.yml").read_text()
    path.write_text(text.replace("code: stats", "code: stats2"))
    world.release([GDP], received=JULY)

    def second(value):
        from judged_world import judge_batch

        from ingestion.canonical import OBSERVATION_COLUMNS, CanonicalBatch

        rows = [{**GDP, "value": value}]
        landed = world.batch("stats2", "statistical_release", rows)
        table = world.table(OBSERVATION_COLUMNS, [world._row(landed, 1, rows[0])])
        canonical = CanonicalBatch(observations=table)
        return judge_batch(world.settings, landed, canonical, world.site)

    assert found(second("60000")) == [(None, "OBS_SOURCES_DIFFER")]
    assert found(second("49843.2")) == []


def test_a_copy_of_the_last_report_is_a_warning(world):
    items = [{"form_code": "F1", "indicator_code": code} for code in ("JOBS",)]
    assert world.registry("form_items", items).accepted

    def reports(last):
        rows = [{**JOBS, "breakdown": f"B{n}", "value": f"{n + 1}"} for n in range(4)]
        changed = [*rows[:3], {**rows[3], "value": last}]
        return (month(1), rows), (month(2), changed)

    of = {"submission"}
    assert found(world.submissions(*reports("4")), of=of) == [
        ("M2", "SUB_COPY_OF_LAST")
    ]
    assert found(world.submissions(*reports("5")), of=of) == []


def test_absent_compulsory_rows_are_named(world):
    items = [
        {"form_code": "F1", "indicator_code": "JOBS", "compulsory": "true"},
        {"form_code": "F1", "indicator_code": "GROWTH", "compulsory": "true"},
    ]
    assert world.registry("form_items", items).accepted
    assert found(world.submissions(({}, [JOBS, GROWTH])), of={"submission"}) == []
    verdict = world.submissions(({}, [JOBS]))
    (reason,) = rows_of(verdict, "rejections")
    assert (reason["rule_id"], reason["expected"]) == (
        "SUB_ROWS_ABSENT",
        "rows for GROWTH",
    )
    assert verdict.rows_accepted == 1


def test_a_closed_period_takes_no_reports(world):
    late = {**month(1), "received_at": datetime(2025, 8, 1)}
    assert found(world.submissions((late, [JOBS])), of={"submission"}) == []
    declare(world, ("SUB_PERIOD_CLOSED", "after_days", "30"))
    verdict = world.submissions((late, [JOBS]))
    assert found(verdict, of={"submission"}) == [("M1", "SUB_PERIOD_CLOSED")]


def test_a_report_before_the_end_of_its_period_is_a_warning(world):
    early = {**month(7), "received_at": datetime(2025, 7, 20)}
    verdict = world.submissions((early, [JOBS]))
    assert found(verdict, of={"submission"}) == [("M7", "SUB_PERIOD_NOT_ENDED")]
    assert verdict.rows_accepted == 1


def test_a_site_may_change_a_threshold(world):
    series = reported(800, 820, 810, 815, 805, 812, 1000)
    assert found(world.submissions(*series)) == []
    before = world.submissions(*series).rule_set_version
    declare(world, ("OBS_JUMP_OWN", "factor", "2"))
    verdict = world.submissions(*series)
    assert found(verdict) == [("M7", "OBS_JUMP_OWN")]
    assert verdict.rule_set_version != before


def test_a_year_in_one_batch_or_in_two_gives_the_same_verdicts(world):
    """Rejected rows are no past: neither in this batch nor in one before."""
    values = (812, 955, 870, 900, 884_000, 910, 890, 8_900_000, 905, 880)
    row = {**JOBS, "indicator_code": "HOUSES", "unit_measure": "UNITS"}
    items = [{"form_code": "F1", "indicator_code": "HOUSES"}]
    assert world.registry("form_items", items).accepted
    sent = reported(*values, row=row)
    slips = [
        ("M5", "OBS_MAGNITUDE_THOUSAND"),
        ("M8", "OBS_MAGNITUDE_TEN_THOUSAND"),
    ]
    whole = world.submissions(*sent)
    assert found(whole) == slips
    for cut in (5, 8):
        for path in world.settings.verdicts.glob("unit_reports-*/verdict.json"):
            path.unlink()
        parts = []
        for n, part in enumerate((sent[:cut], sent[cut:])):
            received = datetime(2025, 12, 1, n, tzinfo=UTC)
            landed = world.batch("unit_reports", "submission", part, received=received)
            parts += found(world.judge_submissions(landed, part))
        assert parts == slips


def test_every_rule_on_other_rows_has_a_case_here():
    from pathlib import Path

    text = Path(__file__).read_text(encoding="utf-8")
    judged = [rule.id for rule in rules() if rule.scope in CROSS]
    assert len(judged) > 15
    assert [name for name in judged if text.count(f'"{name}"') < 1] == []
    assert len(rules()) >= 60


def test_the_order_of_arrival_changes_nothing(world):
    sent = [*reported(*STEADY, 1), *reported(7, 8, row=GROWTH)]
    sent = [({**e, "submission_id": f"S{n}"}, rows) for n, (e, rows) in enumerate(sent)]
    landed = world.batch("unit_reports", "submission", "series")
    forward = rows_of(world.judge_submissions(landed, sent), "rejections")
    (world.settings.verdicts / landed.batch_id / "verdict.json").unlink()
    backward = rows_of(world.judge_submissions(landed, sent, order=-1), "rejections")
    assert forward == backward
