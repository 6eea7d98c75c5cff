"""Chunks: pieces of a batch that are judged one after the other.

Cut so that no rule sees a difference: all submissions of a unit lie in one
chunk, and so do all rows of a region in a release.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expectations.catalogue import quoted
from ingestion.canonical import (
    OBSERVATION_COLUMNS,
    SUBMISSION_COLUMNS,
    CanonicalBatch,
)
from ingestion.durable import machine_faults
from ingestion.errors import Damaged

if TYPE_CHECKING:
    from expectations.duckdb_dialect import Bench
    from expectations.judgement import Judgement

# Counted over the whole batch, read by every chunk.
SHARED = (
    "chunk_member", "batch_file", "peer_fact", "child_fact", "region_level",
)  # fmt: skip
_NAME = "coalesce(submission_id, 'unnamed-' || left(file_sha256, 16))"
_PLAN = {
    # Copies of one submission_id stay together, whatever unit they name.
    "submission": f"""
        create table chunk_member as
        with
        units as (
            select {_NAME} as member, min(coalesce(unit_code, '')) as unit_code
            from whole_submission group by all
        ),
        sizes as (
            select {_NAME} as member, count(*) as size
            from whole_observation group by all
        ),
        weighed as (
            select
                units.member, units.unit_code,
                sum(coalesce(sizes.size, 0)) over (
                    order by units.unit_code asc range unbounded preceding
                ) as reached,
            from units left join sizes on units.member = sizes.member
        )
        select member, max(reached) over (partition by unit_code) as reached_by_unit
        from weighed
    """,
    "statistical_release": """
        create table chunk_member as
        with
        sizes as (
            select coalesce(region_code, '') as member, count(*) as size
            from whole_observation group by all
        )
        select member, sum(size) over (order by member asc) as reached_by_unit
        from sizes
    """,
}


def attach(bench: Bench, canonical: CanonicalBatch) -> None:
    """Views of the whole batch, as sent."""
    for name, path, columns in (
        ("whole_observation", canonical.observations, OBSERVATION_COLUMNS),
        ("whole_submission", canonical.submissions, SUBMISSION_COLUMNS),
    ):
        listed = ", ".join(columns)
        if path is None:
            listed = ", ".join(f"{_empty(column)} as {column}" for column in columns)
            source = "(select 1) where false"
        else:
            source = f"read_parquet({quoted(str(path))})"
        bench.execute(f"create view {name} as select {listed} from {source}")


def _empty(column: str) -> str:
    times, numbers = ("received_at", "known_from"), ("row_number", "rows_received")
    kind = (
        "timestamp" if column in times else "bigint" if column in numbers else "varchar"
    )
    return f"null::{kind}"


def plan(bench: Bench, judgement: Judgement) -> int:
    """Cut the batch and count the chunks.

    Damaged when rows belong to no submission: they would be lost.
    """
    batch = judgement.batch
    if batch.kind == "submission":
        _refuse_orphans(bench, batch.batch_id)
    rows = bench.value("select count(*) from whole_observation")
    if rows <= judgement.chunk_rows:
        return 1
    bench.execute(_PLAN[batch.kind])
    # Numbered without gaps: a unit larger than a chunk fills several numbers.
    bench.execute(
        "create or replace table chunk_member as select member, dense_rank() over ("
        f"order by (reached_by_unit - 1) // {judgement.chunk_rows} asc) - 1 as chunk"
        " from chunk_member"
    )
    return bench.value("select count(distinct chunk) from chunk_member")


def _refuse_orphans(bench: Bench, batch_id: str) -> None:
    orphans = bench.value(
        f"select count(*) from (select distinct {_NAME} as name"
        f" from whole_observation) where name not in"
        f" (select {_NAME} from whole_submission)"
    )
    if orphans:
        raise Damaged(
            f"Batch {batch_id} has rows of {orphans} submissions that it does not"
            " name.",
            "remove its folder under canonical/ and run `planwatch gate` again.",
        )


def select(bench: Bench) -> None:
    """Views of everything, for a batch of one chunk."""
    for name in ("observation", "submission"):
        bench.execute(f"create view canonical_{name} as select * from whole_{name}")


def cut(bench: Bench, kind: str, folder: Path) -> None:
    """Write the rows of each chunk to a folder of its own.

    One pass for all: else each chunk would read the whole batch, and the work
    would grow with the square of its size.
    """
    place = folder / "cut"
    with machine_faults(place):
        bench.execute("set partitioned_write_flush_threshold = 100000")
        bench.execute(
            "copy (select whole.*, chunk from whole_observation as whole"
            f" inner join chunk_member on {_member(kind)} = member)"
            f" to {quoted(str(place))} (format parquet, partition_by (chunk))"
        )


def select_chunk(bench: Bench, kind: str, number: int, folder: Path) -> None:
    """Views of one chunk that was cut; a release has no submissions."""
    place = folder / "cut" / f"chunk={number}"
    source = "whole_observation where false"
    if place.exists():
        paths = quoted(str(place / "*.parquet"))
        source = f"read_parquet({paths}, hive_partitioning = false)"
    listed = ", ".join(OBSERVATION_COLUMNS)
    bench.execute(f"create view canonical_observation as select {listed} from {source}")
    where = (
        f" where {_NAME} in (select member from chunk_member where chunk = {number})"
        if kind == "submission"
        else ""
    )
    bench.execute(
        f"create view canonical_submission as select * from whole_submission{where}"
    )


def _member(kind: str) -> str:
    return _NAME if kind == "submission" else "coalesce(region_code, '')"


def export_shared(bench: Bench, folder: Path) -> dict[str, str]:
    """Write what all chunks read; gives a query for each table."""
    found = {}
    tables = [row[0] for row in bench.execute("show tables").fetchall()]
    for name in SHARED:
        if name in tables:
            path = folder / f"shared-{name}.parquet"
            write_parquet(bench, f"select * from {name}", path)
            found[name] = f"select * from read_parquet({quoted(str(path))})"
    for name in ("whole_observation", "whole_submission"):
        (sql,) = bench.execute(
            "select sql from duckdb_views() where view_name = ?", [name]
        ).fetchone()
        found[name] = sql.split(" AS ", 1)[1].rstrip(";")
    return found


def attach_shared(bench: Bench, shared: dict[str, str]) -> None:
    for name, query in shared.items():
        kind = "view" if name.startswith("whole_") else "table"
        bench.execute(f"create {kind} {name} as {query}")


def export(bench: Bench, kind: str, place: Path, typed: str, as_sent: str) -> None:
    """Write a judged chunk.

    Files of a release are accepted or refused as a whole, so its rows stay as
    they are until all chunks are judged.
    """
    outputs = {"reason": "select * from reason", "waived": "select * from waived"}
    if kind == "submission":
        outputs |= {
            "accepted": rows(bench, "accepted", typed),
            "quarantine": rows(bench, "quarantine", as_sent),
            "submission_outcome": "select * from submission_outcome",
        }
    else:
        outputs |= {
            "judged_observation": f"select row_id, {as_sent}, number"
            " from judged_observation",
            "wrong_row": "select * from wrong_row",
        }
    for name, query in outputs.items():
        write_parquet(bench, query, place / f"{name}.parquet")


def gather(bench: Bench, kind: str, folder: Path) -> None:
    """Make the tables of one piece from those of all chunks."""
    for name in ("reason", "waived"):
        query = _all(folder, name)
        bench.execute(f"insert into {name} select * exclude (chunk) from {query}")
    if kind == "submission":
        for name in ("accepted", "quarantine", "submission_outcome"):
            query = _all(folder, name)
            bench.execute(
                f"create view gathered_{name} as select * exclude (chunk) from {query}"
            )
        bench.execute(
            "create view submission_outcome as select * from"
            " gathered_submission_outcome"
        )
        return
    # Numbers of rows are unique within a chunk only.
    number = "right(chunk, 5)::bigint * 1000000000 + row_id"
    for name in ("judged_observation", "wrong_row"):
        bench.execute(
            f"create view {name} as select * exclude (row_id, chunk),"
            f" {number} as row_id from {_all(folder, name)}"
        )


def _all(folder: Path, name: str) -> str:
    pattern = str(folder / "chunk-*" / f"{name}.parquet")
    return (
        "(select * exclude (filename), parse_path(filename)[-2] as chunk from"
        f" read_parquet({quoted(pattern)}, filename = true)) as gathered"
    )


def rows(bench: Bench, name: str, columns: str) -> str:
    """Query of the accepted or the quarantined rows."""
    gathered = f"gathered_{name}"
    if bench.has(gathered):
        listed = "1" if columns == "1" else ", ".join(OBSERVATION_COLUMNS)
        return f"select {listed} from {gathered}"
    join = {"accepted": "anti", "quarantine": "semi"}[name]
    return (
        f"select {columns} from judged_observation {join} join rejected_row"
        " using (row_id)"
    )


def write_parquet(bench: Bench, query: str, path: Path) -> None:
    with machine_faults(path):
        bench.execute(
            f"copy ({query}) to {quoted(str(path))} (format parquet, compression zstd)"
        )
