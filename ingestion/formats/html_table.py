"""HTML tables, also those that a publisher serves under the name .xls."""

from __future__ import annotations

import re

from lxml import etree, html

from ingestion.formats.encoding import decoded
from ingestion.formats.foreign import guarded
from ingestion.formats.grid import Grid
from ingestion.formats.intake import Intake, unreadable
from ingestion.formats.layout import add_grids
from ingestion.formats.mapping import map_batch
from ingestion.landing import LandedFile
from ingestion.reading import Reading

_BEGIN = 4096
_TAG = re.compile(rb"<\s*(!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
_CHARSET = re.compile(
    rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.IGNORECASE
)
_MAX_SPAN = 1000


def read(intake: Intake) -> None:
    """Fill `observations` or `registry_rows` from the declared tables."""
    for number in intake.numbers:
        file = intake.batch.files[number]
        body = intake.document(file)
        add_grids(intake, number, grids(body, file, intake.source))
    map_batch(intake)


def is_html(body: bytes) -> bool:
    begin = body[:_BEGIN].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return begin.startswith(b"<") and bool(_TAG.search(begin.replace(b"\0", b"")))


def grids(body: bytes, file: LandedFile, reading: Reading) -> list[Grid]:
    """Each table as a grid named `table 1`, `table 2` …; spans are spread.

    The encoding: declared, else the page's own word for it, else as for text.
    """
    text = _text(body, file, reading)
    with guarded("lxml", file):
        parser = html.HTMLParser(
            no_network=True, recover=True, huge_tree=False, encoding="utf-8"
        )
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
        tables = [table for table in root.iter("table") if _innermost(table)]
        found, left = [], reading.read_limits.max_cells
        for number, table in enumerate(tables, 1):
            rows = _rows(table, file, left)
            left -= sum(map(len, rows))
            found.append(Grid(f"table {number}", rows))
    if not found:
        raise unreadable(file, "it is an HTML page without a table")
    return found


def _text(body: bytes, file: LandedFile, reading: Reading) -> str:
    named = _CHARSET.search(body[:_BEGIN])
    if named and not reading.encoding and not reading.encodings:
        name = named[1].decode().lower()
        # Pages that say gb2312 use all of its superset.
        name = "gb18030" if name in ("gb2312", "gbk") else name
        try:
            told = Reading(format=reading.format, encoding=name)
        except ValueError as error:
            raise unreadable(file, f"it names an unknown encoding, {name}") from error
        return decoded(body, told, file)
    return decoded(body, reading, file)


def _innermost(table: etree._Element) -> bool:
    return next(table.iterdescendants("table"), None) is None


def _rows(table: etree._Element, file: LandedFile, limit: int) -> list[list[str]]:
    """Cells with `colspan` and `rowspan` spread: the text stands in the first."""
    rows: list[list[str]] = []
    # Column -> rows that a cell further up still reaches down.
    reaching: dict[int, int] = {}
    for row in table.iter("tr"):
        cells: list[str] = []
        begun: dict[int, int] = {}
        for cell in row.iterchildren("td", "th"):
            _pass_over(cells, reaching)
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            begun.update(dict.fromkeys(range(len(cells), len(cells) + wide), high - 1))
            cells.append(" ".join(cell.text_content().split()))
            cells.extend([""] * (wide - 1))
        _pass_over(cells, reaching)
        reaching.update(begun)
        rows.append(cells)
        limit -= len(cells)
        if limit < 0:
            raise unreadable(file, "its tables have more cells than the limit allows")
    return _squared(rows)


def _pass_over(cells: list[str], reaching: dict[int, int]) -> None:
    """Empty cells where a cell of an upper row reaches down."""
    while reaching.get(len(cells), 0):
        reaching[len(cells)] -= 1
        cells.append("")


def _squared(rows: list[list[str]]) -> list[list[str]]:
    """Browsers show short rows as if filled up; so a grid of a page has none."""
    width = max((len(row) for row in rows), default=0)
    if width * len(rows) > 50 * sum(map(len, rows)) + 1000:
        return rows
    return [row + [""] * (width - len(row)) for row in rows]


def _span(cell: etree._Element, name: str) -> int:
    text = (cell.get(name) or "1").strip()
    if not re.fullmatch("[0-9]{1,9}", text):
        return 1
    return min(max(int(text), 1), _MAX_SPAN)
