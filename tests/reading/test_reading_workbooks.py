"""Workbooks made here: cells of every type, formulas, errors, several sheets."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from material import Look

from ingestion.formats.intake import Unreadable
from ingestion.formats.workbook_cells import as_text
from ingestion.source import Source

MAPPING = {
    "columns": {"region_code": "area", "period": "time", "value": "value"},
    "constants": {"indicator_code": "x", "unit_measure": "X"},
}


def book(**changes) -> Source:
    return Source.model_validate(
        {"code": "book", "kind": "statistical_release", "connector": "inbox",
         "location": "x", "format": "xlsx", "mapping": MAPPING, **changes}
    )  # fmt: skip


def saved(path: Path, *sheets: tuple[str, list[list]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets:
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


HEAD = ["area", "time", "value"]


def test_cells_become_text_with_all_their_digits(look: Look, tmp_path: Path) -> None:
    rows = [HEAD, ["A", 2020, 16737.3], ["B", "2020", 0.1], ["C", 2020, 20],
            ["D", 2020, "007"], ["E", 2020, 1e-7], ["F", 2020, True]]  # fmt: skip
    path = saved(tmp_path / "book.xlsx", ("data", rows))
    found = look(book(), path).rows.to_pylist()
    assert [r["value"] for r in found] == [
        "16737.3", "0.1", "20", "007", "0.0000001", "TRUE",
    ]  # fmt: skip
    assert {r["period"] for r in found} == {"2020"}


def test_excel_dates_become_periods(look: Look, tmp_path: Path) -> None:
    rows = [HEAD, ["A", dt.date(2020, 3, 31), 1], ["A", dt.datetime(2020, 6, 30), 2]]
    path = saved(tmp_path / "book.xlsx", ("data", rows))
    found = look(book(periods={"formats": ["excel"], "frequency": "Q"}), path)
    assert found.rows["period"].to_pylist() == ["2020-Q1", "2020-Q2"]


def test_formulas_are_not_worked_out_and_not_empty(look: Look, tmp_path: Path) -> None:
    """openpyxl keeps no results: such cells are told, with the formula."""
    rows = [HEAD, ["A", 2020, 1], ["B", 2020, "=C2+1"], ["C", 2020, "=1/0"]]
    path = saved(tmp_path / "book.xlsx", ("data", rows))
    found = look(book(), path)
    assert found.rows["region_code"].to_pylist() == ["A"]
    assert [(p["row_number"], p["value"]) for p in found.problems] == [
        (3, "=C2+1"), (4, "=1/0"),
    ]  # fmt: skip


def test_kept_results_of_formulas_are_read(look: Look, tmp_path: Path) -> None:
    path = saved(tmp_path / "book.xlsx", ("data", [HEAD, ["A", 2020, "=1+1"]]))
    kept = tmp_path / "kept.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(kept, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"<v></v>", b"<v>2</v>").replace(
                b"<v/>", b"<v>2</v>"))  # fmt: skip
    assert look(book(), kept).rows["value"].to_pylist() == ["2"]


def test_error_values_are_told(look: Look, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (HEAD, ["A", 2020, 1], ["B", 2020, "#N/A"]):
        workbook.active.append(row)
    workbook.save(tmp_path / "book.xlsx")
    found = look(book(), tmp_path / "book.xlsx")
    assert [(p["column"], p["value"]) for p in found.problems] == [("value", "#N/A")]


def test_several_sheets_need_a_declaration(look: Look, tmp_path: Path) -> None:
    sheets = [(f"{year}", [HEAD, ["A", year, year]]) for year in (2020, 2021)]
    path = saved(tmp_path / "book.xlsx", *sheets, ("notes", [["read me"]]))
    with pytest.raises(Unreadable, match="several sheets: '2020', '2021', 'notes'"):
        look(book(), path)
    layout = {"sheets": [r"\d{4}"], "sheet_column": "sheet"}
    mapping = {**MAPPING, "ignored": ["sheet"]}
    found = look(book(layout=layout, mapping=mapping), path)
    assert found.rows["row_key"].to_pylist() == ["2020!2", "2021!2"]


def test_submission_workbooks_have_a_sheet_of_that_name(
    look: Look, tmp_path: Path
) -> None:
    rows = [["unit_code", "form_code", *HEAD], ["U", "F", "A", "2025-01", 1]]
    path = saved(tmp_path / "s.xlsx", ("readme", [["how to"]]), ("observations", rows))
    columns = {"unit_code": "unit_code", "form_code": "form_code", **MAPPING["columns"]}
    found = look(book(kind="submission", mapping={**MAPPING, "columns": columns}), path)
    assert found.account.read == 1


def test_merged_headers_spread_and_join(look: Look, tmp_path: Path) -> None:
    rows = [["Report of 2021"], ["area", "GDP 总值", None, "people"],
            [None, "plan", "final", None], ["A", 1, 2, 3], ["Total", 1, 2, 3],
            ["* note"]]  # fmt: skip
    path = saved(tmp_path / "book.xlsx", ("data", rows))
    layout = {
        "header": {"required": ["area", "people"], "rows": 2, "fill": True},
        "preamble": {"year": r"of (\d{4})"},
        "wide": {"columns": r"^(GDP|people)", "name": "item"},
        "skip": [{"column": "area", "pattern": "^Total$", "reason": "a total"}],
        "footer": r"^\*",
    }
    columns = {"region_code": "area", "indicator_code": "item", "period": "year",
               "value": "value"}  # fmt: skip
    mapping = {"columns": columns, "constants": {"unit_measure": "X"}}
    found = look(book(layout=layout, mapping=mapping), path)
    assert [(r["indicator_code"], r["value"]) for r in found.rows.to_pylist()] == [
        ("GDP 总值 | plan", "1"), ("GDP 总值 | final", "2"), ("people", "3"),
    ]  # fmt: skip
    assert [s["reason"] for s in found.skipped] == [
        "above the header", "header", "header", "a total", "below the data",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [0.1, 1e22, 1e-9, 123456789.123456789, 2**53 + 2.0])
def test_floats_survive_their_text(value: float) -> None:
    assert float(Decimal(as_text(value))) == value
    assert "e" not in as_text(value).lower()


def test_what_is_no_workbook_is_refused(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"area,time,value\n")
    with pytest.raises(Unreadable, match="no workbook"):
        look(book(), path)
