"""What the simulated offices achieve: eight indicators a month and office.

Performance is drawn once per office and target, so that some 7 % of the
targets go off track and 13 % lag slightly; months scatter around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ingestion.samples.dice import Dice
from ingestion.samples.unit_tree import Unit

RED_SHARE, YELLOW_SHARE = 0.07, 0.13
ONLINE_RISE = 25.0
ANSWER_DAYS_CAP = 15


@dataclass(frozen=True)
class SimulatedIndicator:
    """One indicator of the monthly form, with its registry cells."""

    code: str
    name_en: str
    name_zh: str
    domain: str
    unit_measure: str
    direction: str
    aggregation: str
    decimals: int
    max_value: str = ""
    weight: str = ""


INDICATORS = (
    SimulatedIndicator(
        "SIM_JOBS_CREATED", "Simulated new jobs", "模拟新增就业", "well_being",
        "PERSONS", "higher", "sum", 0,
    ),
    SimulatedIndicator(
        "SIM_PERMITS_ISSUED", "Simulated permits issued", "模拟办结许可", "services",
        "NUMBER", "neutral", "sum", 0,
    ),
    SimulatedIndicator(
        "SIM_ONLINE_SHARE", "Simulated share of permits issued online",
        "模拟网上办理率", "services", "PERCENT", "higher", "weighted_mean", 2,
        max_value="100", weight="SIM_PERMITS_ISSUED",
    ),
    SimulatedIndicator(
        "SIM_ANSWER_DAYS", "Simulated days until an answer", "模拟平均办理天数",
        "services", "DAYS", "lower", "mean", 1,
    ),
    SimulatedIndicator(
        "SIM_INVESTMENT", "Simulated investment", "模拟完成投资", "economy",
        "CNY_10K", "higher", "sum", 2,
    ),
    SimulatedIndicator(
        "SIM_ROAD_KM", "Simulated roads completed", "模拟建成道路", "infrastructure",
        "KM", "higher", "sum", 1,
    ),
    SimulatedIndicator(
        "SIM_STAFF", "Simulated staff at month's end", "模拟月末在岗人数", "services",
        "PERSONS", "neutral", "last", 0,
    ),
    SimulatedIndicator(
        "SIM_WATER_USE", "Simulated water use", "模拟用水量", "green",
        "M3", "lower", "sum", 0,
    ),
)  # fmt: skip


@dataclass(slots=True)
class Traits:
    """Size of an office and how well it does against each of its targets."""

    size: float
    jobs: float
    online_base: int
    online: float
    days: float
    investment: float
    staff: int
    staff_kept: float


def draw_traits(seed: int, units: list[Unit]) -> list[Traits]:
    dice = Dice(f"{seed}|traits")
    return [_traits(dice, unit) for unit in units]


def _traits(dice: Dice, unit: Unit) -> Traits:
    size = (12.0, 8.0, 4.0, 2.0, 1.0)[unit.level] * dice.within(0.6, 1.8)
    return Traits(
        size=size,
        jobs=_graded(dice, (0.60, 0.85), (0.92, 0.97), (1.03, 1.15)),
        online_base=dice.between(40, 55),
        online=_graded(dice, (0.05, 0.45), (0.82, 0.95), (1.05, 1.20)),
        days=_graded(dice, (1.18, 1.50), (1.05, 1.07), (0.60, 0.92)),
        investment=_graded(dice, (0.60, 0.85), (0.92, 0.97), (1.03, 1.15)),
        staff=round(30 * size),
        staff_kept=_graded(dice, (0.80, 0.87), (0.94, 0.97), (1.03, 1.10)),
    )


def _graded(dice: Dice, *ranges: tuple[float, float]) -> float:
    """A factor from the red, the yellow or the green range."""
    grade = dice.roll()
    red, yellow, green = ranges
    if grade < RED_SHARE:
        return dice.within(*red)
    return dice.within(*(yellow if grade < RED_SHARE + YELLOW_SHARE else green))


def jobs_target(traits: Traits, months: int) -> int:
    return round(40 * traits.size * months)


def online_target(traits: Traits) -> int:
    return traits.online_base + round(ONLINE_RISE)


def investment_target(traits: Traits, months: int) -> int:
    return round(900 * traits.size * months)


def monthly_values(
    traits: Traits, size: float, elapsed: float, roll: Callable[[], float]
) -> tuple[int, int, float, float, float, float, int, int]:
    """The eight figures of one office and month, in the order of INDICATORS.

    `size` is the office's own plus that of offices merged into it; `elapsed`
    is the share of the plan period that has passed at the month's end.
    """
    online = traits.online_base + ONLINE_RISE * traits.online * elapsed
    return (
        int(40 * size * traits.jobs * (0.9 + 0.2 * roll()) + 0.5),
        int(120 * size * (0.8 + 0.4 * roll()) + 0.5),
        min(100.0, online - 0.4 + 0.8 * roll()),
        ANSWER_DAYS_CAP * traits.days * (0.97 + 0.06 * roll()),
        900 * size * traits.investment * (0.85 + 0.3 * roll()),
        3 * size * (0.5 + roll()),
        int(traits.staff * traits.staff_kept * (0.99 + 0.02 * roll()) + 0.5),
        int(500 * size * (0.8 + 0.4 * roll()) + 0.5),
    )
