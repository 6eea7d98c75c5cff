"""One small warehouse, taken through several waves by dbt in this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numbers_world
import plans_world
import pytest
from opened_warehouse import Warehouse, opened
from small_world import SmallWorld, found, rule, target

from warehouse.shares import SHARE, runs

# Views need no second look: these are the models that a wave moves.
MOVING = (
    "--select", "stg_clock", "int_rules", "core", "marts",
    "--exclude", "config.materialized:view",
)  # fmt: skip


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The warehouse after all waves, with the stages in between in `taken`."""
    with opened(tmp_path_factory.mktemp("warehouse")) as made:
        _first_build(made)
        _waves(made)
        yield made


@pytest.fixture(scope="session")
def rated(warehouse: Warehouse) -> Warehouse:
    """The warehouse while the rule was in force by which progress is rated."""
    return replace(warehouse, path=warehouse.facts["rated"])


@pytest.fixture
def early(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Warehouse:
    """A copy of the warehouse after its first build, to take waves of its own."""
    start, seq = warehouse.facts["early"]
    path = shutil.copytree(start, tmp_path / "w") / "planwatch.duckdb"
    monkeypatch.setenv("PLANWATCH_WAREHOUSE", str(path))
    return replace(warehouse, path=path, seq=seq)


def _first_build(made: Warehouse) -> None:
    made.fill(found, datetime(2021, 1, 1))
    made.fill(numbers_world.tell, datetime(2024, 1, 20))
    made.fill(numbers_world.tell_regions, datetime(2024, 1, 20))
    made.fill(plans_world.tell, datetime(2024, 1, 20))
    made.fill(_first_years, datetime(2025, 4, 25))
    made.run("--empty")
    made.facts["watermarks_after_empty"] = made.query("from ops.watermark")
    made.facts["build"] = made.dbt("build")
    made.take("first")
    made.run(*MOVING)
    made.take("repeated")
    # Where other arrivals of rows start from (test_warning_arrivals.py).
    made.facts["early"] = made.path.with_name("early"), made.seq
    made.facts["early"][0].mkdir()
    shutil.copy(made.path, made.facts["early"][0])


def _waves(made: Warehouse) -> None:
    made.fill(_late_and_corrected, datetime(2025, 5, 2))
    made.run("--empty", "--select", "core", "marts")
    made.facts["mart_alone"] = made.dbt(
        "run", "--select", "staging", "core", "indicator_progress"
    )
    made.run("--select", "int_progress_touched")
    made.facts["touched"] = made.query(
        "select indicator_code from core.fct_target where target_key in "
        "(select target_key from intermediate.int_progress_touched) order by all"
    )
    made.fill(_same_moment_and_new_target, datetime(2025, 5, 12))
    made.fill(numbers_world.late, datetime(2025, 5, 12))
    made.fill(plans_world.late, datetime(2025, 5, 12))
    made.run("--select", "staging", "marts")  # the marts without their parents
    made.run(*MOVING)
    made.fill(_withdrawn_target, datetime(2025, 6, 11))
    made.run(*MOVING)
    made.take("waves")
    made.facts["backwards"] = made.dbt(
        "run", "--select", "stg_clock", "fct_observation", as_of=datetime(2025, 5, 1)
    )
    # Anew, as a country's history would be: share by share.
    for share, selection in runs(2):
        os.environ[SHARE] = share
        made.run(*selection)
    os.environ[SHARE] = "1/1"
    made.take("refreshed")
    # Before the rule is withdrawn by which everything is rated.
    made.facts["rated"] = made.path.with_name("rated") / made.path.name
    made.facts["rated"].parent.mkdir()
    shutil.copy(made.path, made.facts["rated"])
    made.fill(
        lambda world: world.registry(
            "rules",
            rule("PROGRESS_RAG", "yellow_limit_pct", "10"),
            at=datetime(2025, 7, 1),
            deleted=True,
        ),
        datetime(2025, 7, 1),
    )
    made.run(*MOVING)
    made.take("without_rule")


def _first_years(world: SmallWorld) -> None:
    known = datetime(2024, 1, 20)
    for code, values in FIRST_YEARS.items():
        world.observe(code, values, at=known)
    world.registry(
        "targets",
        target(
            "INCOME", "relative", None, None,
            reference_indicator_code="GDP", strictness="gt",
        ),
        target("WORK", "cum_total", None, "60", unit_code="U1"),
        at=known,
    )  # fmt: skip
    world.report("U1", "2025-01", datetime(2025, 2, 8), cells={"WORK": 1, "STAFF": 2})
    world.report("U1", "2025-02", datetime(2025, 3, 20), cells={"WORK": 1})
    world.report("U1", "2025-03", datetime(2025, 4, 20), cells={"WORK": 1})
    world.report("U2", "2025-01", datetime(2025, 2, 8), cells={"WORK": 1})
    world.report(
        "U2", "2025-02", datetime(2025, 2, 8), verdict="rejected",
        reasons=("WORDS", "EMPTY"),
    )  # fmt: skip
    world.batch(datetime(2025, 4, 25))


FIRST_YEARS = {
    "ENERGY": {"2021": "2.7", "2022": "0.1", "2023": "0.5"},
    "CO2": {"2021": "3.8", "2022": "0.8", "2023": "0"},
    "URBAN": {"2021": "64.72", "2022": "65.22"},
    "CAP": {"2021": "5.1", "2022": "5.6", "2023": "5.5"},
    "KEEP": {"2021": "6.6", "2022": "6.5"},
    "GROWTH": {"2021": "8", "2022": "6", "2024": "9"},
    "JOBS": {"2021": "1269", "2022": "1206"},
    "INCOME": {"2021": "5", "2022": "3"},
    "GDP": {"2021": "8.1", "2022": "3"},
    "MOOD": {"2021": "1"},
}


def _late_and_corrected(world: SmallWorld) -> None:
    """The missing link of a chain, and a correction known before others."""
    world.observe("GROWTH", {"2023": "7"}, at=datetime(2025, 5, 1))
    world.observe("CO2", {"2021": "3.9"}, at=datetime(2023, 1, 1))
    world.report("U2", "2025-03", datetime(2025, 5, 1), cells={"WORK": 1})
    # A second try that mends one of the two faults of the first.
    world.report(
        "U2", "2025-02", datetime(2025, 4, 30), verdict="rejected", reasons=("WORDS",)
    )
    # A refused report may call its period anything.
    world.report("U1", "9月", datetime(2025, 4, 30), verdict="rejected")


def _same_moment_and_new_target(world: SmallWorld) -> None:
    """Two rows known at one instant, a raised target, a figure under it."""
    moment = datetime(2025, 5, 10)
    world.observe("KEEP", {"2022": "6.4"}, at=moment)
    world.observe("KEEP", {"2022": "6.3"}, at=moment)
    world.registry("targets", target("JOBS", "cum_total", None, "9000"), at=moment)
    world.observe("GDP", {"2021": "4"}, at=moment)
    world.batch(datetime(2025, 5, 12))


def _withdrawn_target(world: SmallWorld) -> None:
    moment = datetime(2025, 6, 1)
    world.registry(
        "targets", target("CAP", "level_cap", "5.2", "5.5"), at=moment, deleted=True
    )
    world.batch(datetime(2025, 6, 11))
