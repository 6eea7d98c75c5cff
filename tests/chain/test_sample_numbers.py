"""What the sample site's published figures say, against independent sums."""

from __future__ import annotations

import math

import pytest

from warehouse.database import reader


@pytest.fixture(scope="module")
def query(published):
    with reader(published) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


def test_china_2020_between_and_within_blocs(query):
    # Yearbook 2021 table 3-9 and the seventh census; computed independently.
    ((row),) = query(
        "select n_regions, theil_t, theil_t_between, theil_l, theil_l_between, "
        "gini_weighted, gini_unweighted, cv_weighted, cv, cv_sample, sigma, "
        "sigma_sample, round(max_min_ratio, 6), dagum_unweighted_within, "
        "dagum_unweighted_between, dagum_unweighted_transvariation, "
        "dagum_weighted_within, dagum_weighted_between, "
        "dagum_weighted_transvariation from published.regional_inequality "
        "where indicator_code = 'GDP' and group_kind = 'bloc' and period = '2020'"
    )
    assert row == (
        31, 0.0622251341, 0.0297974083, 0.0584483316, 0.0296086651,
        0.1933253498, 0.2152588547, 0.3732319083, 0.4349969525, 0.4421874719,
        0.3645011322, 0.3705263525, 4.575805, 0.0461436593, 0.1495266213,
        0.0195885741, 0.046854748, 0.1278435107, 0.0186270911,
    )  # fmt: skip


def test_china_2020_what_each_bloc_adds(query):
    rows = query(
        "select group_code, theil_t, theil_t_within, round(per_capita * 1e8, 3) "
        "from published.regional_inequality_contribution where period = '2020' "
        "and indicator_code = 'GDP' and region_code is null order by 1"
    )
    assert rows == [
        ("CENTRAL", 0.0072142193, 0.0015836706, 60940.366),
        ("EAST", 0.0503940304, 0.0261698773, 93265.269),
        ("NORTHEAST", 0.0089052413, 0.0004496955, 51895.454),
        ("WEST", 0.0200520036, 0.0042244823, 55711.268),
    ]


def test_china_converged_from_2010_to_2020(query):
    # Nominal, GDP of 2010 as first published: a check of the arithmetic only.
    before = query(
        "select round(theil_t, 8), round(theil_l, 8), round(gini_weighted, 8), "
        "round(cv_weighted, 8), round(sigma_sample, 8), round(max_min_ratio, 6) "
        "from published.regional_inequality where indicator_code = 'GDP' "
        "and period = '2010'"
    )
    assert before == [
        (0.08321216, 0.08225106, 0.22667543, 0.42329269, 0.45424687, 5.630258)
    ]
    ((row),) = query(
        "select round(intercept, 8), round(beta, 8), round(beta_se, 7), "
        "round(r_squared, 6), round(speed, 7), round(half_life_years, 3), "
        "is_sigma_converging from published.regional_convergence "
        "where indicator_code = 'GDP' and base_period = '2010' and period = '2020'"
    )
    # The constant a = .39754221 is that of yuan; ours are 100 million yuan.
    assert row[0] == pytest.approx(0.39754221 - 0.03090578 * math.log(1e8), abs=1e-6)
    assert row[1:] == (-0.03090578, 0.0080506, 0.336953, 0.0369699, 18.749, True)


def test_thirteenth_plan_energy_was_ahead_at_mid_term_and_missed(query):
    rows = query(
        "select period, round(pace, 3), status_raw, status_held, gap_pct "
        "from published.indicator_progress where plan_code = 'CN-FYP13' "
        "and indicator_code = 'ENERGY_PER_GDP_CUT_FROM_2015' order by period"
    )
    # 8.5 of 15 after two of five years; 13.2 of 15 at the end.
    assert rows == [
        ("2017", 1.417, "green", "green", pytest.approx(-41.6666666667)),
        ("2020", 0.88, "red", "red", pytest.approx(12.0)),
    ]


def test_fourteenth_plan_energy_on_both_definitions_never_chained(query):
    rows = query(
        "select indicator_code, definition_version, round(value_to_date, 2) "
        "from published.indicator_progress where plan_code = 'CN-FYP14' "
        "and indicator_code like 'ENERGY_PER_GDP_CUT%' and period = '2023' "
        "order by 1, 2"
    )
    assert rows == [
        ("ENERGY_PER_GDP_CUT", "1", 3.28),
        ("ENERGY_PER_GDP_CUT_FROM_2020", "1", 3.28),
        ("ENERGY_PER_GDP_CUT_FROM_2020", "2", 7.3),
    ]


