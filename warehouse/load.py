"""Load: accepted rows of a judged batch into raw, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from expectations.verdict import Verdict
from ingestion.clock import now
from ingestion.errors import ContentRejected
from ingestion.landing import LandedBatch
from ingestion.registry import REGISTRIES, RegistryShape
from ingestion.settings import Settings
from warehouse import released
from warehouse.database import transaction, writer
from warehouse.schema import registry_columns

_NEXT = "select coalesce(max(load_seq), 0) + 1 from raw.batch"


@dataclass(frozen=True)
class LoadReport:
    """What one load added to raw."""

    batch_id: str
    source_code: str
    load_seq: int
    rows_loaded: int
    rows_rejected: int
    already_loaded: bool = False


def load(settings: Settings, batch: LandedBatch, verdict: Verdict) -> LoadReport:
    """Load what the verdict accepted; doing it twice adds nothing.

    Raises ContentRejected without an accepting verdict for exactly this
    batch's content, Damaged when the kept verdict or its files were changed
    after the judgement: the gate cannot be walked around.
    """
    _refuse_foreign(settings, batch, verdict)
    if not verdict.accepted:
        raise ContentRejected(
            f"Batch {batch.batch_id} was refused by the gate.",
            "mend what its rejections name and send it again.",
        )
    return _write(settings, batch, verdict, "loaded")


def _refuse_foreign(settings: Settings, batch: LandedBatch, verdict: Verdict) -> None:
    """Only what the gate itself kept for this very batch counts."""
    kept = Verdict.find(settings.verdicts / batch.batch_id)
    if kept is None or kept != verdict or kept.batch_sha256 != batch.sha256:
        raise ContentRejected(
            f"The gate has given no such verdict on {batch.batch_id} "
            f"({batch.sha256[:12]}).",
            f"judge the batch first: `planwatch gate {batch.batch_id}`.",
        )
    kept.check_files()


def load_released(
    settings: Settings, batch: LandedBatch, verdict: Verdict
) -> LoadReport:
    """Load rows that a waiver released from the quarantine of a loaded batch.

    The ledger of batches gets a correcting entry: nothing more received, so
    many rows accepted that had been rejected.
    """
    _refuse_foreign(settings, batch, verdict)
    with writer(settings) as connection, transaction(connection):
        (seq,) = connection.execute(_NEXT).fetchone()
        rows = released.insert(connection, batch, verdict, seq)
        if rows:
            entry = _entry(settings, batch, verdict, "loaded", (0, rows, -rows))
            _insert_batch(connection, entry, seq)
        return LoadReport(
            batch.batch_id, batch.source_code, seq, rows, 0, already_loaded=not rows
        )


def record_refusal(
    settings: Settings, batch: LandedBatch, verdict: Verdict
) -> LoadReport:
    """Keep a refused batch's account and reasons; none of its rows."""
    _refuse_foreign(settings, batch, verdict)
    return _write(settings, batch, verdict, "refused")


def _write(settings, batch, verdict, status: str) -> LoadReport:
    with writer(settings) as connection, transaction(connection):
        # Only a registry is judged anew (when those before it have changed),
        # so only its refusal may be followed by a second entry.
        done = connection.execute(
            "select load_seq from raw.batch where batch_id = ?"
            " and (status = 'loaded' or status = ?)",
            [batch.batch_id, status],
        ).fetchone()
        if done:
            return LoadReport(
                batch.batch_id, batch.source_code, done[0], 0, 0, already_loaded=True
            )
        (seq,) = connection.execute(_NEXT).fetchone()
        _insert_account(
            connection, batch, _entry(settings, batch, verdict, status), seq
        )
        loaded = 0
        if status == "loaded" and batch.kind == "registry":
            loaded = _insert_registry(connection, batch, verdict, seq)
        elif status == "loaded":
            loaded = _insert_rows(connection, verdict, seq)
            _insert_unread(connection, settings, batch, seq)
        if status == "refused" or batch.kind == "registry":
            _insert_parquet(connection, "rejection", _file(verdict, "rejections"), seq)
        return LoadReport(
            batch.batch_id, batch.source_code, seq, loaded, verdict.rows_rejected
        )


