"""The form to fill in asks for what the gate will accept, and says where it went."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from judged_world import ASKED, RECEIVED, REGISTRY_ROWS, bundle_of

from expectations.bundle import write_bundle
from expectations.check import check
from expectations.submission_file import SHEET, Envelope
from expectations.template import COLUMNS, HEADER_ROW, write_template
from ingestion.errors import UsageError


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_filled_template_passes(sited, tmp_path, suffix):
    path = tmp_path / f"form.{suffix}"
    assert write_template(sited.settings, path, ASKED, bundle_of(sited)) == 2
    fill(path, {"JOBS": 120, "GROWTH": -1.5})
    receipt = check(sited.settings, path, ASKED, bundle_of(sited))
    assert (receipt["verdict"], receipt["rows_accepted"]) == ("accepted", 2)
    assert receipt["errors"] == []


def fill(path: Path, values: dict[str, float]) -> None:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle))
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, COLUMNS)
            writer.writeheader()
            writer.writerows({**r, "value": values[r["indicator_code"]]} for r in rows)
        return
    book = openpyxl.load_workbook(path)
    sheet = book[SHEET]
    at = {name: n for n, name in enumerate(COLUMNS, 1)}
    for row in range(HEADER_ROW + 1, sheet.max_row + 1):
        code = sheet.cell(row, at["indicator_code"]).value
        sheet.cell(row, at["value"]).value = values[code]
    book.save(path)


def test_the_workbook_guards_what_is_typed(sited, tmp_path):
    path = tmp_path / "form.xlsx"
    write_template(sited.settings, path, ASKED, bundle_of(sited))
    sheet = openpyxl.load_workbook(path)[SHEET]
    at = {name: n for n, name in enumerate(COLUMNS, 1)}
    assert sheet.protection.sheet
    first = HEADER_ROW + 1
    locked = {n: sheet.cell(first, at[n]).protection.locked for n in at}
    assert {n for n in at if not locked[n]} == {"value", "obs_status", "comment"}
    assert sheet.cell(3, at["value"]).value == "Value"
    assert sheet.cell(4, at["value"]).value == "数值"
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    jobs = rules[sheet.cell(first, at["value"]).coordinate]
    assert (jobs.type, jobs.formula1, jobs.formula2) == ("whole", "0", "100000")
    growth = rules[sheet.cell(first + 1, at["value"]).coordinate]
    assert (growth.type, growth.formula1, growth.formula2) == ("decimal", "-50", "50")
    assert [rule.type for rule in rules.values()].count("list") == 1
    assert not sheet["A1"].value.startswith("SIMULATED")


def test_a_simulated_form_says_so(sited, tmp_path):
    source = sited.settings.site / "sources" / "sim_forms.yml"
    source.write_text(
        "code: sim_forms\nkind: registry\nregistry: forms\nconnector: inbox\n"
        "location: nowhere\nformat: csv\nsimulated: true\n"
    )
    try:
        row = {**REGISTRY_ROWS["forms"][0], "form_code": "SIM"}
        assert sited.registry("forms", [row], source="sim_forms").accepted
        items = [
            *REGISTRY_ROWS["form_items"],
            {"form_code": "SIM", "indicator_code": "JOBS"},
        ]
        assert sited.registry(
            "form_items", items, received=RECEIVED + timedelta(1)
        ).accepted
        book, plain = tmp_path / "form.xlsx", tmp_path / "form.csv"
        for path in (book, plain):
            write_template(sited.settings, path, Envelope("U1", "SIM", "2025-07"))
    finally:
        source.unlink()
    assert openpyxl.load_workbook(book)[SHEET]["A1"].value.startswith("SIMULATED")
    assert "模拟" in plain.read_text(encoding="utf-8-sig").splitlines()[1]


@pytest.mark.parametrize(
    ("envelope", "why"),
    [
        (Envelope("U1", "F9", "2025-07"), "not in registry forms"),
        (Envelope("U1", "F1", "2025"), "has frequency M"),
        (Envelope("U1", "F1", "July"), "no period"),
        (Envelope("U3", "F1", "2025-07"), "units of kind office"),
        (Envelope("U2", "F1", "2025-07"), "not in registry units"),
    ],
)
def test_a_form_that_is_not_owed_has_no_template(sited, tmp_path, envelope, why):
    with pytest.raises(UsageError, match=why):
        write_template(sited.settings, tmp_path / "form.xlsx", envelope)
    assert list(tmp_path.iterdir()) == []


def test_a_template_asks_for_the_definition_in_force(world, tmp_path):
    """As the gate has it: JOBS is counted anew from July on."""
    jobs = REGISTRY_ROWS["indicators"][0]
    indicators = [*REGISTRY_ROWS["indicators"], {**jobs, "definition_version": "2"}]
    later = RECEIVED + timedelta(1)
    assert world.registry("indicators", indicators, received=later).accepted
    rule = {"rule_id": "OBS_DEFINITION_NOT_IN_FORCE", "rule_version": "1"}
    limits = {"until.JOBS.1": "2025-06-30", "from.JOBS.2": "2025-07-01"}
    rules = [rule | {"parameter": name, "value": day} for name, day in limits.items()]
    assert world.registry("rules", rules).accepted
    settings = world.settings.model_copy(update={"now": RECEIVED})
    for period, version in (("2025-06", "1"), ("2025-07", "2")):
        path = tmp_path / f"{period}.csv"
        write_template(settings, path, Envelope("U1", "F1", period))
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle))
        asked = {row["indicator_code"]: row["definition_version"] for row in rows}
        assert asked == {"JOBS": version, "GROWTH": "1"}
        fill(path, {"JOBS": 120, "GROWTH": -1.5})
        receipt = check(settings, path, Envelope("U1", "F1", period))
        assert (receipt["verdict"], receipt["errors"]) == ("accepted", [])


def test_a_form_without_a_definition_in_force_is_refused(world, tmp_path):
    rule = {"rule_id": "OBS_DEFINITION_NOT_IN_FORCE", "rule_version": "1"}
    rules = [
        rule | {"parameter": f"from.{code}.1", "value": "2025-08-01"}
        for code in ("JOBS", "GROWTH")
    ]
    assert world.registry("rules", rules).accepted
    settings = world.settings.model_copy(update={"now": RECEIVED})
    with pytest.raises(UsageError, match=r"no items for 2025-07.*in force"):
        write_template(settings, tmp_path / "form.csv", ASKED)


@pytest.mark.parametrize("name", ["form.xlsx", "form.csv", "u1.zip"])
def test_what_stands_where_a_file_should_go_is_told(sited, tmp_path, name):
    """A folder of that name, or a file where a folder should be."""

    def written(path: Path) -> None:
        if path.suffix == ".zip":
            write_bundle(sited.settings, sited.site, "U1", path)
        else:
            write_template(sited.settings, path, ASKED, bundle_of(sited))

    folder, file = tmp_path / name, tmp_path / "file"
    folder.mkdir()
    file.write_text("mine")
    with pytest.raises(UsageError, match=r"is a folder.*--output"):
        written(folder)
    with pytest.raises(UsageError, match=r"file is no folder.*--output"):
        written(file / name)
    assert sorted(tmp_path.iterdir()) == sorted([folder, file])
    assert (list(folder.iterdir()), file.read_text()) == ([], "mine")