def test_official_mid_term_labels_are_counted_and_compared(query):
    assert query(
        "select official_label, count(*) from published.label_concordance "
        "where plan_code = 'CN-FYP14' group by all order by 1"
    ) == [
        ("achieved_early", 4),
        ("basically_in_line", 7),
        ("faster", 5),
        ("lagging", 4),
    ]
    assert query(
        "select count(*) filter (where binding), count(*) filter (where not binding), "
        "bool_and(computed_label is not null or not_compared_reason is not null) "
        "from published.label_concordance where plan_code = 'CN-FYP14'"
    ) == [(8, 12, True)]


def test_plans_are_counted_by_indicator_and_by_part(query):
    rows = query(
        "select plan_code, counting, n_total, n_binding from "
        "published.plan_scorecard where plan_code in ('CN-FYP13', 'CN-FYP14') "
        "and region_code = '100000' order by 1, 2"
    )
    # Published: 25 and 20 indicators, of which 13 and 8 are binding.
    assert rows == [
        ("CN-FYP13", "indicator", 25, 13),
        ("CN-FYP13", "sub_indicator", 34, 19),
        ("CN-FYP14", "indicator", 20, 8),
        ("CN-FYP14", "sub_indicator", 20, 8),
    ]


def test_the_13th_plan_after_two_of_five_years(query):
    # Published falls (people.cn 2018-12-24); paces in time computed.
    assert query(
        "select indicator_code, round(pace, 3), status_raw from "
        "published.indicator_progress where plan_code = 'CN-FYP13' "
        "and period = '2017' and indicator_code like '%_CUT_FROM_2015' order by 1"
    ) == [
        ("CO2_PER_GDP_CUT_FROM_2015", 1.583, "green"),
        ("ENERGY_PER_GDP_CUT_FROM_2015", 1.417, "green"),
        ("PM25_CUT_FROM_2015", 2.194, "green"),
        ("WATER_PER_GDP_CUT_FROM_2015", 1.435, "green"),
    ]
    # 18.8 of 18 in the end.
    assert query(
        "select status_raw from published.indicator_progress where period = '2020' "
        "and indicator_code = 'CO2_PER_GDP_CUT_FROM_2015'"
    ) == [("achieved",)]


def test_both_definitions_show_what_the_switch_did(query):
    # 4.56 on the old basis, 4.9 on the new one (lbjtc.com/1824).
    assert query(
        "select definition_version, value_to_date from published.indicator_progress "
        "where indicator_code = 'CO2_PER_GDP_CUT_FROM_2020' and period = '2023' "
        "order by 1"
    ) == [("1", 4.56), ("2", 4.9)]


def test_blocs_of_2020_per_person(query):
    per_capita = dict(
        query(
            "select group_code, per_capita from "
            "published.regional_inequality_contribution where period = '2020' "
            "and indicator_code = 'GDP' and region_code is null"
        )
    )
    ratios = [
        round(per_capita["EAST"] / per_capita[bloc], 6)
        for bloc in ("WEST", "CENTRAL", "NORTHEAST")
    ]
    assert ratios == [1.674083, 1.530435, 1.797176]


def test_town_and_country_2025(query):
    # 56 502 and 24 456 yuan, published as 2.31 (2025 communique).
    assert query(
        "select urban_value, rural_value, round(ratio, 4) "
        "from published.urban_rural_ratio"
    ) == [(56502, 24456, 2.3104)]


def test_budgets_without_debt_are_not_rated(query):
    # NBS, Annual by Province, 2017: Guizhou 1613.84 of 4612.52.
    assert query(
        "select round(self_sufficiency, 4), self_sufficiency_quintile, debt_class, "
        "not_rated_reason from published.fiscal_risk where region_code = '520000'"
    ) == [(0.3499, 2, "not_rated", "no debt")]
    rows = query(
        "select revenue, expenditure, expenditure_cv_weighted, "
        "expenditure / expenditure_per_capita from published.fiscal_risk"
    )
    assert len(rows) == 31
    people = sum(row[3] for row in rows)
    mean = sum(row[1] for row in rows) / people
    spread = sum(row[3] * (row[1] / row[3] - mean) ** 2 for row in rows) / people
    (told,) = {row[2] for row in rows}
    assert told == pytest.approx(math.sqrt(spread) / mean)


def test_formulas_are_in_the_release(query):
    # Urbanisation 2020-25: S 15, exact p .002778.
    ((found, slope),) = query(
        "select core.mann_kendall(x), core.theil_sen(x) from "
        "(select [63.89, 64.72, 65.22, 66.16, 67.00, 67.89] as x)"
    )
    assert (found["s"], round(found["p"], 6)) == (15, 0.002778)
    assert slope == pytest.approx(0.80, abs=0.005)
