"""Month by month, forecasts are what a build of all months would tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from small_world import SmallWorld, indicator, target

FOUNDED = datetime(2025, 6, 1)
WAVES = 4
COUNTED_ANEW = (1, WAVES - 1)
MOVING = ("--select", "+indicator_progress", "int_forecast_history")
# Periods of a year by frequency.
FREQUENCIES = {"M": 12, "Q": 4, "S": 2, "A": 1}
KINDS = (("official", "stat"), ("self_reported", "net"))
# What a wave tells of a series, as often as it stands here.
NEWS = (
    "next", "next", "next", "next", "later", "two", "restated", "restated before",
    "restated long ago", "withdrawn", "all but new", "nothing",
)  # fmt: skip


def period(frequency: str, number: int) -> str:
    """The periods since the beginning of 2021, counted from 0."""
    in_year = FREQUENCIES[frequency]
    year, place = 2021 + number // in_year, number % in_year + 1
    return {
        "A": f"{year}", "M": f"{year}-{place:02}",
    }.get(frequency, f"{year}-{frequency}{place}")  # fmt: skip


class Series:
    """Figures of one indicator, told with gaps, and what a wave tells of them."""

    def __init__(self, dice: Random, number: int) -> None:
        self.dice, self.code = dice, f"SERIES_{number}"
        self.frequency = dice.choice("MMMMMQQSA")
        # A region's series keeps all its points; a rate near its bound has two scales.
        self.unit_code = None if number % 8 == 0 else "U1"
        self.is_rate = number % 8 == 1
        in_year = FREQUENCIES[self.frequency]
        length = dice.randint(0, 3 * in_year)
        silent = 0 if number % 3 else dice.choice((0.1, 0.5))
        self.known = [n for n in range(length) if dice.random() >= silent]
        self.kinds = KINDS if number % 5 == 0 else KINDS[number % 2 :][:1]

    def figure(self, number: int) -> str:
        season = number % FREQUENCIES[self.frequency]
        level = 0.3 * number + season + self.dice.uniform(-1, 1)
        return f"{97 + level / 50 if self.is_rate else 40 + level:.3f}"

    def begin(self) -> dict[str, str | None]:
        return {period(self.frequency, n): self.figure(n) for n in self.known}

    def news(self) -> dict[str, str | None]:
        kind, last = self.dice.choice(NEWS), max(self.known, default=-1)
        told = {
            "next": [last + 1],
            "later": [last + self.dice.randint(2, 4)],
            "two": [last + 1, last + 2],
            "restated": [*self.known[-1:], last + 1],
            "restated before": [max(last - self.dice.randint(1, 7), 0)],
            "restated long ago": [max(last - 20, 0)],
            "withdrawn": self.known[-1:],
            "all but new": self.known[-3:],
        }.get(kind, [])
        figures = {n: self.figure(n) for n in told if n < 5 * 12}
        if kind in ("withdrawn", "all but new"):
            figures = dict.fromkeys(told)
            self.known = [n for n in self.known if n not in told]
            if kind == "all but new":
                figures[last + 1] = self.figure(last + 1)
        self.known = sorted(
            {*self.known, *(n for n in figures if figures[n] is not None)}
        )
        return {period(self.frequency, n): figures[n] for n in figures}


def found(world: SmallWorld, series: list[Series]) -> None:
    bounds = {"min_value": "0", "max_value": "100"}
    world.registry(
        "indicators",
        *(
            indicator(one.code, "higher", one.frequency)
            | (bounds if one.is_rate else {})
            for one in series
        ),
        at=FOUNDED,
    )
    world.registry(
        "targets",
        *(
            target(one.code, "level_floor", "40", "62", unit_code=one.unit_code)
            for one in series
        ),
        at=FOUNDED,
    )


def tell(world: SmallWorld, one: Series, figures: dict, at: datetime) -> None:
    # Of two kinds of figures one may stay as it is.
    kinds = one.kinds[: one.dice.choice((1, 2))] if figures else ()
    for kind, source in kinds:
        world.observe(
            one.code, figures, at=at, unit_code=one.unit_code,
            source_kind=kind, source_code=source,
        )  # fmt: skip


def forecasts(made) -> list[tuple]:
    return made.query(
        "select indicator_code, source_kind, period, forecast_value, forecast_se,"
        " forecast_low80, forecast_high80, p_miss, forecast_method, n_points,"
        " theil_sen_slope from marts.indicator_progress"
        " where indicator_code like 'SERIES%' order by all"
    )


def remembered(made) -> tuple[int, int]:
    """The most periods that stay open, and seasons, of series that have left some."""
    return made.query(
        "select max(points[-1].step_no - points[1].step_no) + 1,"
        " max(len(season_ends)) from intermediate.int_forecast_history"
        " where n_ended > 0"
    )[0]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2))]
)
def test_series_in_waves_have_the_forecasts_of_all_figures_at_once(early, seed):
    dice = Random(seed)
    series = [Series(dice, number) for number in range(120)]

    def begin(world: SmallWorld) -> None:
        found(world, series)
        for one in series:
            tell(world, one, one.begin(), FOUNDED)

    early.fill(begin, FOUNDED)
    early.run(*MOVING)
    for wave in range(WAVES):
        now = FOUNDED + timedelta(days=1 + 31 * wave)

        def go_on(world: SmallWorld, now=now) -> None:
            for one in series:
                tell(world, one, one.news(), now)

        early.fill(go_on, now)
        early.run(*MOVING, "--exclude", "config.materialized:view")
        open_periods, seasons = remembered(early)
        assert open_periods <= 6
        assert seasons <= 12
        if wave in COUNTED_ANEW:
            told = forecasts(early)
            early.run("--full-refresh", *MOVING)
            assert told == forecasts(early), wave
    methods = {row[8] for row in told}
    assert methods >= {"none", "drift", "seasonal_drift", "seasonal_drift_logit"}
