"""Forecasts against independent computations: scipy, numpy and hand recursion."""

from __future__ import annotations

import itertools
import math
from datetime import datetime
from statistics import stdev

import pytest
import scipy
from numbers_world import AIR, COVER, HEAT, PEERS
from small_world import indicator, target

COLUMNS = (
    "forecast_value, forecast_se, forecast_low80, forecast_high80, p_miss, "
    "forecast_method, n_points, theil_sen_slope"
)


@pytest.fixture(scope="module")
def forecast(warehouse):
    def read(indicator: str, period: str) -> tuple:
        return warehouse.query(
            f"select {COLUMNS} from published.indicator_progress "
            f"where indicator_code = '{indicator}' and period = '{period}'"
        )[0]

    return read


def test_urbanisation_2030(forecast):
    # Drift 0.80, s 0.173349; the t of 4 degrees gives 0.0899, a normal 0.0522.
    value, se, low, high, p_miss, method, n, slope = forecast("TOWN", "2025")
    assert (value, method, n) == (71.89, "drift", 6)
    assert se == pytest.approx(0.548179, abs=5e-7)
    assert p_miss == pytest.approx(0.0899, abs=5e-5)
    assert slope == pytest.approx(0.80, abs=0.005)
    half = scipy.stats.t.ppf(0.9, 4) * se
    assert (low, high) == pytest.approx((value - half, value + half), abs=1e-8)


def test_few_points_give_no_forecast_and_no_probability(forecast):
    assert forecast("TOWN", "2021")[:7] == (None, None, None, None, None, "none", 2)
    value, se, _, _, p_miss, method, n, _ = forecast("TOWN", "2022")
    assert (method, n, p_miss) == ("drift", 3, None)
    # (65.22 - 63.89) / 2 a year, eight years on
    assert value == pytest.approx(65.22 + 8 * 0.665)
    assert se == pytest.approx(stdev((0.83, 0.5)) * math.sqrt(8 * (1 + 8 / 2)))


def test_damped_trend_of_a_long_series(forecast):
    value, se, _, _, p_miss, method, n, _ = forecast("AIR", "2025")
    assert (method, n) == ("damped_trend", 15)
    # statsmodels with l0 = y1, b0 = y2 - y1: fifth step 46.657199, multiplier
    # of the variance 6.138009.
    assert value == pytest.approx(46.657199, abs=5e-7)
    errors = one_step_errors(AIR)[2:]
    variance = sum(error**2 for error in errors) / len(errors)
    assert se == pytest.approx(math.sqrt(variance * 6.138009), rel=1e-6)
    assert p_miss == pytest.approx(scipy.stats.t.cdf((45 - value) / se, 13), abs=1e-9)


def one_step_errors(values, alpha=0.8, beta=0.2, phi=0.9) -> list[float]:
    level, slope, errors = values[0], values[1] - values[0], []
    for value in values:
        expected = level + phi * slope
        errors.append(value - expected)
        fitted = alpha * value + (1 - alpha) * expected
        slope = beta * (fitted - level) + (1 - beta) * phi * slope
        level = fitted
    return errors


def test_a_rate_near_its_bound_stays_below_it(forecast):
    value, se, low, high, p_miss, method, n, _ = forecast("COVER", "2024")
    assert (method, n) == ("drift_logit", 5)
    logit = [math.log(x / (100 - x)) for x in COVER]
    moves = [b - a for a, b in itertools.pairwise(logit)]
    end = logit[-1] + 6 * (logit[-1] - logit[0]) / 4
    spread = stdev(moves) * math.sqrt(6 * (1 + 6 / 4))
    assert value == pytest.approx(100 / (1 + math.exp(-end)))
    assert se == pytest.approx(spread * value * (100 - value) / 100)
    assert low < value < high < 100
    wanted = math.log(98 / 2)
    assert p_miss == pytest.approx(
        scipy.stats.t.cdf((wanted - end) / spread, 3), abs=1e-9
    )


