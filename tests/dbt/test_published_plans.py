"""Finished plans, traffic lights and gaps against what was published of them."""

from __future__ import annotations

import pytest
from plans_world import (
    BASES,
    BLOC_GDP,
    THIRTEENTH,
    TWELFTH,
    UNRATED,
    barometers,
    coloured,
    period_of,
)  # fmt: skip

from tests.conftest import SHARED

with_oracles = pytest.mark.skipif(
    not SHARED.exists(), reason="the shared oracles are not here"
)


def test_the_falls_of_the_12th_plan_are_compounded(rated):
    # Compound of five years 18.2488 (computed; official 18.2). The press summed
    # them up to 19.71: that must not come out.
    ((fall, status),) = rated.query(
        "select value_to_date, status_raw from published.indicator_progress "
        "where indicator_code = 'ENERGY12' and period = '2015'"
    )
    assert fall == pytest.approx(18.2488, abs=5e-5)
    assert sum(TWELFTH.values()) == pytest.approx(19.71)
    assert abs(fall - sum(TWELFTH.values())) > 1
    assert status == "achieved"


def test_the_13th_plan_after_two_of_five_years(rated):
    # Published falls; paces computed: linear in time, and on the geometric path.
    rows = rated.query(
        "select indicator_code, round(pace, 3), path_pace, "
        "round(required_rate, 3), status_raw from published.indicator_progress "
        "where plan_code = 'V' and period = '2017' order by 1"
    )
    assert [row[:3] for row in rows] == [
        ("CO2_13", 1.583, pytest.approx(1.494, abs=6e-4)),
        ("ENERGY13", 1.417, pytest.approx(1.350, abs=6e-4)),
        ("PM25_13", 2.194, pytest.approx(2.070, abs=6e-4)),
        ("WATER13", 1.435, pytest.approx(1.330, abs=6e-4)),
    ]
    # At mid-term energy still needed 2.426 percent a year, and was green.
    assert rows[1][3:] == (2.426, "green")
    assert {row[4] for row in rows} == {"green"}
    assert len(rows) == len(THIRTEENTH)


@with_oracles
def test_the_barometer_is_kept_province_by_province(rated):
    assert len(barometers()) == 7
    for barometer in barometers():
        found = rated.query(
            "select regions.name_zh, progress.status_raw from "
            "published.indicator_progress as progress join core.dim_region as regions "
            f"using (region_code) where indicator_code = '{BASES[barometer['basis']]}' "
            f"and period = '{period_of(barometer)}'"
        )
        assert dict(found) == coloured(barometer)
        greens = [name for name, colour in found if colour == "green"]
        assert len(greens) == int(barometer["green_count"])
        # Nothing was told of Tibet: it is not rated, and above all not green.
        assert UNRATED not in dict(found)


@with_oracles
def test_the_barometer_moves_as_it_did_in_july_2014(rated):
    moved = rated.query(
        """
        select now.indicator_code, name_zh, before.status_raw, now.status_raw
        from published.indicator_progress as before
        inner join published.indicator_progress as now
            using (indicator_code, region_code, target_key)
        inner join core.dim_region using (region_code)
        where
            before.period = '2014-06' and now.period = '2014-07'
            and before.status_raw <> now.status_raw
        order by all
        """
    )
    assert moved == [
        ("LIGHT_PLAN", "福建", "yellow", "green"),
        ("LIGHT_YEAR", "宁夏", "red", "yellow"),
        ("LIGHT_YEAR", "陕西", "yellow", "red"),
    ]
    # Worse at once, better only after a second look.
    held = rated.query(
        "select name_zh, status_held from published.indicator_progress join "
        "core.dim_region using (region_code) where indicator_code = 'LIGHT_YEAR' "
        "and period = '2014-07' and name_zh in ('宁夏', '陕西') order by 1"
    )
    assert held == [("宁夏", "red"), ("陕西", "red")]


@with_oracles
def test_provinces_of_2020_counted_alike(warehouse):
    # PySAL's unweighted Theil on the same figures.
    ((row),) = warehouse.query(
        "select round(theil_t, 9), round(theil_t_between, 7), "
        "round(theil_t_within, 8), round(gini_unweighted, 9) "
        "from published.regional_inequality where region_level = 4 "
        "and indicator_code = 'PCGDP' and group_kind = 'bloc'"
    )
    assert row == (0.081196873, 0.0425837, 0.03861317, 0.215258855)


@with_oracles
def test_the_east_gained_nine_points_from_1978_to_2017(warehouse):
    # 52.56 and 43.56 percent (published: 52.6, up by 9.0 points).
    shares = dict(
        warehouse.query(
            "select period, round(100 * value_share, 2) "
            "from published.regional_inequality_contribution where region_level = 5 "
            "and indicator_code = 'OUTPUT' and region_code = 'East'"
        )
    )
    assert shares == {"1978": 43.56, "2017": 52.56}
    assert set(shares) == set(BLOC_GDP)
