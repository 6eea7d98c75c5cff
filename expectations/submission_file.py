"""One submission file of a unit: CSV, workbook or JSON, read as text.

The file holds rows of one unit, form and period; columns are those of the
submission contract. What it says stays as it was sent: the gate judges it.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from ingestion.canonical import Unreadable
from ingestion.errors import UsageError

SHEET = "observations"
COLUMNS = (
    "unit_code", "form_code", "period", "indicator_code", "region_code",
    "breakdown", "value", "unit_measure", "obs_status", "comment", "row_key",
)  # fmt: skip
# May stand in a file as well; the template fills the first and reads the names.
MORE_COLUMNS = ("definition_version", "conf_status")
FOR_READERS = ("indicator_name_en", "indicator_name_zh")
REQUIRED = ("indicator_code", "value")
HEADER_WITHIN = 20
DEFAULTS = {
    "breakdown": "_T", "definition_version": "1", "obs_status": "A",
    "conf_status": "F",
}  # fmt: skip
MAX_BYTES = 64 * 2**20
MAX_CELLS = 5_000_000
# What reading a damaged or encrypted workbook ends in; its XML may hold anything.
_NO_WORKBOOK = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, SyntaxError,
    ValueError, LookupError, TypeError, AttributeError,
)  # fmt: skip


class Envelope(NamedTuple):
    """Whose file it is: unit, form and period (SDMX notation)."""

    unit_code: str
    form_code: str
    period: str


@dataclass(frozen=True)
class SubmissionFile:
    """Rows {column: text or None} with their number in the file, from 1."""

    sha256: str
    size_bytes: int
    rows: list[tuple[int, dict[str, str | None]]]


def read_submission(path: Path) -> SubmissionFile:
    """Read a .csv, .xlsx or .json file.

    UsageError when there is no such file or its name ends otherwise,
    Unreadable when the bytes are not what the name says.
    """
    body = file_bytes(path)
    reader = {".csv": _csv, ".xlsx": _workbook, ".json": _json}[path.suffix.lower()]
    return SubmissionFile(sha256_of(body), len(body), reader(path.name, body))


def file_bytes(path: Path) -> bytes:
    if path.suffix.lower() not in (".csv", ".xlsx", ".json"):
        raise UsageError(
            f"{path.name} is no kind of file that can be checked.",
            "give a .csv, .xlsx or .json file; `planwatch template` writes one.",
        )
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", "correct the path.")
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(
            f"{path.name} has more than {MAX_BYTES:,} bytes.",
            "one file is one form of one unit and period; split it.",
        )
    return path.read_bytes()


def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _csv(name: str, body: bytes) -> list[tuple[int, dict[str, str | None]]]:
    try:
        text = body.decode("utf-8-sig")
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise _unreadable(name, "it is not UTF-8", "save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise _unreadable(name, f"it is no CSV: {error}") from error
    # Rows of a CSV count from the first one below the header.
    above, rows = _below_header(name, table)
    width = len(table[above - 1])
    for number, row in enumerate(table[above:], above + 1):
        if row and len(row) != width:
            raise _unreadable(
                name, f"line {number} has {len(row)} cells, the header {width}"
            )
    return [(number - above, cells) for number, cells in rows]


def _workbook(name: str, body: bytes) -> list[tuple[int, dict[str, str | None]]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True)
        # A chart may be a sheet, too.
        sheets = [sheet.title for sheet in book.worksheets]
        if SHEET not in sheets:
            raise _unreadable(
                name,
                f"it has no sheet {SHEET!r} of cells; its sheets: {', '.join(sheets)}",
                f"name the sheet with the rows {SHEET!r}.",
            )
        sheet = book[SHEET]
        # The size that a file states about itself may be wrong or absent.
        sheet.reset_dimensions()
        table, cells = [], 0
        for row in sheet.iter_rows(values_only=True):
            cells += len(row)
            if cells > MAX_CELLS:
                raise _unreadable(name, f"it has more than {MAX_CELLS:,} cells")
            table.append([_text(cell) for cell in row])
    except _NO_WORKBOOK as error:
        raise _unreadable(name, f"it is no workbook: {error}") from error
    return _below_header(name, table)[1]


def _text(cell: Any) -> str:
    """A cell as it was typed: numbers in full, dates in ISO 8601."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < 2**53
        return str(int(cell)) if whole else format(Decimal(repr(cell)), "f")
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell).strip()


