"""World Bank, UN, Italian, Vietnamese and Chinese files by their declarations."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from material import Look, real

from ingestion.errors import SiteError, SourceUnavailable
from ingestion.formats.intake import Unreadable

ITALY = "italy-pnrr"


def _italian_units(path: Path) -> list[str]:
    text = path.read_text("utf-8-sig")
    rows = csv.DictReader(text.splitlines(keepends=True), delimiter=";")
    return [row["Amministrazione Titolare"].strip() for row in rows]


@pytest.mark.parametrize(
    ("name", "rows", "units", "period"),
    [
        ("2021-T4", 51, 16, "2021-Q4"),
        ("2021-T4_v02", 51, 15, "2021-Q4"),
        ("2022-T2", 45, 15, "2022-Q2"),
        ("2022-T2_v02", 45, 16, "2022-Q2"),
    ],
)
def test_italian_implementation_in_all_versions(
    look: Look, name: str, rows: int, units: int, period: str
) -> None:
    path = real(ITALY, f"MeT_Attuazione_{name}.csv")
    found = look("italy_milestones", path)
    assert found.account.read == rows
    assert set(found.rows["period"].to_pylist()) == {period}
    counts = Counter(found.rows["unit_code"].to_pylist())
    # As many units, each as often as the file names it.
    sent = Counter(_italian_units(path))
    assert len(counts) == len(sent) == units
    assert sorted(counts.values()) == sorted(sent.values())


def test_a_renamed_ministry_stops_with_the_list(look: Look) -> None:
    path = real(ITALY, "MeT_Attuazione_2022-T2_v02.csv")
    with pytest.raises(SiteError, match="MINISTERO DELLA SALUTE"):
        look(
            "italy_milestones",
            path,
            codes={"unit_code": {"inline": {"MS - Min Salute": "IT_SAL"}}},
        )


def test_italian_finance_versions_and_their_totals(look: Look) -> None:
    """Version 3 adds an empty row and one amount with a decimal comma."""
    totals = {}
    for version in ("v02", "v03"):
        path = real(ITALY, f"OpenData_PNRR_QuadroFin_Programmazione_{version}.csv")
        found = look("italy_finance", path)
        assert found.account.read == 285 * 4
        totals[version] = [
            Decimal(row["value"])
            for row in found.rows.to_pylist()
            if row["indicator_code"] == "amount_total"
        ]
    assert Decimal("655307959.2") in totals["v03"]
    assert len(totals["v02"]) == len(totals["v03"]) == 285


def test_italian_indicators_and_programme(look: Look) -> None:
    name = "OpenData_PNRR_avanzamento_indicatori_comuni.csv"
    found = look("italy_indicators", real(ITALY, name))
    assert found.account.read == 836
    assert len(set(found.rows["unit_code"].to_pylist())) == 23
    assert set(found.rows["period"].to_pylist()) == {"2022-S1"}
    programme = look(
        "italy_programme", real(ITALY, "PNRR_MeT_OA_programmazione_v02.csv")
    )
    assert programme.account.read == 1489 * 2
    assert "0.73" in programme.rows["value"].to_pylist()


# Provinces, and the sum of their revenues; the workbooks' own totals in brackets
# differ where the authors rounded or erred.
VIETNAM = [
    ("vietnam_final", "Final_2006", 64, "200228898"),  # (200228896)
    ("vietnam_final", "Final_2007", 64, "308520539.7621013951"),
    ("vietnam_final_2008", "Final_2008", 63, "419278224"),  # (419.278.223)
    ("vietnam_final", "Final_2009", 63, "392680045.2556211809"),
    ("vietnam_plan_2003", "Plan_2003", 61, "127400000"),
    ("vietnam_plan_2004", "Plan_2004", 61, "154820000"),  # (154820000)
    ("vietnam_plan_2006", "Plan_2006", 64, "251400170"),  # (251400170)
    ("vietnam_plan_2007", "Plan_2007", 64, "293400800"),  # (293400800)
    ("vietnam_plan_2008", "Plan_2008", 64, "339400000"),  # (339400000)
    ("vietnam_plan_2009", "Plan_2009", 63, "417900000"),  # (417900000)
]


@pytest.mark.parametrize(("declaration", "name", "provinces", "revenue"), VIETNAM)
def test_vietnamese_provinces_without_subtotals(
    look: Look, declaration: str, name: str, provinces: int, revenue: str
) -> None:
    """61 provinces until 2003, 64 until 2008, 63 since (Hà Tây joined Hà Nội)."""
    found = look(declaration, real("vietnam-budget", "Budget", f"{name}.xls"))
    rows = found.rows.to_pylist()
    sums = [
        Decimal(r["value"]) for r in rows if r["indicator_code"] == "budget_revenue"
    ]
    assert len({row["region_code"] for row in rows}) == len(sums) == provinces
    assert sum(sums) == Decimal(revenue)
    reasons = Counter(row["reason"] for row in found.skipped)
    assert reasons["national total"] == 1
    assert reasons["subtotal of a region"] >= 1
    assert {row["period"] for row in rows} == {name[-4:]}


def test_spreadsheet_errors_are_problems_not_empty_cells(look: Look) -> None:
    path = real("vietnam-budget", "Budget", "Plan_2003.xls")
    found = look("vietnam_plan_2003", path)
    assert found.account.refused == 61
    assert {(p["column"], p["value"]) for p in found.problems} == {("other", "#REF!")}


@pytest.mark.long
def test_gb_t_2260_yearly_lists(look: Look) -> None:
    folder = real("china-admin-areacodes", "data")
    years = sorted(folder.glob("*.txt"))
    assert len(years) == 40
    levels = {}
    for path in years:
        found = look("gbt_2260", path)
        lines = path.read_text("utf-8").splitlines()
        assert found.account.read == len(lines)
        codes = found.rows["region_code"].to_pylist()
        assert codes == [line.partition(" ")[0] for line in lines]
        levels[path.stem] = Counter(found.rows["level"].to_pylist())
    assert levels["1981"] == {"1": 30, "2": 312, "3": 2298}
    assert levels["2000"] == {"1": 34, "2": 333, "3": 2864}
    assert levels["2020"] == {"1": 34, "2": 333, "3": 2844}


def test_world_bank_observations_with_their_vintage(look: Look) -> None:
    path = real("worldbank-api-json", "NY.GNP.PCAP.CD_US_1990-1997.json")
    found = look("worldbank", path)
    assert (found.account.read, found.problems) == (8, [])
    rows = found.rows.to_pylist()
    assert {r["published_at"] for r in rows} == {"2020-07-01"}
    assert rows[0]["value"] == "31270"
    assert rows[0]["period"] == "1997"


def test_a_world_bank_answer_that_is_not_whole_is_told(look: Look) -> None:
    path = real("worldbank-api-json", "hdx_indicators_data_indicatorsx.json")
    found = look("worldbank", path)
    told = {p["column"]: (p["value"], p["expected"]) for p in found.problems}
    assert told == {
        "pages": ("1", "2 pages"), "total": ("1", "10 observations in all"),
    }  # fmt: skip


def test_world_bank_errors_come_with_status_200(look: Look, tmp_path: Path) -> None:
    envelope = '[{{"message":[{{"id":"{}","key":"{}","value":"{}"}}]}}]'
    path = tmp_path / "answer.json"
    wrong = ("120", "Invalid value", "The provided parameter value is not valid")
    path.write_text(envelope.format(*wrong))
    with pytest.raises(Unreadable, match="120 Invalid value"):
        look("worldbank", path)
    path.write_text(envelope.format("105", "Service currently unavailable", "later"))
    with pytest.raises(SourceUnavailable, match="105"):
        look("worldbank", path)


def test_other_world_bank_files_are_refused(look: Look) -> None:
    refused = 0
    for path in sorted(real("worldbank-api-json").glob("hdx_[cot]*.json")):
        with pytest.raises(Unreadable, match="World Bank API v2"):
            look("worldbank", path)
        refused += 1
    assert refused == 9


def test_world_bank_extracts_by_vintage(look: Look) -> None:
    counts = {}
    for name in ("gdp_v2012-09-20", "gdp_v2018-01-14"):
        path = real("worldbank-wdi", "gdp", f"{name}.csv")
        found = look("worldbank_vintages", path)
        assert found.account.read == len(path.read_text("utf-8").splitlines()) - 1
        counts[name] = found.rows["published_at"].to_pylist()[0]
    assert counts == {"gdp_v2012-09-20": "2012-09-20", "gdp_v2018-01-14": "2018-01-14"}


def test_un_sdg_values_and_missing_marks(look: Look) -> None:
    path = real("un-sdg", "reference", "SI_POV_DAY1.csv")
    found = look("sdg_poverty", path)
    rows = found.rows.to_pylist()
    albania = [r for r in rows if (r["region_code"], r["period"]) == ("8", "2005")]
    assert [(r["value"], r["obs_status"]) for r in albania] == [("1.1", "A")]
    missing = [r for r in rows if r["obs_status"] == "O"]
    assert missing
    assert {r["value"] for r in missing} == {None}
    assert any("Ivoire" in r["comment"] and "ô" in r["comment"] for r in rows)


def test_encrypted_workbooks_read_budget_against_final_accounts(look: Look) -> None:
    totals = {}
    folder = real("china-localdebt", "public finance", "Anhui")
    for year in (2014, 2015):
        found = look("anhui_budget", folder / f"{year} income breakdown anhui.xls")
        totals[year] = {
            r["breakdown"]: r["value"]
            for r in found.rows.to_pylist()
            if r["indicator_code"] == "一、税收收入"
        }
    assert totals[2014] == {"budget": "1674.92", "final": "1692.52"}
    assert totals[2015] == {"budget": "1828.08", "final": "1799.89"}
    with pytest.raises(Unreadable, match="stand twice in the header: 决算数"):
        # Two tables stand side by side in this one.
        look("anhui_budget", folder / "2016 income breakdown anhui.xls")


def test_html_under_the_name_xls_equals_the_workbook(look: Look) -> None:
    folder = real("china-techme", "raw", "rural-yearbook", "part03-agri-produce")
    rows = []
    for suffix in ("xls", "xlsx"):
        found = look("rural_plastic", folder / "03-plastic" / f"raw-2020-2021.{suffix}")
        rows.append(
            sorted(
                (r["region_code"], r["indicator_code"], r["period"], r["value"])
                for r in found.rows.to_pylist()
            )
        )
    assert rows[0] == rows[1]
    assert len(rows[0]) == 31 * 6
