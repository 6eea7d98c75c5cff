"""Submissions that arrive as tables (CSV, workbook): one per unit, form, period."""

from __future__ import annotations

from ingestion.formats.intake import Intake

_SUBMISSIONS = """
create table submissions as
select
    any_value(submission_id) as submission_id,
    batch_id,
    file_sha256,
    unit_code,
    form_code,
    period,
    any_value(known_from) as received_at,
    sha256(string_agg(
        concat_ws(
            chr(31), row_key, indicator_code, region_code, breakdown,
            coalesce(value, ''), unit_measure, obs_status, comment
        ), chr(30) order by row_number asc nulls last, row_key asc nulls last
    )) as sha256,
    count(*) as rows_received,
from observations
group by batch_id, file_sha256, unit_code, form_code, period
"""


def add_submissions(intake: Intake) -> None:
    """Give rows their submission and make `submissions`, one row each.

    The id follows from source, unit, form, period and file, so that reading
    twice gives the same ids.
    """
    intake.connection.execute(
        "update observations set submission_id = left(sha256(concat_ws(chr(31),"
        " source_code, coalesce(unit_code, ''), coalesce(form_code, ''),"
        " coalesce(period, ''), file_sha256)), 32)"
    )
    intake.connection.execute(_SUBMISSIONS)
