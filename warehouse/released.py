"""Rows that a waiver released: from a new verdict into raw, with their trace.

What was in quarantine stays there, as it was sent: raw is insert-only. The
submission's account and its reasons are written again under the new load, and
the models read the newest.
"""

from __future__ import annotations

import duckdb

from expectations.verdict import Verdict
from ingestion.landing import LandedBatch

_RELEASED = """
create or replace temp table released as
select accepted.* from read_parquet($accepted) as accepted
semi join (
    select * from raw.quarantine where batch_id = $batch_id
) as kept
    on accepted.submission_id is not distinct from kept.submission_id
    and accepted.file_sha256 = kept.file_sha256
    and accepted.row_number = kept.row_number
anti join (
    select * from raw.observation where batch_id = $batch_id
) as loaded
    on accepted.submission_id is not distinct from loaded.submission_id
    and accepted.file_sha256 = loaded.file_sha256
    and accepted.row_number = loaded.row_number
"""
_SUBMISSIONS = """
insert into raw.submission by name
select *, $seq as load_seq from read_parquet($path)
where submission_id in (select submission_id from released)
"""
_REASONS = """
insert into raw.rejection by name
select *, $seq as load_seq from read_parquet($path)
where coalesce(submission_id, '') in (
    select coalesce(submission_id, '') from released
)
"""


def insert(
    connection: duckdb.DuckDBPyConnection,
    batch: LandedBatch,
    verdict: Verdict,
    seq: int,
) -> int:
    """Insert what is accepted now and lay in quarantine; gives the rows."""
    connection.execute(
        _RELEASED,
        {"accepted": str(verdict.path("accepted")), "batch_id": batch.batch_id},
    )
    (rows,) = connection.execute(
        f"insert into raw.observation by name select *, {seq} as load_seq from released"
    ).fetchone()
    if rows:
        for query, name in ((_SUBMISSIONS, "submissions"), (_REASONS, "rejections")):
            if verdict.path(name).exists():
                path = str(verdict.path(name))
                connection.execute(query, {"seq": seq, "path": path})
    return rows
