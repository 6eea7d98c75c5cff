"""Declared mapping of source columns onto the canonical observation."""

from __future__ import annotations

import duckdb

from ingestion.errors import SiteError
from ingestion.landing import LandedBatch
from ingestion.source import Source

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


def map_observations(connection, batch: LandedBatch, source: Source) -> None:
    """Make `observations` from the tables `file_0`, `file_1` … of a batch.

    SiteError lists declared columns that a file lacks and columns of a file
    that nobody declared: both mean that the source changed.
    """
    parts = []
    for number, file in enumerate(batch.files):
        table = f"file_{number}"
        columns = set(connection.table(table).columns) - {"row_number"}
        _same_columns(source, columns, file.url)
        parts.append(_select(batch, source, table, file.sha256))
    connection.execute(
        "create table observations as " + " union all by name ".join(parts)
    )


def _same_columns(source: Source, found: set[str], url: str) -> None:
    declared = set(source.mapping.columns.values()) | set(source.mapping.ignored)
    missing, unmapped = sorted(declared - found), sorted(found - declared)
    if missing or unmapped:
        raise SiteError(
            f"Source {source.code}, {url}: "
            + "; ".join(
                f"{what}: {', '.join(names)}"
                for what, names in (
                    ("declared but missing", missing),
                    ("in the file but not declared", unmapped),
                )
                if names
            )
            + ".",
            "adapt `mapping.columns`, or list them in `mapping.ignored`.",
        )


def _select(batch: LandedBatch, source: Source, table: str, sha256: str) -> str:
    received = f"timestamp {_text(batch.received.replace(tzinfo=None).isoformat())}"
    published = _expression(source, "published_at")
    known = (
        f"coalesce(try_cast({published} as timestamp), {received})"
        if source.known_from == "published_at"
        else received
    )
    cells = ", ".join(f"{_expression(source, name)} as {name}" for name in MAPPED[1:])
    key = _expression(source, "row_key")
    return f"""
        select
            {_text(batch.source_kind)} as source_kind,
            {_text(batch.source_code)} as source_code,
            {_text(batch.batch_id)} as batch_id,
            {_text(sha256)} as file_sha256,
            null::varchar as submission_id,
            null::varchar as form_code,
            row_number,
            coalesce({key}, row_number::varchar) as row_key,
            {cells},
            {known} as known_from
        from {table}
    """


def _expression(source: Source, name: str) -> str:
    column = source.mapping.columns.get(name)
    constant = source.mapping.constants.get(name, DEFAULTS.get(name))
    if column is None and constant is None:
        if name in REQUIRED:
            raise SiteError(
                f"Source {source.code} does not say where {name} comes from.",
                "add it to `mapping.columns` or `mapping.constants`.",
            )
        return "null::varchar"
    cell = f'"{column.replace(chr(34), chr(34) * 2)}"' if column else "null::varchar"
    return cell if constant is None else f"coalesce({cell}, {_text(constant)})"


def _text(value: str) -> str:
    return duckdb.ConstantExpression(value).__str__()
