"""Unit submissions as paged JSON: {"data": [submission, …], "next": url}.

A submission is {submission_id, unit_code, form_code, period, received_at,
rows: [{row_key, indicator_code, region_code, breakdown, value, unit_measure,
obs_status, comment}, …]}. Cells may be JSON strings or numbers; both are kept
as the text that was sent.
"""

from __future__ import annotations

from ingestion.formats.intake import Intake, unreadable
from ingestion.source import Source

CELLS = (
    "row_key", "indicator_code", "region_code", "breakdown", "definition_version",
    "value", "unit_measure", "obs_status", "conf_status", "comment",
)  # fmt: skip

_PAGES = """
create temp table page as
select
    data,
    filename,
from read_json(
    $files, format = 'unstructured', filename = true,
    maximum_object_size = 268435456,
    columns = {data: $columns}
)
"""
_SENT = """
create temp table sent as
select
    unnest(page.data, recursive := false) as submission,
    kept.sha256 as file_sha256,
from page
inner join kept on page.filename = kept.path
"""


def read(intake: Intake) -> None:
    """Fill `submissions` (one row each) and `observations` (one row a cell)."""
    batch, source, connection = intake.batch, intake.source, intake.connection
    connection.execute("create temp table kept (path varchar, sha256 varchar)")
    for path, sha256 in {(str(intake.path(f)), f.sha256) for f in batch.files}:
        connection.execute("insert into kept values (?, ?)", [path, sha256])
    connection.execute(_pages([str(intake.path(file)) for file in batch.files]))
    _expect_data(intake)
    connection.execute(_SENT)
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
    for number, file in enumerate(batch.files):
        copies = sum(other.sha256 == file.sha256 for other in batch.files)
        intake.count(number, _rows(intake, file.sha256) // copies)


def _expect_data(intake: Intake) -> None:
    """A page without `data` is no page of submissions, not an empty one."""
    lacking = intake.connection.execute(
        "select kept.sha256 from page inner join kept on page.filename = kept.path"
        " where page.data is null order by all limit 1"
    ).fetchone()
    for file in intake.batch.files:
        if lacking and file.sha256 == lacking[0]:
            raise unreadable(file, "it has no `data`, a list of submissions")


def _rows(intake: Intake, sha256: str) -> int:
    return intake.connection.execute(
        "select count(*) from observations where file_sha256 = ?", [sha256]
    ).fetchone()[0]


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
# cells that the form leaves out. An empty text is such a cell, as an empty cell
# of a CSV file is; blanks are content, which the gate judges.
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
    coalesce(nullif(cell.row_key, ''), row_number::varchar) as row_key,
    submission.unit_code,
    cell.region_code,
    cell.indicator_code,
    coalesce(nullif(cell.definition_version, ''), '1') as definition_version,
    submission.period,
    coalesce(nullif(cell.breakdown, ''), '_T') as breakdown,
    cell.value,
    cell.unit_measure,
    coalesce(nullif(cell.obs_status, ''), 'A') as obs_status,
    coalesce(nullif(cell.conf_status, ''), 'F') as conf_status,
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
