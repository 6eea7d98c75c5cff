"""Plain JSON: an array of objects, or one inside an object (`layout.records`)."""

from __future__ import annotations

from typing import Any

from ingestion.formats.intake import Intake, unreadable
from ingestion.formats.json_text import flattened, load
from ingestion.formats.mapping import map_batch
from ingestion.formats.records import NamedRecord, add_records
from ingestion.landing import LandedFile


def read(intake: Intake) -> None:
    """One row per object; `layout.records` is the dotted path to the array."""
    layout = intake.source.layout
    path = layout.records if layout else None
    for number in intake.numbers:
        file = intake.batch.files[number]
        found = _at(load(intake, file), path, file)
        records = [_record(index, content) for index, content in enumerate(found, 1)]
        add_records(intake, number, records)
    map_batch(intake)


def _at(content: Any, path: str | None, file: LandedFile) -> list:
    walked = []
    for step in path.split(".") if path else ():
        walked.append(step)
        inside = content.get(step) if isinstance(content, dict) else None
        if isinstance(content, list) and step.isascii() and step.isdigit():
            inside = content[int(step)] if int(step) < len(content) else None
        if inside is None:
            raise unreadable(file, f"it has no {'.'.join(walked)}")
        content = inside
    if not isinstance(content, list):
        where = f"{path} is" if path else "it is"
        raise unreadable(file, f"{where} not an array of records")
    return content


def _record(row_number: int, content: Any) -> NamedRecord:
    if isinstance(content, dict):
        try:
            return NamedRecord(row_number, flattened(content))
        except RecursionError:
            return NamedRecord(row_number, {}, expected="an object of limited depth")
    return NamedRecord(row_number, {}, expected="an object with named cells")
