"""What an .xls costs and hides: its cell records, walked without building cells.

The workbook library allocates the whole rectangle between the first and the
last cell, and reads error values as empty. Record numbers and layouts:
[MS-XLS] 2.3 and 2.4, "Excel Binary File Format (.xls) Structure".
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile

from ingestion.formats.intake import unreadable
from ingestion.landing import LandedFile
from ingestion.reading import ReadLimits

_BOF, _BOUNDSHEET, _FILEPASS = (0x0809, 0x0009, 0x0209, 0x0409), 0x0085, 0x002F
_FORMULA, _BOOLERR = (0x0006, 0x0206, 0x0406), 0x0205
# BLANK, NUMBER, LABEL, RSTRING, LABELSST, RK, MULRK, MULBLANK, INTEGER (BIFF2).
_CELLS = {0x0201, 0x0203, 0x0204, 0x00D6, 0x00FD, 0x027E, 0x00BD, 0x00BE, 0x0002,
          0x0003, 0x0004, _BOOLERR, *_FORMULA}  # fmt: skip
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?",
           36: "#NUM!", 42: "#N/A"}  # fmt: skip
_EXPECTED = "a value, not a spreadsheet error"
Faults = dict[tuple[int, int], tuple[str, str]]


def is_encrypted(body: bytes) -> bool:
    """Whether the workbook wants a password (Excel's default one included)."""
    with olefile.OleFileIO(io.BytesIO(body)) as container:
        if container.exists("EncryptedPackage"):
            return True
        stream = _stream(container)
        return any(kind == _FILEPASS for _, kind, _ in _records(stream))


def inspect_workbook(
    body: bytes, file: LandedFile, limits: ReadLimits
) -> dict[int, Faults]:
    """Faults by number of the sheet; Unreadable when a sheet is too wide."""
    with olefile.OleFileIO(io.BytesIO(body)) as container:
        stream = _stream(container)
    starts: dict[int, int] = {}
    faults: dict[int, Faults] = {}
    sheet, rows, columns = -1, 0, 0
    for offset, kind, data in _records(stream):
        if kind == _BOUNDSHEET and len(data) >= 4:
            starts[struct.unpack_from("<I", data)[0]] = len(starts)
        elif kind in _BOF:
            sheet, rows, columns = starts.get(offset, -1), 0, 0
        elif kind in _CELLS and len(data) >= 6:
            row, column = struct.unpack_from("<HH", data)
            rows, columns = max(rows, row + 1), max(columns, _last(kind, data, column))
            if rows * columns > limits.max_cells:
                raise unreadable(
                    file,
                    f"a sheet spans {rows:,} rows and {columns:,} columns, over the "
                    f"limit of {limits.max_cells:,} cells",
                    "raise `read_limits.max_cells` if so many are expected.",
                )
            error = _error(kind, data)
            if error and sheet >= 0:
                faults.setdefault(sheet, {})[row, column] = (error, _EXPECTED)
    return faults


def _stream(container: olefile.OleFileIO) -> bytes:
    for name in ("Workbook", "Book"):
        if container.exists(name):
            return container.openstream(name).read()
    return b""


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    offset = 0
    while offset + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, offset)
        yield offset, kind, stream[offset + 4 : offset + 4 + size]
        offset += 4 + size


def _last(kind: int, data: bytes, column: int) -> int:
    """One after the last column that a record fills; MULRK, MULBLANK span some."""
    if kind in (0x00BD, 0x00BE):
        return max(struct.unpack_from("<H", data, len(data) - 2)[0], column) + 1
    return column + 1


def _error(kind: int, data: bytes) -> str | None:
    if kind == _BOOLERR and len(data) >= 8 and data[7] == 1:
        return _ERRORS.get(data[6], "#ERROR")
    if kind in _FORMULA and len(data) >= 14 and data[12:14] == b"\xff\xff":
        return _ERRORS.get(data[8], "#ERROR") if data[6] == 2 else None
    return None
