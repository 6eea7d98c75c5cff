"""Declared mapping of source columns onto the canonical observation."""

from __future__ import annotations

from ingestion.errors import SiteError
from ingestion.formats import vintage
from ingestion.formats.account import close_account
from ingestion.formats.bare import add_bare_records
from ingestion.formats.columns import check_columns, expression, is_declared, text
from ingestion.formats.intake import Intake, Table, quoted
from ingestion.formats.registry_table import registry_rows
from ingestion.formats.rules import Rules, alias
from ingestion.formats.submission_table import add_submissions

MAPPED = (
    "row_key", "unit_code", "region_code", "indicator_code", "definition_version",
    "period", "breakdown", "value", "unit_measure", "obs_status", "conf_status",
    "published_at", "comment",
)  # fmt: skip
REQUIRED = ("region_code", "indicator_code", "period", "value", "unit_measure")
# SDMX's codes for "total", "normal value" and "free to publish".
DEFAULTS = {
    "definition_version": "1",
    "breakdown": "_T",
    "obs_status": "A",
    "conf_status": "F",
}
# What SDMX messages write where there is no value.
_NO_VALUE = "('nan', '#n/a', '#na')"
# CL_OBS_STATUS: holiday; not collected, cannot exist, missing, suppressed.
_NO_VALUE_STATUS = "('H', 'L', 'M', 'O', 'Q')"
# SDMX's code for a missing value; a later row of the source can bring it back.
WITHDRAWN, WITHDRAWN_COMMENT = "O", "withdrawn by source"


def map_batch(intake: Intake) -> None:
    """Make `registry_rows`, or `observations` (and `submissions`).

    A withdrawal (SDMX delete, DHIS2 deleted) becomes a row of its own, known
    from the day it arrived: value null, obs_status 'O', comment "withdrawn by
    source". Nothing that was known before is touched.
    SiteError lists columns and codes that do not fit the declaration.
    """
    if intake.bare:
        add_bare_records(intake)
        return
    if intake.batch.kind == "registry":
        registry_rows(intake)
        return
    _required(intake)
    for table in intake.tables:
        check_columns(intake, table)
    rules = Rules(intake)
    published = _published(intake)
    for table in intake.tables:
        _map_table(intake, table, published.get(table.number))
        rules.work_out(table)
    rules.stop_if_unknown()
    _open_observations(intake)
    for table in intake.tables:
        rules.settle(table)
        _remark_valueless(intake, table)
        _take(intake, table, rules)
    if intake.batch.kind == "submission":
        add_submissions(intake)


def _required(intake: Intake) -> None:
    source = intake.source
    absent = [name for name in REQUIRED if not is_declared(source, name)]
    unknown = sorted(
        {*source.mapping.columns, *source.mapping.joined, *source.mapping.constants}
        - {*MAPPED, "form_code"}
    )
    if unknown:
        raise SiteError(
            f"Source {source.code}: `mapping` fills what does not exist: "
            f"{', '.join(unknown)}.",
            f"canonical columns are: {', '.join(MAPPED)}.",
        )
    if absent:
        raise SiteError(
            f"Source {source.code} does not say where {', '.join(absent)} comes from.",
            "add it to `mapping.columns` or `mapping.constants`.",
        )


def _published(intake: Intake) -> dict[int, str | None]:
    declared = intake.source.vintage
    if declared is None:
        return {}
    return {t.number: vintage.of_file(t, declared) for t in intake.tables}


def _map_table(intake: Intake, table: Table, published: str | None) -> None:
    source = intake.source
    cells = []
    for name in (*MAPPED[1:], "form_code"):
        cell = expression(source, table, name, DEFAULTS.get(name))
        if name == "published_at" and published:
            cell = text(published)
        if name == "value" and source.format.startswith("sdmx"):
            cell = f"case when lower({cell}) not in {_NO_VALUE} then {cell} end"
        cells.append(f"{cell} as {name}")
    key = expression(source, table, "row_key", None)
    intake.connection.execute(
        f"create view mapped_{table.number} as select"
        ' "#id", "#row", "#deleted",'
        f' coalesce({key}, "#key", "#row"::varchar) as row_key, {", ".join(cells)}'
        f" from {table.name}"
    )
    intake.connection.execute(
        f"create table left_out_{table.number} ("
        "record bigint, row_number bigint, reason varchar, text varchar)"
    )