# Cells that the reader could not take by the source's declared rules never
# reach the gate: they are accounted for beside what it rejected.
_UNREAD = """
insert into raw.rejection by name
select
    $batch_id as batch_id,
    row_number,
    row_number::varchar as row_key,
    column_name as field,
    value as offending_value,
    'READ_CELL' as rule_id,
    '1' as rule_version,
    'error' as severity,
    any_value(expected) as expected,
    'the declaration of the source; ' || url as expected_from,
    'Correct the cell, or declare how the source writes it.' as how_to_fix_en,
    '请更正该单元格，或在来源声明中说明其写法。' as how_to_fix_zh,
    $seq as load_seq,
from read_parquet($path)
group by all
"""


def _insert_unread(connection, settings: Settings, batch: LandedBatch, seq: int):
    path = settings.canonical / batch.batch_id / "problems.parquet"
    if path.exists():
        connection.execute(
            _UNREAD, {"batch_id": batch.batch_id, "seq": seq, "path": str(path)}
        )


def _insert_batch(connection, entry: tuple, seq: int) -> None:
    connection.execute(
        f"insert into raw.batch values ({', '.join('?' * (len(entry) + 1))})",
        [*entry, seq],
    )


def _insert_account(connection, batch, entry: tuple, seq: int) -> None:
    _insert_batch(connection, entry, seq)
    connection.executemany(
        "insert into raw.landed_file values"
        " (?, ?, ?, ?, ?, ?, cast(cast(? as timestamptz) as timestamp), ?)",
        [
            (
                batch.batch_id,
                file.sha256,
                file.url,
                file.size_bytes,
                file.media_type,
                batch.licence,
                file.fetched_at,
                seq,
            )
            for file in batch.files
        ],
    )


def _entry(
    settings: Settings,
    batch: LandedBatch,
    verdict: Verdict,
    status: str,
    rows: tuple[int, int, int] | None = None,
):
    """The row of raw.batch, but for its load_seq."""
    counted = (verdict.rows_received, verdict.rows_accepted, verdict.rows_rejected)
    return (
        batch.batch_id,
        batch.source_code,
        batch.kind,
        batch.source_kind,
        batch.registry or None,
        batch.simulated,
        batch.received.replace(tzinfo=None),
        batch.sha256,
        status,
        *(rows or counted),
        verdict.rule_set_version,
        now(settings).replace(tzinfo=None),
    )


def _insert_rows(connection, verdict: Verdict, seq: int) -> int:
    """Rows and submissions; what was loaded under the same id and content stays."""
    seen = "select submission_id, sha256 from raw.submission"
    submissions = _file(verdict, "submissions")
    if submissions:
        connection.execute(
            f"""
            create or replace temp table repeated as
            select submission_id from read_parquet(?)
            where (submission_id, sha256) in ({seen})
            """,
            [str(submissions)],
        )
    else:
        connection.execute(
            "create or replace temp table repeated (submission_id varchar)"
        )
    fresh = "submission_id is null or submission_id not in (select * from repeated)"
    _insert_parquet(connection, "submission", submissions, seq, fresh)
    for table, name in (("quarantine", "quarantine"), ("rejection", "rejections")):
        _insert_parquet(connection, table, _file(verdict, name), seq, fresh)
    accepted = _file(verdict, "accepted")
    return _insert_parquet(connection, "observation", accepted, seq, fresh)


def _file(verdict: Verdict, name: str) -> Path | None:
    path = verdict.path(name)
    return path if path.exists() else None


def _insert_parquet(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path | None,
    seq: int,
    where: str = "true",
) -> int:
    if path is None:
        return 0
    (count,) = connection.execute(
        f"insert into raw.{table} by name"
        f" select *, {seq} as load_seq from read_parquet(?) where {where}",
        [str(path)],
    ).fetchone()
    return count


