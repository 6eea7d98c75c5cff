"""Records as a file has them: its own columns, nothing mapped."""

from __future__ import annotations

from ingestion.formats.account import close_account
from ingestion.formats.intake import Intake, identifier


def add_bare_records(intake: Intake) -> None:
    """Make `records`: row_number, deleted, and each column of the files.

    Columns whose names differ only in case get their place as a suffix.
    """
    selects = []
    for table in intake.tables:
        taken = {"row_number", "deleted"}
        cells = []
        for place, column in enumerate(table.columns):
            name = (
                column if column.casefold() not in taken else f"{column} #{place + 1}"
            )
            taken.add(name.casefold())
            cells.append(f"{table.cell(column)} as {identifier(name)}")
        listed = "".join(f", {cell}" for cell in cells)
        selects.append(
            f'select "#row" as row_number, "#deleted" as deleted{listed}'
            f" from {table.name}"
        )
        counted = intake.connection.execute(f"select count(*) from {table.name}")
        close_account(intake, table.number, counted.fetchone()[0])
    intake.connection.execute(
        "create table records as " + " union all by name ".join(selects)
    )