def _remark_valueless(intake: Intake, table: Table) -> None:
    """Tell SDMX observations that lack a value although their status has one.

    They stay rows: which of both is wrong is for the gate to say.
    """
    source = intake.source
    told = "obs_status" in source.mapping.columns
    if not told or not source.format.startswith("sdmx"):
        return
    intake.connection.execute(
        f"""
        insert into problems by name
        select
            {table.number} as file_number,
            {quoted(table.file.sha256)} as file_sha256,
            {quoted(table.file.url)} as url,
            "#row" as row_number, 'value' as column_name,
            'a value, or an observation status that says why there is none'
                as expected
        from mapped_{table.number}
        where
            value is null and not "#deleted"
            and obs_status not in {_NO_VALUE_STATUS}
        """
    )


def _open_observations(intake: Intake) -> None:
    columns = ", ".join(
        f"{name} {kind}"
        for name, kind in (
            ("source_kind", "varchar"), ("source_code", "varchar"),
            ("batch_id", "varchar"), ("file_sha256", "varchar"),
            ("submission_id", "varchar"), ("form_code", "varchar"),
            ("row_number", "bigint"),
            *((name, "varchar") for name in MAPPED),
            ("known_from", "timestamp"),
        )
    )  # fmt: skip
    intake.connection.execute(f"create table observations ({columns})")


def _take(intake: Intake, table: Table, rules: Rules) -> None:
    """Insert what is neither skipped nor refused, and close the file's account."""
    number, connection = table.number, intake.connection
    connection.execute(
        f"insert into skipped select {number}, {quoted(table.file.sha256)},"
        f" row_number, reason, text from left_out_{number}"
    )
    order = 'order by mapped."#id"' if rules.columns() else ""
    read = connection.execute(
        f"""
        insert into observations by name
        select {_row(intake, table, rules)}
        from mapped_{number} as mapped {rules.joins(table)}
        where mapped."#id" not in (
            select record from problems
            where file_number = {number} and record is not null
        ) and mapped."#id" not in (select record from left_out_{number})
        {order}
        """
    ).fetchone()[0]
    close_account(intake, number, read)


def _row(intake: Intake, table: Table, rules: Rules) -> str:
    batch, ruled = intake.batch, set(rules.columns())
    cells = {
        name: rules.given(name) if name in ruled else f"mapped.{name}"
        for name in (*MAPPED, "form_code")
    }
    if "value" in ruled:
        cells["obs_status"] = (
            f"coalesce({alias('value')}.status, {cells['obs_status']})"
        )
        note = f"nullif(concat_ws('; ', {cells['comment']}, {alias('value')}.note), '')"
        cells["comment"] = note
    withdrawn = (
        ("value", "null"), ("obs_status", quoted(WITHDRAWN)),
        ("comment", quoted(WITHDRAWN_COMMENT)),
    )  # fmt: skip
    for name, given in withdrawn:
        cells[name] = f'case when mapped."#deleted" then {given} else {cells[name]} end'
    received = f"timestamp {text(batch.received.replace(tzinfo=None).isoformat())}"
    known = received
    if intake.source.known_from == "published_at":
        known = f"coalesce(try_cast({cells['published_at']} as timestamp), {received})"
    told = {
        "source_kind": text(batch.source_kind),
        "source_code": text(batch.source_code),
        "batch_id": text(batch.batch_id),
        "file_sha256": text(table.file.sha256),
        "submission_id": "null::varchar",
        "row_number": 'mapped."#row"',
        **cells,
        "known_from": known,
    }
    return ", ".join(f"{cell} as {name}" for name, cell in told.items())
