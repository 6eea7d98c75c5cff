"""Cells of a workbook as text; also run as a program of its own.

    python -I workbook_cells.py MEMORY SECONDS < workbook > sheets.json

The library allocates what a damaged .xls tells it to, and ends the process
when there is not so much: those are read in a process with bounded memory.
This module imports nothing of ours, so that the program starts fast.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import resource
import sys
from decimal import Decimal

Sheets = list[tuple[str, list[list[str]]]]


def sheets(body: bytes) -> Sheets:
    """Name and rows of every sheet, from A1 on; whatever the library raises."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    found = []
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(body))
    for sheet in workbook.sheets_metadata:
        rows = []
        if sheet.typ == SheetTypeEnum.WorkSheet:
            content = workbook.get_sheet_by_name(sheet.name)
            rows = content.to_python(skip_empty_area=False)
        found.append((sheet.name, [[as_text(cell) for cell in row] for row in rows]))
    return found


def as_text(cell) -> str:
    """A cell's content as text: numbers in full, dates in ISO 8601."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)


def _number(cell: float) -> str:
    if not math.isfinite(cell):
        return repr(cell)
    if cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return format(Decimal(repr(cell)), "f")


def main(memory: int, seconds: int) -> None:
    """Read standard input, write the sheets as JSON to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(sheets(sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
