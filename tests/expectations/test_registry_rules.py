"""A registry is accepted whole or not at all."""

from __future__ import annotations

from judged_world import FACTOR, REGISTRY_ROWS, reasons_of, rows_of

from expectations.catalogue import rules
from ingestion.registry import REGISTRIES

REGIONS = REGISTRY_ROWS["regions"]
PLAN = {
    "plan_code": "P1",
    "plan_version": "1",
    "name_en": "Plan",
    "region_code": "100000",
    "period_start": "2021-01-01",
    "period_end": "2025-12-31",
}
MILESTONE = {
    "milestone_code": "M1",
    "plan_code": "P1",
    "plan_version": "1",
    "name_en": "Bridge",
    "due_on": "2025-06-30",
}
FORM = REGISTRY_ROWS["forms"][0]
SINCE = {
    "rule_id": "OBS_DEFINITION_NOT_IN_FORCE",
    "rule_version": "1",
    "parameter": "from.JOBS.2",
    "value": "July",
}
SINCE_PARAMETER = f"{SINCE['parameter']} of {SINCE['rule_id']}"
NO_NUMBERS = ("6,5", "six", "nan", "inf", "６")
NO_DAYS = ("1.7.2025", "infinity", "2025-7-1")


def vintages(row: dict, values: tuple) -> list[dict]:
    """A parameter told anew each day."""
    return [
        {**row, "value": value, "known_from": f"2025-01-0{day}"}
        for day, value in enumerate(values, 1)
    ]


def each_refused(values: tuple, expected: str) -> list[tuple]:
    return [(n, "value", value, expected) for n, value in enumerate(values, 1)]


