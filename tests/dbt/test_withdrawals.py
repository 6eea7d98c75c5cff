"""What is withdrawn, renamed or begins by its own date: a wave tells it as anew.

One warehouse of its own, so small that it is built, moved on and built again in
less than a minute. Two waves only, for they take the time: one in which rules
name other things, and one without rules, which would have everything judged again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from opened_warehouse import Warehouse, opened
from small_world import SmallWorld, found, indicator, rule, target

SEEN = (
    "--select", "+early_warning", "+indicator_trend", "+reporting_discipline",
    "+fiscal_risk", "+urban_rural_ratio", "+regional_inequality",
    "+regional_inequality_change", "+regional_convergence", "dim_region_vintage",
    "dim_unit_vintage",
)  # fmt: skip
TABLES = (*SEEN, "--exclude", "config.materialized:view")
KNOWN = datetime(2024, 1, 20)
BUILT = datetime(2025, 3, 1)
RULED = datetime(2025, 3, 2)
NEWS = datetime(2025, 5, 20)
LATER = datetime(2025, 6, 2)
REGIONS = tuple(f"P{number}" for number in range(3))
ITEMS = (
    ("DEBT", "explicit_debt"), ("DEBT_HIDDEN", "hidden_debt"),
    ("REVENUE", "resources revenue"), ("TRANSFERS", "resources"),
    ("SPENDING", "expenditure"), ("PEOPLE", "population"),
)  # fmt: skip


GONE = {
    "form_code": "GONE", "name_en": "Form to go", "frequency": "M", "due_days": "5",
    "unit_kind": "office", "unit_level": "1", "valid_from": "2025-01-01",
}  # fmt: skip


RATED_BY = "select distinct rule_version from marts.indicator_progress"


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """After the waves and, in `taken`, what they and a build anew tell."""
    with opened(tmp_path_factory.mktemp("withdrawals")) as made:
        made.fill(before, BUILT)
        made.run(*SEEN)
        made.take("before")
        made.facts["rated_by"] = [made.query(RATED_BY)]
        made.fill(name_otherwise, RULED)
        made.run(*TABLES)
        made.facts["rated_by"].append(made.query(RATED_BY))
        made.fill(withdraw, LATER)
        made.run(*TABLES)
        made.take("wave")
        made.run("--full-refresh", *TABLES)
        made.take("anew")
        yield made


def before(world: SmallWorld) -> None:
    found(world)
    codes = ("DEBT", "REVENUE", "TRANSFERS", "SPENDING", "PEOPLE", "OUTPUT",
             "OUTPUT_INDEX", "INC", "HAPPY")  # fmt: skip
    world.registry("indicators", *(indicator(code) for code in codes))
    world.registry("regions", *(region(code, code) for code in REGIONS))
    for number, code in enumerate(REGIONS):
        figures(world, code, number)
    world.registry(
        "targets",
        target("HAPPY", "level_floor", "10", "20", region_code="P0"),
        target("HAPPY", "level_floor", "10", "20", region_code="P1"),
        target("WORK", "level_floor", "1", "60", unit_code="U1"),
        at=KNOWN,
    )
    world.registry(
        "targets", target("HAPPY", "level_floor", "10", "15", region_code="P1"),
        at=BUILT,
    )  # fmt: skip
    world.observe(
        "HAPPY", {"2020": 10, "2021": 11, "2022": 12, "2023": 13},
        at=KNOWN, region_code="P0",
    )  # fmt: skip
    work(world, {f"{y}-{m:02}": y % 10 + m for y in (2023, 2024) for m in months()})
    # Announced in advance: another limit from the day after on,
    world.registry(
        "rules",
        {**rule("PROGRESS_RAG", "yellow_limit_pct", "50"), "rule_version": "2",
         "valid_from": "2025-03-02"},
        at=KNOWN,
    )  # fmt: skip
    # and other names from 1 June 2025 on.
    world.registry("regions", region("P1", "New P1", valid_from="2025-06-01"))
    world.registry(
        "units",
        {
            "unit_code": "U2", "name_en": "New U2", "unit_kind": "office",
            "level": "1", "parent_unit_code": "U0", "region_code": "P1",
            "valid_from": "2025-06-01",
        },
        {"unit_code": "A", "name_en": "Agency", "unit_kind": "agency",
         "level": "1", "region_code": "R", "parent_unit_code": "U0"},
    )  # fmt: skip
    world.registry(
        "forms",
        {"form_code": "EVER", "name_en": "Old form", "frequency": "M",
         "due_days": "10", "unit_kind": "agency"},
        GONE,
        {**GONE, "form_code": "SHORT", "valid_to": "2025-01-31"},
    )  # fmt: skip
    world.batch(BUILT)


def months() -> range:
    return range(1, 13)


def region(code: str, name: str, **more) -> dict:
    return {
        "region_code": code, "name_en": name, "level": "1",
        "parent_region_code": "R", **more,
    }  # fmt: skip


def figures(world: SmallWorld, code: str, number: int) -> None:
    money = {
        "DEBT": 300 + 50 * number, "REVENUE": 80, "TRANSFERS": 20, "SPENDING": 150,
        "PEOPLE": 10 + number, "OUTPUT": 100 + 9 * number, "OUTPUT_INDEX": 105 + number,
    }  # fmt: skip
    for name, value in money.items():
        years = dict.fromkeys(("2018", "2019", "2020", "2021", "2022"), value)
        world.observe(name, years, at=KNOWN, region_code=code)
    for breakdown, value in (("URBAN", 50), ("RURAL", 20)):
        world.observe(
            "INC", {"2022": value}, at=KNOWN, region_code=code, breakdown=breakdown
        )


def work(world: SmallWorld, values: dict, at: datetime = KNOWN) -> None:
    world.observe(
        "WORK", values, at=at, unit_code="U1", source_kind="self_reported",
        source_code="net",
    )  # fmt: skip


def name_otherwise(world: SmallWorld) -> None:
    world.registry("rules", *items(), at=RULED, deleted=True)
    world.registry(
        "rules",
        rule("URBAN_RURAL", "urban_breakdown", "U"),
        rule("URBAN_RURAL", "rural_breakdown", "R"),
        at=RULED,
    )
    # All points that a forecast keeps open of a unit's series with seasons.
    work(world, {f"2024-{m:02}": None for m in range(7, 13)}, RULED)


def withdraw(world: SmallWorld) -> None:
    world.observe(
        "HAPPY", dict.fromkeys(("2020", "2021", "2022", "2023")),
        at=NEWS, region_code="P0", obs_status="M",
    )  # fmt: skip
    work(world, {"2025-01": 9}, NEWS)
    for code in REGIONS:
        world.observe("OUTPUT_INDEX", {"2021": None}, at=NEWS, region_code=code)
    world.registry("forms", GONE, at=NEWS, deleted=True)
    # An older unit than all others: what is owed since ever is owed for longer.
    world.registry(
        "units",
        {"unit_code": "OLD", "name_en": "Old", "unit_kind": "bureau", "level": "1",
         "region_code": "R", "valid_from": "2024-01-01"},
        at=NEWS,
    )  # fmt: skip
    world.batch(LATER)


def items() -> list[dict]:
    return [
        rule("INEQUALITY_PAIR", "OUTPUT", "PEOPLE"),
        *(rule("FISCAL_ITEM", code, parts) for code, parts in ITEMS),
    ]


def test_a_wave_tells_what_a_build_anew_tells(moved):
    wave, anew = moved.taken["wave"], moved.taken["anew"]
    differing = {
        table: [*(wave[table] - rows)][:3] + [*(rows - wave[table])][:3]
        for table, rows in anew.items()
        if wave[table] != rows
    }
    assert not differing


@pytest.mark.parametrize("mart", ["fiscal_risk", "urban_rural_ratio"])
def test_what_no_rule_names_any_more_is_forgotten(moved, mart):
    assert moved.taken["before"][f"marts.{mart}"]
    assert not moved.taken["wave"][f"marts.{mart}"]


def test_only_the_years_before_the_broken_link_are_compared(moved):
    def years(stage: str) -> set[tuple]:
        rows = moved.taken[stage]["marts.regional_inequality"]
        return {(row[0], row[4]) for row in rows}

    real = {("OUTPUT_REAL", year) for year in ("2019", "2020", "2021", "2022")}
    assert years("before") > real
    assert years("wave") == {("OUTPUT_REAL", "2019"), ("OUTPUT_REAL", "2020")}


def test_no_trend_is_told_of_a_series_that_was_withdrawn(moved):
    def has_trend(stage: str) -> bool:
        return any(
            "HAPPY" in row for row in moved.taken[stage]["marts.indicator_trend"]
        )

    assert has_trend("before")
    assert not has_trend("wave")


def warnings(moved: Warehouse, stage: str) -> str:
    return str(list(moved.taken[stage]["marts.early_warning"]))


@pytest.mark.parametrize("name", ["New U2 has sent no report on Form to go", "New P1"])
def test_a_warning_calls_things_by_the_name_in_force(moved, name):
    assert name not in warnings(moved, "before")
    assert name in warnings(moved, "wave")


def test_what_has_no_first_day_is_owed_since_the_first_period(moved):
    assert moved.query(
        "select unit_code, min(period), count(*) from core.fct_obligation "
        "where form_code = 'EVER' group by all"
    ) == [("A", "2024-01", 17)]


def test_nobody_is_silent_on_a_form_that_was_withdrawn(moved):
    assert "'GONE'" in warnings(moved, "before")
    assert "'GONE'" not in warnings(moved, "wave")


def test_a_code_is_in_force_once(moved):
    """P1 and U2 have two open slices each: the one that began last counts."""
    for kind, code, name in (("region", "P1", "New P1"), ("unit", "U2", "New U2")):
        rows = moved.query(
            f"select {kind}_code, name_en from core.{kind}_as_of('2025-06-02')"
        )
        assert dict(rows)[code] == name
        assert len(dict(rows)) == len(rows) > 2


def test_a_rule_is_in_force_from_its_own_date_on(moved):
    """No row arrives on that day that progress would be rated anew for."""
    assert moved.facts["rated_by"] == [[("1",)], [("2",)]]
