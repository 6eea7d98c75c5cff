"""Random histories: wave by wave, made anew, and as of an earlier day, all agree.

Many histories live side by side in one warehouse, each about regions of its
own, so that one run of dbt takes all of them a wave further.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from small_world import SmallWorld, rule, target

TABLES = ("--exclude", "config.materialized:view")
INDICATORS = ("GROWTH", "CO2", "JOBS", "URBAN")
KINDS = ("official", "verified", "self_reported")
PERIODS = ("2021", "2022", "2023", "2024")
FOUNDED = datetime(2025, 8, 1)
# How many days before the end of a wave something became known: a late
# arrival lies before the wave that brings it.
AGES = (0, 1, 1, 3, 20, 400)


@dataclass(frozen=True)
class Step:
    """One thing that happens in a history."""

    what: str
    indicator: str = "GROWTH"
    period: str = "2021"
    value: int = 0
    age: int = 0
    kind: str = "official"


WHAT = (
    *("figure",) * 6, "twice", "nothing", "target", "withdrawal", "region", "group",
    "report", "waiver",
)  # fmt: skip


def histories(seed: int, count: int, waves: int) -> list[list[list[Step]]]:
    """`count` histories, each with up to four steps in each of `waves` waves."""
    dice = Random(seed)
    return [
        [[_step(dice) for _ in range(dice.randint(0, 4))] for _ in range(waves)]
        for _ in range(count)
    ]


def _step(dice: Random) -> Step:
    return Step(
        what=dice.choice(WHAT),
        indicator=dice.choice(INDICATORS),
        period=dice.choice(PERIODS),
        value=dice.randint(1, 99),
        age=dice.choice(AGES),
        kind=dice.choice(KINDS),
    )


def end_of(wave: int) -> datetime:
    return FOUNDED + timedelta(days=30 * (wave + 1))


def found(world: SmallWorld, count: int) -> None:
    """A region of its own for each history, and targets for every second one."""
    world.registry("regions", *(region(number) for number in range(count)), at=FOUNDED)
    world.registry("rules", *(rule(*row) for row in RULES), at=FOUNDED)
    world.registry(
        "targets",
        *(
            promised(code, "50", number)
            for number in range(0, count, 2)
            for code in INDICATORS
        ),
        at=FOUNDED,
    )


# Figures that weigh targets, and comparisons however few regions have told.
RULES = (
    ("PROGRESS_RAG", "yellow_limit_pct", "10"),
    ("TARGET_INTENSITY", "CO2", "JOBS URBAN GROWTH"),
    ("TARGET_COVERAGE", "parent_level", "0"),
    ("INEQUALITY", "min_coverage_pct", "0.1"),
    ("INEQUALITY_PAIR", "URBAN", "EQUAL"),
)
KIND_OF_TARGET = {"CO2": "cum_reduction", "GROWTH": "avg_growth_floor"}


def promised(code: str, value: str, number: int) -> dict:
    """A target of the history's region, as the whole country has one."""
    kind = KIND_OF_TARGET.get(code, "level_floor")
    label = {"official_label": "lagging", "official_label_on": "2024-06-30"}
    return target(
        code, kind, "1" if kind == "level_floor" else None, value,
        region_code=f"H{number}", **(label if code == "URBAN" else {}),
    )  # fmt: skip


def region(number: int, **changes) -> dict:
    return {
        "region_code": f"H{number}", "name_en": f"H{number}", "level": "1",
        "parent_region_code": "R", **changes,
    }  # fmt: skip


def waiver(number: int, step: Step, at: datetime) -> dict:
    """One that ends within the waves or after them."""
    return {
        "plan_code": "P", "plan_version": "1", "indicator_code": step.indicator,
        "child_region_code": f"H{number}", "who": "board", "why": "moor",
        "until": str((at + timedelta(days=step.value)).date()),
    }  # fmt: skip


def tell(world: SmallWorld, steps: Iterator[tuple[int, int, Step]]) -> None:
    """Steps as (number of history, wave, step)."""
    for number, wave, step in steps:
        at = end_of(wave) - timedelta(days=step.age, seconds=1)
        place = f"H{number}"
        if step.what in ("figure", "twice"):
            for value in (step.value, step.value + 1)[: 1 + (step.what == "twice")]:
                world.observe(
                    step.indicator, {step.period: value}, at=at, region_code=place,
                    source_kind=step.kind, source_code=step.kind,
                )  # fmt: skip
        elif step.what in ("target", "withdrawal"):
            world.registry(
                "targets",
                promised(step.indicator, str(step.value), number),
                at=at,
                deleted=step.what == "withdrawal",
            )  # fmt: skip
        elif step.what == "nothing":
            # What was known at one moment is said to be unknown after all.
            for value in (step.value, None):
                world.observe(
                    step.indicator, {step.period: value}, at=at, region_code=place,
                    source_kind=step.kind, source_code=step.kind,
                )  # fmt: skip
        elif step.what == "waiver":
            world.registry("target_waivers", waiver(number, step, at), at=at)
        elif step.what == "region":
            world.registry("regions", region(number, area_km2=str(step.value)), at=at)
        elif step.what == "group":
            world.registry(
                "region_groups",
                {
                    "group_kind": "bloc", "group_code": f"B{step.value % 3}",
                    "name_en": "Bloc", "region_code": place,
                },
                at=at,
            )  # fmt: skip
        else:
            unit, month = f"U{1 + number % 3}", 1 + step.value % 9
            world.report(unit, f"2025-{month:02}", at, cells={"WORK": step.value})


def agree(made, sequences: list) -> None:
    """Take a copy of the warehouse through every wave, then look back."""
    waves = len(sequences[0])
    made.fill(lambda world: found(world, len(sequences)), FOUNDED)
    bounds = []
    for wave in range(waves):
        steps = (
            (number, wave, step)
            for number, history in enumerate(sequences)
            for step in history[wave]
        )
        made.fill(lambda world, steps=steps: tell(world, steps), end_of(wave))
        made.run(*TABLES)
        made.take(f"wave {wave}")
        bounds.append((made.seq, made.as_of))
    for wave in sorted({0, waves - 1}, reverse=True):
        made.seq, made.as_of = bounds[wave]
        made.run("--full-refresh", *TABLES)
        made.take("anew")
        for table, rows in made.taken["anew"].items():
            then = made.taken[f"wave {wave}"][table]
            assert then == rows, told(table, then, rows, sequences)


def told(table, then, anew, sequences) -> str:
    """The differing rows, and the histories that they are about."""
    differing = [*(then - anew), *(anew - then)][:6]
    numbers = {
        int(cell[1:])
        for row in differing
        for cell in row
        if isinstance(cell, str) and cell[:1] == "H" and cell[1:].isdigit()
    }
    lines = [f"{table} differs from what was built:", *map(str, differing)]
    lines += [f"H{n}: {sequences[n]}" for n in sorted(numbers)[:3]]
    return "\n".join(lines)


@pytest.fixture
def own_warehouse(warehouse, tmp_path, monkeypatch):
    """The small world after its waves, in a file of one's own."""
    path = tmp_path / "planwatch.duckdb"
    shutil.copyfile(warehouse.path, path)
    monkeypatch.setenv("PLANWATCH_WAREHOUSE", str(path))
    return replace(warehouse, path=path, taken={}, facts={})


def once(function):
    """One example holds many histories; there is nothing to shrink."""
    return settings(
        max_examples=1, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )(function)  # fmt: skip


SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.long
@once
@given(seed=SEEDS)
def test_two_hundred_histories_agree(own_warehouse, seed):
    agree(own_warehouse, histories(seed, 200, 3))
