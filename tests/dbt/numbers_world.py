"""Series with known figures: forecasts, peers.

TOWN  urbanisation of China 2020-25 (communiques; 64.72, 67, 67.89 as published)
AIR   air passengers of Australia 1990-2004 as printed with the damped trend in
      the documentation of statsmodels, moved to 2011-25
HEAT  36 months: a season of twelve, a rise of 2 a year and two shocks
COVER a rate close to 100 percent
"""

from __future__ import annotations

from datetime import datetime

from small_world import SmallWorld, indicator, target

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
        target("TOWN", "level_floor", "63.89", "71", **more),
        target("COVER", "level_floor", "91", "98", **more),
        target("AIR", "level_floor", "31.5797", "45", **more),
        target("HEAT", "level_cap", None, "30", **more | {"target_period": "2024-12"}),
        at=KNOWN,
    )
    world.observe("TOWN", yearly(TOWN, 2020), at=KNOWN)
    world.observe("COVER", yearly(COVER, 2020), at=KNOWN)
    world.observe("AIR", yearly(AIR, 2011), at=KNOWN)
    world.observe("HEAT", HEAT, at=KNOWN)
    for region, value in PEERS.items():
        world.observe("TOWN", {"2020": value}, at=KNOWN, region_code=region)


def yearly(values: tuple, first: int) -> dict[str, float]:
    return {str(first + n): value for n, value in enumerate(values)}
