"""The simulated country of wave_world.py in raw, month by month, or as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import wave_world as world

UNITS = world.UNITS

# file -> table of raw, query, batch that brings it
_FILES = {
    "observations": ("observation", world.OBSERVATIONS, "net"),
    "submissions": ("submission", world.SUBMISSIONS, "net"),
    "release": ("observation", world.RELEASE, "stat"),
}


@dataclass(frozen=True)
class Wave:
    """One month: month 0 is the first of the plan."""

    month: int

    def load_seq(self, source: str) -> int:
        return 2 * self.month + (2 if source == "net" else 3)

    def batch(self, source: str) -> str:
        return f"{source}{self.month + 1}"


def set_up(connection: duckdb.DuckDBPyConnection, units: int, months: int) -> None:
    """Temporary tables and macros from which the rows are made."""
    connection.execute("set enable_progress_bar = false")
    connection.execute(world.TREE, {"units": units})
    connection.execute(world.OFFICIAL)
    habits = world.HABITS.replace("$start", world.START).replace(
        "$again", str(world.AGAIN_PCT)
    )
    connection.execute(habits.replace("$plan", str(_plan_months(months))))


def insert_registries(connection: duckdb.DuckDBPyConnection, months: int) -> None:
    """All registries in one batch."""
    _batch(connection, "b0", "site", "registry", world.START, 1)
    values = {
        "indicators": world.INDICATORS,
        "start": world.START,
        "plan": _plan_months(months),
    }
    for registry, rows in world.REGISTRIES.items():
        connection.execute(
            f"""
            insert into raw.registry_{registry} by name
            select
                'site' as source_code, 'b0' as batch_id,
                row_number() over () as row_number, rows.*,
                md5(rows::varchar) as row_hash, false as is_deleted,
                timestamp '{world.START}' as known_from, 1 as load_seq,
            from ({rows}) as rows
            """,
            _used(values, rows),
        )


def insert_month(connection: duckdb.DuckDBPyConnection, wave: Wave) -> None:
    """One month as the load stage would add it."""
    insert_batches(connection, wave)
    for table, query, source in _FILES.values():
        connection.execute(
            f"insert into raw.{table} by name"
            f" select *, {wave.load_seq(source)} as load_seq from ({query})",
            _values(connection, wave, query, source),
        )


def write_wave(
    connection: duckdb.DuckDBPyConnection, wave: Wave, folder: Path
) -> dict[str, int]:
    """One month as Parquet files; gives the number of rows of each."""
    told = {}
    for name, (_, query, source) in _FILES.items():
        values = _values(connection, wave, query, source)
        # COPY takes no parameters of a query.
        connection.execute(f"create or replace temp table rows as {query}", values)
        connection.execute(f"copy rows to '{folder / name}.parquet' (format parquet)")
        (told[name],) = connection.execute("select count(*) from rows").fetchone()
    connection.execute("drop table rows")
    return told


def load_wave(connection: duckdb.DuckDBPyConnection, wave: Wave, folder: Path) -> None:
    """Those files as the load stage would add them."""
    insert_batches(connection, wave)
    for name, (table, _, source) in _FILES.items():
        connection.execute(
            f"insert into raw.{table} by name"
            f" select *, {wave.load_seq(source)} as load_seq from read_parquet(?)",
            [str(folder / f"{name}.parquet")],
        )


def insert_batches(connection: duckdb.DuckDBPyConnection, wave: Wave) -> None:
    at = received_at(connection, wave)
    for source, kind in (("net", "submission"), ("stat", "statistical_release")):
        batch, seq = wave.batch(source), wave.load_seq(source)
        _batch(connection, batch, source, kind, at, seq)


def received_at(connection: duckdb.DuckDBPyConnection, wave: Wave) -> str:
    """Four days before the month's reports are due, on the sixth at 08:00."""
    (moment,) = connection.execute(
        "select (($start::date + to_months($month))::date + 5 + time '08:00')::varchar",
        {"start": world.START, "month": wave.month + 1},
    ).fetchone()
    return moment


def period_of(wave: Wave) -> str:
    year = int(world.START[:4]) + wave.month // 12
    return f"{year}-{wave.month % 12 + 1:02}"


def _plan_months(months: int) -> int:
    return months + 24


def _values(connection, wave: Wave, query: str, source: str) -> dict[str, object]:
    values = {
        "month": wave.month,
        "indicators": world.INDICATORS,
        "revised": world.REVISED_PCT,
        "batch": wave.batch(source),
        "at": received_at(connection, wave),
    }
    return _used(values, query)


def _used(values: dict[str, object], query: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if f"${name}" in query}


def _batch(
    connection, batch: str, source: str, kind: str, at: str, load_seq: int
) -> None:
    connection.execute(
        """
        insert into raw.batch by name
        select
            $batch as batch_id, $source as source_code, $kind as kind,
            if($source = 'stat', 'official', 'self_reported') as source_kind,
            true as simulated, $at::timestamp as received_at, $batch as sha256,
            'loaded' as status, 0 as rows_received, 0 as rows_accepted,
            0 as rows_rejected, '1' as rule_set_version,
            $at::timestamp as loaded_at, $seq as load_seq
        """,
        {"batch": batch, "source": source, "kind": kind, "at": at, "seq": load_seq},
    )
    connection.execute(
        """
        insert into raw.landed_file by name
        select
            $batch as batch_id, $batch as file_sha256, 'simulated' as url,
            1 as size_bytes, $at::timestamp as fetched_at, $seq as load_seq
        """,
        {"batch": batch, "at": at, "seq": load_seq},
    )
