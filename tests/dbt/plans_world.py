"""Finished plans, traffic lights and gaps that were published, as a world.

T       12th plan 2011-15: yearly falls of energy per GDP
V       13th plan 2016-20: falls after two of its five years (people.cn 2018-12-24)
B       NDRC's barometer of 31 provinces, 2011-15: colours, not the rates behind
CHINA   GDP per person of 31 provinces in 2020, in four blocs, each counting alike
BLOCS   GDP of the four blocs in 1978 and 2017 (NBS via cri.cn 2018-09-19)
DONE    a series whose end is known: forecasts of it can be judged
RAIN    nine months: no month has another year to be compared with
"""

from __future__ import annotations

import csv
from datetime import datetime
from functools import cache
from pathlib import Path

from numbers_world import KNOWN, group, yearly
from small_world import SmallWorld, indicator, target

ORACLES = Path(__file__).parents[3] / "shared" / "oracles"
# 2.01 and 3.6 are general knowledge, 3.7, 4.8 and 5.6 were published.
TWELFTH = {"2011": 2.01, "2012": 3.6, "2013": 3.7, "2014": 4.8, "2015": 5.6}
# Five-year fall asked for, and fall after two years.
THIRTEENTH = {
    "WATER13": ("23", 13.2), "ENERGY13": ("15", 8.5), "CO2_13": ("18", 11.4),
    "PM25_13": ("18", 15.8),
}  # fmt: skip
# Behind the floor of 100 by 15, by 5 and not at all.
COLOURS = {"red": 85, "yellow": 95, "green": 101}
BASES = {"annual": "LIGHT_YEAR", "five_year_schedule": "LIGHT_PLAN"}
UNRATED = "西藏"
BLOC_GDP = {
    "1978": {"East": 1514, "Central": 750, "West": 726, "Northeast": 486},
    "2017": {"East": 449681, "Central": 179412, "West": 170955, "Northeast": 55431},
}
DONE = (10, 12, 13, 15, 16, 18, 19)


@cache
def provinces() -> list[dict[str, str]]:
    with (ORACLES / "prov_2010_2020.csv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@cache
def barometers() -> list[dict[str, str]]:
    with (ORACLES / "ndrc_energy_barometer.csv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def period_of(barometer: dict[str, str]) -> str:
    """2014H1 is told by the month in which it ends, as 2014M1-7 is."""
    text = barometer["period"]
    return f"{text[:4]}-{'07' if 'M' in text else '06'}"


def coloured(barometer: dict[str, str]) -> dict[str, str]:
    """Colour of each rated province; Tibet is not among them."""
    names = [row["name_zh"] for row in provinces()]
    colours = dict.fromkeys(set(names) - {UNRATED}, "green")
    for colour in ("red", "yellow"):
        colours |= dict.fromkeys(filter(None, barometer[colour].split(",")), colour)
    return colours


def plan(code: str, start: int, end: int) -> dict[str, str]:
    return {
        "plan_code": code, "plan_version": "1", "name_en": f"Plan {code}",
        "region_code": "R", "period_start": f"{start}-01-01",
        "period_end": f"{end}-12-31",
    }  # fmt: skip


def tell(world: SmallWorld) -> None:
    world.registry("plans", plan("T", 2011, 2015), plan("V", 2016, 2020))
    world.registry(
        "indicators", *(indicator(c) for c in ("ENERGY12", "DONE", *THIRTEENTH))
    )
    world.registry(
        "targets",
        target("ENERGY12", "cum_reduction", None, "16", plan_code="T",
               target_period="2015"),
        *(
            target(code, "cum_reduction", None, goal, plan_code="V",
                   target_period="2020")
            for code, (goal, _) in THIRTEENTH.items()
        ),
        target("DONE", "level_floor", "15", "20", target_period="2024"),
        at=KNOWN,
    )  # fmt: skip
    world.registry("indicators", indicator("RAIN", frequency="M"))
    world.registry("targets", target("RAIN", "maintain", None, "1"), at=KNOWN)
    world.observe("RAIN", {f"2023-0{n}": n for n in range(1, 10)}, at=KNOWN)
    world.observe("ENERGY12", TWELFTH, at=KNOWN)
    for code, (_, fall) in THIRTEENTH.items():
        world.observe(code, {"2016": fall, "2017": 0}, at=KNOWN)
    world.observe("DONE", yearly(DONE[:-1], 2018), at=KNOWN)
    if ORACLES.exists():
        _tell_provinces(world)
        _tell_barometers(world)


def late(world: SmallWorld) -> None:
    """The end of a series becomes known in a later wave."""
    world.observe("DONE", {"2024": DONE[-1]}, at=datetime(2025, 5, 11))


def _tell_provinces(world: SmallWorld) -> None:
    blocs = {row["bloc"] for row in provinces()}
    world.registry(
        "regions",
        *(
            {"region_code": row["code"], "name_en": row["name_en"],
             "name_zh": row["name_zh"], "level": "4"}
            for row in provinces()
        ),
        *({"region_code": bloc, "name_en": bloc, "level": "5"} for bloc in blocs),
    )  # fmt: skip
    world.registry(
        "region_groups",
        *(group("bloc", row["bloc"], row["code"]) for row in provinces()),
        *(group("strategy", bloc, bloc) for bloc in blocs),
    )
    for row in provinces():
        per_person = float(row["gdp_2020_yi"]) / int(row["pop_census2020"])
        # As if yuan: more digits would not fit the column.
        told = {"2020": round(per_person * 1e8, 10)}
        world.observe("PCGDP", told, at=KNOWN, region_code=row["code"])
    for year, values in BLOC_GDP.items():
        for bloc, value in values.items():
            for code, told in (("OUTPUT", value), ("PEOPLE", 1)):
                world.observe(code, {year: told}, at=KNOWN, region_code=bloc)


def _tell_barometers(world: SmallWorld) -> None:
    """One floor of 100 for each province and basis, and figures for the colours."""
    world.registry("plans", plan("B", 2011, 2015))
    world.registry(
        "indicators", *(indicator(code, frequency="M") for code in BASES.values())
    )
    codes = {row["name_zh"]: row["code"] for row in provinces()}
    world.registry(
        "targets",
        *(
            target(light, "maintain", None, "100", plan_code="B", region_code=code,
                   target_period="2015-12")
            for light in BASES.values()
            for code in codes.values()
        ),
        at=KNOWN,
    )  # fmt: skip
    told: dict[tuple[str, str], dict[str, int]] = {}
    for barometer in barometers():
        for name, colour in coloured(barometer).items():
            series = told.setdefault((BASES[barometer["basis"]], codes[name]), {})
            series[period_of(barometer)] = COLOURS[colour]
    for (light, code), values in told.items():
        world.observe(light, values, at=KNOWN, region_code=code)
