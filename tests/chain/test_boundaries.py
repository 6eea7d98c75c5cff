"""Series on the boundaries of then and of now, over the real GB/T 2260."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest

from tests.conftest import SHARED
from warehouse.database import reader

CODES = SHARED / "data" / "china-admin-areacodes" / "result.csv"
YEARS = (1985, 1995, 2005, 2015, 2019)
MACRO = """
select macro_definition from duckdb_functions()
where schema_name = 'core' and function_name = 'observation_on_boundaries'
"""
TABLES = """
create schema core;
create table core.bridge_region_succession (
    old_region_code varchar, new_region_code varchar, effective_on date,
    kind varchar, weight decimal(20, 10)
);
create table core.dim_region_vintage (
    region_code varchar, valid_from date, is_current boolean
);
create table core.dim_indicator (
    indicator_code varchar, definition_version varchar, aggregation varchar
);
create table core.fct_observation (
    source_kind varchar, source_code varchar, unit_code varchar,
    region_code varchar, indicator_code varchar, definition_version varchar,
    period varchar, breakdown varchar, known_from timestamp, known_to timestamp,
    observation_key varchar, value decimal(38, 10), unit_measure varchar,
    period_end date
);
insert into core.dim_indicator values ('BIRTHS', '1', 'sum'), ('RATE', '1', 'mean');
"""


class Country:
    """A DuckDB with the tables that the macro reads, and the macro itself."""

    def __init__(self, published) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(TABLES)
        with reader(published) as release:
            (body,) = release.execute(MACRO).fetchone()
        self.connection.execute(
            "create macro core.observation_on_boundaries(day, moment := null)"
            f" as table {body}"
        )

    def regions(self, *rows: tuple[str, str | None]) -> None:
        """Rows of (code, first day)."""
        self.connection.execute(
            "insert into core.dim_region_vintage"
            " select unnest(?::varchar[]), unnest(?::date[]), true",
            _columns(rows),
        )

    def successions(self, *rows: tuple) -> None:
        """Rows of (old, new, day, kind, weight); rename and merge count whole."""
        self.connection.execute(
            "insert into core.bridge_region_succession"
            " select unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::date[]),"
            " unnest(?::varchar[]), unnest(?::decimal(20, 10)[])",
            _columns(
                (old, new, on, kind, "1" if kind in ("rename", "merge") else weight)
                for old, new, on, kind, weight in rows
            ),
        )

    def observe(self, rows, indicator="BIRTHS") -> None:
        """Rows of (region, year, value)."""
        self.connection.execute(
            "insert into core.fct_observation"
            " select 'official', 's', null, region, $4, '1', year::varchar, '_T',"
            " '2020-01-01', null, region || year || $4, value, 'P',"
            " make_date(year, 12, 31)"
            " from (select unnest($1::varchar[]) as region,"
            " unnest($2::integer[]) as year, unnest($3::decimal(38, 10)[]) as value)",
            [*_columns(rows), indicator],
        )

    def on(self, day: str, indicator="BIRTHS") -> dict:
        """{(region, year): (value, treatment)}; region None with its reporter."""
        return {
            (region or f"rest of {told}", int(period)): (value, treatment)
            for region, period, value, treatment, told in self.connection.execute(
                "select region_code, period, value, treatment, reported_regions"
                " from core.observation_on_boundaries(?) where indicator_code = ?",
                [day, indicator],
            ).fetchall()
        }


def _columns(rows) -> list[list]:
    return [list(column) for column in zip(*rows, strict=True)]


@pytest.fixture
def country(published):
    return Country(published)


def test_a_zero_goes_where_a_figure_may_go_and_nowhere_else(country):
    """A and B are merged into C; D is renamed. A mean goes through a rename only."""
    country.regions(*((code, None) for code in "ABD"), ("C", "2010-01-01"),
                    ("E", "2010-01-01"))  # fmt: skip
    country.successions(
        ("A", "C", "2010-01-01", "merge", None),
        ("B", "C", "2010-01-01", "merge", None),
        ("D", "E", "2010-01-01", "rename", None),
    )
    figures = [("A", 2009, 0), ("B", 2009, 5), ("D", 2009, 0)]
    country.observe(figures)
    country.observe(figures, "RATE")
    assert country.on("2011-01-01") == {
        ("C", 2009): (5, "converted"), ("E", 2009): (0, "converted"),
    }  # fmt: skip
    assert country.on("2011-01-01", "RATE") == {
        ("E", 2009): (0, "converted"),
        ("rest of A", 2009): (0, "unexplained"),
        ("rest of B", 2009): (5, "unexplained"),
    }


def test_a_split_and_a_merge_then_and_now(country):
    """A splits 60:40 into B and C in 2010, C goes into D in 2015."""
    country.regions(("A", None), ("D", None), ("B", "2010-01-01"), ("C", "2010-01-01"))
    country.successions(
        ("A", "B", "2010-01-01", "split", "0.6"),
        ("A", "C", "2010-01-01", "split", "0.4"),
        ("C", "D", "2015-01-01", "merge", None),
    )
    country.observe([("A", 2009, 100), ("D", 2009, 10), ("B", 2012, 70)])
    country.observe(
        [("C", 2012, 40), ("D", 2012, 11), ("B", 2016, 75), ("D", 2016, 60)]
    )
    now = country.on("2020-01-01")
    assert now == {
        ("B", 2009): (60, "converted"),
        ("D", 2009): (50, "converted"),  # 40 of A by way of C, and its own 10
        ("B", 2012): (70, "reported"),
        ("D", 2012): (51, "converted"),
        ("B", 2016): (75, "reported"),
        ("D", 2016): (60, "reported"),
    }
    then = country.on("2009-06-30")
    assert then == {
        ("A", 2009): (100, "reported"),
        ("D", 2009): (10, "reported"),
        ("A", 2012): (110, "converted"),
        ("D", 2012): (11, "reported"),
        ("A", 2016): (75, "converted"),
        # What D is made of since 2015 no weight tells: it is not divided.
        ("rest of D", 2016): (60, "unexplained"),
    }


def test_without_weights_the_whole_is_left_unexplained(country):
    country.regions(("A", None))
    country.successions(
        ("A", "B", "2010-01-01", "split", None),
        ("A", "C", "2010-01-01", "split", "0.25"),
    )
    country.observe([("A", 2009, 100)])
    assert country.on("2020-01-01") == {
        ("C", 2009): (25, "converted"),
        ("rest of A", 2009): (75, "unexplained"),
    }


def test_a_rate_goes_only_through_a_rename(country):
    country.successions(
        ("A", "B", "2010-01-01", "rename", None),
        ("C", "D", "2010-01-01", "merge", None),
    )
    country.observe([("A", 2009, 7), ("C", 2009, 5)], "RATE")
    assert country.on("2020-01-01", "RATE") == {
        ("B", 2009): (7, "converted"),
        ("rest of C", 2009): (5, "unexplained"),
    }


def gbt_2260(country) -> dict[int, list[str]]:
    """All counties since 1981 with what became of them; codes by year."""
    counties, regions, successions = defaultdict(list), [], []
    with CODES.open(encoding="utf-8-sig") as handle:
        lines = [r for r in csv.DictReader(handle) if r["级别"] == "县级"]
    for line in lines:
        code, first, last = line["代码"], line["启用时间"], line["变更/弃用时间"]
        regions.append((code, f"{first}-01-01"))
        for year in YEARS:
            if int(first) <= year < int(last or 9999):
                counties[year].append(code)
        heirs = [part for part in line["新代码"].split(";") if part]
        kind = "merge" if len(heirs) == 1 else "split"
        for heir in heirs:
            new, year = re.fullmatch(r"(\d{6})(?:\[(\d{4})\])?", heir).groups()
            when = year or last
            part = "transfer" if year else kind
            successions.append((code, new, f"{when}-01-01", part, None))
    country.regions(*regions)
    country.successions(*successions)
    return counties


@pytest.mark.parametrize("day", ["1982-06-30", "2000-06-30", "2020-06-30"])
def test_every_county_of_china_adds_up_on_any_boundaries(country, day):
    if not CODES.exists():
        pytest.skip("the shared test data are not here")
    counties = gbt_2260(country)
    told = [
        (code, year, Decimal(code) / 1000)
        for year, codes in counties.items()
        for code in set(codes)
    ]
    assert len(told) > 10_000
    country.observe(told)
    found = country.on(day)
    for year in YEARS:
        reported = sum(value for _, when, value in told if when == year)
        assert sum(v for (_, when), (v, _) in found.items() if when == year) == reported
    kinds = [treatment for _, treatment in found.values()]
    assert kinds.count("converted") > 100
    assert kinds.count("unexplained") > 20


def test_two_districts_of_beijing_after_their_merger(country):
    """崇文区 110103 went into 东城区 110101 in 2010, 宣武区 into 西城区."""
    if not CODES.exists():
        pytest.skip("the shared test data are not here")
    gbt_2260(country)
    country.observe([("110101", 2005, 550), ("110103", 2005, 310)])
    country.observe([("110101", 2015, 905)])
    assert country.on("2020-06-30") == {
        ("110101", 2005): (860, "converted"),
        ("110101", 2015): (905, "reported"),
    }
    assert country.on("2005-06-30") == {
        ("110101", 2005): (550, "reported"),
        ("110103", 2005): (310, "reported"),
        ("rest of 110101", 2015): (905, "unexplained"),
    }


def test_a_county_across_a_split_and_a_merger_reconciles(country):
    """Baoding: the suburb 130605 (郊区) was divided among 新市区 130602, 北市区
    130603 and 南市区 130604 in 1987; the latter two became 莲池区 130606 in 2015.

    GB/T 2260 states no weights, so what the suburb told is listed, not divided.
    """
    if not CODES.exists():
        pytest.skip("the shared test data are not here")
    gbt_2260(country)
    told = [
        ("130603", 1985, 40), ("130604", 1985, 50), ("130605", 1985, 90),
        ("130603", 2005, 75), ("130604", 2005, 85), ("130606", 2018, 170),
    ]  # fmt: skip
    country.observe(told)
    now, then = country.on("2020-06-30"), country.on("1986-06-30")
    assert now == {
        ("130606", 1985): (90, "converted"),
        ("rest of 130605", 1985): (90, "unexplained"),
        ("130606", 2005): (160, "converted"),
        ("130606", 2018): (170, "reported"),
    }
    assert then == {
        ("130603", 1985): (40, "reported"),
        ("130604", 1985): (50, "reported"),
        ("130605", 1985): (90, "reported"),
        ("rest of 130603", 2005): (75, "unexplained"),
        ("rest of 130604", 2005): (85, "unexplained"),
        ("rest of 130606", 2018): (170, "unexplained"),
    }
    for year in (1985, 2005, 2018):
        whole = sum(value for _, when, value in told if when == year)
        for found in (now, then):
            parts = [value for (_, when), (value, _) in found.items() if when == year]
            assert sum(parts) == whole
