"""Unit submissions as paged JSON: {"data": [submission, …], "next": url}.

A submission is {submission_id, unit_code, form_code, period, received_at,
rows: [{row_key, indicator_code, region_code, breakdown, value, unit_measure,
obs_status, comment}, …]}. Cells may be JSON strings or numbers; both are kept
as the text that was sent.
"""

from __future__ import annotations

import duckdb

from ingestion.landing import LandedBatch, object_path
from ingestion.settings import Settings
from ingestion.source import Source

CELLS = (
    "row_key", "indicator_code", "region_code", "breakdown", "definition_version",
    "value", "unit_measure", "obs_status", "conf_status", "comment",
)  # fmt: skip

_PAGES = """
create temp table sent as
select
    unnest(data, recursive := false) as submission,
    parse_filename(filename) as file_sha256,
from read_json(
    $files, format = 'unstructured', filename = true,
    maximum_object_size = 268435456,
    columns = {data: $columns}
)
"""


def read(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: LandedBatch,
    source: Source,
) -> None:
    """Fill `submissions` (one row each) and `observations` (one row a cell)."""
    files = [str(object_path(settings, file.sha256)) for file in batch.files]
    connection.execute(_pages(files))
    connection.execute(_SUBMISSIONS, {"batch_id": batch.batch_id})
    connection.execute(
        _observations(source),
        {
            "batch_id": batch.batch_id,
            "source_code": batch.source_code,
            "source_kind": batch.source_kind,
            "received": batch.received.replace(tzinfo=None),
        },
    )


def _pages(files: list[str]) -> str:
    row = ", ".join(f"{name} varchar" for name in CELLS)
    columns = (
        "struct(submission_id varchar, unit_code varchar, form_code varchar, "
        f"period varchar, received_at varchar, rows struct({row})[])[]"
    )
    paths = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    return _PAGES.replace("$files", f"[{paths}]").replace("$columns", f"'{columns}'")


_SUBMISSIONS = """
create table submissions as
select
    submission.submission_id,
    $batch_id as batch_id,
    file_sha256,
    submission.unit_code,
    submission.form_code,
    submission.period,
    timezone('UTC', try_cast(submission.received_at as timestamptz))
        as received_at,
    sha256(submission::varchar) as sha256,
    coalesce(len(submission.rows), 0) as rows_received,
from sent
"""

# SDMX's codes for "total", "normal value" and "free to publish" stand for
# cells that the form leaves out.
_OBSERVATIONS = """
create table observations as
with numbered as (
    select
        submission,
        file_sha256,
        unnest(submission.rows) as cell,
        generate_subscripts(submission.rows, 1) as row_number,
    from sent
)
select
    $source_kind as source_kind,
    $source_code as source_code,
    $batch_id as batch_id,
    file_sha256,
    submission.submission_id,
    submission.form_code,
    row_number,
    coalesce(cell.row_key, row_number::varchar) as row_key,
    submission.unit_code,
    cell.region_code,
    cell.indicator_code,
    coalesce(cell.definition_version, '1') as definition_version,
    submission.period,
    coalesce(cell.breakdown, '_T') as breakdown,
    cell.value,
    cell.unit_measure,
    coalesce(cell.obs_status, 'A') as obs_status,
    coalesce(cell.conf_status, 'F') as conf_status,
    null::varchar as published_at,
    {known_from} as known_from,
    cell.comment,
from numbered
"""


def _observations(source: Source) -> str:
    """Known from our own receipt, or from that of the declared platform."""
    known = "$received::timestamp"
    if source.known_from == "received_at":
        known = (
            "coalesce(timezone('UTC', try_cast(submission.received_at as "
            f"timestamptz)), {known})"
        )
    return _OBSERVATIONS.format(known_from=known)
