"""Registries that arrive as tables: a snapshot of rows with our columns."""

from __future__ import annotations

from ingestion.formats.account import close_account
from ingestion.formats.columns import check_columns, expression
from ingestion.formats.intake import Intake, Table, identifier, quoted, unreadable
from ingestion.formats.rules import Rules, alias


def registry_rows(intake: Intake) -> None:
    """The newest file of a registry; its columns as they are, or as mapped."""
    table = intake.tables[-1]
    mapping = intake.source.mapping
    if mapping.columns or mapping.constants or mapping.joined:
        check_columns(intake, table)
        names = dict.fromkeys((*mapping.columns, *mapping.joined, *mapping.constants))
        cells = {n: expression(intake.source, table, n, None) for n in names}
    else:
        cells = {name: table.cell(name) for name in table.columns}
        if len({name.casefold() for name in cells}) < len(cells):
            raise unreadable(table.file, "a column name stands twice in the header")
    listed = ", ".join(f"{cell} as {identifier(n)}" for n, cell in cells.items())
    connection = intake.connection
    connection.execute(
        f"create view mapped_{table.number} as"
        f' select "#id", "#row", "#deleted", {listed} from {table.name}'
    )
    _take(intake, table, list(cells))


def _take(intake: Intake, table: Table, names: list[str]) -> None:
    """Apply code maps to registry columns; refused rows are left out, listed."""
    number, connection = table.number, intake.connection
    connection.execute(
        f"create table left_out_{number} ("
        "record bigint, row_number bigint, reason varchar, text varchar)"
    )
    rules = Rules(intake)
    rules.work_out(table)
    rules.stop_if_unknown()
    rules.settle(table)
    connection.execute(
        f"insert into skipped select {number}, {quoted(table.file.sha256)},"
        f" row_number, reason, text from left_out_{number}"
    )
    ruled = set(rules.columns())
    cells = ", ".join(
        f"{alias(n)}.given as {identifier(n)}" if n in ruled
        else f"mapped.{identifier(n)}"
        for n in names
    )  # fmt: skip
    order = 'order by mapped."#id"' if ruled else ""
    connection.execute(
        f'create table registry_rows as select mapped."#row" as row_number, {cells}'
        f" from mapped_{number} as mapped {rules.joins(table)}"
        f' where mapped."#id" not in (select record from problems'
        f" where file_number = {number} and record is not null)"
        f' and mapped."#id" not in (select record from left_out_{number}) {order}'
    )
    read = connection.table("registry_rows").count("*").fetchone()[0]
    close_account(intake, number, read)
