"""Answers to warnings: appended to one file, landed and kept like any registry.

`<home>/acknowledgements/acknowledgements.csv` only ever grows. Each answer is
landed at once, so a rebuild from landing alone knows it, too.
"""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass, fields
from datetime import date

from ingestion.clock import now
from ingestion.durable import held
from ingestion.errors import UsageError
from ingestion.ingest import ingest
from ingestion.journal import append, whole_lines
from ingestion.landing import LandedBatch
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse.chain import take_in
from warehouse.database import reader
from warehouse.pending import pending

SOURCE = "acknowledgements"


@dataclass(frozen=True)
class Acknowledgement:
    """One answer; `until` empty means: as long as the warning does not change."""

    warning_id: str
    acknowledged_at: str
    acknowledged_by: str
    why: str
    until: str
    severity: str


@dataclass(frozen=True)
class Answer:
    """What a person says: name, reason, last day (ISO, or empty)."""

    by: str
    why: str
    until: str = ""


def acknowledge(
    settings: Settings, site: Site, warning_id: str, answer: Answer
) -> Acknowledgement:
    """Answer for a warning of the current release; seen from the next build on.

    The answer holds for the severity that the warning has now: a worse one
    opens it again. Raises UsageError for an unknown or resolved warning, an
    empty name or reason, or an end that has passed.
    """
    by, why = _one_line(answer.by), _one_line(answer.why)
    if not by or not why:
        raise UsageError(
            "An answer needs a name and a reason.", "give --by NAME and --why REASON."
        )
    entry = Acknowledgement(
        warning_id=warning_id,
        acknowledged_at=f"{now(settings).replace(tzinfo=None):%Y-%m-%d %H:%M:%S.%f}",
        acknowledged_by=by,
        why=why,
        until=_end(settings, answer.until),
        severity=_severity(settings, warning_id),
    )
    with held(settings.locks / "acknowledgements.lock"):
        _append(settings, entry)
        ingest(settings, site.source(SOURCE))
    for batch in pending(settings):
        if batch.source_code == SOURCE:
            take_in(settings, site, LandedBatch.open(settings, batch.batch_id))
    return entry


def _one_line(text: str) -> str:
    """Text that can stand in one line of the file, whatever it was pasted from.

    The file only grows: a line that the gate refuses would stay for good.
    """
    line = " ".join(text.split())
    if "\0" in line or not _is_unicode(line):
        raise UsageError(
            f"{line!r} holds characters that are no text.",
            "give --by and --why in UTF-8.",
        )
    return line


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _severity(settings: Settings, warning_id: str) -> str:
    with reader(settings) as connection:
        found = connection.execute(
            "select severity, state from published.early_warning where warning_id = ?",
            [warning_id],
        ).fetchone()
    if found is None:
        raise UsageError(
            f"The current release has no warning {warning_id!r}.",
            "list them with `planwatch warnings`.",
        )
    severity, state = found
    if state == "resolved":
        raise UsageError(
            f"Warning {warning_id} is resolved already.",
            "answer for open ones: `planwatch warnings`.",
        )
    return severity


def _end(settings: Settings, until: str) -> str:
    if not until:
        return ""
    try:
        end = date.fromisoformat(until)
    except ValueError as error:
        raise UsageError(
            f"--until {until!r} is not a day.", "give a day such as 2026-12-31."
        ) from error
    if end < now(settings).date():
        raise UsageError(
            f"--until {until} has passed.", "give today or a later day, or nothing."
        )
    # 20261231 and 2026-W53-4 are days, too; the registry takes one way to write it.
    return end.isoformat()


def _append(settings: Settings, entry: Acknowledgement) -> None:
    path = settings.home / SOURCE / f"{SOURCE}.csv"
    rows = [astuple(entry)]
    if not path.exists() or not whole_lines(path):
        rows.insert(0, tuple(field.name for field in fields(entry)))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    append(path, text.getvalue().encode())
