"""Records with named cells (JSON objects, XML attributes) as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingestion.formats.intake import Intake, Problem, Record, Table, unreadable


@dataclass(frozen=True)
class NamedRecord:
    """One record: its row as a person counts, its cells by column name."""

    row_number: int
    cells: dict[str, str | None]
    deleted: bool = False
    expected: str | None = None
    column: str | None = None


def add_records(
    intake: Intake,
    number: int,
    records: Sequence[NamedRecord],
    columns: Iterable[str] = (),
    notes: tuple[str, ...] = (),
) -> None:
    """Load records as the table of a file.

    `columns` are those that the format defines: they exist even if no record
    fills them. A record with `expected` is refused with that reason.
    """
    defined = tuple(columns)
    names = dict.fromkeys(defined)
    for record in records:
        names.update(dict.fromkeys(record.cells))
    file = intake.batch.files[number]
    limit = intake.source.read_limits.max_cells
    if len(names) * len(records) > limit:
        raise unreadable(
            file,
            f"it has {len(records):,} records with {len(names):,} columns, over the "
            f"limit of {limit:,} cells",
            "raise `read_limits.max_cells` if so many are expected.",
        )
    kept, refused = [], []
    for index, record in enumerate(records):
        if record.expected:
            value = record.cells.get(record.column or "")
            refused.append(
                Problem(index, record.row_number, record.column, value, record.expected)
            )
        else:
            cells = [record.cells.get(name) for name in names]
            kept.append(Record(index, record.row_number, cells, deleted=record.deleted))
    table = Table(number, file, tuple(names), notes, frozenset(defined))
    intake.add_table(table, kept)
    intake.refuse(number, refused)
    intake.count(number, len(records))
