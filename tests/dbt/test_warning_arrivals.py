"""No warning has another life because its facts came in another order."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from small_world import SmallWorld, target

NOW = datetime(2025, 6, 30)
# Views need no second look: these are the models that a wave moves.
MOVING = ("--exclude", "config.materialized:view")
Arrival = Callable[[SmallWorld], None]


def observed(code: str, period: str, value: str, known: str, **more) -> Arrival:
    moment = datetime.fromisoformat(known)
    return lambda world: world.observe(code, {period: value}, at=moment, **more)


def targeted(known: str, code: str, *terms, **more) -> Arrival:
    moment = datetime.fromisoformat(known)
    return lambda world: world.registry(
        "targets", target(code, *terms, **more), at=moment
    )


def reported(unit: str, period: str, received: str) -> Arrival:
    moment = datetime.fromisoformat(received)
    return lambda world: world.report(unit, period, moment, cells={"WORK": 1})


def answered(warning_id: str, at: str) -> Arrival:
    row = {
        "warning_id": warning_id, "acknowledged_at": at, "acknowledged_by": "desk",
        "why": "known", "severity": "red",
    }  # fmt: skip
    moment = datetime.fromisoformat(at)
    return lambda world: world.registry("acknowledgements", row, at=moment)


# Every fact has a moment of its own: of two known at one instant the later
# load counts, which is a matter of order by intention.
ARRIVALS = (
    observed("ENERGY", "2021", "2.7", "2022-01-20"),
    observed("ENERGY", "2022", "0.1", "2023-01-20"),
    observed("ENERGY", "2023", "0.5", "2024-01-20"),
    observed("ENERGY", "2021", "3.9", "2024-02-20"),
    observed("URBAN", "2021", "60.7", "2022-01-21"),
    observed("URBAN", "2022", "64.9", "2023-01-21"),
    observed("URBAN", "2023", "61.0", "2024-01-21"),
    observed("CAP", "2021", "6.9", "2022-01-22"),
    observed("CAP", "2022", "5.1", "2023-01-22"),
    observed("CAP", "2023", "5.6", "2024-01-22", conf_status="C"),
    observed("JOBS", "2021", "900", "2022-01-23"),
    observed("JOBS", "2021", "1100", "2022-06-23"),
    observed("JOBS", "2022", "700", "2023-01-23"),
    observed("KEEP", "2021", "6.4", "2022-01-24"),
    observed("KEEP", "2022", "6.6", "2023-01-24"),
    observed("DONE", "2022", "15.5", "2024-12-20"),
    observed("DONE", "2024", "19", "2025-02-01"),
    targeted("2022-03-01", "JOBS", "cum_total", None, "4000"),
    targeted("2023-03-01", "JOBS", "cum_total", None, "5200"),
    targeted("2023-05-01", "CO2", "cum_reduction", None, "12", document_no="No. 7"),
    targeted("2024-05-01", "KEEP", "maintain", None, "6.5", False),
    reported("U1", "2025-01", "2025-02-20"),
    reported("U1", "2025-02", "2025-03-20"),
    reported("U1", "2025-03", "2025-04-05"),
    reported("U2", "2025-02", "2025-03-09"),
    reported("U2", "2025-05", "2025-06-01"),
)
# Whatever follows from the warnings, or stands beside them.
STATE = (
    "marts.early_warning", "marts.indicator_trend", "marts.forecast_track_record",
    "marts.reporting_discipline",
)  # fmt: skip


@pytest.fixture(scope="module")
def arrivals(warehouse) -> list[Arrival]:
    """All facts, and an answer to a warning that they raise."""
    (energy,) = {
        row[0]
        for row in warehouse.taken["first"]["marts.early_warning"]
        if (row[1], row[3], row[5]) == ("EW_OFF_TRACK", "P", "ENERGY")
    }
    return [*ARRIVALS, answered(energy, "2024-03-01")]


def life(warehouse, folder, waves: list[list[Arrival]]) -> dict[str, Counter]:
    """The state after these waves, each built before the next one comes."""
    start, seq = warehouse.facts["early"]
    shutil.copytree(start, folder)
    made = replace(warehouse, path=folder / "planwatch.duckdb", seq=seq)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANWATCH_WAREHOUSE", str(made.path))
        for wave in waves:
            made.fill(lambda world, wave=wave: [come(world) for come in wave], NOW)
            made.run(*MOVING)
    return {table: Counter(made.query(f"from {table}")) for table in STATE}


def shuffled(arrivals: list[Arrival], seed: int, count: int) -> list[list[Arrival]]:
    dice = random.Random(seed)
    arrivals = list(arrivals)
    dice.shuffle(arrivals)
    cuts = sorted(dice.sample(range(1, len(arrivals)), count - 1))
    return [
        arrivals[a:b] for a, b in zip([0, *cuts], [*cuts, len(arrivals)], strict=True)
    ]


@pytest.fixture(scope="module")
def in_order(warehouse, arrivals, tmp_path_factory) -> dict[str, Counter]:
    """The life of the warnings when all facts come at once, in order."""
    found = life(warehouse, tmp_path_factory.mktemp("order") / "w", [arrivals])
    warnings = found["marts.early_warning"]
    rules = Counter(row[1] for row in warnings)
    assert set(rules) >= {
        "EW_OFF_TRACK", "EW_STATUS_WORSENING", "EW_BEHIND_SCHEDULE",
        "EW_TARGET_WEAKENED", "EW_SILENT_UNIT", "EW_MILESTONE_OVERDUE",
    }  # fmt: skip
    assert {"open", "acknowledged", "resolved"} <= {c for row in warnings for c in row}
    assert all(rows.total() for rows in found.values())
    return found


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 8))
def test_facts_in_any_order_and_any_waves_give_the_same_warnings(
    warehouse, arrivals, in_order, tmp_path, seed
):
    found = life(warehouse, tmp_path / "w", shuffled(arrivals, seed, 4))
    for table, rows in in_order.items():
        assert found[table] == rows, table
