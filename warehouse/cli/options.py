"""Options that every command shares, and how results are printed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ingestion.settings import Settings

SiteOption = Annotated[
    str | None,
    typer.Option("--site", help="Site folder (default: PLANWATCH_SITE or the sample)."),
]
HomeOption = Annotated[
    str | None,
    typer.Option(
        "--home", help="Where all data lies (default: PLANWATCH_HOME or var)."
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON for a program to read.")
]

console = Console()
# Progress and remarks go here, so that standard output stays clean for pipes.
remarks = Console(stderr=True)


def settings_of(home: str | None, site: str | None = None) -> Settings:
    return Settings.load(home=home, site=site)


def print_json(content: Any) -> None:
    """JSON that every program can read: nan and inf, which it has not, are null."""
    if is_dataclass(content) and not isinstance(content, type):
        content = asdict(content)
    print(json.dumps(_plain(content), ensure_ascii=False, default=str, indent=2))


def _plain(value: Any) -> Any:
    """`value` with all that JSON has no way to write, but for what is text."""
    if isinstance(value, dict):
        return {_key(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _key(key: Any) -> Any:
    """A map of DuckDB may be keyed by a date or a decimal; JSON's are text."""
    return key if isinstance(key, str | int | None) else str(key)


def print_table(
    names: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None
) -> None:
    """A table on a terminal; tab-separated lines in a pipe."""
    if not console.is_terminal:
        print("\t".join(names))
        for row in rows:
            print("\t".join(_text(cell) for cell in row))
        return
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_text(cell) for cell in row))
    console.print(table)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).replace("\t", " ").replace("\n", " ")
