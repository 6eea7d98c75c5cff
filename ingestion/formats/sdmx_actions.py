"""Actions of SDMX messages: append, replace, merge, information, delete.

All but delete bring values; which of two values counts is decided by when it
became known. A delete with a full key is a withdrawal. A delete that leaves
a dimension open withdraws what came before it in the same message; what it
withdraws beyond the message, the message itself cannot tell: it is listed as
a problem, never silently dropped. Order matters: the last one wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingestion.formats.intake import Intake
from ingestion.formats.records import NamedRecord, add_records
from ingestion.reading import Mapping

ACTIONS = {
    "a": "append", "r": "replace", "d": "delete", "i": "information", "m": "merge",
}  # fmt: skip
_KEYS = ("unit_code", "region_code", "indicator_code", "definition_version", "period",
         "breakdown")  # fmt: skip
_OVERTAKEN = "overtaken by a later action of the same message"
_ONLY_ATTRIBUTES = "deletes attributes, not the value"
_OPEN_KEY = "a key without gaps: what else is withdrawn, the message does not tell"


@dataclass(frozen=True)
class Act:
    """One record with its action, in the order of the message."""

    record: NamedRecord
    action: str

    @property
    def deletes(self) -> bool:
        return self.action == "delete"


def named(action: str | None) -> str | None:
    """Action in one word; None when it is not one of SDMX."""
    word = (action or "information").casefold()
    return ACTIONS.get(word) or (word if word in ACTIONS.values() else None)


def add_acts(
    intake: Intake, number: int, acts: Sequence[Act], columns: Sequence[str] = ()
) -> None:
    """Load the outcome of a message's actions as the table of a file."""
    if intake.bare or not any(act.deletes for act in acts):
        records = [replace(a.record, deleted=a.deletes, column=None) for a in acts]
        add_records(intake, number, records, columns)
        return
    mapping = intake.source.mapping
    settled, skipped = _settled(acts, _key_columns(mapping), mapping)
    add_records(intake, number, settled, columns)
    intake.skip(number, skipped)
    intake.count(number, len(skipped))


def _key_columns(mapping: Mapping) -> list[str]:
    names = [mapping.columns[key] for key in _KEYS if key in mapping.columns]
    for key in _KEYS:
        names += mapping.joined.get(key, ())
    return list(dict.fromkeys(names))


def _settled(acts: Sequence[Act], keys: list[str], mapping: Mapping):
    value = mapping.columns.get("value", "OBS_VALUE")
    outcome: dict[int, NamedRecord] = {}
    skipped: list[tuple[int | None, str, str]] = []
    by_key: dict[tuple, int] = {}
    for index, act in enumerate(acts):
        key = tuple(act.record.cells.get(name) for name in keys)
        if not act.deletes:
            before = by_key.get(key)
            if before is not None and acts[before].deletes and before in outcome:
                skipped.append(_left(outcome.pop(before)))
            outcome[index] = act.record
            by_key[key] = index
        elif _only_attributes(act.record, keys, value):
            row = act.record.row_number
            skipped.append((row, _ONLY_ATTRIBUTES, _told(act.record)))
        elif all(key):
            before = by_key.pop(key, None)
            if before is not None and before in outcome:
                skipped.append(_left(outcome.pop(before)))
            outcome[index] = replace(act.record, deleted=True)
            by_key[key] = index
        else:
            for place, record in outcome.items():
                if not record.expected and _fits(record, keys, key):
                    outcome[place] = replace(record, deleted=True)
            outcome[index] = replace(act.record, expected=_OPEN_KEY)
    return list(outcome.values()), skipped


def _fits(record: NamedRecord, keys: list[str], asked: tuple) -> bool:
    return all(
        wanted is None or record.cells.get(name) == wanted
        for name, wanted in zip(keys, asked, strict=True)
    )


def _only_attributes(record: NamedRecord, keys: list[str], value: str) -> bool:
    """SDMX-CSV 2.0: filled cells beside the key say what is to be deleted."""
    if record.cells.get(value):
        return False
    beside = [name for name, cell in record.cells.items() if cell and name not in keys]
    return record.column == "attributes" and bool(beside)


def _left(record: NamedRecord) -> tuple[int | None, str, str]:
    return record.row_number, _OVERTAKEN, _told(record)


def _told(record: NamedRecord) -> str:
    return " | ".join(f"{name}={cell}" for name, cell in record.cells.items() if cell)
