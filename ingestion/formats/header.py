"""Finding the header of a grid: by the names it must hold, never by position."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.errors import SiteError
from ingestion.formats.grid import Grid, plain_name
from ingestion.formats.intake import Intake, unreadable
from ingestion.landing import LandedFile
from ingestion.reading import Header


@dataclass(frozen=True)
class FoundHeader:
    """Names by column (empty: the column has no name), rows [first, after)."""

    names: tuple[str, ...]
    first: int
    after: int


def find_header(
    intake: Intake, file: LandedFile, grid: Grid, declared: Header
) -> FoundHeader:
    """The first rows of `grid` that hold all required names.

    Unreadable says which names are missing, and from which row it was least
    far. SiteError when a rename pattern fits no column, or several.
    """
    if declared.names:
        return FoundHeader(declared.names, 0, 0)
    renames = _renames(intake, declared)
    nearest: tuple[set[str], int] | None = None
    found = None
    for first in range(min(declared.search, len(grid.rows))):
        after = min(first + declared.rows, len(grid.rows))
        raw = _names(grid.rows[first:after], declared)
        names = _renamed(raw, renames)
        missing = set(declared.required) - set(names)
        if any(raw) and not missing:
            found = (raw, names, first, after)
            # Above a header of several rows, windows that begin too early fit
            # as well: the last one that fits is the header.
            if declared.rows > 1 and declared.required:
                continue
        if found:
            break
        if any(raw) and (nearest is None or len(missing) < len(nearest[0])):
            nearest = (missing, first)
    if found is None:
        raise unreadable(file, _not_found(grid, declared, nearest))
    raw, names, first, after = found
    _all_used(intake, file, raw, renames)
    return FoundHeader(_unique(file, names), first, after)


def _not_found(grid: Grid, declared: Header, nearest) -> str:
    place = f"sheet {grid.name!r}: " if grid.name else ""
    if nearest is None:
        return f"{place}there is no header, its first rows are empty"
    missing, row = nearest
    return (
        f"{place}no header row: row {row + 1} comes nearest but lacks "
        f"{', '.join(sorted(missing))} (searched the first {declared.search} rows)"
    )


def _names(rows: Sequence[Sequence[str]], declared: Header) -> list[str]:
    width = max((len(row) for row in rows), default=0)
    parts = [[plain_name(c) for c in row] + [""] * (width - len(row)) for row in rows]
    if declared.fill:
        _fill(parts)
    return [
        " | ".join(dict.fromkeys(p for p in column if p))
        for column in zip(*parts, strict=True)
    ]


def _fill(parts: list[list[str]]) -> None:
    """Carry a name over the unnamed cells right of it, if they divide it below."""
    for level, row in enumerate(parts[:-1]):
        carried = ""
        for column, cell in enumerate(row):
            below = any(lower[column] for lower in parts[level + 1 :])
            if cell:
                carried = cell
            elif below and carried:
                row[column] = carried


def _renames(intake: Intake, declared: Header) -> list[tuple[str, str]]:
    if not isinstance(declared.rename, str):
        return list(declared.rename.items())
    path = intake.beside(declared.rename)
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle, strict=True))
        pairs = [(row["pattern"], row["name"]) for row in rows]
        for pattern, _ in pairs:
            re.compile(pattern)
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, TypeError, re.error) as e:
        raise SiteError(
            f"Source {intake.source.code}: {path.name} is no list of names: {e}.",
            "give a UTF-8 CSV with the header pattern,name.",
        ) from e
    return pairs


def _renamed(names: list[str], renames: list[tuple[str, str]]) -> list[str]:
    return [
        next((new for pattern, new in renames if re.search(pattern, name)), name)
        if name
        else ""
        for name in names
    ]


def _all_used(intake: Intake, file: LandedFile, names: list[str], renames) -> None:
    wrong = []
    for pattern, new in renames:
        fitting = [name for name in names if name and re.search(pattern, name)]
        if len(fitting) != 1:
            wrong.append(f"{new} ({pattern}) fits {', '.join(fitting) or 'none'}")
    if wrong:
        raise SiteError(
            f"Source {intake.source.code}, {file.url}: header patterns that do not "
            f"fit exactly one column: {'; '.join(wrong)}. Columns: "
            f"{', '.join(name for name in names if name)}.",
            "adapt `layout.header.rename` to the file's header.",
        )


def _unique(file: LandedFile, names: list[str]) -> tuple[str, ...]:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise unreadable(
            file,
            f"column names stand twice in the header: {', '.join(twice)}",
            "declare more header rows (`layout.header.rows`), `fill`, or `rename`.",
        )
    return tuple(names)
