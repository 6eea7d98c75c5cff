"""Real vintages: each day knows the figures that were published by then."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
import yaml

from ingestion.inspection import inspect
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.source import Source
from tests.conftest import ROOT, SHARED
from warehouse.chain import run
from warehouse.database import reader

NBS = SHARED / "data" / "china-nbs-vintages"
WORLD_BANK = SHARED / "data" / "worldbank-wdi"
# One chain over 110,000 real figures.
pytestmark = pytest.mark.long
DECLARATIONS = ROOT / "tests" / "reading" / "declarations"
# Declaration, file, changes: the GDP tables in the order of publication.
GDP_TABLES = [
    ("nbs_csv", "nbs_2018-12_gdp_1993-2017/分省年度数据.csv", {}),
    ("nbs_xls_mixed", "nbs_2020_gdp_2015-2019/分省年度数据.xls", {}),
    ("nbs_transposed", "nbs_2023-04_gdp_2003-2020_transposed/分省年度数据.csv", {}),
    ("nbs_plain", "nbs_2024-03_gdp_2019-2022/分省年度数据.csv", {}),
    (
        "nbs_plain",
        "nbs_2025-03_gdp_2005-2023/分省年度数据.xls",
        {"format": "xls", "encodings": []},
    ),
]
INDICATORS = """\
indicator_code,definition_version,name_en,domain,unit_measure,direction,frequency,aggregation
GDP,1,Gross regional product,economy,CNY_100M,higher,A,sum
WB_GDP,1,GDP,economy,USD,higher,A,sum
WB_POP,1,Population,population,PERSONS,neutral,A,sum
"""
PUBLISHED = """\
code: {code}
kind: statistical_release
connector: inbox
location: {code}
format: csv
known_from: published_at
mapping:
  columns: {columns}
  constants: {{indicator_code: {indicator}, unit_measure: {measure}}}
"""
DATED_BY_NAME = """\
vintage:
  from_name: '_v(?P<Y>\\d{4})-(?P<M>\\d{2})-(?P<D>\\d{2})\\.'
