"""DHIS2 data value sets, good and bad, in JSON, XML and CSV."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from material import Look, real

from ingestion.errors import SiteError
from ingestion.formats.intake import Unreadable

CORE = ("dhis2-core", "dhis-test-integration", "src", "test", "resources")
DATIM = ("dhis2-datim-validation", "tests", "testthat", "config")
# DATIM's financial years from October have no SDMX notation: declared away.
OCTOBER = {"formats": ["dhis2"], "rewrite": [[r"^(\d{4})Oct$", r"\1"]]}
UNITS = {
    "inline": {"DiszpKrYNg8": "OU_A", "BdfsJfj87js": "OU_B"},
    "unmapped": "refuse",
    "missing": "allow",
}


def _set(name: str) -> Path:
    return real(*CORE, "dxf2", "datavalueset", name)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("dataValueSetA.xml", 3),
        ("dataValueSetACode.xml", 3),
        ("dataValueSetB.xml", 12),
        ("dataValueSetB.csv", 12),
        ("dataValueSetBCode.xml", 12),
        ("dataValueSetC.xml", 3),
        ("dataValueSetNonStrict.xml", 3),
    ],
)
def test_good_sets_are_read_whole(look: Look, name: str, values: int) -> None:
    found = look("dhis2", _set(name), format=f"dhis2-{name.rpartition('.')[2]}")
    assert (found.account.read, found.problems) == (values, [])


def test_xml_and_csv_of_one_set_give_the_same_rows(look: Look) -> None:
    columns = ("unit_code", "indicator_code", "period", "value", "comment")
    rows = [
        Counter(
            tuple(row[name] for name in columns)
            for row in look("dhis2", _set(name), format=format_).rows.to_pylist()
        )
        for name, format_ in (
            ("dataValueSetB.xml", "dhis2-xml"),
            ("dataValueSetB.csv", "dhis2-csv"),
        )
    ]
    assert rows[0] == rows[1]


def test_what_the_set_says_once_holds_for_each_value(look: Look) -> None:
    found = look("dhis2", _set("dataValueSetACode.xml"), format="dhis2-xml")
    rows = found.rows.to_pylist()
    assert {(r["unit_code"], r["period"]) for r in rows} == {("OU_A", "2012-01")}


def test_periods_of_every_length_become_sdmx(look: Look) -> None:
    found = look("dhis2", _set("dataValueSetNonStrict.xml"), format="dhis2-xml")
    assert set(found.rows["period"].to_pylist()) == {"2012-01", "2012-Q2", "2012"}


@pytest.mark.parametrize(
    ("name", "withdrawn", "values"),
    [("dataValueSetADeleted.xml", 3, 3), ("dataValueSetBDeleted.xml", 4, 12)],
)
def test_deleted_values_are_withdrawals(
    look: Look, name: str, withdrawn: int, values: int
) -> None:
    found = look("dhis2", real(*CORE, "datavalueset", name), format="dhis2-xml")
    gone = [r for r in found.rows.to_pylist() if r["obs_status"] == "O"]
    assert (found.account.read, len(gone)) == (values, withdrawn)
    assert {(r["value"], r["comment"]) for r in gone} == {(None, "withdrawn by source")}


@pytest.mark.parametrize(
    ("name", "read", "refused"),
    [
        ("dataValueSetIllegalOrgUnit.xml", 0, 1),
        ("dataValueSetG.xml", 3, 1),
        ("dataValueSetA.xml", 3, 0),
    ],
)
def test_units_that_the_map_does_not_know_are_refused(
    look: Look, name: str, read: int, refused: int
) -> None:
    found = look("dhis2", _set(name), format="dhis2-xml", codes={"unit_code": UNITS})
    assert (found.account.read, found.account.refused) == (read, refused)
    assert len(found.problems) == refused
    assert {p["column"] for p in found.problems} <= {"unit_code"}


def test_unknown_units_stop_with_a_list_unless_declared_otherwise(look: Look) -> None:
    strict = {**UNITS, "unmapped": "stop"}
    with pytest.raises(SiteError, match="unit_code: not in the code map: nonEx1sting"):
        look("dhis2", _set("dataValueSetG.xml"), format="dhis2-xml",
             codes={"unit_code": strict})  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("test-json-bad-attributes.json", "disagg, mechanism"),
        ("test-xml-bad-attributes.xml", "category_OptionCombo, data_Element, org_Unit"),
    ],
)
def test_unknown_attributes_stop_with_the_list(
    look: Look, name: str, words: str
) -> None:
    with pytest.raises(SiteError, match=words):
        look("dhis2", real(*DATIM, name), format=f"dhis2-{name.rpartition('.')[2]}")


@pytest.mark.parametrize(
    ("name", "read", "refused"),
    [
        ("test-data.csv", 1000, 0),
        ("test-json.json", 1000, 0),
        ("test-data-exact-dups.csv", 12, 0),
        ("test-data-bad-periods.csv", 8, 2),
        ("test-data-invalid-mechs-dates.csv", 8, 2),
    ],
)
def test_datim_sets_with_declared_financial_years(
    look: Look, name: str, read: int, refused: int
) -> None:
    format_ = f"dhis2-{name.rpartition('.')[2]}"
    found = look("dhis2", real(*DATIM, name), format=format_, periods=OCTOBER)
    assert (found.account.read, found.account.refused) == (read, refused)


def test_impossible_periods_are_told_with_their_rows(look: Look) -> None:
    path = real(*DATIM, "test-data-bad-periods.csv")
    found = look("dhis2", path, format="dhis2-csv", periods=OCTOBER)
    assert [(p["row_number"], p["column"], p["value"]) for p in found.problems] == [
        (4, "period", "2016Q5"), (10, "period", "Oct"),
    ]  # fmt: skip


def test_values_that_are_no_numbers_are_told_under_declared_rules(look: Look) -> None:
    path = real(*DATIM, "test-data-bad-value.csv")
    found = look("dhis2", path, format="dhis2-csv", numbers={})
    assert [(p["row_number"], p["value"]) for p in found.problems] == [(3, "foo")]


def test_a_set_without_header_needs_declared_names(look: Look) -> None:
    path = real(*DATIM, "test-data-no-header.csv")
    names = ["de", "pe", "ou", "coc", "acoc", "value"]
    found = look("dhis2", path, format="dhis2-csv", periods=OCTOBER,
                 layout={"header": {"names": names}})  # fmt: skip
    assert found.account.read == 5
    with pytest.raises(SiteError, match="not declared"):
        look("dhis2", path, format="dhis2-csv")


def test_spaces_around_cells_and_quotes(look: Look) -> None:
    path = real(*DATIM, "test-data-with-spaces.csv")
    found = look("dhis2", path, format="dhis2-csv", dialect={"spaced": True})
    rows = found.rows.to_pylist()
    assert {r["indicator_code"] for r in rows} == {"T93kjopkTmR"}
    assert rows[0]["breakdown"] == "HllvX50cXC0.WQa4uNduUev"


def test_rows_shorter_than_the_header(look: Look) -> None:
    path = _set("dataValueSetWithDataSetHeader.csv")
    assert look("dhis2", path, format="dhis2-csv").account.refused == 3
    padded = look("dhis2", path, format="dhis2-csv", layout={"pad": True})
    assert padded.account.read == 3


@pytest.mark.parametrize("name", ["empty_file.json", "empty_file.xml", "metadata.json"])
def test_what_is_no_data_value_set_is_refused(look: Look, name: str) -> None:
    folder = ("dhis2-core", "dhis-test-e2e", "src", "test", "resources", "aggregate")
    with pytest.raises(Unreadable):
        look("dhis2", real(*folder, name), format=f"dhis2-{name.rpartition('.')[2]}")


def test_a_bulk_set(look: Look) -> None:
    folder = ("dhis2-core", "dhis-test-e2e", "src", "test", "resources", "aggregate")
    found = look("dhis2", real(*folder, "dataValues_bulk.json"))
    assert (found.account.read, found.problems) == (231, [])
