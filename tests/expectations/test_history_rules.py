"""Rules against the past, peers and other submissions: good and bad."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from judged_world import GROWTH, JOBS, rows_of
from reported_months import CROSS, declare, found, month, reported
from test_group_rules import unbounded

from expectations.catalogue import rules

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


def test_leaps_beyond_a_decimal_are_judged_and_stop_nobody(world):
    """Each number is one, and what lies between the two is none."""
    unbounded(world)
    declare(world, ("OBS_STOCK_FLOW", "flow.JOBS", "GROWTH"))
    huge = "9" * 28
    *past, last = reported(*[f"-{huge}"] * 6, huge)
    last = (last[0], [*last[1], {**GROWTH, "value": "10"}])
    good = ({"submission_id": "GOOD"}, [GROWTH])
    verdict = world.submissions(*past, last, good)
    assert found(verdict) == [("M7", "OBS_JUMP_OWN"), ("M7", "OBS_STOCK_FLOW")]
    assert verdict.submissions == 8


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


def test_a_period_that_never_closes_stops_nobody(world):
    declare(world, ("SUB_PERIOD_CLOSED", "after_days", "9999999999"))
    (first,) = reported(100)
    late = ({**first[0], "received_at": datetime(2025, 8, 5)}, first[1])
    verdict = world.submissions(late)
    assert found(verdict) == []
    assert verdict.rows_accepted == 1


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


def test_every_rule_on_other_rows_has_a_case():
    from pathlib import Path

    text = "".join(
        Path(__file__).with_name(f"test_{of}_rules.py").read_text(encoding="utf-8")
        for of in ("history", "group")
    )
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