def test_a_series_with_seasons_moves_from_year_to_year(forecast):
    # December 2024 is one year after December 2023: 20 + 8 + 2 * 2, plus the
    # mean of the 24 changes over a year.
    value, se, _, _, _, method, n, _ = forecast("HEAT", "2023-12")
    months = list(HEAT.values())
    moves = [b - a for a, b in zip(months, months[12:], strict=False)]
    drift = sum(moves) / 24
    assert (method, n) == ("seasonal_drift", 36)
    assert value == pytest.approx(months[-1] + drift)
    assert se == pytest.approx(stdev(moves) * math.sqrt(1 + 1 / 24))
    assert forecast("HEAT", "2021-12")[5:7] == ("none", 12)


def test_chains_are_forecast_by_compounding(forecast):
    # Three falls 2.7, 0.1, 0.5 and two years to go, on the logarithm of the
    # factor: suppressed probability, method and points said.
    value, _, _, _, p_miss, method, n, _ = forecast("ENERGY", "2023")
    logs = [math.log(1 - fall / 100) for fall in (2.7, 0.1, 0.5)]
    end = sum(logs) + 2 * sum(logs) / 3
    assert value == pytest.approx(100 * (1 - math.exp(end)))
    assert (method, n, p_miss) == ("drift_log", 3, None)


def test_distance_to_target_in_spreads_of_the_peers(warehouse):
    rows = warehouse.query(
        "select period, distance_to_target from published.indicator_progress "
        "where indicator_code = 'TOWN' and period in ('2020', '2025')"
    )
    spread = stdev(PEERS.values())
    assert dict(rows) == {
        "2020": pytest.approx((71 - 63.89) / spread),
        "2025": pytest.approx((71 - 67.89) / spread),
    }


# Of a unit that fell silent after 18 months and told of one more: that month is the
# only one of the latest six that a forecast still holds open. Then come two waves.
MONTHS = [f"{2021 + n // 12}-{n % 12 + 1:02}" for n in range(30)]
HEARD = (*range(18), 24)
RESTATED = {
    "RESTATED": {24: 150},
    "GOES_ON": {24: 150, 25: 151},
    "WITHDRAWN": {24: None},
    "ALL_BUT_NEW": {24: None, 26: 152},
    "LONG_AGO": {16: 130},
    "UNTOLD": {},
}
OTHER_KIND = {"source_kind": "self_reported", "source_code": "net"}


def test_a_silent_unit_restates_what_is_open(early):
    moving = (
        "--select", "+indicator_progress", "int_forecast_history",
        "--exclude", "config.materialized:view",
    )  # fmt: skip

    def tell(world, figures: dict, at: datetime, **kind) -> None:
        for code, told in figures.items():
            values = {MONTHS[n]: value for n, value in told.items()}
            if values:
                world.observe(code, values, at=at, unit_code="U1", **kind)

    def begin(world, at=datetime(2025, 6, 1)) -> None:
        codes = [indicator(code, "higher", "M") for code in RESTATED]
        goals = [
            target(code, "level_floor", "100", "160", unit_code="U1")
            for code in RESTATED
        ]
        world.registry("indicators", *codes, at=at)
        world.registry("targets", *goals, at=at)
        heard = {n: 100 + 1.5 * n + n * n % 7 for n in HEARD}
        tell(world, dict.fromkeys(RESTATED, heard), at)
        # The other kind of the same target goes on all the while.
        tell(world, {"WITHDRAWN": dict.fromkeys(range(25), 120)}, at, **OTHER_KIND)

    def restate(world, at=datetime(2025, 7, 1)) -> None:
        tell(world, RESTATED, at)
        tell(world, {"WITHDRAWN": {25: 121}}, at, **OTHER_KIND)

    def go_on(world, at=datetime(2025, 8, 1)) -> None:
        tell(world, {code: {28: 155} for code in RESTATED}, at)

    told = []
    for month, news in enumerate((begin, restate, go_on), 6):
        early.fill(news, datetime(2025, month, 2))
        early.run(*moving)
        told.append(_forecasts(early))
    early.run("--full-refresh", *moving)
    assert told[-1] == _forecasts(early)
    restated = {row[0] for row in set(told[1]) ^ set(told[0])}
    assert restated == set(RESTATED) - {"UNTOLD"}
    assert {row[-3] for row in told[-1]} == {"none", "seasonal_drift"}


def _forecasts(made) -> list[tuple]:
    return made.query(
        f"select indicator_code, source_kind, period, {COLUMNS}"
        " from marts.indicator_progress"
        f" where indicator_code in {tuple(RESTATED)} order by all"
    )
