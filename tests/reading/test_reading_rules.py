"""Numbers, periods, codes, encodings: declared rules, strictly kept."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import Look
from pydantic import ValidationError

from ingestion.errors import SiteError
from ingestion.formats import numbers, periods
from ingestion.formats.intake import Unreadable
from ingestion.reading import Numbers, Periods, Reading, Vintage
from ingestion.source import Source

MAPPING = {
    "columns": {"region_code": "area", "period": "time", "value": "value"},
    "constants": {"indicator_code": "x", "unit_measure": "X"},
}


def table(**changes) -> Source:
    return Source.model_validate(
        {"code": "table", "kind": "statistical_release", "connector": "inbox",
         "location": "x", "format": "csv", "mapping": MAPPING, **changes}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "declared", "value"),
    [
        ("7459.90", {}, "7459.90"),
        ("-0.000000000000000000001", {}, "-0.000000000000000000001"),
        ("+5", {}, "5"),
        ("114.000.000", {"decimal": ",", "thousands": "."}, "114000000"),
        ("0,00", {"decimal": ",", "thousands": "."}, "0.00"),
        ("1 234,5", {"decimal": ",", "thousands": " ", "spaces": True}, "1234.5"),
        ("\u00a01\u202f234,5 ", {"decimal": ",", "thousands": " ", "spaces": True},
         "1234.5"),
        ("１２３．５", {"full_width": True}, "123.5"),
        ("−4", {}, "-4"),
        ("(12.5)", {"parentheses": True}, "-12.5"),
        ("1.5E3", {"exponent": True}, "1500"),
        ("-2.50e-3", {"exponent": True}, "-0.00250"),
        ("12.5%", {"percent_sign": True}, "12.5"),
    ],
)  # fmt: skip
def test_numbers_keep_all_their_digits(text: str, declared: dict, value: str) -> None:
    assert numbers.parse(text, Numbers(**declared)).value == value


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("1,234", {}),
        ("1.5", {"decimal": ",", "thousands": "."}),
        ("1.2345", {"decimal": ",", "thousands": "."}),
        ("12.34.567", {"decimal": ",", "thousands": "."}),
        ("1,2.3", {"decimal": ",", "thousands": "."}),
        ("1.", {}), (".5", {}), ("", {}), ("-", {}), ("1e3", {}), ("NaN", {}),
        ("١٢", {}), ("1 2", {}), ("12*", {}), ("--1", {}), ("0x10", {}), ("1_000", {}),
    ],
)  # fmt: skip
def test_numbers_in_another_notation_are_refused(text: str, declared: dict) -> None:
    found = numbers.parse(text, Numbers(**declared))
    assert found.value is None
    assert found.expected


def test_missing_marks_become_a_status_and_footnotes_a_comment() -> None:
    declared = Numbers(missing={"N/D": "O", "-": "M"}, footnotes=r"\s*[*①]|\(\d\)\s*")
    assert numbers.parse("N/D", declared).status == "O"
    assert numbers.parse("-", declared).status == "M"
    marked = numbers.parse("12.5①", declared)
    assert (marked.value, marked.note) == ("12.5", "①")
    assert numbers.parse("(1) 12", declared).note == "(1)"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_every_decimal_survives_every_notation(number: Decimal) -> None:
    plain = format(number, "f")
    assert numbers.parse(plain, Numbers()).value == plain
    grouped = format(number, ",f").replace(",", "_").replace(".", ",").replace("_", ".")
    european = Numbers(decimal=",", thousands=".")
    assert numbers.parse(grouped, european).value == plain
    folded = numbers.parse(format(number, "E"), Numbers(exponent=True)).value
    assert folded is not None
    assert Decimal(folded) == number


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    declared = Numbers(
        thousands=",", spaces=True, full_width=True, parentheses=True, exponent=True,
        footnotes=r"\*", percent_sign=True,
    )  # fmt: skip
    found = numbers.parse(text, declared)
    if found.expected is None:
        assert Decimal(found.value or "").is_finite()


@pytest.mark.parametrize(
    ("text", "declared", "period"),
    [
        ("2017年", {"formats": ["{Y}年"]}, "2017"),
        ("2021年第三季度", {"formats": ["{Y}年第{Qzh}季度"]}, "2021-Q3"),
        ("2021 - 4° trimestre", {"formats": ["{Y} - {Q}° trimestre"]}, "2021-Q4"),
        ("2022.II", {"formats": ["{Y}.{Sr}"]}, "2022-S2"),
        ("2025年7月", {"formats": ["{Y}年{M}月"]}, "2025-07"),
        ("201201", {"formats": ["dhis2"]}, "2012-01"),
        ("2012Q2", {"formats": ["dhis2"]}, "2012-Q2"),
        ("2012-Q2", {}, "2012-Q2"),
        ("2012-W05", {}, "2012-W05"),
        ("44196", {"formats": ["excel"], "frequency": "Q"}, "2020-Q4"),
        ("2020-12-31", {"formats": ["excel"], "frequency": "M"}, "2020-12"),
        ("42734", {"formats": ["excel"], "frequency": "D", "excel_epoch": 1904},
         "2020-12-31"),
        ("31.12.2020", {"formats": ["{D}.{M}.{Y}"], "frequency": "A"}, "2020"),
        ("2015Oct", {"formats": ["dhis2"], "rewrite": [["Oct$", ""]]}, "2015"),
    ],
)  # fmt: skip
def test_periods_become_sdmx(text: str, declared: dict, period: str) -> None:
    """44196 and 42734 are 2020-12-31 in Excel's two date systems."""
    assert periods.parse(text, Periods(**declared)) == period


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("2012-13", {}), ("2012-Q5", {}), ("2012Q2", {}),
        ("201213", {"formats": ["dhis2"]}),
        ("17年", {"formats": ["{Y}年"]}), ("2017", {"formats": ["{Y}年"]}),
        ("2019-02-30", {}), ("60", {"formats": ["excel"], "frequency": "M"}),
        ("２０１７年", {"formats": ["{Y}年"]}), ("", {}),
    ],
)  # fmt: skip
def test_other_periods_are_refused(text: str, declared: dict) -> None:
    assert periods.parse(text, Periods(**declared)) is None


