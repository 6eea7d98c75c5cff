"""Progress on a terminal; silence in a pipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from ingestion.landing import LandedFile
from warehouse.cli.options import remarks


@contextmanager
def fetching() -> Iterator[Callable[[LandedFile], None]]:
    """Count files and bytes as they land."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=remarks,
        disable=not remarks.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task("fetching", total=None)
        count = 0

        def landed(file: LandedFile) -> None:
            nonlocal count
            count += 1
            bar.update(task, advance=file.size_bytes, description=f"{count} files")

        yield landed


@contextmanager
def narrating(as_json: bool) -> Iterator[Callable[[str, str, dict[str, Any]], None]]:
    """Tell each event in a line: words on a terminal, JSON for a program.

    Events go to standard error, results to standard output.
    """

    def say(what: str, subject: str, facts: dict[str, Any]) -> None:
        if as_json:
            line = json.dumps({"event": what, "subject": subject, **facts}, default=str)
            remarks.print(line, markup=False, highlight=False, soft_wrap=True)
        elif remarks.is_terminal or what in ("failed", "published"):
            told = ", ".join(f"{key} {value}" for key, value in facts.items())
            remarks.print(
                f"{what} {subject}" + (f" ({told})" if told else ""),
                markup=False,
                highlight=False,
                soft_wrap=True,
            )

    yield say
