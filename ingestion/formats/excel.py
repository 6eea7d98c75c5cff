"""Workbooks: .xlsx, .xls, also those that only bear the name.

What is kept in a cell is read; a formula is never worked out. A spreadsheet
keeps numbers as binary floats: they are written with the fewest digits that
give the same float, which are the digits that were typed (up to 15).
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

from ingestion.formats import biff, ooxml, workbook_cells
from ingestion.formats.foreign import guarded
from ingestion.formats.grid import Grid
from ingestion.formats.html_table import grids as html_grids
from ingestion.formats.html_table import is_html
from ingestion.formats.intake import Intake, unreadable
from ingestion.formats.layout import add_grids
from ingestion.formats.mapping import map_batch
from ingestion.formats.workbook_cells import Sheets
from ingestion.landing import LandedFile
from ingestion.reading import Layout, ReadLimits

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
# Excel writes this itself into files that are "protected" without a password.
_DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105
_SUBMISSION = Layout(sheets=("observations",))


def read(intake: Intake) -> None:
    """Fill `observations` or `registry_rows` from the declared sheets."""
    layout = intake.source.layout
    if layout is None and intake.batch.kind == "submission":
        layout = _SUBMISSION
    for number in intake.numbers:
        add_grids(intake, number, grids(intake, number), layout)
    map_batch(intake)


def grids(intake: Intake, number: int) -> list[Grid]:
    """Sheets of a workbook in their order.

    The bytes tell the kind, not the name: publishers serve HTML as .xls.
    """
    file = intake.batch.files[number]
    body = intake.document(file)
    limits = intake.source.read_limits
    if is_html(body):
        return html_grids(body, file, intake.source)
    if body.startswith(_OLE):
        with guarded("olefile", file):
            encrypted = biff.is_encrypted(body)
        if encrypted:
            body = _decrypted(body, file, limits)
    if body.startswith(_ZIP):
        return _package(body, file, limits)
    if body.startswith(_OLE):
        return _binary(body, file, limits)
    raise unreadable(file, f"it is no workbook; it begins with {body[:12]!r}")


def _decrypted(body: bytes, file: LandedFile, limits: ReadLimits) -> bytes:
    import msoffcrypto

    opened = io.BytesIO()
    with guarded("msoffcrypto", file):
        office = msoffcrypto.OfficeFile(io.BytesIO(body))
        try:
            office.load_key(password=_DEFAULT_PASSWORD)
            office.decrypt(opened)
        except msoffcrypto.exceptions.InvalidKeyError as error:
            raise unreadable(
                file,
                "it is encrypted with a password",
                "ask the sender for the file without a password.",
            ) from error
    if opened.tell() > limits.max_document_bytes:
        raise unreadable(file, "it is too big once decrypted")
    return opened.getvalue()


def _package(body: bytes, file: LandedFile, limits: ReadLimits) -> list[Grid]:
    faults = ooxml.inspect_package(body, file, limits)
    with guarded("calamine", file):
        sheets = workbook_cells.sheets(body)
    return [
        Grid(n, _overlaid(r, faults.get(n, {})), faults.get(n, {})) for n, r in sheets
    ]


def _binary(body: bytes, file: LandedFile, limits: ReadLimits) -> list[Grid]:
    with guarded("olefile", file):
        faults = biff.inspect_workbook(body, file, limits)
    return [
        Grid(name, _overlaid(rows, faults.get(index, {})), faults.get(index, {}))
        for index, (name, rows) in enumerate(_cells_apart(body, file, limits))
    ]


def _cells_apart(body: bytes, file: LandedFile, limits: ReadLimits) -> Sheets:
    """Read a workbook in a process whose memory and time are bounded."""
    program = Path(workbook_cells.__file__)
    bounds = (str(limits.max_memory_bytes), str(limits.max_seconds))
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(program), *bounds],
            input=body,
            capture_output=True,
            timeout=2 * limits.max_seconds,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired as error:
        raise unreadable(
            file, f"reading it takes over {limits.max_seconds} s"
        ) from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        told = next((line for line in reversed(lines) if "Error" in line), "")
        raise unreadable(
            file, f"calamine cannot read it ({told or 'it needs too much memory'})"
        )
    return [(name, rows) for name, rows in json.loads(done.stdout)]


def _overlaid(rows: list[list[str]], faults) -> list[list[str]]:
    """Show faulty cells, so that their row does not pass for an empty one."""
    for (row, column), (value, _) in faults.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = value
    return rows