"""


def write_nbs(settings: Settings, folder: Path) -> set[str]:
    """One table per file as the project reads it, for one source to publish."""
    folder.mkdir(parents=True)
    regions, written = set(), set()
    for number, (name, file, changes) in enumerate(GDP_TABLES):
        content = yaml.safe_load((DECLARATIONS / f"{name}.yml").read_text("utf-8"))
        source = Source.model_validate({**content, **changes})
        found = inspect(settings, source, [NBS / file])
        assert found.account.refused == 0
        with (folder / f"{number}.csv").open("w", encoding="utf-8") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(("region", "year", "value", "published"))
            for row in found.rows.to_pylist():
                regions.add(row["region_code"])
                cells = ("region_code", "period", "value", "published_at")
                line = tuple(row[cell] for cell in cells)
                # The table of 2020 repeats what had been published in 2018.
                if row["value"] is not None and line not in written:
                    written.add(line)
                    writer.writerow(line)
    return regions - {"", None}


def write_world_bank(site: Path) -> set[str]:
    regions = set()
    for code, kind in (("wb_gdp", "gdp"), ("wb_pop", "population")):
        (site / code).mkdir()
        for path in sorted((WORLD_BANK / kind).glob("*.csv")):
            (site / code / path.name).write_bytes(path.read_bytes())
            with path.open(encoding="utf-8") as handle:
                regions |= {row["Country Code"] for row in csv.DictReader(handle)}
    return regions - {"", None}


@pytest.fixture(scope="module")
def vintages(tmp_path_factory):
    """A published home over the vintages of both offices."""
    if not NBS.exists() or not WORLD_BANK.exists():
        pytest.skip("the shared test data are not here")
    site = tmp_path_factory.mktemp("vintages") / "site"
    for name in ("registry", "sources"):
        (site / name).mkdir(parents=True)
    (site / "site.yml").write_text("name: vintages\n")
    for path in DECLARATIONS.glob("*.csv"):
        (site / "sources" / path.name).write_bytes(path.read_bytes())
    settings = Settings(home=site.parent / "home", site=site)
    regions = write_nbs(settings, site / "nbs_gdp") | write_world_bank(site)
    rows = [f"{code},{code},1" for code in sorted(regions)]
    (site / "registry" / "regions.csv").write_text(
        "\n".join(["region_code,name_en,level", *rows]) + "\n"
    )
    (site / "registry" / "indicators.csv").write_text(INDICATORS)
    ours = "{region_code: region, period: year, value: value, published_at: published}"
    theirs = (
        "{region_code: Country Code, period: Year, value: Value, comment: Country Name}"
    )
    for code, columns, indicator, measure, more in (
        ("nbs_gdp", ours, "GDP", "CNY_100M", ""),
        ("wb_gdp", theirs, "WB_GDP", "USD", DATED_BY_NAME),
        ("wb_pop", theirs, "WB_POP", "PERSONS", DATED_BY_NAME),
    ):
        (site / "sources" / f"{code}.yml").write_text(
            PUBLISHED.format(
                code=code, columns=columns, indicator=indicator, measure=measure
            )
            + more
        )
    report = run(settings, Site.load(settings.site))
    assert report.failures == []
    return settings


def tianjin(settings: Settings, query: str, period: str = "2017") -> list[tuple]:
    with reader(settings) as connection:
        return connection.execute(
            f"{query} where region_code = '120000' and indicator_code = 'GDP'"
            " and period = $period order by known_from",
            {"period": period},
        ).fetchall()


# Tianjin 2017 in each file that has the year, as it stands there: 18549.19 in that
# of 2018-12 and again, unrevised, in that of 2020; 12451 in that of 2023-04, which
# rounds the figure after the census of 2018 to whole numbers; 12450.6 in that of
# 2025-03. The file of 2024-03 begins with 2019, so at the end of 2024 the rounded
# figure is what is known: 12450.6 is the same figure, printed with its decimal.
@pytest.mark.parametrize(
    ("day", "value"),
    [
        ("2018-11-30", None),
        ("2018-12-31", 18549.19),
        ("2019-12-31", 18549.19),
        ("2020-12-31", 18549.19),
        ("2023-03-31", 18549.19),
        ("2023-04-30", 12451.0),
        ("2024-03-31", 12451.0),
        ("2024-12-31", 12451.0),
        ("2025-03-31", 12450.6),
    ],
)
def test_tianjin_2017_is_what_was_published_by_that_day(vintages, day, value):
    found = tianjin(
        vintages, f"select value, known_from from core.observation_as_of('{day}')"
    )
    assert [float(v) for v, _ in found] == ([] if value is None else [value])


def test_the_files_have_the_figures_that_the_days_are_tested_with(vintages):
    """Read by themselves: year by year what each file says of Tianjin."""
    by_file = {}
    for name, file, changes in GDP_TABLES:
        content = yaml.safe_load((DECLARATIONS / f"{name}.yml").read_text("utf-8"))
        source = Source.model_validate({**content, **changes})
        rows = inspect(vintages, source, [NBS / file]).rows.to_pylist()
        by_file[file.split("/")[0]] = {
            row["period"]: float(row["value"])
            for row in rows
            if row["region_code"] == "120000" and row["value"] is not None
        }
    told = {
        file: (years.get("2017"), years.get("2018")) for file, years in by_file.items()
    }
    assert told == {
        "nbs_2018-12_gdp_1993-2017": (18549.19, None),
        "nbs_2020_gdp_2015-2019": (18549.19, 13362.92),
        "nbs_2023-04_gdp_2003-2020_transposed": (12451.0, 13363.0),
        "nbs_2024-03_gdp_2019-2022": (None, None),
        "nbs_2025-03_gdp_2005-2023": (12450.6, 13362.9),
    }


def test_the_triangle_shows_the_revision_of_tianjin(vintages):
    found = tianjin(
        vintages,
        "select vintage, value, revision, latest_value, known_from"
        " from published.revision_triangle",
    )
    assert [(n, float(v), float(r), float(last)) for n, v, r, last, _ in found] == [
        (1, 18549.19, 0.0, 12450.6),
        (2, 12451.0, -6098.19, 12450.6),
        (3, 12450.6, -6098.59, 12450.6),
    ]


def test_growth_never_mixes_vintages(vintages):
    """13362.92 after 18549.19 would be a fall by 28 %; it is no growth at all."""
    found = tianjin(
        vintages,
        "select known_from, value, previous_value, growth_pct, not_computed_reason"
        " from published.growth_by_vintage",
        period="2018",
    )
    first, *later = found
    assert first[0].date() == date(2020, 1, 1)
    assert float(first[1]) == 13362.92
    assert first[2:4] == (None, None)
    assert "not published together" in first[4]
    assert len(later) == 2
    for _, value, base, growth, _ in later:
        assert growth == pytest.approx(100 * (float(value) / float(base) - 1))
        assert 7 < growth < 8


def test_revisions_are_told_by_maturity(vintages):
    with reader(vintages) as connection:
        rows = connection.execute(
            "select source_code, maturity, n, relative_mar"
            " from published.revision_by_maturity order by all"
        ).fetchall()
        (main,) = connection.execute(
            "select n from published.revision_statistics where source_code = 'nbs_gdp'"
        ).fetchone()
    assert {source for source, *_ in rows} == {"nbs_gdp", "wb_gdp", "wb_pop"}
    counts = {(source, maturity): n for source, maturity, n, _ in rows}
    assert counts["nbs_gdp", 2] == main
    assert counts["wb_gdp", 2] > counts["wb_gdp", 4] > 0


@pytest.mark.parametrize("kind", ["gdp", "population"])
def test_each_day_of_the_world_bank_gives_its_file(vintages, kind):
    """Every number of each file that names its country, and none of a later one."""
    with reader(vintages) as connection:
        for path in sorted((WORLD_BANK / kind).glob("*.csv")):
            day = path.stem.split("_v")[1]
            with path.open(encoding="utf-8") as handle:
                lines = list(csv.DictReader(handle))
            published = {
                (line["Country Code"], line["Year"]): float(line["Value"])
                for line in lines
                if line["Value"] and line["Country Code"]
            }
            known = {
                (region, period): float(value)
                for region, period, value in connection.execute(
                    "select region_code, period, value from core.observation_as_of(?)"
                    " where source_code = ?",
                    [day, {"gdp": "wb_gdp", "population": "wb_pop"}[kind]],
                ).fetchall()
            }
            assert len(published) > 5000
            assert {key: known.get(key) for key in published} == pytest.approx(
                published, rel=1e-14, abs=1e-9
            )
