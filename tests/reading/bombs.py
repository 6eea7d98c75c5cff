"""Makes hostile files and reads them; run in a process with bounded memory.

python bombs.py FOLDER     prints one line a file: name, outcome, words
"""

from __future__ import annotations

import io
import resource
import sys
import time
import zipfile
from pathlib import Path

import openpyxl

from ingestion.errors import PlanwatchError
from ingestion.inspection import inspect
from ingestion.settings import Settings
from ingestion.source import Source

MEMORY = 3 * 2**30
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


def workbook(cells: dict[str, str]) -> bytes:
    book = openpyxl.Workbook()
    for place, value in cells.items():
        book.active[place] = value
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def repacked(
    body: bytes, part: str, content: bytes, packing: int = zipfile.ZIP_DEFLATED
) -> bytes:
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as old,
        zipfile.ZipFile(result, "w", packing, compresslevel=9) as new,
    ):
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return result.getvalue()


def lying(body: bytes, part: str) -> bytes:
    """The directory says that a part is small; it is not."""
    packed = bytearray(body)
    place = packed.rfind(part.encode())
    packed[place - 46 + 24 : place - 46 + 28] = (10).to_bytes(4, "little")
    return bytes(packed)


def open_document() -> bytes:
    """Another kind of workbook, which repeats one cell without end."""
    body = io.BytesIO()
    content = (
        '<table:table-cell table:number-columns-repeated="999999999"'
        ' office:value="1" office:value-type="float"/>'
    )
    with zipfile.ZipFile(body, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", content)
    return body.getvalue()


def bombs() -> dict[str, tuple[str, bytes]]:
    """name -> (format, bytes)"""
    small = workbook({"A1": "area"})
    sheet = "xl/worksheets/sheet1.xml"
    spaces = repacked(small, sheet, b"<a>" + b" " * 600_000_000 + b"</a>")
    unplaced = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<sheetData><row>" + b"<c><v>1</v></c>" * 16_000 + b"</row>"
        b'<row r="1048576"><c><v>1</v></c></row></sheetData></worksheet>'
    )
    doctype = f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>'
    outside = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    deep_xml = b"<a>" * 200_000 + b"</a>" * 200_000
    table = '<table><tr><td colspan="1000" rowspan="1000">x</td></tr></table>'
    return {
        "zip bomb": ("xlsx", spaces),
        "lying directory": ("xlsx", lying(small, sheet)),
        "packed by bzip2": (
            "xlsx",
            lying(repacked(small, sheet, bytes(10**8), zipfile.ZIP_BZIP2), sheet),
        ),
        "far cell": ("xlsx", workbook({"A1": "area", "XFD1048576": "x"})),
        "cells without place": ("xlsx", repacked(small, sheet, unplaced)),
        "open document": ("xlsx", open_document()),
        "laughs in a sheet": (
            "xlsx",
            repacked(small, sheet, f"{doctype}<a>&l9;</a>".encode()),
        ),
        "billion laughs": ("sdmx-ml", f"{doctype}<a>&l9;</a>".encode()),
        "laughs for dhis2": ("dhis2-xml", f"{doctype}<dataValueSet/>".encode()),
        "outside entity": ("dhis2-xml", outside.encode()),
        "deep xml": ("sdmx-ml", deep_xml),
        "deep json": ("json", b"[" * 5_000_000),
        "deep sdmx json": ("sdmx-json", b'{"a":' * 200_000 + b"1" + b"}" * 200_000),
        "many digits": ("worldbank-json", b"[" + b"9" * 5_000_000 + b"]"),
        "table spans": ("html", f"<html>{table * 60}</html>".encode()),
        "deep html": ("html", b"<html>" + b"<table><tr><td>" * 100_000),
        "one long line": ("csv", b"a" * 40_000_000),
        "many columns": ("csv", b"a," * 2_000_000),
        "open quote": ("csv", b'a,b\n"' + b"x\n" * 2_000_000),
        "nulls": ("csv", b"\0" * 1_000_000),
    }


def read(settings: Settings, folder: Path, name: str, format_: str, body: bytes) -> str:
    path = folder / name.replace(" ", "_")
    path.write_bytes(body)
    source = Source(
        code="bomb", kind="statistical_release", connector="inbox", location="x",
        format=format_,
    )  # fmt: skip
    try:
        found = inspect(settings, source, [path], bare=True)
    except PlanwatchError as fault:
        return f"refused\t{' '.join(fault.message.split())[-160:]}"
    return f"read\t{found.account}"


def main(folder: Path) -> None:
    made = bombs()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    settings = Settings(home=folder, site=folder, memory_limit="500MB", threads=1)
    for name, (format_, body) in made.items():
        begin = time.monotonic()
        outcome = read(settings, folder, name, format_, body)
        print(f"{name}\t{time.monotonic() - begin:.1f}\t{outcome}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
