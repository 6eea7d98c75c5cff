"""Which source column feeds which canonical one, as SQL over a loaded file."""

from __future__ import annotations

from fnmatch import fnmatchcase

import duckdb

from ingestion.errors import SiteError
from ingestion.formats.intake import Intake, Table, quoted
from ingestion.source import Source


def check_columns(intake: Intake, table: Table) -> None:
    """SiteError lists declared columns that a file lacks and columns of a file
    that nobody declared: both mean that the source changed."""
    mapping = intake.source.mapping
    patterns = [n for n in (*mapping.ignored, *mapping.optional) if n.endswith("*")]
    read = set(mapping.columns.values()).union(*mapping.joined.values())
    declared = {name for name in (*read, *mapping.ignored) if name not in patterns}
    declared -= set(mapping.optional)
    found = set(table.columns) - _unused(intake, table, read)
    missing = sorted(declared - set(table.columns) - table.optional)
    unmapped = sorted(
        name
        for name in found - declared - read - set(mapping.optional)
        if not any(fnmatchcase(name, pattern) for pattern in patterns)
    )
    if missing or unmapped:
        lists = (("declared but missing", missing),
                 ("in the file but not declared", unmapped))  # fmt: skip
        words = [f"{what}: {', '.join(names)}" for what, names in lists if names]
        raise SiteError(
            f"Source {intake.source.code}, {table.file.url}: {'; '.join(words)}.",
            "adapt `mapping.columns`, or list them in `mapping.ignored`.",
        )


def _unused(intake: Intake, table: Table, read: set[str]) -> set[str]:
    """Columns that the format defines and this file leaves empty."""
    names = [n for n in table.columns if n in table.optional and n not in read]
    if not names:
        return set()
    asked = ", ".join(f"bool_or({table.cell(n)} is not null)" for n in names)
    used = intake.connection.execute(f"select {asked} from {table.name}").fetchone()
    return {name for name, filled in zip(names, used, strict=True) if not filled}


def expression(source: Source, table: Table, name: str, default: str | None) -> str:
    """SQL for one canonical (or registry) column of a loaded file.

    `default` stands for empty cells, after the declared constant.
    """
    mapping = source.mapping
    constant = mapping.constants.get(name, default)
    column = mapping.columns.get(name)
    if name in mapping.joined:
        cells = [_cell(table, c) for c in mapping.joined[name]]
        parts = ", ".join(f"coalesce({part}, '')" for part in cells)
        joined = f"concat_ws({quoted(mapping.separator)}, {parts})"
        filled = f"coalesce({', '.join(cells)}) is not null"
        cell = f"case when {filled} then {joined} end"
    elif column is not None:
        cell = _cell(table, column)
    elif constant is None:
        return "null::varchar"
    else:
        return text(constant)
    return cell if constant is None else f"coalesce({cell}, {text(constant)})"


def is_declared(source: Source, name: str) -> bool:
    mapping = source.mapping
    return any(name in m for m in (mapping.columns, mapping.joined, mapping.constants))


def _cell(table: Table, column: str) -> str:
    return table.cell(column) if column in table.columns else "null::varchar"


def text(value: str) -> str:
    return str(duckdb.ConstantExpression(value))