def _insert_registry(connection, batch: LandedBatch, verdict, seq: int) -> int:
    """Add a vintage for each key whose row changed, appeared or vanished.

    Rows that name their own `known_from` are vintages of the past: a key may
    have several. What the file no longer says, or says of an earlier day than
    something that still stands, is set right from the day of receipt on.
    """
    parts = _parts(REGISTRIES[batch.registry])
    connection.execute(
        _INCOMING.format(**parts),
        {
            "rows": str(verdict.path("registry_rows")),
            "received": batch.received.replace(tzinfo=None),
        },
    )
    connection.execute(_STORED.format(**parts), [batch.source_code])
    (count,) = connection.execute(
        _CHANGES.format(**parts),
        {
            "source_code": batch.source_code,
            "batch_id": batch.batch_id,
            "received": batch.received.replace(tzinfo=None),
            "seq": seq,
        },
    ).fetchone()
    return count


def _parts(shape: RegistryShape) -> dict[str, str]:
    columns = registry_columns(shape)
    hashed = ", ".join(f"coalesce({name}, chr(1))" for name in columns)
    keys = ", ".join(f"coalesce({name}, '')" for name in shape.key)
    return {
        "registry": shape.name,
        "columns": ", ".join(columns),
        "hash": f"md5(concat_ws(chr(31), {hashed}, coalesce(known_from, chr(1))))",
        # The hash of a row without a date of its own: what the row says.
        "content": f"md5(concat_ws(chr(31), {hashed}, chr(1)))",
        "key": f"concat_ws(chr(31), {keys})",
    }


_INCOMING = """
create or replace temp table incoming as
select
    * exclude (known_from),
    {hash} as row_hash,
    {content} as content_hash,
    {key} as row_key,
    try_cast(known_from as timestamp) as dated,
    coalesce(dated, $received::timestamp) as known_from
from read_parquet($rows)
"""

_STORED = """
create or replace temp table stored as
select
    *,
    {content} as content_hash,
    {key} as row_key,
    case when row_hash <> content_hash then known_from end as dated
from raw.registry_{registry}
where source_code = ?
"""

_CHANGES = """
insert into raw.registry_{registry} by name
with

-- The last word on each vintage: one without a date is the one of its day.
told as (
    select row_key, dated, row_hash
    from stored
    where not is_deleted
    qualify row_number() over (
        partition by row_key, dated order by load_seq desc, row_number desc
    ) = 1
),

news as (
    select row_number, {columns}, row_hash, content_hash, row_key, known_from
    from incoming
    where not exists (
        select 1 from told
        where
            told.row_key = incoming.row_key
            and told.dated is not distinct from incoming.dated
            and told.row_hash = incoming.row_hash
    )
),

in_force as (
    select row_number, {columns}, row_hash, content_hash, row_key, is_deleted
    from (
        select *, false as is_deleted, $seq as load_seq from news
        union all by name
        select * exclude (dated, source_code, batch_id) from stored
    )
    qualify row_number() over (
        partition by row_key
        order by known_from desc, load_seq desc, row_number desc
    ) = 1
),

newest as (
    select row_number, {columns}, content_hash, row_key
    from incoming
    qualify row_number() over (
        partition by row_key order by known_from desc, dated nulls first
    ) = 1
),

changes as (
    select row_number, {columns}, row_hash, known_from, false as is_deleted
    from news
    union all by name
    select
        newest.* exclude (content_hash, row_key),
        newest.content_hash as row_hash,
        $received::timestamp as known_from,
        false as is_deleted
    from newest
    inner join in_force on newest.row_key = in_force.row_key
    where
        in_force.is_deleted or in_force.content_hash <> newest.content_hash
    union all by name
    select
        * exclude (content_hash, row_key),
        $received::timestamp as known_from
    from (select * replace (true as is_deleted) from in_force where not is_deleted)
    where row_key not in (select row_key from incoming)
)

select
    *,
    $source_code as source_code,
    $batch_id as batch_id,
    $seq as load_seq
from changes
"""
