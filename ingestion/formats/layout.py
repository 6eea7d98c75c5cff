"""From grids to records, by a declared layout.

Every row of a grid is accounted for: data, or skipped with the reason, or
refused with what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion.errors import SiteError
from ingestion.formats.grid import Grid, first_filled, told, trimmed
from ingestion.formats.header import FoundHeader, find_header
from ingestion.formats.intake import Intake, Problem, Record, Table, unreadable
from ingestion.landing import LandedFile
from ingestion.reading import Layout, Wide

_REPEATED = "the header again"


@dataclass
class _Sheet:
    """What one grid gives; records are numbered through the whole file."""

    grid: Grid
    header: FoundHeader
    columns: tuple[str, ...] = ()
    records: list[Record] = field(default_factory=list)
    skipped: list[tuple[int | None, str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    next_record: int = 0

    def number(self) -> int:
        self.next_record += 1
        return self.next_record - 1


def add_grids(
    intake: Intake, number: int, grids: Sequence[Grid], layout: Layout | None = None
) -> None:
    """Load the declared sheets of a file as one table.

    Unreadable when sheet or header are not there; SiteError when the sheets'
    columns differ or a rule names a column that does not exist.
    """
    layout = layout or intake.source.layout or Layout()
    file = intake.batch.files[number]
    whole = _Sheet(Grid("", ()), FoundHeader((), 0, 0))
    for grid in _chosen(file, grids, layout):
        sheet = _read(intake, file, grid, layout, whole.next_record)
        if whole.columns and sheet.columns != whole.columns:
            raise unreadable(
                file, f"sheet {grid.name!r} has other columns than the one before it"
            )
        whole.columns = sheet.columns
        for name in ("records", "skipped", "problems", "notes"):
            getattr(whole, name).extend(getattr(sheet, name))
        whole.next_record = sheet.next_record
    table = Table(number, file, whole.columns, tuple(whole.notes))
    intake.add_table(table, whole.records)
    intake.skip(number, whole.skipped)
    intake.refuse(number, whole.problems)
    intake.count(number, whole.next_record + len(whole.skipped))


def _chosen(file: LandedFile, grids: Sequence[Grid], layout: Layout) -> list[Grid]:
    filled = [grid for grid in grids if any(first_filled(row) for row in grid.rows)]
    names = ", ".join(repr(grid.name) for grid in grids) or "none"
    if not layout.sheets:
        if len(filled) == 1:
            return filled
        raise unreadable(
            file,
            "it has no content" if not filled else f"it has several sheets: {names}",
            "say which in `layout.sheets`." if filled else "",
        )
    chosen = []
    for pattern in layout.sheets:
        fitting = [
            g for g in filled if g.name == pattern or re.fullmatch(pattern, g.name)
        ]
        if not fitting:
            raise unreadable(file, f"no filled sheet fits {pattern!r}; it has {names}")
        chosen += [grid for grid in fitting if grid not in chosen]
    return chosen


def _read(
    intake: Intake, file: LandedFile, grid: Grid, layout: Layout, first_record: int
) -> _Sheet:
    if layout.transpose:
        grid = grid.transposed()
    header = find_header(intake, file, grid, layout.header)
    sheet = _Sheet(grid, header, next_record=first_record)
    body, after = _bounds(grid, header, layout)
    for index in range(header.first):
        _note(sheet, index, "above the header", grid.rows[index])
    for index in range(header.first, header.after):
        sheet.skipped.append((index + 1, "header", told(grid.rows[index])))
    extra = _preamble(file, grid, header, layout)
    _Rows(intake, layout, sheet, extra).take(body)
    for index in range(after, len(grid.rows)):
        _note(sheet, index, "below the data", grid.rows[index])
    return sheet


def _note(sheet: _Sheet, index: int, reason: str, row: Sequence[str]) -> None:
    text = told(row)
    sheet.skipped.append((index + 1, reason if text else "empty row", text))
    if text:
        sheet.notes.append(text)


def _bounds(grid: Grid, header: FoundHeader, layout: Layout) -> tuple[range, int]:
    after = len(grid.rows)
    if layout.footer:
        for index in range(header.after, len(grid.rows)):
            if re.search(layout.footer, first_filled(grid.rows[index])):
                after = index
                break
    return range(header.after, after), after


def _preamble(
    file: LandedFile, grid: Grid, header: FoundHeader, layout: Layout
) -> dict[str, str]:
    """Columns whose one value stands above the header or in the file's name."""
    above = "\n".join(told(row) for row in grid.rows[: header.first])
    found = {}
    for patterns, text, place in (
        (layout.preamble, above, "the text above the header"),
        (layout.file_name, file.url, "its name"),
    ):
        for name, pattern in patterns.items():
            match = re.search(pattern, text, re.MULTILINE)
            if match is None or match[1] is None:
                raise unreadable(
                    file, f"{place} says no {name} (looked for {pattern!r})"
                )
            found[name] = match[1].strip()
    if layout.sheet_column:
        found[layout.sheet_column] = grid.name
    return found


