"""A registry is accepted whole or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from judged_world import JOBS, REGISTRY_ROWS, reasons_of, rows_of

from expectations.catalogue import rules
from expectations.parameters import site_parameters
from expectations.registries import current_registries
from ingestion.errors import SiteError
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
FACTOR = {
    "rule_id": "OBS_JUMP_OWN",
    "rule_version": "1",
    "parameter": "factor",
    "value": "FEMALE,MALE",
}
SINCE = {
    "rule_id": "OBS_DEFINITION_NOT_IN_FORCE",
    "rule_version": "1",
    "parameter": "from.JOBS.2",
    "value": "July",
}
SINCE_PARAMETER = f"{SINCE['parameter']} of {SINCE['rule_id']}"
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
            *(
                {**FACTOR, "value": value, "known_from": f"2025-01-0{n}"}
                for n, value in enumerate(("6,5", "six", "nan", "inf", "６"), 1)
            ),
            {**FACTOR, "value": "6.5"},
            # A text; and a parameter that no rule of the gate has.
            {**FACTOR, "rule_id": "OBS_PARTS_TOTAL", "parameter": "parts.JOBS"},
            {**FACTOR, "rule_id": "EW_NOT_STARTED", "value": "FEMALE,MALE"},
        ],
        [
            (n, "value", value, "a number such as 6.5 as factor of OBS_JUMP_OWN")
            for n, value in enumerate(("6,5", "six", "nan", "inf", "６"), 1)
        ],
    ),
    "REG_PARAMETER_DAY": (
        "rules",
        [
            *(
                {**SINCE, "value": value, "known_from": f"2025-01-0{n}"}
                for n, value in enumerate(("1.7.2025", "infinity", "2025-7-1"), 1)
            ),
            {**SINCE, "value": "2025-07-01"},
            # Of another rule, and of no definition.
            {**SINCE, "rule_id": "OBS_VALUE_TYPE"},
            {**SINCE, "parameter": "since.JOBS.2"},
        ],
        [
            (n, "value", value, f"a date such as 2025-07-31 as {SINCE_PARAMETER}")
            for n, value in enumerate(("1.7.2025", "infinity", "2025-7-1"), 1)
        ],
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


def test_a_refused_registry_leaves_the_earlier_one_in_force(world):
    before = current_registries(world.settings, world.site)
    later = datetime(2025, 8, 6, tzinfo=UTC)
    bad = [*REGISTRY_ROWS["units"], {"unit_code": "U7", "unit_kind": "office"}]
    assert not world.registry("units", bad, received=later).accepted
    after = current_registries(world.settings, world.site)
    assert after == before
    assert world.submissions(({}, [JOBS])).rows_accepted == 1


def test_an_older_snapshot_does_not_replace_a_newer_one(world):
    newest = current_registries(world.settings, world.site)
    earlier = datetime(2025, 8, 1, tzinfo=UTC)
    units = REGISTRY_ROWS["units"][:1]
    assert world.registry("units", units, received=earlier).accepted
    assert current_registries(world.settings, world.site) == newest


def test_registries_in_force_are_tables_of_all_columns(world):
    with duckdb.connect() as connection:
        current_registries(world.settings, world.site).attach(connection)
        for name, shape in REGISTRIES.items():
            table = connection.table(f"registry_{name}")
            assert table.columns == ["source_code", *shape.allowed]
            assert len(table) == len(REGISTRY_ROWS.get(name, []))
        assert connection.sql("select distinct source_code from registry_units")


def test_a_parameter_of_old_that_is_no_number_names_itself_and_can_be_mended(world):
    """An earlier version let it in, so the file in force is made as it was."""
    later = datetime(2025, 8, 6, tzinfo=UTC)
    assert world.registry("rules", [{**FACTOR, "value": "6"}]).accepted
    (entry,) = current_registries(world.settings, world.site).of("rules")
    path = current_registries(world.settings, world.site).path(entry)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace ('six' as value) from read_parquet('{path}'))"
            f" to '{path}.new' (format parquet)"
        )
    Path(f"{path}.new").replace(path)
    with pytest.raises(SiteError, match="OBS_JUMP_OWN, factor is no number: 'six'"):
        world.submissions(({}, [JOBS]))
    assert world.registry("rules", [{**FACTOR, "value": "7"}], received=later).accepted
    assert world.submissions(({}, [JOBS])).rows_accepted == 1


@pytest.mark.parametrize("order", [1, -1])
def test_the_parameter_known_last_is_in_force_whatever_the_order(world, order):
    dated = [
        {**FACTOR, "value": value, "known_from": known}
        for value, known in (("8", "2025-01-01"), ("6", "2025-06-01"))
    ]
    assert world.registry("rules", dated[::order]).accepted
    registries = current_registries(world.settings, world.site)
    assert site_parameters(registries, date(2025, 8, 5)) == {
        ("OBS_JUMP_OWN", "factor"): "6"
    }