ALL_REGION_COLUMNS = (
    "columns region_code, name_en, name_zh, level, parent_region_code,"
    " area_km2, valid_from, valid_to, source, known_from"
)
# registry, rows, and each reason (row, field, offending value, expected).
REFUSALS = {
    "REG_COLUMN_MISSING": (
        "regions",
        [{"region_code": "1", "level": "0"}],
        [(None, "column_name", "name_en", "columns region_code, name_en, level")],
    ),
    "REG_COLUMN_UNKNOWN": (
        "regions",
        [{**REGIONS[0], "colour": "red"}],
        [
            (
                None,
                "column_name",
                "colour",
                ALL_REGION_COLUMNS,
            )
        ],
    ),
    "REG_REQUIRED": (
        "regions",
        [REGIONS[0], {**REGIONS[1], "name_en": None}],
        [(2, "name_en", None, "a value in name_en")],
    ),
    "REG_NUMBER": (
        "regions",
        [{**REGIONS[0], "area_km2": "9,6 million"}],
        [(1, "area_km2", "9,6 million", "a plain decimal number such as 12.5")],
    ),
    "REG_BOUNDS": (
        "forms",
        [
            {**FORM, "due_days": "9999999999"},
            {**FORM, "form_code": "F2", "due_days": "-4000"},
            {**FORM, "form_code": "F3", "due_days": "-5.5"},
        ],
        [
            (1, "due_days", "9999999999", "a number from -3660 to 3660"),
            (2, "due_days", "-4000", "a number from -3660 to 3660"),
        ],
    ),
    "REG_PARAMETER": (
        "rules",
        [
            *vintages(FACTOR, NO_NUMBERS),
            {**FACTOR, "value": "6.5"},
            # A text; and a parameter that no rule of the gate has.
            {**FACTOR, "rule_id": "OBS_PARTS_TOTAL", "parameter": "parts.JOBS"},
            {**FACTOR, "rule_id": "EW_NOT_STARTED", "value": "FEMALE,MALE"},
        ],
        each_refused(NO_NUMBERS, "a number such as 6.5 as factor of OBS_JUMP_OWN"),
    ),
    "REG_PARAMETER_DAY": (
        "rules",
        [
            *vintages(SINCE, NO_DAYS),
            {**SINCE, "value": "2025-07-01"},
            # Of another rule, and of no definition.
            {**SINCE, "rule_id": "OBS_VALUE_TYPE"},
            {**SINCE, "parameter": "since.JOBS.2"},
        ],
        each_refused(NO_DAYS, f"a date such as 2025-07-31 as {SINCE_PARAMETER}"),
    ),
    "REG_DATE": (
        "regions",
        [
            {**REGIONS[0], "valid_from": "2024-02-30", "valid_to": "1.2.2025"},
            {**REGIONS[1], "valid_from": "2024-2-3"},
            {**REGIONS[0], "region_code": "A", "valid_from": "-infinity"},
            {**REGIONS[0], "region_code": "B", "valid_to": "12025-07-31"},
        ],
        [
            (1, "valid_from", "2024-02-30", "a date such as 2025-07-31"),
            (1, "valid_to", "1.2.2025", "a date such as 2025-07-31"),
            (2, "valid_from", "2024-2-3", "a date such as 2025-07-31"),
            (3, "valid_from", "-infinity", "a date such as 2025-07-31"),
            (4, "valid_to", "12025-07-31", "a date such as 2025-07-31"),
        ],
    ),
    "REG_CHOICE": (
        "forms",
        [{**REGISTRY_ROWS["forms"][0], "frequency": "W"}],
        [(1, "frequency", "W", "one of: A, S, Q, M")],
    ),
    "REG_KEY_TWICE": (
        "regions",
        [REGIONS[0], REGIONS[1], REGIONS[1]],
        [
            (
                n,
                "key",
                "110000|",
                "one row for each region_code, valid_from; there are 2",
            )
            for n in (2, 3)
        ],
    ),
    "REG_REFERENCE": (
        "plans",
        [{**PLAN, "region_code": "7", "parent_plan_code": "P0"}],
        [
            (1, "parent_plan_code", "P0", "a plan_code of registry plans"),
            (1, "region_code", "7", "a region_code of registry regions"),
        ],
    ),
    "REG_SPAN": (
        "plans",
        [{**PLAN, "period_end": "2021-01-01"}],
        [
            (
                1,
                "period_end",
                "2021-01-01",
                "period_end after period_start, which is 2021-01-01",
            )
        ],
    ),
    "REG_KNOWN_FUTURE": (
        "plans",
        [{**PLAN, "known_from": "2025-08-06"}],
        [(1, "known_from", "2025-08-06", "a day on or before 2025-08-05")],
    ),
    "REG_CIRCLE": (
        "regions",
        [
            REGIONS[0],
            *(
                {**REGIONS[1], "region_code": code, "parent_region_code": parent}
                for code, parent in (("A", "B"), ("B", "C"), ("C", "A"), ("D", "A"))
            ),
        ],
        [
            (
                row,
                "parent_region_code",
                parent,
                (
                    "a parent_region_code that is not below the row itself;"
                    " A, B, C go round"
                ),
            )
            for row, parent in ((2, "B"), (3, "C"), (4, "A"))
        ],
    ),
    "REG_OVERLAP": (
        "regions",
        [
            REGIONS[0],
            {**REGIONS[1], "valid_to": "2010-12-31"},
            {**REGIONS[1], "valid_from": "2010-06-01"},
        ],
        [
            (
                3,
                "valid_from",
                "2010-06-01",
                "a valid_from after the end of the row valid always to 2010-12-31",
            )
        ],
    ),
    "REG_SHARES": (
        "region_successions",
        [
            {
                "old_region_code": REGIONS[0]["region_code"],
                "new_region_code": REGIONS[row]["region_code"],
                "effective_on": "2010-01-01",
                "kind": "split",
                "weight": "0.6",
            }
            for row in (0, 1)
        ],
        [
            (
                row,
                "weight",
                "0.6",
                (
                    f"weights of {REGIONS[0]['region_code']} on 2010-01-01 that come to"
                    " at most 1; they come to 1.2"
                ),
            )
            for row in (1, 2)
        ],
    ),
}


def test_each_refusal_names_row_column_value_and_expectation(world):
    for rule, (name, rows, expected) in REFUSALS.items():
        verdict = world.registry(name, rows)
        found = rows_of(verdict, "rejections")
        assert not verdict.accepted
        assert {row["rule_id"] for row in found} == {rule}
        assert [
            (r["row_number"], r["field"], r["offending_value"], r["expected"])
            for r in found
        ] == expected
        assert verdict.rows_rejected == verdict.rows_received == len(rows)