@pytest.mark.parametrize(
    ("model", "content"),
    [
        (Numbers, {"decimal": ",", "thousands": ","}),
        (Periods, {"formats": ["{M}月"]}),
        (Periods, {"formats": ["{Y}{X}"]}),
        (Periods, {"formats": ["excel"]}),
        (Periods, {"rewrite": [["a", r"\2"]]}),
        (Vintage, {}),
        (Vintage, {"published_at": "2020-01-01", "from_name": "(?P<Y>2)"}),
        (Vintage, {"from_name": "no year"}),
        (Reading, {"format": "csv", "encoding": "utf-9"}),
        (Reading, {"format": "csv", "encoding": "rot13"}),
        (Reading, {"format": "csv", "dialect": {"separator": '"'}}),
        (Reading, {"format": "csv", "layout": {"footer": "("}}),
        (Reading, {"format": "csv", "layout": {"preamble": {"x": "no group"}}}),
        (Reading, {"format": "csv", "colour": "red"}),
    ],
)  # fmt: skip
def test_wrong_declarations_are_refused(model: type, content: dict) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(content)


def test_row_problems_name_row_column_value_and_expectation(
    look: Look, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("area,time,value\nA,2020,1\nB,20x0,2\nC,2020,two\nD,bad,worse\n")
    found = look(table(numbers={}, periods={}), path)
    assert (found.account.read, found.account.refused) == (1, 3)
    told = [(p["row_number"], p["column"], p["value"]) for p in found.problems]
    assert told == [
        (2, "period", "20x0"), (3, "value", "two"), (4, "period", "bad"),
        (4, "value", "worse"),
    ]  # fmt: skip
    assert all(p["expected"] and p["file"] == str(path) for p in found.problems)


def test_unmapped_and_missing_codes_stop_with_both_lists(
    look: Look, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("area,time,value\nBeijing,2020,1\nAtlantis,2020,2\n")
    codes = {"inline": {"Beijing": "110000", "Tianjin": "120000"}}
    with pytest.raises(SiteError, match=r"code map: Atlantis.*not in the file: 120000"):
        look(table(codes={"region_code": codes}), path)
    lenient = {**codes, "unmapped": "skip", "missing": "allow", "reason": "a myth"}
    found = look(table(codes={"region_code": lenient}), path)
    assert found.rows["region_code"].to_pylist() == ["110000"]
    assert [(r["reason"], r["text"]) for r in found.skipped] == [("a myth", "Atlantis")]


def test_unmapped_and_missing_columns_stop_with_both_lists(
    look: Look, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("area,year,value\nA,2020,1\n")
    with pytest.raises(SiteError, match=r"missing: time; in the file but.*: year"):
        look(table(), path)


def test_codes_compare_without_case_width_and_blanks_when_declared(
    look: Look, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("area,time,value\n北　京,2020,1\nＡＢＣ,2020,2\n", "utf-8")
    codes = {"inline": {"北京": "110000", "abc": "ABC"}, "folded": True}
    found = look(table(codes={"region_code": codes}), path)
    assert found.rows["region_code"].to_pylist() == ["110000", "ABC"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030", "utf-16-be"]
)
def test_declared_encodings_and_byte_order_marks(
    look: Look, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("area,time,value\n北京市,2020,1\n".encode(encoding))
    plain = encoding in ("gb18030", "utf-16-be")
    found = look(table(encoding=encoding) if plain else table(), path)
    assert found.rows["region_code"].to_pylist() == ["北京市"]


def test_a_declared_encoding_against_the_mark_is_refused(
    look: Look, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("area,time,value\nA,2020,1\n".encode("utf-8-sig"))
    with pytest.raises(Unreadable, match="byte order mark says utf-8"):
        look(table(encoding="gb18030"), path)


def test_json_records_with_nested_cells_and_long_numbers(
    look: Look, tmp_path: Path
) -> None:
    path = tmp_path / "table.json"
    path.write_text(
        '{"data": {"rows": [{"area": {"id": "A"}, "time": 2020,'
        ' "value": 1.23456789012345678901234567890}, "broken"]}}'
    )
    mapping = {**MAPPING, "columns": {**MAPPING["columns"], "region_code": "area.id"}}
    found = look(
        table(format="json", mapping=mapping, layout={"records": "data.rows"}), path
    )
    assert found.rows["value"].to_pylist() == ["1.23456789012345678901234567890"]
    assert found.account.refused == 1


def test_two_addresses_with_the_same_bytes_are_two_files(
    look: Look, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        text = "area,time,value\nA,2020,1\nB,2020,x\n"
        (tmp_path / f"{name}.csv").write_text(text)
    found = look(table(numbers={}), tmp_path / "a.csv", tmp_path / "b.csv")
    assert (found.account.read, found.account.refused) == (2, 2)


def test_submissions_as_tables_are_one_per_unit_form_and_period(
    look: Look, tmp_path: Path
) -> None:
    path = tmp_path / "submission.csv"
    path.write_text(
        "unit_code,form_code,period,indicator_code,region_code,value,unit_measure\n"
        "U1,F,2025-01,x,R,1,X\nU1,F,2025-01,y,R,2,X\nU2,F,2025-01,x,R,3,X\n"
    )
    names = path.read_text().splitlines()[0].split(",")
    mapping = {"columns": {name: name for name in names}}
    found = look(table(kind="submission", mapping=mapping), path)
    rows = found.rows.to_pylist()
    assert len({row["submission_id"] for row in rows}) == 2
    assert {row["form_code"] for row in rows} == {"F"}
    assert {row["source_kind"] for row in rows} == {"self_reported"}
