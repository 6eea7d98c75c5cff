"""Series with known figures: forecasts, peers, gaps between regions.

TOWN  urbanisation of China 2020-25 (communiques; 64.72, 67, 67.89 as published)
AIR   air passengers of Australia 1990-2004 as printed with the damped trend in
      the documentation of statsmodels, moved to 2011-25
HEAT  36 months: a season of twelve, a rise of 2 a year and two shocks
COVER a rate close to 100 percent
PCGDP    Mexico's 32 states, 1940-2000 (libpysal's data), each counting alike
OUTPUT   three river regions of a hand-made world, one missing in 2021
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from small_world import SmallWorld, indicator, target

MEXICO = Path(__file__).parents[3] / "shared" / "oracles" / "mexico.csv"
DECADES = range(1940, 2001, 10)

KNOWN = datetime(2024, 1, 20)
TOWN = (63.89, 64.72, 65.22, 66.16, 67.00, 67.89)
AIR = (
    17.5534, 21.86, 23.8866, 26.9293, 26.8885, 28.8314, 30.0751, 30.9535,
    30.1857, 31.5797, 32.5776, 33.4774, 39.0216, 41.3864, 41.5966,
)  # fmt: skip
COVER = (91.0, 92.5, 93.4, 94.6, 95.1)
SEASON = (9, 8, 6, 4, 2, 1, 0, 1, 3, 5, 7, 8)
SHOCKS = {18: 0.5, 30: -0.4}
HEAT = {
    f"{2021 + n // 12}-{n % 12 + 1:02}": round(
        20 + SEASON[n % 12] + 2 * (n // 12) + SHOCKS.get(n, 0), 2
    )
    for n in range(36)
}
# Volume indices of output in 2020, 2019 = 100.
INDEX = {"R1": 110, "R2": 105, "R3": 98}
# Money of the rivers in 2020: debt, hidden debt, own revenue, transfers,
# spending. Ratios 120 (a bound), 199.9 and 360 with what is hidden.
MONEY = {
    "R1": (240, None, 150, 50, 250),
    "R2": (399.8, None, 100, 100, 180),
    "R3": (300, 60, 80, 20, 100),
}
MONEY_ITEMS = ("DEBT", "DEBT_HIDDEN", "REVENUE", "TRANSFERS", "SPENDING")
# Toy of PySAL: two groups, all of the value in the second.
TOY = {"T1": 0, "T2": 0, "T3": 0, "T4": 10, "T5": 10, "T6": 10}
OUTPUT = {"R1": 300, "R2": 200, "R3": 500}
PEOPLE = {"R1": 1, "R2": 2, "R3": 2}
PEERS = {"R1": 50.0, "R2": 60.0, "R3": 67.0}


def tell(world: SmallWorld) -> None:
    """A second plan 2020-30 of the same country, with the series above."""
    world.registry(
        "regions",
        {"region_code": "R", "name_en": "Rivers", "level": "0"},
        *(
            {
                "region_code": code, "name_en": f"River {code}", "level": "1",
                "parent_region_code": "R",
            }
            for code in PEERS
        ),
    )  # fmt: skip
    rate = {"min_value": "0", "max_value": "100"}
    world.registry(
        "indicators",
        {**indicator("TOWN"), **rate},
        {**indicator("COVER"), **rate},
        indicator("AIR"),
        indicator("HEAT", "lower", "M"),
    )
    world.registry(
        "plans",
        {
            "plan_code": "Q", "plan_version": "1", "name_en": "Long plan",
            "region_code": "R", "period_start": "2020-01-01",
            "period_end": "2030-12-31",
        },
    )  # fmt: skip
    more = {"plan_code": "Q", "target_period": "2030", "baseline_period": "2020"}
    world.registry(
        "targets",
        target(
            "TOWN",
            "level_floor",
            "63.89",
            "71",
            official_label="lagging",
            official_label_on="2023-06-30",
            **more,
        ),
        target("COVER", "level_floor", "91", "98", **more),
        target("AIR", "level_floor", "31.5797", "45", **more),
        target("HEAT", "level_cap", None, "30", **more | {"target_period": "2024-12"}),
        at=KNOWN,
    )
    world.observe("TOWN", yearly(TOWN, 2020), at=KNOWN)
    world.observe("COVER", yearly(COVER, 2020), at=KNOWN)
    world.observe("AIR", yearly(AIR, 2011) | {"2015": 26}, at=KNOWN)
    world.observe("HEAT", HEAT, at=KNOWN)
    for region, value in PEERS.items():
        told = value + 1 if region == "R1" else value
        world.observe("TOWN", {"2020": told}, at=KNOWN, region_code=region)


def tell_regions(world: SmallWorld) -> None:
    """Three levels, each a country of its own: rivers, Mexico, a toy."""
    states = []
    if MEXICO.exists():
        states = list(csv.DictReader(MEXICO.open(encoding="utf-8")))
    codes = [f"MX{number:02}" for number in range(1, len(states) + 1)]
    world.registry(
        "regions",
        *(
            {"region_code": code, "name_en": row["state"], "level": "2"}
            for code, row in zip(codes, states, strict=True)
        ),
        *({"region_code": code, "name_en": code, "level": "3"} for code in TOY),
    )
    world.registry(
        "region_groups",
        *(
            group("bloc", row["hanson98"], code)
            for code, row in zip(codes, states, strict=True)
        ),
        *(group("strategy", "low" if value == 0 else "high", code)
          for code, value in TOY.items()),
        *(group("basin", code, code) for code in ("R1", "R2")),
    )  # fmt: skip
    world.registry(
        "indicators",
        indicator("PCGDP"),
        indicator("OUTPUT"),
        indicator("PEOPLE"),
        indicator("INCOME_PC"),
    )
    for code, row in zip(codes, states, strict=True):
        values = {str(year): row[f"pcgdp{year}"] for year in DECADES}
        world.observe("PCGDP", values, at=KNOWN, region_code=code)
    for code, value in TOY.items():
        world.observe("PCGDP", {"2000": value}, at=KNOWN, region_code=code)
    _tell_money(world)


def _tell_money(world: SmallWorld) -> None:
    for code in OUTPUT:
        years = ("2020",) if code == "R3" else ("2020", "2021")
        for name, values in (("OUTPUT", OUTPUT), ("PEOPLE", PEOPLE)):
            told = dict.fromkeys(years, values[code])
            world.observe(name, told, at=KNOWN, region_code=code)
    for code, value in INDEX.items():
        world.observe("OUTPUT_INDEX", {"2020": value}, at=KNOWN, region_code=code)
    for code, amounts in MONEY.items():
        for name, amount in zip(MONEY_ITEMS, amounts, strict=True):
            if (code, name) == ("R1", "DEBT"):
                amount += 10  # corrected later
            if amount is not None:
                world.observe(name, {"2020": amount}, at=KNOWN, region_code=code)
    # 2025 communique: 56502 and 24456 yuan, ratio 2.31.
    for part, value in (("URBAN", 56502), ("RURAL", 24456)):
        world.observe("INCOME_PC", {"2025": value}, at=KNOWN, breakdown=part)


def late(world: SmallWorld) -> None:
    """Corrections that the tests' figures hold, and periods that come later."""
    moment = datetime(2025, 5, 10)
    world.observe("AIR", {"2015": AIR[4]}, at=moment)
    world.observe("TOWN", {"2020": PEERS["R1"]}, at=moment, region_code="R1")
    world.observe("DEBT", {"2020": MONEY["R1"][0]}, at=moment, region_code="R1")
    for code in OUTPUT:
        for name, values in (("OUTPUT", OUTPUT), ("PEOPLE", PEOPLE)):
            world.observe(name, {"2019": values[code]}, at=moment, region_code=code)
    world.registry("region_groups", group("basin", "R3", "R3"), at=moment)


def group(kind: str, code: str, region: str) -> dict[str, str]:
    return {
        "group_kind": kind, "group_code": code, "name_en": code, "region_code": region,
    }  # fmt: skip


def yearly(values: tuple, first: int) -> dict[str, float]:
    return {str(first + n): value for n, value in enumerate(values)}
