"""When figures were published: declared once, or taken from the file."""

from __future__ import annotations

import re
from datetime import date

from ingestion.formats.intake import Table, unreadable
from ingestion.reading import Vintage


def of_file(table: Table, vintage: Vintage) -> str | None:
    """Day of publication (ISO) of a whole file; None when it differs by period.

    Unreadable when the file does not say what the declaration expects, or
    when it says that it mixes vintages and they are not declared by period.
    """
    if vintage.per_period:
        return None
    told = "\n".join(table.notes)
    if vintage.mixed:
        match = re.search(vintage.mixed, told)
        if match:
            raise unreadable(
                table.file,
                f"it mixes vintages ({match[0]!r})",
                "declare `vintage.per_period`: which periods were published when.",
            )
    if vintage.published_at:
        return vintage.published_at
    if vintage.from_name:
        return _matched(table, vintage.from_name, table.file.url, "its name")
    return _matched(table, vintage.from_text, told, "the text around its data")


def of_period(period: str | None, vintage: Vintage) -> str | None:
    """Day of publication of one period (SDMX) of a file that mixes vintages."""
    if period is None:
        return None
    for span in vintage.per_period:
        within = period <= span.last or period.startswith(f"{span.last}-")
        if span.first <= period and within:
            return span.published_at
    return None


def _matched(table: Table, pattern: str, text: str, place: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise unreadable(
            table.file,
            f"{place} does not say when it was published (looked for {pattern!r})",
            "declare `vintage` so that it fits this file too.",
        )
    groups = match.groupdict()
    year, month, day = (int(groups.get(name) or 1) for name in "YMD")
    try:
        return date(year, month, day).isoformat()
    except ValueError as error:
        raise unreadable(table.file, f"{place} names no day: {match[0]!r}") from error
