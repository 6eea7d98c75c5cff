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
HOUSES = {**JOBS, "indicator_code": "HOUSES", "unit_measure": "UNITS"}
ON_FORM = [{"form_code": "F1", "indicator_code": "HOUSES"}]
MORE = reported(800, 820, 810, 815, 805, 812, 1000)
FALLING = reported(100, 200, 150)
TOO_LATE = [({**month(1), "received_at": datetime(2025, 8, 1)}, [JOBS])]


def revised(value: str, received: datetime):
    """The report on January, and it again."""
    first, _ = reported(100, 0)
    again = {**first[0], "submission_id": "R", "received_at": received}
    return [first, (again, [{**JOBS, "value": value}])]


def of_one_moment(row, other, **envelope):
    """Two reports on one month, received together; `envelope` is the first's."""
    return [
        ({"submission_id": "A", **envelope}, [row]),
        ({"submission_id": "B"}, [other]),
    ]


def copied(last: str):
    """Four rows, and the month after all the same but for the last."""
    rows = [{**JOBS, "breakdown": f"B{n}", "value": f"{n + 1}"} for n in range(4)]
    return [(month(1), rows), (month(2), [*rows[:3], {**rows[3], "value": last}])]


def flowing(last: int):
    """A stock of 100, then `last` after a flow of 10."""
    first, second = reported(100, last)
    return [first, (second[0], [*second[1], {**GROWTH, "value": "10"}])]


# What is reported, and what rules on other rows find in it. Each case is judged
# on a unit of its own.
SLIPS = {
    "a hundredfold": (reported(*STEADY, 88_000), [("M5", "OBS_MAGNITUDE_HUNDRED")]),
    "tenfold": (reported(*STEADY, 9_100), [("M5", "OBS_MAGNITUDE_TEN")]),
    "a tenth": (reported(*STEADY, 90), [("M5", "OBS_MAGNITUDE_TEN")]),
    "a hundredth": (reported(*STEADY, 9), [("M5", "OBS_MAGNITUDE_HUNDRED")]),
    "a thousandth": (reported(*STEADY, 1), [("M5", "OBS_MAGNITUDE_THOUSAND")]),
}
GAP = {**JOBS, "value": None, "obs_status": "M"}
CASES = {
    **SLIPS,
    "a usual value": (reported(*STEADY, 812), []),
    "a high value": (reported(*STEADY, 1500), []),
    "a low value": (reported(*STEADY, 400), []),
    "a jump": (
        reported(800, 820, 810, 815, 805, 812, 2100),
        [("M7", "OBS_JUMP_OWN")],
    ),
    "a little more": (MORE, []),
    "a late revision": (
        revised("120", datetime(2025, 3, 1)),
        [("R", "OBS_REVISION_LATE")],
    ),
    "a revision in time": (revised("120", datetime(2025, 2, 8)), []),
    "a late repetition": (revised("100", datetime(2025, 3, 1)), []),
    "contradictions": (
        of_one_moment(JOBS, {**JOBS, "value": "7"}),
        [("B", "OBS_DUPLICATE_ACROSS")],
    ),
    "two gaps": (of_one_moment(GAP, GAP), [("B", "OBS_DUPLICATE_ACROSS")]),
    "the first refused": (of_one_moment(JOBS, JOBS, form_code="NONE"), []),
    "the first a day later": (
        [
            ({"submission_id": "A"}, [JOBS]),
            (
                {"submission_id": "B", "received_at": datetime(2025, 8, 6)},
                [JOBS],
            ),
        ],
        [],
    ),
    "a fall": (FALLING, []),
}
# And what rules on whole submissions find.
WHOLE = {
    "a copy of the last report": (copied("4"), [("M2", "SUB_COPY_OF_LAST")]),
    "one row is new": (copied("5"), []),
    "before the end of the period": (
        [({**month(7), "received_at": datetime(2025, 7, 20)}, [JOBS])],
        [("M7", "SUB_PERIOD_NOT_ENDED")],
    ),
    "long after the period": (TOO_LATE, []),
}
# The same once the site has declared more.
DECLARED = {
    "the stock and the flow": (flowing(110), []),
    "more than that": (flowing(130), [("M2", "OBS_STOCK_FLOW")]),
    "a little more": (MORE, [("M7", "OBS_JUMP_OWN")]),
    "long after the period": (TOO_LATE, []),
}


def steady_past(share) -> str:
    return f"unit {share.unit} reported 812–955 in 4 of the last 12 months"


def judged_together(world, cases):
    sent = (case for case, _ in cases.values())
    return dict(zip(cases, world.side_by_side(*sent), strict=True))


@pytest.fixture(scope="module")
def judged(shared_world):
    return judged_together(shared_world, {**CASES, **WHOLE})


@pytest.fixture(scope="module")
def declared(shared_world, judged):
    """After `judged`, in the same world."""
    declare(
        shared_world,
        ("OBS_STOCK_FLOW", "flow.JOBS", "GROWTH"),
        ("OBS_JUMP_OWN", "factor", "2"),
        ("SUB_PERIOD_CLOSED", "after_days", "30"),
    )
    return judged_together(shared_world, DECLARED)


@pytest.mark.parametrize("case", CASES)
def test_rows_are_judged_by_other_rows(judged, case):
    assert found(judged[case]) == CASES[case][1]


@pytest.mark.parametrize("case", WHOLE)
def test_submissions_are_judged_by_their_past_and_the_calendar(judged, case):
    assert found(judged[case], of={"submission"}) == WHOLE[case][1]


@pytest.mark.parametrize("case", DECLARED)
def test_rows_are_judged_by_what_the_site_declares(declared, case):
    assert found(declared[case]) == DECLARED[case][1]


