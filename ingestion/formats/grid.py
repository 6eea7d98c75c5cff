"""A grid: one sheet, table or text file as rows of cells, before any meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# Invisible marks that publishers leave around text; no part of any value.
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"


@dataclass(frozen=True)
class Grid:
    """Cells as text; `faults` holds cells whose content the file does not keep.

    A fault is (row, column), counted from 0 -> (what stands there, what was
    expected): an error value, a formula without its result.
    """

    name: str
    rows: Sequence[Sequence[str]]
    faults: Mapping[tuple[int, int], tuple[str, str]] = field(default_factory=dict)

    def transposed(self) -> Grid:
        width = max((len(row) for row in self.rows), default=0)
        rows = [
            [row[column] if column < len(row) else "" for row in self.rows]
            for column in range(width)
        ]
        faults = {(column, row): fault for (row, column), fault in self.faults.items()}
        return Grid(self.name, rows, faults)


def trimmed(cell: str) -> str:
    """A cell without blanks of any width and invisible marks around it."""
    before = None
    while cell != before:
        before = cell
        cell = cell.strip().strip(_INVISIBLE)
    return cell


def plain_name(cell: str) -> str:
    """A header cell on one line, with single blanks."""
    for mark in _INVISIBLE:
        cell = cell.replace(mark, "")
    return " ".join(cell.split())


def told(row: Sequence[str]) -> str:
    """A row as one line of text, for those who look at what was skipped."""
    return " | ".join(cell for cell in map(trimmed, row) if cell)


def first_filled(row: Sequence[str]) -> str:
    return next((cell for cell in map(trimmed, row) if cell), "")
