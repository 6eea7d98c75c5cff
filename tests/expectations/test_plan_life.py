"""Steps in the life of a plan: the table of the sample site decides.

Source of the table: Opinions item 26 and NDRC 2015 No. 1521 as read in shared
methods, section 8; its rows stand in the sample site's registry `rules`.
"""

from __future__ import annotations

import csv

import pytest
from judged_world import copy_of, reasons_of, rows_of

from tests.conftest import ROOT

SAMPLE = ROOT / "ingestion" / "samples" / "site" / "registry"
PLAN = {
    "plan_code": "P", "name_en": "Plan", "region_code": "100000",
    "period_start": "2021-01-01", "period_end": "2025-12-31",
}  # fmt: skip
LIFE = (
    ("submitted", "2021-01-10"), ("approved", "2021-03-11"),
    ("in_force", "2021-03-11"), ("midterm_evaluated", "2023-12-26"),
    ("expired", "2025-12-31"), ("final_evaluated", "2026-05-01"),
)  # fmt: skip
EXTENDED = ("extended", "2026-06-01")
REVISION = (("submitted", "2026-04-01"), ("approved", "2026-05-20"))


def sample_rules() -> list[dict]:
    with (SAMPLE / "rules.csv").open(encoding="utf-8") as handle:
        return [
            {name: cell or None for name, cell in row.items()}
            for row in csv.DictReader(handle)
            if row["rule_id"] == "PLAN_TRANSITION"
        ]


@pytest.fixture(scope="module")
def planned_home(tmp_path_factory, judged_home):
    """Two versions of one plan, and the sample's transition table. Read only."""
    made = copy_of(judged_home, tmp_path_factory.mktemp("planned"))
    assert made.registry("rules", sample_rules()).accepted
    versions = [{**PLAN, "plan_version": version} for version in "12"]
    assert made.registry("plans", versions).accepted
    return made


@pytest.fixture
def planned(tmp_path, planned_home):
    """The same for a test that tells of the plan."""
    return copy_of(planned_home, tmp_path)


def events(*steps: tuple[str, str], version: str = "1") -> list[dict]:
    return [
        {"plan_code": "P", "plan_version": version, "event": event, "event_on": day}
        for event, day in steps
    ]


def told(verdict) -> list[tuple]:
    return [
        (row["row_number"], row["rule_id"], row["offending_value"], row["expected"])
        for row in rows_of(verdict, "rejections")
    ]


def test_a_life_in_order_is_accepted_whatever_the_order_of_its_rows(planned):
    verdict = planned.registry("plan_events", events(*reversed(LIFE)))
    assert verdict.accepted, reasons_of(verdict)


def test_steps_that_the_table_does_not_allow_are_named_with_what_it_allows(planned):
    steps = [LIFE[0], LIFE[2], ("abolished", "2024-01-01")]
    verdict = planned.registry("plan_events", events(*steps))
    assert not verdict.accepted
    assert told(verdict) == [
        (
            2, "REG_PLAN_STEP", "in_force",
            "in_force after one of: approved; it follows submitted",
        ),
        (
            3, "REG_PLAN_STEP", "abolished",
            "abolished after one of: final_evaluated; it follows in_force",
        ),
    ]  # fmt: skip


def test_an_extension_needs_a_revision_approved_as_the_original(planned):
    """The original was submitted: a revision that was only approved is too little."""
    life = events(*LIFE, EXTENDED)
    refusal = (
        7, "REG_PLAN_EXTENSION", "extended",
        "another version of P that went through: submitted, approved",
    )  # fmt: skip
    assert told(planned.registry("plan_events", life)) == [refusal]
    approved_only = events(REVISION[1], version="2")
    verdict = planned.registry("plan_events", [*life, *approved_only])
    assert told(verdict) == [refusal]
    too_late = events(REVISION[0], ("approved", "2026-06-02"), version="2")
    assert told(planned.registry("plan_events", [*life, *too_late])) == [refusal]
    verdict = planned.registry("plan_events", [*life, *events(*REVISION, version="2")])
    assert verdict.accepted, reasons_of(verdict)


def test_what_another_source_has_told_of_the_plan_counts(planned):
    assert planned.registry("plan_events", events(*LIFE[:2])).accepted
    rest = events(*LIFE[2:])
    assert planned.registry("plan_events", rest, source="other_events").accepted


def test_a_cell_with_an_error_of_its_own_gives_no_second_error(planned):
    steps = [("approved", "11 March 2021"), *LIFE[2:]]
    verdict = planned.registry("plan_events", events(*steps))
    assert {reason[2] for reason in reasons_of(verdict)} == {"REG_DATE"}


def test_without_a_table_no_step_is_judged(world):
    versions = [{**PLAN, "plan_version": "1"}]
    assert world.registry("plans", versions).accepted
    steps = events(("archived", "2021-01-01"), ("drafted", "2022-01-01"))
    assert world.registry("plan_events", steps).accepted


def test_another_table_is_another_verdict(planned):
    """The table is data: what it allows is allowed."""
    step = events(("in_force", "2021-03-11"))
    assert not planned.registry("plan_events", step).accepted
    rows = [
        {**row, "value": "start"} if row["parameter"] == "in_force" else row
        for row in sample_rules()
    ]
    assert planned.registry("rules", rows).accepted
    assert planned.registry("plan_events", step).accepted
