"""Scalar macros for evaluators, each against a published or independent figure."""

from __future__ import annotations

import math

import pytest
import scipy
from numbers_world import AIR, TOWN

# Old and new degree of coupling of the same pair (Wang Shujia 2021, table 8).
COUPLED = {
    "Beijing 2010": (0.9999, 0.9835),
    "Beijing 2008": (0.9989, 0.9404),
    "Tianjin 2008": (0.9935, 0.8660),
    "Qinhuangdao 2008": (0.6821, 0.3006),
    "Chengde 2008": (0.6101, 0.2700),
}
# Holt on the air series, alpha .8, beta .2 (statsmodels and by hand).
AIR_AHEAD = {
    1.0: (43.757004, 45.593562, 47.430121, 49.266679, 51.103237),
    0.9: (42.959188, 44.034504, 45.002288, 45.873294, 46.657199),
}
AIR_VARIANCE = (1, 1.891136, 3.043753, 4.460424, 6.138009)


@pytest.fixture(scope="module")
def call(warehouse):
    return lambda text: warehouse.query(f"select {text}")[0][0]


def test_mann_kendall_of_urbanisation(call):
    found = call(f"core.mann_kendall({list(TOWN)})")
    assert (found["n"], found["s"], found["method"]) == (6, 15, "exact")
    assert found["variance"] == pytest.approx(28.333, abs=5e-4)
    assert found["z"] == pytest.approx(2.63014, abs=5e-6)
    assert found["p"] == pytest.approx(0.002778, abs=5e-7)
    # The normal p, which six points are too few for.
    normal = call(f"2 * (1 - core.normal_cdf({found['z']}))")
    assert normal == pytest.approx(0.00853, abs=5e-6)


def test_mann_kendall_of_the_nile(call):
    # statsmodels' data, n = 100; pymannkendall gives the same.
    nile = pytest.importorskip("statsmodels.datasets").nile.load().data["volume"]
    found = call(f"core.mann_kendall({[float(x) for x in nile]})")
    assert (found["n"], found["s"], found["method"]) == (100, -1387, "normal")
    assert found["variance"] == pytest.approx(112728.333, abs=5e-4)
    assert found["z"] == pytest.approx(-4.128067, abs=5e-7)
    assert found["p"] == pytest.approx(3.658e-5, abs=5e-9)
    assert call(f"core.theil_sen({[float(x) for x in nile]})") == -2.6


@pytest.mark.parametrize("n", range(3, 8))
def test_below_eight_values_the_exact_table(call, n):
    values = [float((7 * i) % 11) for i in range(1, n + 1)]
    assert len(set(values)) == n
    theirs = scipy.stats.kendalltau(range(n), values, method="exact").pvalue
    assert call(f"core.mann_kendall({values}).p") == pytest.approx(theirs)
    tied = call(f"core.mann_kendall({values[:-1] + values[:1]})")
    assert (tied["p"], tied["method"]) == (None, "none")


def test_too_short_for_any_test(call):
    found = call("core.mann_kendall([1.0, 2.0])")
    assert (found["n"], found["p"], found["method"]) == (2, None, "none")


@pytest.mark.parametrize("z", [-8.5, -4.128067, -1, 0, 0.3, 1.96, 6])
def test_normal_distribution(call, z):
    theirs = scipy.stats.norm.cdf(z)
    assert call(f"core.normal_cdf({z})") == pytest.approx(theirs, abs=1e-12)


def test_probability_of_missing_by_t_and_by_the_normal(call):
    # Urbanisation 71 in 2030: 0.0899 with four degrees of freedom, 0.0522 normal;
    # 95 percent of t from 70.368 to 73.412.
    t = (71 - 71.89) / 0.548179
    assert call(f"core.student_t_cdf({t}, 4)") == pytest.approx(0.0899, abs=5e-5)
    assert call(f"core.normal_cdf({t})") == pytest.approx(0.0522, abs=5e-5)
    for end, share in ((70.368, 0.025), (73.412, 0.975)):
        at = (end - 71.89) / 0.548179
        assert call(f"core.student_t_cdf({at}, 4)") == pytest.approx(share, abs=2e-5)
    bands = [call(f"core.miss_band({p})") for p in (0.0899, 0.1, 0.33, 0.66, 0.67)]
    assert bands == ["low", "watch", "elevated", "elevated", "high"]


def test_student_t_of_many_rows_at_once(warehouse):
    # At once: an engine that takes a figure from another row does it with many.
    told = warehouse.query(
        "select df, t, core.student_t_cdf(t, df) from range(1, 70) as d (df),"
        " (select unnest([-30, -4.1, -1, -0.01, 0, 0.3, 2.5, 80])::double as t)"
        " order by hash(df, t)"
    )
    for df, t, p in told:
        assert p == pytest.approx(scipy.stats.t.cdf(t, df), abs=1e-13), (df, t)


def test_rank_correlation_with_ties(call):
    values = [3.0, 1.0, 3.0, 7.0, 5.0, 5.0]
    theirs = scipy.stats.spearmanr(range(6), values).statistic
    assert call(f"core.spearman({values})") == pytest.approx(theirs)


@pytest.mark.parametrize("phi", AIR_AHEAD)
def test_holt_with_and_without_damping(call, phi):
    ahead = [
        call(f"core.damped_trend({list(AIR)}, 0.8, 0.2, {phi}, {h})")
        for h in range(1, 6)
    ]
    assert ahead == pytest.approx(AIR_AHEAD[phi], abs=5e-7)