def _json(name: str, body: bytes) -> list[tuple[int, dict[str, str | None]]]:
    """{"rows": […]} with the envelope, the same in "data", or a list of rows."""
    try:
        content = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise _unreadable(name, f"it is no JSON: {error}") from error
    envelope: dict[str, Any] = {}
    if isinstance(content, dict) and "data" in content:
        content = content["data"]
        if not isinstance(content, list) or len(content) != 1:
            raise _unreadable(name, "`data` does not hold exactly one submission")
        (content,) = content
    if isinstance(content, dict) and isinstance(content.get("rows"), list):
        envelope = {key: content[key] for key in Envelope._fields if key in content}
        content = content["rows"]
    if not isinstance(content, list) or not all(isinstance(r, dict) for r in content):
        raise _unreadable(name, "it is neither a list of rows nor {`rows`: [rows]}")
    rows = []
    for number, row in enumerate(content, 1):
        _known(name, list(row))
        cells = {k: _cell(v) for k, v in {**envelope, **row}.items()}
        broken = next((k for k, text in cells.items() if not _is_whole(text)), "")
        if broken:
            raise _unreadable(
                name,
                f"{broken} of row {number} holds half a character"
                " (one \\u of a surrogate pair)",
            )
        rows.append((number, cells))
    return rows


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False)


def _is_whole(text: str | None) -> bool:
    """JSON can name one half of a character, which no file can hold as text."""
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        return False
    return True


def _below_header(
    name: str, table: list[list[str]]
) -> tuple[int, list[tuple[int, dict[str, str | None]]]]:
    """Number of the header row, and the filled rows below it with theirs.

    The header is found by its names: readable headings may stand above it.
    """
    above = next(
        (n for n, row in enumerate(table[:HEADER_WITHIN], 1) if _is_header(row)), 0
    )
    if not above:
        raise _unreadable(
            name,
            f"no row holds the column names {', '.join(REQUIRED)}",
            f"use the columns {', '.join(COLUMNS)}.",
        )
    header = [cell.strip() for cell in table[above - 1]]
    _known(name, [column for column in header if column])
    rows = []
    for number, row in enumerate(table[above:], above + 1):
        if any(cell.strip() for cell in row[len(header) :]):
            raise _unreadable(name, f"row {number} goes on beyond the header")
        if any(cell.strip() for cell in row):
            rows.append((number, _named(header, row)))
    return above, rows


def _is_header(row: list[str]) -> bool:
    return set(REQUIRED) <= {cell.strip() for cell in row}


def _named(header: list[str], row: list[str]) -> dict[str, str | None]:
    """A workbook's row may end before the header does, or in empty cells."""
    filled = [*row, *[""] * (len(header) - len(row))]
    pairs = zip(header, filled, strict=False)
    return {column: cell or None for column, cell in pairs if column}


def _known(name: str, columns: list[str]) -> None:
    known = {*COLUMNS, *MORE_COLUMNS, *FOR_READERS}
    unknown = [column for column in columns if column not in known]
    if unknown or len(set(columns)) < len(columns):
        listed = ", ".join(map(repr, unknown)) or "one stands twice"
        raise _unreadable(
            name,
            f"unknown column: {listed}",
            f"use the columns {', '.join(COLUMNS)}.",
        )


def _unreadable(name: str, why: str, remedy: str = "") -> Unreadable:
    return Unreadable(
        f"{name} cannot be read: {why}.",
        remedy or "send it again; `planwatch template` writes a file to fill in.",
    )
