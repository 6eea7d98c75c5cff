"""Month by month, silent and late units are what a build of all months would tell."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest
from small_world import SmallWorld, rule

FOUNDED = datetime(2025, 6, 1)
FIRST = datetime(2024, 1, 1)
WAVES = 7
UNITS = 24
MOVING = ("--select", "+early_warning", "--exclude", "config.materialized:view")
# What a unit does with a month: in time, late, not at all; late goes in a row.
HABITS = ("good", "good", "silent", "late", "mixed", "mixed")
DUE = timedelta(days=10)
# The last units begin in the middle: a report in time fills their first window.
LATER = 6


def month(number: int) -> datetime:
    return FIRST.replace(year=FIRST.year + number // 12, month=number % 12 + 1)


def begin(unit: int) -> int:
    return 0 if unit < UNITS - LATER else unit - 5


def received(dice: Random, habit: str, number: int) -> datetime | None:
    """When the report on a month comes; in time is before the tenth day after it."""
    due = month(number + 1) + DUE
    kind = habit if habit != "mixed" else dice.choice(("good", "silent", "late"))
    if habit != "soon" and dice.random() < 0.15:
        kind = dice.choice(("good", "silent", "late"))
    if kind == "soon":
        return due + timedelta(days=1)
    if kind == "silent":
        return None
    days = dice.randint(-8, -1) if kind == "good" else dice.choice((2, 9, 40, 100))
    return due + timedelta(days=days, seconds=dice.randint(0, 3600))


def reports(seed: int, months: int) -> list[tuple[datetime, str, str]]:
    """(received at, unit, period) of all units, some of which report twice."""
    dice, told = Random(seed), []
    for unit in range(UNITS):
        habit = HABITS[unit % len(HABITS)]
        for number in range(begin(unit), months):
            begins = begin(unit) and number - begin(unit) < 3
            first = ("soon", "soon", "good")[number - begin(unit)] if begins else habit
            moments = [received(dice, first, number)]
            if dice.random() < 0.1:
                moments.append(received(dice, "late", number))
            told += [
                (moment, f"D{unit}", f"{month(number):%Y-%m}")
                for moment in moments
                if moment
            ]
    return sorted(told)


def found(world: SmallWorld) -> None:
    world.registry(
        "forms",
        {
            "form_code": "DUTY", "name_en": "Duty", "frequency": "M",
            "due_days": "10", "unit_kind": "dutiful", "valid_from": f"{FIRST:%Y-%m-%d}",
        },
        at=FOUNDED,
    )  # fmt: skip
    world.registry(
        "units",
        *(
            {
                "unit_code": f"D{unit}", "name_en": f"Unit {unit}",
                "unit_kind": "dutiful", "level": "1", "region_code": "100000",
                "valid_from": f"{month(begin(unit)):%Y-%m-%d}",
            }
            for unit in range(UNITS)
        ),
        at=FOUNDED,
    )  # fmt: skip
    world.registry(
        "rules",
        rule("EW_LATE_UNIT", "window", "3"),
        rule("EW_LATE_UNIT", "late_share_pct", "60"),
        at=FOUNDED,
    )  # fmt: skip


def duty_warnings(made) -> Counter:
    return Counter(
        made.query(
            "from marts.early_warning where rule_id in"
            " ('EW_SILENT_UNIT', 'EW_LATE_UNIT') and form_code = 'DUTY'"
        )
    )


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_duties_in_waves_give_the_warnings_of_all_of_them_at_once(early, seed):
    early.fill(found, FOUNDED)
    arriving = reports(seed, 26)
    seen = Counter()
    for wave in range(WAVES):
        now = FOUNDED + timedelta(days=1 + 31 * wave)
        here = [told for told in arriving if told[0] <= now]
        arriving = arriving[len(here) :]

        def tell(world: SmallWorld, here=here) -> None:
            for moment, unit, period in here:
                world.report(unit, period, moment, form_code="DUTY")

        early.fill(tell, now)
        early.run(*MOVING)
        told = duty_warnings(early)
        seen += Counter(row[1] for row in told)
        if wave % 3 == 0:
            early.run("--full-refresh", "--select", "+early_warning")
            assert duty_warnings(early) == told, wave
    assert min(seen["EW_SILENT_UNIT"], seen["EW_LATE_UNIT"]) > WAVES
