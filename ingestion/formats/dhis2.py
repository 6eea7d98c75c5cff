"""DHIS2 data value sets as JSON, XML or CSV.

Format: DHIS2 developer documentation, "Data values". What the set says once
(period, orgUnit, dataSet, attributeOptionCombo) holds for every value that
does not say it itself. A value with `deleted` true is a withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from ingestion.formats import csv
from ingestion.formats.grid import trimmed
from ingestion.formats.header import find_header
from ingestion.formats.intake import Intake, unreadable
from ingestion.formats.json_text import as_text, load
from ingestion.formats.mapping import map_batch
from ingestion.formats.records import NamedRecord, add_records
from ingestion.formats.xml_safety import checked, tree
from ingestion.landing import LandedFile
from ingestion.reading import Header, Layout

COLUMNS = (
    "dataElement", "period", "orgUnit", "categoryOptionCombo",
    "attributeOptionCombo", "value", "storedBy", "created", "lastUpdated",
    "comment", "followup", "deleted", "dataSet",
)  # fmt: skip
_INHERITED = ("dataSet", "period", "orgUnit", "attributeOptionCombo")
# Short names of the CSV import, and older names of the same things.
_ALIASES = {
    **{name.casefold(): name for name in COLUMNS},
    "de": "dataElement", "pe": "period", "ou": "orgUnit",
    "coc": "categoryOptionCombo", "acoc": "attributeOptionCombo",
    "aoc": "attributeOptionCombo", "timestamp": "lastUpdated",
    "followup": "followup", "follow_up": "followup",
}  # fmt: skip
# Of the set itself, no part of a value.
_OF_SET = {
    "dataSet", "period", "orgUnit", "attributeOptionCombo", "completeDate",
    "completedDate", "idScheme", "dataElementIdScheme", "orgUnitIdScheme",
    "categoryOptionComboIdScheme", "dataSetIdScheme", "dryRun", "strategy",
    "attributeCategoryOptions", "attributeCategory",
}  # fmt: skip
_HEADERLESS = ("dataElement", "period", "orgUnit", "categoryOptionCombo",
               "attributeOptionCombo", "value")  # fmt: skip


def read_json(intake: Intake) -> None:
    for number in intake.numbers:
        file = intake.batch.files[number]
        content = load(intake, file)
        values = content.get("dataValues") if isinstance(content, dict) else None
        if not isinstance(values, list):
            raise unreadable(file, "it is no data value set: it has no dataValues")
        inherited = {name: as_text(content.get(name)) for name in _INHERITED}
        _add(intake, number, ((_object(value), inherited) for value in values))
    map_batch(intake)


def read_xml(intake: Intake) -> None:
    for number in intake.numbers:
        file = intake.batch.files[number]
        body = intake.document(file)
        checked(body, file, intake.source.read_limits)
        _add(intake, number, _elements(body, file))
    map_batch(intake)


def read_csv(intake: Intake) -> None:
    """With a header in any of the known spellings; without, declare `names`."""
    for number in intake.numbers:
        file = intake.batch.files[number]
        rows = csv.grid(intake, number)
        layout = intake.source.layout or Layout()
        found = find_header(intake, file, rows, layout.header or Header())
        names = [_named(trimmed(name)) for name in found.names]
        skipped = [(i + 1, "header", "") for i in range(found.after)]
        values = (
            (_row(names, row, layout.pad), {}) for row in rows.rows[found.after :]
        )
        intake.skip(number, skipped)
        _add(intake, number, values, found.after)
        intake.count(number, len(skipped))
    map_batch(intake)


def _object(value: Any) -> dict[str, str | None] | None:
    if not isinstance(value, dict):
        return None
    return {_named(name): as_text(cell) for name, cell in value.items()}


def _row(names: list[str], row: list[str], pad: bool) -> dict[str, str | None] | None:
    if len(row) > len(names) or (len(row) < len(names) and not pad):
        return None
    cells = [(name, trimmed(cell)) for name, cell in zip(names, row, strict=False)]
    if any(cell and not name for name, cell in cells):
        return None
    return {name: cell for name, cell in cells if name}


def _elements(body: bytes, file: LandedFile) -> Iterator[tuple[dict, dict]]:
    root = tree(body, file)
    if etree.QName(root).localname != "dataValueSet":
        raise unreadable(file, f"it is no data value set but {root.tag}")
    unknown = sorted(set(map(str, root.attrib)) - _OF_SET)
    if unknown:
        raise unreadable(file, f"its set has unknown attributes: {', '.join(unknown)}")
    inherited = {name: root.get(name) for name in _INHERITED}
    for element in root.iterchildren(tag=etree.Element):
        if etree.QName(element).localname == "dataValue":
            yield {_named(str(k)): v for k, v in element.attrib.items()}, inherited
        else:
            yield None, inherited


def _named(name: str) -> str:
    return _ALIASES.get(name.casefold(), name)


def _add(intake: Intake, number: int, values, start: int = 0) -> None:
    records = [
        _record(row, cells, inherited)
        for row, (cells, inherited) in enumerate(values, start + 1)
    ]
    add_records(intake, number, records, COLUMNS)


def _record(row: int, cells: dict | None, inherited: dict) -> NamedRecord:
    if cells is None:
        return NamedRecord(row, {}, expected="a data value with its cells")
    full = {k: v for k, v in (*inherited.items(), *cells.items()) if v}
    # Unknown columns are told by the mapping, also when a value leaves them empty.
    full.update({k: None for k in cells if k not in full})
    for name in ("dataElement", "period", "orgUnit"):
        if not full.get(name):
            return NamedRecord(row, full, expected=f"a value for {name}", column=name)
    deleted = (full.get("deleted") or "").casefold()
    if deleted not in ("", "true", "false"):
        return NamedRecord(row, full, expected="true or false", column="deleted")
    return NamedRecord(row, full, deleted=deleted == "true")