def test_every_registry_rule_has_a_case_here():
    elsewhere = {
        "REG_EMPTIED", "REG_KEY_ELSEWHERE", "REG_ONE_OF", "REG_PLAN_STEP",
        "REG_PLAN_EXTENSION",
    }  # fmt: skip
    tested = {*REFUSALS, *elsewhere}
    assert tested == {rule.id for rule in rules() if rule.scope == "registry"}


def test_a_tree_may_turn_over_in_time(world):
    """B is below A until 2009 and A below B from 2010: no circle on any day."""
    first = {"valid_to": "2009-12-31"}
    later = {"valid_from": "2010-01-01"}
    tops = [{**REGIONS[0], "region_code": code, "valid_from": "2010-01-01"}
            if code == "B" else
            {**REGIONS[0], "region_code": code, "valid_to": "2009-12-31"}
            for code in "AB"]  # fmt: skip
    below = [
        {**REGIONS[1], "region_code": "B", "parent_region_code": "A", **first},
        {**REGIONS[1], "region_code": "A", "parent_region_code": "B", **later},
    ]
    verdict = world.registry("regions", [*REGIONS, *tops, *below])
    assert verdict.accepted, reasons_of(verdict)


def test_all_errors_of_a_registry_come_in_one_pass(world):
    verdict = world.registry(
        "plans",
        [{**PLAN, "colour": "red", "period_end": "soon", "name_en": None}, PLAN],
    )
    assert {reason[2] for reason in reasons_of(verdict)} == {
        "REG_COLUMN_UNKNOWN",
        "REG_DATE",
        "REG_REQUIRED",
        "REG_KEY_TWICE",
    }


def test_composite_references_are_checked_together(world):
    assert world.registry("plans", [PLAN]).accepted
    assert world.registry("milestones", [MILESTONE]).accepted
    verdict = world.registry("milestones", [{**MILESTONE, "plan_version": "2"}])
    (reason,) = rows_of(verdict, "rejections")
    assert (reason["field"], reason["offending_value"]) == (
        "plan_code,plan_version",
        "P1,2",
    )


def test_a_waiver_lets_one_child_off_or_all(world):
    assert world.registry("plans", [PLAN]).accepted
    waiver = {
        "plan_code": "P1", "plan_version": "1", "indicator_code": "GDP",
        "child_plan_code": None, "child_region_code": "110000",
        "child_unit_code": None, "who": "NDRC", "why": "no heavy industry",
        "until": "2025-12-31",
    }  # fmt: skip
    all_below = {**waiver, "child_region_code": None}
    both = {**waiver, "child_unit_code": "U1"}
    assert world.registry("target_waivers", [waiver, all_below]).accepted
    (reason,) = rows_of(world.registry("target_waivers", [waiver, both]), "rejections")
    assert (reason["row_number"], reason["rule_id"], reason["field"]) == (
        2, "REG_ONE_OF", "child_unit_code",
    )  # fmt: skip
    assert reason["expected"] == (
        "one of child_plan_code, child_region_code, child_unit_code at most"
    )


def test_a_key_belongs_to_one_source(world):
    unit = REGISTRY_ROWS["units"][0]
    verdict = world.registry("units", [unit], source="other_units")
    (reason,) = rows_of(verdict, "rejections")
    assert reason["rule_id"] == "REG_KEY_ELSEWHERE"
    assert reason["expected_from"] == "registry units of source site_units"
    assert world.registry(
        "units", [{**unit, "unit_code": "U8"}], source="other_units"
    ).accepted


def test_an_emptied_file_does_not_end_a_registry(world):
    columns = list(REGIONS[0])
    verdict = world.registry("regions", [], columns)
    assert [reason[2] for reason in reasons_of(verdict)] == ["REG_EMPTIED"]
    assert world.registry("agreements", [], REGISTRIES["agreements"].columns).accepted
