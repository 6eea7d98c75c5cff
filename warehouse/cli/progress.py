"""Progress on a terminal; silence in a pipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from ingestion.run import Tally
from warehouse.cli.options import remarks


@contextmanager
def fetching() -> Iterator[Callable[[Tally], None]]:
    """Answers, bytes, rate and remaining time of a run that fetches."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=remarks,
        disable=not remarks.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task("fetching", total=None, rate="")

        def tell(tally: Tally) -> None:
            failed = tally.counts["failed"]
            bar.update(
                task,
                total=tally.total,
                completed=tally.done,
                description="fetching" + (f" ({failed} failed)" if failed else ""),
                rate=f"{tally.rate:,.0f}/s, {tally.size_bytes / 2**20:,.1f} MiB",
            )

        yield tell


@contextmanager
def narrating(as_json: bool) -> Iterator[Callable[[str, str, dict[str, Any]], None]]:
    """Tell each event in a line: words on a terminal, JSON for a program.

    Events go to standard error, results to standard output.
    """

    def say(what: str, subject: str, facts: dict[str, Any]) -> None:
        if as_json:
            line = json.dumps({"event": what, "subject": subject, **facts}, default=str)
            remarks.print(line, markup=False, highlight=False, soft_wrap=True)
        elif remarks.is_terminal or what in ("failed", "refused", "published"):
            told = ", ".join(f"{key} {value}" for key, value in facts.items())
            remarks.print(
                f"{what} {subject}" + (f" ({told})" if told else ""),
                markup=False,
                highlight=False,
                soft_wrap=True,
            )

    yield say
