"""Provincial downloads of the Chinese statistical office, in all vintages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from material import Look, real

from ingestion.formats.intake import Unreadable

FOLDER = "china-nbs-vintages"
GDP_2018 = "nbs_2018-12_gdp_1993-2017/分省年度数据.csv"
MIXED = "nbs_2020_gdp_2015-2019/分省年度数据.xls"
GDP_2025 = "nbs_2025-03_gdp_2005-2023/分省年度数据.xls"
# Declaration, file, cells with a value: 31 provinces times the filled years.
FILES = [
    ("nbs_csv", GDP_2018, 31 * 25),
    ("nbs_csv", "nbs_2025-11_pop_1lmq/分省年度数据.csv", 31 * 10),
    ("nbs_csv", "nbs_2026-03_RenJiyi/分省年度数据 (1).csv", 31 * 17),
    ("nbs_csv", "nbs_2026-03_RenJiyi/分省年度数据 (2).csv", 31 * 17),
    ("nbs_csv", "nbs_2026-03_RenJiyi/分省年度数据 (3).csv", 31 * 17),
    ("nbs_csv", "nbs_2026-03_RenJiyi/分省年度数据 (4).csv", 31 * 14),
    ("nbs_csv", "nbs_2026-03_RenJiyi/分省年度数据 (5).csv", 217),
    ("nbs_csv", "nbs_2026-03_RenJiyi/分省年度数据 (6).csv", 31 * 6),
    ("nbs_xls_mixed", MIXED, 31 * 5),
    ("nbs_cities", "nbs_2020_gdp_2015-2019/主要城市年度数据.xls", 148),
    (
        "nbs_transposed",
        "nbs_2023-04_gdp_2003-2020_transposed/分省年度数据.csv",
        31 * 20,
    ),
    ("nbs_plain", "nbs_2024-03_gdp_2019-2022/分省年度数据.csv", 31 * 4),
    ("nbs_tabbed_expenditure", "nbs_2026-05_tec/分省年度数据.csv", 169),
    ("nbs_tabbed", "nbs_2026-05_tec/分省年度数据_1.csv", 31 * 13),
    ("nbs_tabbed", "nbs_2026-05_tec/分省年度数据_2.csv", 428),
    ("nbs_tabbed", "nbs_2026-05_tec/分省年度数据_3.csv", 31 * 14),
    ("nbs_tabbed", "nbs_2026-05_tec/分省年度数据_5.csv", 31 * 14),
    ("nbs_tabbed", "nbs_2026-05_tec/分省年度数据_7.csv", 31 * 14),
    ("nbs_tabbed", "nbs_2026-05_tec/分省年度数据_8.csv", 31 * 14),
    ("nbs_fiscal", "fiscal_RenJiyi/一般公共预算等.xls", 31 * 20),
]


@pytest.mark.parametrize(("declaration", "name", "values"), FILES)
def test_every_listed_file_reads_by_its_declaration(
    look: Look, declaration: str, name: str, values: int
) -> None:
    found = look(declaration, real(FOLDER, name))
    assert found.account.read == values
    assert found.account.refused == 0
    assert found.problems == []


def test_the_newest_vintage_reads_from_its_workbook(look: Look) -> None:
    found = look("nbs_plain", real(FOLDER, GDP_2025), format="xls")
    assert found.account.read == 31 * 19


def test_all_files_of_the_folder_are_listed() -> None:
    listed = {name for _, name, _ in FILES} | {GDP_2025}
    folder = real(FOLDER)
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in (".csv", ".xls")
    }
    assert there == listed


def _tianjin_2017(found) -> Iterator[tuple[str, str]]:
    for row in found.rows.to_pylist():
        if (row["region_code"], row["period"]) == ("120000", "2017"):
            yield row["value"], row["published_at"]


def test_tianjin_2017_differs_by_vintage_each_with_its_own_date(look: Look) -> None:
    """Values as in the files; 2023-04 has whole numbers only."""
    old = look("nbs_csv", real(FOLDER, GDP_2018))
    assert list(_tianjin_2017(old)) == [("18549.19", "2018-12-01")]
    transposed = real(FOLDER, "nbs_2023-04_gdp_2003-2020_transposed/分省年度数据.csv")
    assert list(_tianjin_2017(look("nbs_transposed", transposed))) == [
        ("12451", "2023-04-01")
    ]
    newest = look("nbs_plain", real(FOLDER, GDP_2025), format="xls")
    assert list(_tianjin_2017(newest)) == [("12450.6", "2025-03-01")]


def test_all_digits_of_a_value_are_kept(look: Look) -> None:
    rows = look("nbs_csv", real(FOLDER, GDP_2018)).rows.to_pylist()
    beijing = {r["period"]: r["value"] for r in rows if r["region_code"] == "110000"}
    assert beijing["2012"] == "17879.40"


def test_a_file_that_mixes_vintages_is_refused_without_a_date_per_period(
    look: Look,
) -> None:
    with pytest.raises(Unreadable, match="mixes vintages"):
        look("nbs_xls", real(FOLDER, MIXED))


def test_a_file_that_mixes_vintages_reads_with_a_date_per_period(look: Look) -> None:
    rows = look("nbs_xls_mixed", real(FOLDER, MIXED)).rows.to_pylist()
    tianjin = {
        r["period"]: (r["value"], r["published_at"])
        for r in rows
        if r["region_code"] == "120000"
    }
    # 13362.92 after 18549.19 is the false fall by 28 %: two vintages, not a year.
    assert tianjin["2017"] == ("18549.19", "2018-12-01")
    assert tianjin["2018"] == ("13362.92", "2020-01-01")


def test_a_period_without_a_declared_vintage_is_refused(look: Look) -> None:
    only = {"first": "2015", "last": "2017", "published_at": "2018-12-01"}
    found = look("nbs_xls_mixed", real(FOLDER, MIXED), vintage={"per_period": [only]})
    assert (found.account.read, found.account.refused) == (31 * 3, 31 * 2)
    assert {p["column"] for p in found.problems} == {"published_at"}


def test_notes_and_preamble_are_skipped_with_reason_and_text(look: Look) -> None:
    skipped = look("nbs_csv", real(FOLDER, GDP_2018)).skipped
    reasons = [(row["row_number"], row["reason"]) for row in skipped]
    assert reasons == [
        (1, "above the header"), (2, "above the header"), (3, "above the header"),
        (4, "header"), (36, "below the data"), (37, "below the data"),
    ]  # fmt: skip
    assert skipped[-1]["text"] == "数据来源：国家统计局"


def test_a_wrong_encoding_is_named(look: Look, tmp_path: Path) -> None:
    path = real(FOLDER, GDP_2018)
    with pytest.raises(Unreadable, match="tried utf-8"):
        look("nbs_csv", path, encodings=[])
    copy = tmp_path / "nbs_2018-12_x.csv"
    # Bytes that both encodings know, as different letters.
    copy.write_bytes("地".encode("gb18030") + b"\xe9\xe8,2017\n")
    with pytest.raises(Unreadable, match="ambiguous: gb18030, cp1252"):
        look("nbs_csv", copy, encodings=["gb18030", "cp1252"])
