"""The five-level tree of the simulated offices, below the real provinces."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import UsageError
from ingestion.samples.dice import Dice

COUNTRY = "100000"
PROVINCES = 31
MIN_UNITS, MAX_UNITS = 20, 300_000
# Shares of municipal and county offices among those below the provinces, as
# in a national administration of 33,413 offices on five levels.
MUNICIPAL_SHARE, COUNTY_SHARE = 0.010, 0.085

LEVEL_NAMES = (
    ("National", "国家级"),
    ("Provincial", "省级"),
    ("Municipal", "市级"),
    ("County", "县级"),
    ("Local", "基层"),
)
REPORTING, SUPPORT = "reporting_unit", "support_unit"


@dataclass(slots=True)
class Unit:
    """One simulated office; `closes` is the first month it no longer exists.

    `silent_from` is the first month it sends nothing any more, `heir` the
    position of the office that takes over its work. Months count from 0.
    """

    position: int
    code: str
    area: str
    level: int
    parent: int | None
    region_code: str
    kind: str = REPORTING
    closes: int | None = None
    heir: int | None = None
    silent_from: int | None = None
    often_late: bool = False

    @property
    def name_en(self) -> str:
        return f"Simulated {LEVEL_NAMES[self.level][0]} Office {self.area}"

    @property
    def name_zh(self) -> str:
        return f"模拟{LEVEL_NAMES[self.level][1]}机构{self.area}"

    @property
    def is_ordinary(self) -> bool:
        """Asked to report, from the first month to the last, and doing so."""
        return (
            self.kind == REPORTING and self.closes is None and self.silent_from is None
        )


def plant(count: int) -> list[Unit]:
    """Tree of exactly `count` offices in order of level; UsageError if absurd."""
    if not MIN_UNITS <= count <= MAX_UNITS:
        raise UsageError(
            f"A network of {count:,} units cannot be simulated.",
            f"choose between {MIN_UNITS} and {MAX_UNITS:,} units.",
        )
    provinces = _provinces()[: min(PROVINCES, max(1, count // 10))]
    below = count - 1 - len(provinces)
    municipal = max(len(provinces), round(below * MUNICIPAL_SHARE))
    county = max(municipal, round(below * COUNTY_SHARE))
    units = [Unit(0, f"SIM-U-{COUNTRY}", COUNTRY, 0, None, COUNTRY)]
    for code in provinces:
        units.append(Unit(len(units), f"SIM-U-{code}", code, 1, 0, code))
    _grow(units, level=2, count=municipal)
    _grow(units, level=3, count=county)
    _grow(units, level=4, count=below - municipal - county)
    return units


def assign_roles(units: list[Unit], months: int, seed: int) -> None:
    """Choose silent, often late, merged and support offices."""
    dice = Dice(f"{seed}|roles")
    local = [unit for unit in units if unit.level == len(LEVEL_NAMES) - 1]
    dice.shuffle(local)
    mergers = max(1, len(units) // 400)
    for _ in range(mergers):
        _merge(local.pop(), months, dice)
    for _ in range(max(1, len(units) // 500)):
        local.pop().kind = SUPPORT
    heirs = {unit.heir for unit in units}
    free = [u for u in units[1:] if u.is_ordinary and u.position not in heirs]
    dice.shuffle(free)
    for _ in range(max(1, round(len(units) * 0.01))):
        free.pop().silent_from = months - dice.between(1, min(6, months - 1))
    for _ in range(max(1, round(len(units) * 0.03))):
        free.pop().often_late = True


def _merge(unit: Unit, months: int, dice: Dice) -> None:
    unit.closes = dice.between(max(1, months // 3), max(1, 2 * months // 3))
    unit.heir = unit.parent


def _grow(units: list[Unit], level: int, count: int) -> None:
    """Hang `count` offices below those of the level above, spread evenly."""
    parents = [unit for unit in units if unit.level == level - 1]
    for number in range(count):
        parent = parents[number % len(parents)]
        nth = number // len(parents) + 1
        if level < len(LEVEL_NAMES) - 1:
            stem = parent.area[:2] if level == 2 else parent.area
            area = f"{stem}{nth:02d}"
            region = f"SIM-{area}"
        else:
            # Local offices work inside their county: no region of their own.
            area = f"{parent.area}-{nth:03d}"
            region = parent.region_code
        units.append(
            Unit(len(units), f"SIM-U-{area}", area, level, parent.position, region)
        )


def _provinces() -> list[str]:
    path = Path(__file__).parent / "site" / "registry" / "regions.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return [r["region_code"] for r in csv.DictReader(handle) if r["level"] == "1"]
