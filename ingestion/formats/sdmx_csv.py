"""SDMX-CSV 1.0, 2.0 and 2.1.

Read as text by DuckDB's CSV reader: the SDMX libraries go through pandas type
inference (or want a structure for each file), which turns the code 010 into
10 and the value 1.10 into 1.1. Columns: SDMX-CSV 2.1.0, "Field guide".
"""

from __future__ import annotations

import re

from ingestion.formats.csv import read_table
from ingestion.formats.intake import Intake, Table, quoted, unreadable
from ingestion.formats.mapping import map_batch
from ingestion.formats.records import NamedRecord
from ingestion.formats.sdmx_actions import Act, add_acts, named

_STRUCTURES = {"dataflow", "datastructure", "dataprovision"}
_OF_MESSAGE = {"DATAFLOW", "STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION",
               "SERIES_KEY", "OBS_KEY"}  # fmt: skip


def read(intake: Intake) -> None:
    """Rows of all files; withdrawals where a row's action is D."""
    for number in intake.numbers:
        table = read_table(intake, number)
        names, labelled = _names(table)
        _check(intake, table, names)
        _without_labels(intake, table, labelled)
        intake.tables.remove(table)
        _keep(intake, table, names)
    map_batch(intake)


def _names(table: Table) -> tuple[list[str], list[int]]:
    """Component ids, and which columns carry labels (`DIM: Name`)."""
    names, labelled = [], []
    for place, column in enumerate(table.columns):
        name, mark, _ = column.partition(": ")
        names.append(re.sub(r"^STRUCTURE\[.\]$", "STRUCTURE", name))
        if mark:
            labelled.append(place)
    if labelled and names[0] == "STRUCTURE" and len(names) > 1:
        labelled.append(1)
    if labelled and names[0] == "DATAFLOW":
        labelled.append(0)
    if len({name.casefold() for name in names}) < len(names):
        raise unreadable(table.file, "a component stands twice in the header")
    return names, labelled


def _check(intake: Intake, table: Table, names: list[str]) -> None:
    first = names[0] if names else ""
    if first == "DATAFLOW":
        return
    if first != "STRUCTURE" or names[1:2] != ["STRUCTURE_ID"]:
        raise unreadable(
            table.file,
            "it is no SDMX-CSV: its header begins neither with DATAFLOW (1.0) nor "
            "with STRUCTURE,STRUCTURE_ID (2.x)",
        )
    _known(intake, table, "c0", _STRUCTURES, "STRUCTURE")
    if "ACTION" in names:
        cell = f"c{names.index('ACTION')}"
        _known(intake, table, cell, set("aridm"), "ACTION")


def _known(
    intake: Intake, table: Table, cell: str, allowed: set[str], what: str
) -> None:
    listed = ", ".join(quoted(word) for word in sorted(allowed))
    wrong = intake.connection.execute(
        f'select {cell}, min("#row") from {table.name}'
        f" where {cell} is null or lower({cell}) not in ({listed})"
        " group by all order by 2 limit 1"
    ).fetchone()
    if wrong:
        raise unreadable(
            table.file, f"row {wrong[1]}: {what} {wrong[0]!r} is not of SDMX-CSV"
        )


def _without_labels(intake: Intake, table: Table, places: list[int]) -> None:
    for place in places:
        intake.connection.execute(
            f"update {table.name} set c{place} = split_part(c{place}, ': ', 1)"
        )


def _keep(intake: Intake, table: Table, names: list[str]) -> None:
    """Keep the table as it is, or settle its deletes row by row."""
    kept = [(p, n) for p, n in enumerate(names) if n not in _OF_MESSAGE]
    places, columns = tuple(p for p, _ in kept), tuple(n for _, n in kept)
    if "ACTION" in names and _deletes(intake, table, names.index("ACTION")):
        _settle(intake, table, names, kept)
        return
    intake.tables.append(Table(table.number, table.file, columns, places=places))


def _deletes(intake: Intake, table: Table, place: int) -> bool:
    query = f"select count(*) from {table.name} where lower(c{place}) = 'd'"
    return bool(intake.connection.execute(query).fetchone()[0])


def _settle(intake: Intake, table: Table, names: list[str], kept) -> None:
    action = names.index("ACTION")
    acts = []
    cells = ", ".join(f"c{place}" for place in range(len(names)))
    rows = intake.connection.execute(
        f'select "#row", {cells} from {table.name} order by "#id"'
    ).fetchall()
    for row_number, *row in rows:
        content = {name: row[place] for place, name in kept}
        record = NamedRecord(row_number, content, column="attributes")
        acts.append(Act(record, named(row[action]) or "information"))
    intake.connection.execute(f"drop table {table.name}")
    # `read_table` has counted these rows already.
    intake.count(table.number, -len(rows))
    add_acts(intake, table.number, acts, [name for _, name in kept])