class _Rows:
    """Data rows of one grid: skip rules, length, wide to long."""

    def __init__(
        self,
        intake: Intake,
        layout: Layout,
        sheet: _Sheet,
        extra: dict[str, str],
    ) -> None:
        grid, header = sheet.grid, sheet.header
        self.intake, self.grid, self.layout, self.sheet = intake, grid, layout, sheet
        self.named = self._columns(header)
        self.width = len(header.names)
        self.header = [told(row) for row in grid.rows[header.first : header.after]]
        self.constants = tuple(extra.values())
        self.skip = [(self._position(rule.column), rule) for rule in layout.skip]
        self.prefix = f"{grid.name}!" if layout.sheet_column or layout.sheets else ""
        wide = layout.wide
        self.values = {
            index: name
            for index, name in self.named.items()
            if wide and re.search(wide.columns, name)
        }
        self.ids = [index for index in self.named if index not in self.values]
        names = [self.named[index] for index in self.ids]
        if wide:
            self._expect_values(wide)
            names += [wide.name, wide.value]
        sheet.columns = (*names, *extra)
        self._distinct(sheet.columns)
        ignored = intake.source.mapping.ignored
        self.unread = {i for i, name in self.named.items() if name in ignored}

    def _columns(self, header: FoundHeader) -> dict[int, str]:
        """Position -> name; one without a name and without content is none."""
        named = {}
        for index, name in enumerate(header.names):
            rows = self.grid.rows[header.after :]
            if name:
                named[index] = name
            elif any(trimmed(row[index]) for row in rows if index < len(row)):
                named[index] = f"#{index + 1}"
        return named

    def _position(self, column: str | None) -> int | None:
        if column is None:
            return None
        for index, name in self.named.items():
            if name == column:
                return index
        raise SiteError(
            f"Source {self.intake.source.code}: layout.skip names the column "
            f"{column!r}; the file has {', '.join(self.named.values())}.",
            "correct `layout.skip`.",
        )

    def _expect_values(self, wide: Wide) -> None:
        if not self.values:
            raise SiteError(
                f"Source {self.intake.source.code}: no column fits layout.wide."
                f"columns {wide.columns!r}; the file has "
                f"{', '.join(self.named.values())}.",
                "adapt `layout.wide.columns`.",
            )

    def _distinct(self, names: Sequence[str]) -> None:
        twice = sorted({name for name in names if list(names).count(name) > 1})
        if twice:
            raise SiteError(
                f"Source {self.intake.source.code}: the layout makes the columns "
                f"{', '.join(twice)} twice.",
                "choose other names in `layout.wide` or `layout.preamble`.",
            )

    def take(self, rows: range) -> None:
        for index in rows:
            row = self.grid.rows[index]
            reason = self._reason(row)
            if reason:
                self.sheet.skipped.append((index + 1, reason, told(row)))
            else:
                self._data(index, row)

    def _reason(self, row: Sequence[str]) -> str | None:
        first = first_filled(row)
        if not first:
            return "empty row"
        if told(row) in self.header:
            return _REPEATED
        for position, rule in self.skip:
            cell = first
            if position is not None:
                cell = trimmed(row[position]) if position < len(row) else ""
            if re.search(rule.pattern, cell):
                return rule.reason
        return None

    def _data(self, index: int, row: Sequence[str]) -> None:
        short = len(row) < self.width and not self.layout.pad
        if short or any(trimmed(cell) for cell in row[self.width :]):
            self._refuse(
                index, None, told(row), f"{self.width} cells; this row has {len(row)}"
            )
            return
        cells = [trimmed(cell) for cell in row] + [""] * (self.width - len(row))
        for column in self.ids:
            if self._fault(index, column):
                return
        ids = tuple(cells[column] for column in self.ids)
        if not self.layout.wide:
            self._record(index, ids, f"{self.prefix}{index + 1}")
            return
        for column, name in self.values.items():
            self._cell(index, ids, name, cells[column], column)

    def _cell(self, index: int, ids: tuple, name: str, cell: str, column: int) -> None:
        if self._fault(index, column):
            return
        if not cell and self.layout.wide.empty == "skip":
            text = " | ".join((*filter(None, ids), name))
            self.sheet.skipped.append((index + 1, "empty cell", text))
            return
        key = f"{self.prefix}{index + 1}:{name}"
        self._record(index, (*ids, name, cell), key)

    def _fault(self, index: int, column: int) -> bool:
        fault = self.grid.faults.get((index, column))
        if fault is None or column in self.unread:
            return False
        self._refuse(index, self.named[column], *fault)
        return True

    def _record(self, index: int, cells: tuple, key: str) -> None:
        self.sheet.records.append(
            Record(self.sheet.number(), index + 1, (*cells, *self.constants), key)
        )

    def _refuse(self, index: int, column: str | None, value: str, expected: str):
        problem = Problem(self.sheet.number(), index + 1, column, value, expected)
        self.sheet.problems.append(problem)