def test_variance_grows_with_the_years_ahead(call):
    grown = [
        call(f"core.damped_trend_variance(0.8, 0.2, 0.9, {h})") for h in range(1, 6)
    ]
    assert grown == pytest.approx(AIR_VARIANCE, abs=5e-7)


def test_anticipated_progress_with_other_weights(call):
    # By hand: equal weights make it the ordinary line 1, 2, 4 -> 2.333 + 1.5 * 2.
    equal = call("core.anticipated_value([1, 2, 3], [1.0, 2.0, 4.0], 4, 0)")
    assert equal == pytest.approx(7 / 3 + 1.5 * 2)
    # Weights 1/3, 1/2, 1: mean t 26/11, mean x 31/11.
    weights, t, x = (1 / 3, 1 / 2, 1), (1, 2, 3), (1, 2, 4)
    total = sum(weights)
    mean_t = sum(w * a for w, a in zip(weights, t, strict=True)) / total
    mean_x = sum(w * b for w, b in zip(weights, x, strict=True)) / total
    parts = list(zip(weights, t, x, strict=True))
    slope = sum(w * (a - mean_t) * (b - mean_x) for w, a, b in parts) / sum(
        w * (a - mean_t) ** 2 for w, a, _ in parts
    )
    recent = call("core.anticipated_value([1, 2, 3], [1.0, 2.0, 4.0], 4, 1)")
    assert recent == pytest.approx(mean_x + slope * (4 - mean_t))
    classes = [call(f"core.anticipated_class({gap})") for gap in (0, 10, 11, 100, 101)]
    assert classes == ["maintain", "maintain", "accelerate", "accelerate", "reverse"]


def test_signals_of_kaminsky_lizondo_and_reinhart(call):
    # A 8, B 6, C 4, D 42: errors 1/3 and 1/8, noise to signal 3/16.
    assert call("core.signals(8, 6, 4, 42)") == {
        "type_1_error": pytest.approx(0.3333, abs=5e-5),
        "type_2_error": 0.125,
        "noise_to_signal": pytest.approx(0.1875),
    }


@pytest.mark.parametrize(
    ("pair", "c", "d", "c_2021", "d_2021"),
    [
        ((0.8, 0.2), 0.8, 0.632456, 0.316228, 0.397635),
        ((0.6, 0.4), 0.979796, 0.699927, 0.730297, 0.604275),
    ],
)
def test_coupling_coordination(call, pair, c, d, c_2021, d_2021):
    for first, second in (pair, pair[::-1]):
        classic = call(f"core.coupling_coordination({first}, {second})")
        modern = call(f"core.coupling_coordination_2021({first}, {second})")
        found = (classic["c"], classic["d"], modern["c"], modern["d"])
        assert found == pytest.approx((c, d, c_2021, d_2021), abs=5e-7)


@pytest.mark.parametrize("city", COUPLED)
def test_both_degrees_of_coupling_belong_to_one_admissible_pair(call, city):
    old, new = COUPLED[city]
    ratio = scipy.optimize.brentq(lambda r: 2 * math.sqrt(r) / (1 + r) - old, 1e-9, 1)
    greater = (1 - new**2 / ratio) / (1 - ratio)
    # The old degree has four digits; near 1 they leave the ratio wide open.
    assert 0 < greater <= 1.01
    pair = f"{ratio * greater}, {greater}"
    assert call(f"core.coupling_coordination({pair}).c") == pytest.approx(old)
    assert call(f"core.coupling_coordination_2021({pair}).c") == pytest.approx(new)


def test_tianjin_2008(call):
    pair = "0.2233, 0.2807"
    old = call(f"core.coupling_coordination({pair}).c")
    new = call(f"core.coupling_coordination_2021({pair}).c")
    assert (old, new) == pytest.approx((0.9935, 0.8660), abs=1e-4)


def test_bands_of_coordination(call):
    found = [
        call(f"core.coordination_band({d})")
        for d in (0, 0.45, 0.5, 0.6, 0.699927, 0.7, 0.8, 0.9, 1)
    ]
    assert found == [
        "极度失调", "濒临失调", "勉强协调", "初级协调", "初级协调", "中级协调",
        "良好协调", "优质协调", "优质协调",
    ]  # fmt: skip
    assert call("core.coordination_band(1.2)") is None


def test_points_for_improvement(call):
    # Uganda: above 10 percent 3, from 5 to 10 percent 2, below 5 none.
    pairs = ((50, 56), (50, 55), (50, 52.5), (50, 52), (50, 40), (0, 10))
    found = [call(f"core.improvement_points({a}, {b})") for a, b in pairs]
    assert found == [3, 2, 2, 0, 0, None]


def test_grades_of_carrying_capacity(call):
    pairs = [
        ("over", "worsening"), ("over", "easing"), ("near", "worsening"),
        ("near", "easing"), ("none", "worsening"), ("over", "unknown"),
    ]  # fmt: skip
    found = [call(f"core.carrying_capacity_grade('{a}', '{b}')") for a, b in pairs]
    assert found == ["red", "orange", "yellow", "blue", "green", None]


def test_lenses_where_no_target_is_set(call):
    # Eurostat's thresholds of 1, 0 and -1 percent a year.
    rates = (1, 0.99, 0, -0.01, -1, -1.01)
    assert [call(f"core.eurostat_class_without_target({r})") for r in rates] == [
        "significant", "moderate", "moderate", "insufficient", "insufficient", "away",
    ]  # fmt: skip
    # Parity: 10 at the target, 0 as far from it as at the start, on either side.
    statuses = [call(f"core.current_status_parity(0.8, {x}, 1)") for x in (1, 0.8, 1.2)]
    assert statuses == pytest.approx([10, 0, 0])
