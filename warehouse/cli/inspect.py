"""Look at a file before anything is stored."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, get_args

import typer

from ingestion.errors import UsageError
from ingestion.inspection import Inspection
from ingestion.inspection import inspect as read_only
from ingestion.reading import Format
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.source import Source
from warehouse.cli.options import (
    JsonOption,
    SiteOption,
    print_json,
    print_table,
    settings_of,
)

_SUFFIXES = {".csv": "csv", ".xlsx": "xlsx", ".xls": "xls", ".html": "html",
             ".htm": "html", ".json": "json", ".xml": "sdmx-ml"}  # fmt: skip
_SHOWN = (
    "row_number", "unit_code", "region_code", "indicator_code", "period", "breakdown",
    "value", "unit_measure", "obs_status", "published_at",
)  # fmt: skip


def inspect(
    file: Annotated[Path, typer.Argument(help="File to look at.")],
    *,
    source: Annotated[
        str | None, typer.Option(help="Read it as this source of the site declares.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(help=f"Or show its own columns: {', '.join(get_args(Format))}."),
    ] = None,
    structure: Annotated[
        Path | None, typer.Option(help="SDMX-ML structure that it has to follow.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write the rows: .csv, .json or .parquet.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to print.")] = 20,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Show what would be read from a file, and every problem; stores nothing."""
    if source and format:
        raise UsageError(
            "--source and --format exclude each other.",
            "give the source's code; its format is declared.",
        )
    settings = settings_of(None, site)
    declared = _declared(settings, file, source, format, structure)
    found = read_only(settings, declared, [file], bare=source is None)
    if output:
        found.write(output)
    if json:
        shown = found.rows.slice(0, limit).to_pylist()
        print_json({**found.summary(), "rows": shown})
    else:
        _print(found, limit)
    if found.problems:
        raise typer.Exit(1)


def _declared(
    settings: Settings,
    file: Path,
    code: str | None,
    format: str | None,
    structure: Path | None,
) -> Source:
    if code:
        declared = Site.load(settings.site).source(code)
    else:
        known = ", ".join(get_args(Format))
        chosen = format or _SUFFIXES.get(file.suffix.lower())
        if chosen not in get_args(Format):
            raise UsageError(
                f"The format of {file.name} is not known ({chosen or 'none given'}).",
                f"give --source, or --format with one of {known}.",
            )
        declared = Source(
            code="inspected", kind="statistical_release", connector="inbox",
            location=file.name, format=chosen,
        )  # fmt: skip
    if structure is None:
        return declared
    if not structure.is_file():
        raise UsageError(f"There is no file {structure}.", "correct --structure.")
    return declared.model_copy(update={"structure": str(structure.absolute())})


def _print(found: Inspection, limit: int) -> None:
    names = found.rows.column_names
    shown = [n for n in _SHOWN if n in names] if "region_code" in names else names
    rows = found.rows.slice(0, limit).to_pylist()
    if rows:
        print_table(shown, [[row[name] for name in shown] for row in rows], "Rows")
    if found.problems:
        columns = ("file", "row_number", "column", "value", "expected")
        lines = [[problem[name] for name in columns] for problem in found.problems]
        print_table(columns, lines, "Problems")
    reasons = Counter(row["reason"] for row in found.skipped)
    if reasons:
        print_table(("skipped", "because"), [(n, r) for r, n in reasons.items()])
    account = found.account
    print(
        f"{account.present} records present = {account.read} read + "
        f"{account.skipped} skipped + {account.refused} refused; "
        f"{len(found.problems)} problems"
    )
