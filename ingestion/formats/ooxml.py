"""What an .xlsx costs and hides, found out before it is unpacked into cells.

The workbook library allocates the whole rectangle between the first and the
last cell, and reads error values and formulas without a kept result as empty.
So the parts are measured first, and such cells are looked up.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile

from lxml import etree

from ingestion.body import UNPACKED_IN_PIECES
from ingestion.formats.foreign import guarded
from ingestion.formats.intake import unreadable
from ingestion.formats.xml_safety import safe_parser
from ingestion.landing import LandedFile
from ingestion.reading import ReadLimits

_MAX_PARTS = 5000
_BLOCK = 2**20
# Below this size even a thousandfold expansion is harmless.
_SMALL = 10 * 2**20
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,8})([0-9]{1,9})["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\br\s*=\s*["']([0-9]{1,9})["']""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_SHEET = re.compile(rb"<(?:\w+:)?sheetData[\s/>]")
_MAX_COLUMNS = 16_384
_SUSPECT = re.compile(rb"""\bt\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]""")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
Faults = dict[tuple[int, int], tuple[str, str]]


def inspect_package(
    body: bytes, file: LandedFile, limits: ReadLimits
) -> dict[str, Faults]:
    """Check the package against the limits; faults by sheet name.

    Unreadable when parts are more, bigger or denser than declared, or when
    their sizes or checksums are not what the directory says.
    """
    with guarded("zipfile", file), zipfile.ZipFile(io.BytesIO(body)) as package:
        parts = package.infolist()
        _check_sizes(file, len(body), parts, limits)
        _check_contents(file, package, parts)
        _check_extents(file, package, limits)
        return {
            name: _faults_of(package, part) for name, part in _sheets(package).items()
        }


def _check_sizes(file: LandedFile, packed: int, parts, limits: ReadLimits) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > _MAX_PARTS:
        raise unreadable(file, f"the workbook has {len(parts):,} parts")
    if unpacked > limits.max_unpacked_bytes:
        raise unreadable(
            file,
            f"the workbook unpacks to {unpacked:,} bytes, over the limit of "
            f"{limits.max_unpacked_bytes:,}",
            "raise `read_limits.max_unpacked_bytes` if so much is expected.",
        )
    if unpacked > _SMALL and unpacked > limits.max_ratio * max(packed, 1):
        raise unreadable(
            file,
            f"the workbook unpacks to {unpacked // max(packed, 1):,} times its size, "
            f"over the limit of {limits.max_ratio}",
            "raise `read_limits.max_ratio` if the file is in order.",
        )


def _check_contents(file: LandedFile, package: zipfile.ZipFile, parts) -> None:
    """Unpack every part once, in blocks: its directory entry may lie."""
    for part in parts:
        if part.flag_bits & 1:
            raise unreadable(file, "a part of the workbook is encrypted")
        if part.compress_type not in UNPACKED_IN_PIECES:
            raise unreadable(
                file, "a part of the workbook is neither stored nor deflated"
            )
        with package.open(part) as handle:
            begin = block = handle.read(_BLOCK)
            while block:
                block = handle.read(_BLOCK)
        if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in begin:
            raise unreadable(file, "a part of the workbook declares a document type")


def _sheets(package: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> part."""
    names = set(package.namelist())
    targets = {
        element.get("Id"): element.get("Target", "")
        for element in _parsed(package, "xl/_rels/workbook.xml.rels").iter(
            "{*}Relationship"
        )
    }
    sheets = {}
    for element in _parsed(package, "xl/workbook.xml").iter("{*}sheet"):
        target = targets.get(element.get(_RELATION), "")
        part = posixpath.normpath(posixpath.join("xl", target)).lstrip("/")
        if part in names and re.search(r"\.xml$", part):
            sheets[element.get("name", "")] = part
    return sheets


def _parsed(package: zipfile.ZipFile, part: str):
    return etree.fromstring(package.read(part), safe_parser())


def _check_extents(
    file: LandedFile, package: zipfile.ZipFile, limits: ReadLimits
) -> None:
    """Measure every part with cells, whatever its name and place."""
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= set(package.namelist()):
        raise unreadable(file, "it is a ZIP archive, but not of an .xlsx workbook")
    for part in package.namelist():
        content = package.read(part) if part.lower().endswith(".xml") else b""
        if not _SHEET.search(content):
            continue
        rows, columns = _extent(content)
        if rows * columns > limits.max_cells:
            raise unreadable(
                file,
                f"a sheet spans {rows:,} rows and {columns:,} columns, over the limit "
                f"of {limits.max_cells:,} cells",
                "raise `read_limits.max_cells` if so many are expected.",
            )


def _extent(content: bytes) -> tuple[int, int]:
    """Rows and columns up to the last cell; cells without a place count as
    standing side by side."""
    rows = max((int(number) for number in _ROW.findall(content)), default=0)
    columns = named = 0
    for letters, digits in _REFERENCE.findall(content):
        named += 1
        rows = max(rows, int(digits))
        columns = max(columns, _column(letters.decode()) + 1)
    unplaced = len(_CELL.findall(content)) - named
    return rows, max(columns, min(unplaced, _MAX_COLUMNS))


def _faults_of(package: zipfile.ZipFile, part: str) -> Faults:
    content = package.read(part)
    return _unkept(content) if _SUSPECT.search(content) else {}


def _unkept(content: bytes) -> Faults:
    """Error values, and formulas that the file keeps no result of."""
    faults: Faults = {}
    for cell in etree.fromstring(content, safe_parser()).iter("{*}c"):
        match = re.fullmatch(r"([A-Za-z]{1,8})([0-9]{1,9})", cell.get("r", ""))
        if match is None:
            continue
        place = (int(match[2]) - 1, _column(match[1]))
        value = (cell.findtext("{*}v") or "").strip()
        formula = cell.find("{*}f")
        if cell.get("t") == "e":
            faults[place] = (value or "#ERROR", "a value, not a spreadsheet error")
        elif formula is not None and not value and cell.get("t") != "str":
            faults[place] = (
                f"={formula.text or ''}",
                "the kept result of the formula (open and save the file once)",
            )
    return faults


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
