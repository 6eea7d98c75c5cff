"""The form as a file to fill in: a workbook with guards, or plain CSV.

The workbook's sheet `observations` has readable headings above the row of
column names; codes are locked, statuses are chosen from a list, and values
outside the registered bounds are refused while they are typed. Its second
sheet says in English and Chinese what each column and status means.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from expectations.bundle import unit_world
from expectations.catalogue import codelist
from expectations.expected_rows import ExpectedRow, Form, expected_form
from expectations.receipts import harmless
from expectations.submission_file import FOR_READERS, SHEET, Envelope
from ingestion.durable import replaced
from ingestion.errors import UsageError
from ingestion.settings import Settings

# Column, English heading, Chinese heading, width, and whether it is filled in.
HEADINGS = (
    ("unit_code", "Unit", "单位代码", 18, False),
    ("form_code", "Form", "报表代码", 16, False),
    ("period", "Period", "报告期", 10, False),
    ("row_key", "Row", "行号", 6, False),
    ("region_code", "Region", "地区代码", 12, False),
    ("indicator_code", "Indicator", "指标代码", 24, False),
    ("definition_version", "Definition", "定义版本", 10, False),
    ("indicator_name_en", "Name (English)", "英文名称", 34, False),
    ("indicator_name_zh", "Name (Chinese)", "中文名称", 24, False),
    ("breakdown", "Part of total", "分组", 12, False),
    ("unit_measure", "Unit of measure", "计量单位", 14, False),
    ("value", "Value", "数值", 16, True),
    ("obs_status", "Status", "观测状态", 10, True),
    ("comment", "Remark", "备注", 40, True),
)
COLUMNS = tuple(heading[0] for heading in HEADINGS)
HEADER_ROW = 5
_STATUSES = "statuses"
# A fixed time, so that the same form gives the same file.
_MADE = datetime(2020, 1, 1)
_OPEN = PatternFill("solid", fgColor="FFF7DC")
_HEAD = PatternFill("solid", fgColor="DCE6F1")
SIMULATED = "SIMULATED FORM, invented data 模拟报表，数据为虚构"


def write_template(
    settings: Settings, path: Path, envelope: Envelope, bundle: Path | None = None
) -> int:
    """Write the form to `path` (.xlsx or .csv); gives the number of its rows.

    UsageError when the unit is not asked for this form and period.
    """
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise UsageError(f"{path.name} is neither .xlsx nor .csv.", "correct --output.")
    with unit_world(settings, envelope.unit_code, bundle) as world:
        form = expected_form(world, envelope.form_code, envelope.period)
    with replaced(path) as temporary:
        if path.suffix.lower() == ".csv":
            _write_csv(temporary, form)
        else:
            _workbook(form).save(temporary)
    return len(form.rows)


def cells(form: Form, number: int, row: ExpectedRow) -> dict[str, str]:
    """Cells of one expected row; value and status are left to the unit."""
    return {
        "unit_code": form.unit_code,
        "form_code": form.form_code,
        "period": form.period,
        "row_key": str(number),
        "region_code": form.region_code,
        "indicator_code": row.indicator_code,
        "definition_version": row.definition_version,
        "indicator_name_en": row.name_en,
        "indicator_name_zh": row.name_zh,
        "breakdown": row.breakdown,
        "unit_measure": row.unit_measure,
    }


def _write_csv(path: Path, form: Form) -> None:
    remark = {"comment": SIMULATED} if form.simulated else {}
    # The mark at the beginning makes spreadsheets read Chinese as UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for number, row in enumerate(form.rows, 1):
            told = {**cells(form, number, row), **remark}
            for name in FOR_READERS:
                told[name] = harmless(told[name])
            writer.writerow(told)


def _workbook(form: Form) -> Workbook:
    book = Workbook()
    book.properties.creator = "Planwatch"
    book.properties.created = book.properties.modified = _MADE
    sheet = book.active
    sheet.title = SHEET
    _headings(sheet, form)
    for number, row in enumerate(form.rows, 1):
        _fill(sheet, HEADER_ROW + number, cells(form, number, row))
    _guard(sheet, form)
    _explain(book.create_sheet("help 说明"), form)
    _statuses(book.create_sheet(_STATUSES))
    return book


def _headings(sheet: Worksheet, form: Form) -> None:
    label = f"{SIMULATED} · " if form.simulated else ""
    sheet["A1"] = f"{label}{form.name_en} {form.name_zh}"
    sheet["A1"].data_type = sheet["A2"].data_type = "s"
    sheet["A1"].font = Font(
        bold=True, size=14, color="C00000" if form.simulated else "000000"
    )
    sheet["A2"] = (
        f"{form.unit_name_en} {form.unit_name_zh} · {form.period} · "
        f"due 截止 {form.due_on.isoformat()}"
    )
    for index, (code, english, chinese, width, _) in enumerate(HEADINGS, 1):
        for row, text in ((3, english), (4, chinese), (HEADER_ROW, code)):
            cell = sheet.cell(row, index, text)
            cell.fill = _HEAD
            cell.font = Font(bold=row < HEADER_ROW, color="000000")
            cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = sheet.cell(HEADER_ROW + 1, COLUMNS.index("value") + 1)


def _fill(sheet: Worksheet, number: int, told: dict[str, str]) -> None:
    for index, (code, _, _, _, is_open) in enumerate(HEADINGS, 1):
        cell = sheet.cell(number, index, told.get(code))
        if cell.value is not None:
            # A name that begins with "=" is a name, not a formula.
            cell.data_type = "s"
        if is_open:
            cell.protection = Protection(locked=False)
            cell.fill = _OPEN
        if code != "value":
            # Codes such as 0101 stay text whatever is typed over them.
            cell.number_format = "@"


def _guard(sheet: Worksheet, form: Form) -> None:
    """Lock the codes and check what is typed; the password is left empty."""
    for number, row in enumerate(form.rows, HEADER_ROW + 1):
        rule = _bounds(row)
        sheet.add_data_validation(rule)
        rule.add(sheet.cell(number, COLUMNS.index("value") + 1))
    letter = get_column_letter(COLUMNS.index("obs_status") + 1)
    first, last = HEADER_ROW + 1, HEADER_ROW + len(form.rows)
    listed = DataValidation(
        type="list",
        formula1=f"{quote_sheetname(_STATUSES)}!$A$2:$A${len(_codes()) + 1}",
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="obs_status",
        error="Choose a code of the list. 请从列表中选择。",
    )
    listed.add(f"{letter}{first}:{letter}{last}")
    sheet.add_data_validation(listed)
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False


def _bounds(row: ExpectedRow) -> DataValidation:
    """Whole numbers where no decimals are declared, and the registered bounds."""
    kind = "whole" if row.decimals == 0 else "decimal"
    low = "-1E+27" if row.lowest is None else f"{row.lowest:.15g}"
    high = "1E+27" if row.highest is None else f"{row.highest:.15g}"
    said_low = "…" if row.lowest is None else low
    said_high = "…" if row.highest is None else high
    number, chinese = (
        ("a whole number", "整数") if kind == "whole" else ("a number", "数值")
    )
    text = f"{said_low} – {said_high} {row.unit_measure}"
    return DataValidation(
        type=kind,
        operator="between",
        formula1=low,
        formula2=high,
        allow_blank=True,
        showErrorMessage=True,
        showInputMessage=True,
        errorTitle=row.indicator_code[:32],
        error=f"Enter {number} 请填写{chinese}: {text}"[:225],
        promptTitle=row.name_en[:32],
        prompt=f"{row.name_zh}: {text}"[:255],
    )


def _explain(sheet: Worksheet, form: Form) -> None:
    how = (
        "Plain number such as 1234.5. Without a value, leave it empty and choose a "
        "status that says why."
    )
    command = (
        "Before sending: planwatch check FILE "
        f"--unit {form.unit_code} --form {form.form_code} --period {form.period}"
    )
    lines = [
        ("Column 列", "Meaning", "含义"),
        *((code, english, chinese) for code, english, chinese, _, _ in HEADINGS),
        ("", "", ""),
        (
            "value",
            how,
            "请填写普通数字，如 1234.5。没有数值时留空，并选择说明原因的状态。",
        ),
        ("check", command, "报送前请运行左列命令自查。"),
    ]
    for row in lines:
        sheet.append(row)
    for letter, width in (("A", 22), ("B", 90), ("C", 60)):
        sheet.column_dimensions[letter].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True)


def _codes() -> list[dict[str, str]]:
    return list(codelist("obs_status"))


def _statuses(sheet: Worksheet) -> None:
    names = list(_codes()[0])
    sheet.append(names)
    for code in _codes():
        sheet.append([code[name] for name in names])