def test_a_closed_period_takes_no_reports(declared):
    late = declared["long after the period"]
    assert found(late, of={"submission"}) == [("M1", "SUB_PERIOD_CLOSED")]


def test_a_changed_threshold_is_another_set_of_rules(judged, declared):
    before, after = (of["a little more"].verdict for of in (judged, declared))
    assert before.rule_set_version != after.rule_set_version


def test_a_slip_is_told_with_the_past_that_it_leaves(judged):
    for case, (_, [(_, rule)]) in SLIPS.items():
        (reason,) = (
            r for r in rows_of(judged[case], "rejections") if r["rule_id"] == rule
        )
        assert reason["expected_from"] == steady_past(judged[case])


def test_a_revision_is_told_with_what_was_said_before(judged):
    (reason,) = rows_of(judged["a late revision"], "rejections")
    assert (
        reason["expected_from"] == "reported as 100.0000000000 on 2025-02-05 09:00:00"
    )


def test_a_warning_travels_with_the_row(judged):
    assert judged["a jump"].rows_rejected == 0
    assert judged["before the end of the period"].rows_accepted == 1


def test_a_thousandfold_value_is_rejected(world):
    assert world.registry("form_items", ON_FORM).accepted
    slips = {
        "884000": [("M5", "OBS_MAGNITUDE_THOUSAND")],
        "8840000": [("M5", "OBS_MAGNITUDE_TEN_THOUSAND")],
    }
    sent = (reported(*STEADY, value, row=HOUSES) for value in slips)
    for value, share in zip(slips, world.side_by_side(*sent), strict=True):
        assert found(share) == slips[value]
        assert [row["value"] for row in rows_of(share, "quarantine")] == [value]


def test_the_past_is_what_earlier_batches_brought_and_no_later_ones(world):
    *past, last = reported(*STEADY, 1)
    before, late = (datetime(2025, month, 1, tzinfo=UTC) for month in (6, 9))
    world.side_by_side(past, received=before)
    world.side_by_side([], past, received=late)
    sent = ([last], [last], [*past, last])
    alone, unknown, together = world.side_by_side(*sent)
    assert found(alone) == found(together) == [("M5", "OBS_MAGNITUDE_THOUSAND")]
    for share in (alone, together):
        assert [row["expected_from"] for row in rows_of(share, "rejections")] == [
            "site.yml error_budget; 1 of 1 rows are rejected",
            steady_past(share),
        ]
    assert found(unknown) == []


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
    """One that is not declared as such may: see `CASES`."""
    declare(world, ("OBS_CUMULATIVE_FALLS", "cumulative.JOBS", "year"))
    falls, stands = world.side_by_side(FALLING, reported(100, 200, 200))
    assert found(falls) == [("M3", "OBS_CUMULATIVE_FALLS")]
    (reason,) = rows_of(falls, "rejections")[-1:]
    assert reason["expected_from"].startswith("2025-02 stood at 200")
    assert found(stands) == []


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


def test_a_later_batch_may_repeat_but_not_contradict_one_moment(world):
    first = ({"submission_id": "A"}, [JOBS])
    early = datetime(2025, 8, 4, tzinfo=UTC)
    for share in world.side_by_side([first], [first], received=early):
        assert share.rows_accepted == 1
    again, other = world.side_by_side(
        [first, ({"submission_id": "C"}, [GROWTH])],
        [({"submission_id": "B"}, [{**JOBS, "value": "7"}])],
    )
    assert found(again) == []
    assert found(other) == [("B", "OBS_DUPLICATE_ACROSS")]


def test_absent_compulsory_rows_are_named(world):
    items = [
        {"form_code": "F1", "indicator_code": "JOBS", "compulsory": "true"},
        {"form_code": "F1", "indicator_code": "GROWTH", "compulsory": "true"},
    ]
    assert world.registry("form_items", items).accepted
    full, short = world.side_by_side([({}, [JOBS, GROWTH])], [({}, [JOBS])])
    assert found(full, of={"submission"}) == []
    (reason,) = rows_of(short, "rejections")
    assert (reason["rule_id"], reason["expected"]) == (
        "SUB_ROWS_ABSENT",
        "rows for GROWTH",
    )
    assert short.rows_accepted == 1


def test_a_period_that_never_closes_stops_nobody(world):
    declare(world, ("SUB_PERIOD_CLOSED", "after_days", "9999999999"))
    (first,) = reported(100)
    late = ({**first[0], "received_at": datetime(2025, 8, 5)}, first[1])
    verdict = world.submissions(late)
    assert found(verdict) == []
    assert verdict.rows_accepted == 1


def test_a_year_in_one_batch_or_in_two_gives_the_same_verdicts(world):
    """Rejected rows are no past: neither in this batch nor in one before."""
    assert world.registry("form_items", ON_FORM).accepted
    values = (812, 955, 870, 900, 884_000, 910, 890, 8_900_000, 905, 880)
    sent = reported(*values, row=HOUSES)
    one, next_one = (datetime(2025, 12, 1, hour, tzinfo=UTC) for hour in (0, 1))
    first = world.side_by_side(sent[:5], sent[:8], received=one)
    *second, whole = world.side_by_side(sent[5:], sent[8:], sent, received=next_one)
    slips = [
        ("M5", "OBS_MAGNITUDE_THOUSAND"),
        ("M8", "OBS_MAGNITUDE_TEN_THOUSAND"),
    ]
    assert found(whole) == slips
    for parts in zip(first, second, strict=True):
        assert [*found(parts[0]), *found(parts[1])] == slips


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
