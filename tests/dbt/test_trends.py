"""Trend tests and the forecasts' track record, against scipy and by hand."""

from __future__ import annotations

import itertools
import math
from statistics import stdev

import numpy as np
import pytest
import scipy
from numbers_world import AIR, HEAT, TOWN
from plans_world import DONE


@pytest.fixture(scope="module")
def trend(warehouse):
    def read(indicator: str, columns: str) -> tuple:
        return warehouse.query(
            f"select {columns} from published.indicator_trend "
            f"where indicator_code = '{indicator}'"
        )[0]

    return read


MANN_KENDALL = (
    "period, n_points, mann_kendall_s, mann_kendall_variance, mann_kendall_z, "
    "mann_kendall_p, mann_kendall_method"
)


def test_urbanisation_rises_for_sure(trend):
    # Computed independently: S 15, variance 28.333, Z 2.63014, exact p .002778;
    # Theil and Sen 0.80 between 0.665 and 0.890.
    period, n, s, variance, z, p, method = trend("TOWN", MANN_KENDALL)
    assert (period, n, s, method) == ("2025", 6, 15, "exact")
    assert variance == pytest.approx(28.333, abs=5e-4)
    assert z == pytest.approx(2.63014, abs=5e-6)
    assert p == pytest.approx(0.002778, abs=5e-7)
    slopes = trend("TOWN", "theil_sen_a_year, theil_sen_low95, theil_sen_high95")
    assert slopes == (pytest.approx(0.80, abs=0.005), 0.665, 0.89)
    assert slopes == pytest.approx(
        tuple(scipy.stats.theilslopes(TOWN, range(6), 0.95)[i] for i in (0, 2, 3))
    )


def test_from_eight_points_the_normal_form(trend):
    _, n, s, variance, z, p, method = trend("AIR", MANN_KENDALL)
    signs = [(b > a) - (b < a) for a, b in itertools.combinations(AIR, 2)]
    assert (n, s, method) == (15, sum(signs), "normal")
    assert variance == pytest.approx(15 * 14 * 35 / 18)
    assert p == pytest.approx(2 * scipy.stats.norm.sf(abs(z)), abs=1e-10)
    rho, rho_p, told = trend("AIR", "spearman, spearman_p, spearman_trend")
    theirs = scipy.stats.spearmanr(range(15), AIR)
    assert (rho, rho_p) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-9)
    assert told == "up"


def test_months_are_compared_with_their_own_season(trend):
    # Twelve seasons of three years, each rising: S 12 x 3, variance 12 x 66/18.
    period, n, s, variance, z, _, method = trend("HEAT", MANN_KENDALL)
    assert (period, n, s, method) == ("2023-12", 36, 36, "normal")
    assert variance == pytest.approx(44)
    assert z == pytest.approx(35 / math.sqrt(44))
    assert trend("HEAT", "theil_sen_a_year, spearman") == (2.0, None)
    months = list(HEAT.values())
    slopes = [
        (months[j] - months[i]) * 12 / (j - i)
        for i, j in itertools.combinations(range(36), 2)
        if (j - i) % 12 == 0
    ]
    assert float(np.median(slopes)) == 2.0


def test_a_first_year_of_months_says_nothing(warehouse):
    rows = warehouse.query(
        "select n_points, mann_kendall_s, mann_kendall_p, "
        "mann_kendall_method, theil_sen_a_year, spearman "
        "from published.indicator_trend where indicator_code = 'RAIN'"
    )
    assert rows == [(9, None, None, "none", None, None)]


def test_below_three_points_only_their_number_is_told(trend):
    told = trend("URBAN", f"{MANN_KENDALL}, spearman, theil_sen_a_year")
    assert told == ("2022", 2, None, None, None, None, "none", None, None)
    # Three points: a test, but no rank correlation to speak of.
    assert trend("COVER", "n_points, spearman_trend") == (5, "up")


def test_only_levels_have_a_trend(warehouse):
    shapes = warehouse.query(
        "select distinct target_type from published.indicator_trend join "
        "core.fct_target using (target_key) where is_current order by 1"
    )
    assert shapes == [("level_cap",), ("level_floor",), ("maintain",)]


def anticipated(years: range, values: tuple, end: int) -> float:
    """numpy's weighted line: its weights multiply residuals, hence the root."""
    weights = [1 / (len(values) - n) for n in range(len(values))]
    line = np.polyfit(years, values, 1, w=np.sqrt(weights))
    return float(np.polyval(line, end))


def test_where_recent_years_weigh_more_the_target_is_anticipated(trend):
    value, gap, told = trend(
        "TOWN", "anticipated_value, anticipated_gap_pct, anticipated_class"
    )
    assert value == pytest.approx(anticipated(range(2020, 2026), TOWN, 2030))
    assert (gap, told) == (0, "maintain")
    value, gap, told = trend(
        "COVER", "anticipated_value, anticipated_gap_pct, anticipated_class"
    )
    # The rate slows down: 91 to 95.1 in four years, towards 98 in 2030.
    cover = anticipated(range(2020, 2025), (91.0, 92.5, 93.4, 94.6, 95.1), 2030)
    assert value == pytest.approx(cover)
    assert gap == pytest.approx(max(0, 100 * (98 - cover) / 7))
    # Without a baseline there is no way of which a gap could be a share.
    assert trend("KEEP", "n_points, anticipated_class") == (2, None)


def test_known_ends_judge_the_forecasts_made_before_them(warehouse):
    rows = warehouse.query(
        "select horizon_years, n, n_intervals, n_inside, share_inside_80, "
        "mean_error_pct, mean_absolute_error_pct from "
        "published.forecast_track_record where forecast_method = 'drift' "
        "and source_kind = 'official' order by 1"
    )
    judged = {row[0]: row[1:] for row in rows}
    for horizon in (1, 2, 3):
        known = DONE[: len(DONE) - horizon]
        moves = [b - a for a, b in itertools.pairwise(known)]
        drift = (known[-1] - known[0]) / len(moves)
        error = known[-1] + horizon * drift - DONE[-1]
        spread = stdev(moves) * math.sqrt(horizon * (1 + horizon / len(moves)))
        half = spread * scipy.stats.t.ppf(0.9, len(moves) - 1)
        inside = int(abs(error) <= half)
        assert judged[horizon] == (
            1, 1, inside, float(inside),
            pytest.approx(100 * error / DONE[-1]),
            pytest.approx(100 * abs(error) / DONE[-1]),
        )  # fmt: skip
    assert set(judged) == {1, 2, 3}


def test_an_end_that_is_not_known_judges_nothing(warehouse):
    # At first only the falls of finished plans have an end; levels run on.
    judged = warehouse.taken["first"]["marts.forecast_track_record"]
    assert {row[0] for row in judged} == {"drift_log"}
