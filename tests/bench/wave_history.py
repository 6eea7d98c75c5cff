"""A simulated country in raw: 33,413 units × 20 indicators, month by month.

Everything is made by DuckDB itself from counters, so that 42 M rows take a
minute and any machine makes the same ones. Each month restates 4 % of the
figures of the three months before it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingestion.settings import SAMPLE_SITE

UNITS = 33_413
INDICATORS = 20
REVISED_PCT = 4
START = "2020-01-01"

_UNITS = """
create temp table tree as
select
    i,
    case
        when i < 1 then 0 when i < 32 then 1 when i < 372 then 2
        when i < 3413 then 3 else 4
    end as level,
    case
        when i < 1 then null when i < 32 then 0 when i < 372 then 1 + i % 31
        when i < 3413 then 32 + i % 340 else 372 + i % 3041
    end as parent,
from range($units) as r (i)
"""

_RULES = SAMPLE_SITE / "registry" / "rules.csv"

# registry -> the values of its columns; the rest of the columns stays empty.
_REGISTRIES = {
    "regions": """
        select
            format('R{:05d}', i) as region_code, 'Simulated region ' || i as name_en,
            level::varchar as level,
            format('R{:05d}', parent) as parent_region_code,
        from tree where level < 4""",
    "units": """
        select
            format('U{:05d}', i) as unit_code, 'Simulated unit ' || i as name_en,
            'office' as unit_kind, level::varchar as level,
            format('U{:05d}', parent) as parent_unit_code,
            format('R{:05d}', if(level = 4, parent, i)) as region_code,
        from tree""",
    "indicators": """
        select
            format('I{:02d}', i) as indicator_code, '1' as definition_version,
            'Simulated indicator ' || i as name_en, 'simulated' as domain,
            'NUMBER' as unit_measure, 'higher' as direction, 'M' as frequency,
            'sum' as aggregation, '1' as decimals,
        from range($indicators) as r (i)""",
    "plans": """
        select
            'P' as plan_code, '1' as plan_version, 'Simulated plan' as name_en,
            'R00000' as region_code, $start as period_start,
            (last_day($start::date + to_months($months)))::varchar as period_end""",
    "forms": """
        select
            'F' as form_code, 'Simulated form' as name_en, 'M' as frequency,
            '10' as due_days, $start as valid_from""",
    "form_items": """
        select
            'F' as form_code, format('I{:02d}', i) as indicator_code,
            '_T' as breakdown, 'true' as compulsory,
        from range($indicators) as r (i)""",
    "rules": f"from read_csv('{_RULES}', all_varchar = true)",
    "targets": """
        select
            'P' as plan_code, '1' as plan_version,
            format('I{:02d}', k.i) as indicator_code, '1' as definition_version,
            format('R{:05d}', if(level = 4, parent, tree.i)) as region_code,
            format('U{:05d}', tree.i) as unit_code,
            'level_floor' as target_type, 'false' as binding, '_T' as breakdown,
            '1000' as baseline_value, '1600' as target_value,
        from tree, range($indicators) as k (i)""",
}

# Levels rise along the path, scattered around it: all four colours occur.
_VALUE = """(
    1000 + {month} * 600.0 / ($months + 1) * (0.7 + 0.5 * (hash(t.i, k.i) % 100) / 100)
    + (hash(t.i, k.i, {month}, {turn}) % 200) / 10.0
)::decimal(38, 10)"""

_OBSERVATIONS = """
select
    'self_reported' as source_kind, 'net' as source_code,
    $batch as batch_id, $batch as file_sha256,
    format('s{{}}-{{}}', $batch, t.i) as submission_id, 'F' as form_code,
    k.i + 1 as row_number, null as row_key,
    format('U{{:05d}}', t.i) as unit_code,
    format('R{{:05d}}', if(t.level = 4, t.parent, t.i)) as region_code,
    format('I{{:02d}}', k.i) as indicator_code, '1' as definition_version,
    strftime($start::date + to_months({month}), '%Y-%m') as period,
    '_T' as breakdown, {value} as value, 'NUMBER' as unit_measure,
    'A' as obs_status, 'F' as conf_status, null::timestamp as published_at,
    $at::timestamp as known_from, null::varchar as comment,
from {source}
"""


def insert_registries(
    connection: duckdb.DuckDBPyConnection, units: int, months: int
) -> None:
    """All registries in one batch; `months` is the length of the plan less one."""
    _batch(connection, "b0", "registry", START, 1)
    connection.execute(_UNITS, {"units": units})
    values = {"indicators": INDICATORS, "start": START, "months": months}
    for registry, rows in _REGISTRIES.items():
        used = {k: v for k, v in values.items() if f"${k}" in rows}
        connection.execute(
            f"""
            insert into raw.registry_{registry} by name
            select
                'site' as source_code, 'b0' as batch_id,
                row_number() over () as row_number, rows.*,
                md5(rows::varchar) as row_hash, false as is_deleted,
                timestamp '{START}' as known_from, 1 as load_seq,
            from ({rows}) as rows
            """,
            used,
        )


def wave_rows(month: int) -> str:
    """Query of one month's observations, restatements included."""
    fresh = _OBSERVATIONS.format(
        month=month,
        value=_VALUE.format(month=month, turn=0),
        source="tree as t, range($indicators) as k (i)",
    )
    back = f"({month} - 1 - (hash(t.i, k.i) % least({month}, 3))::integer)"
    revised = _OBSERVATIONS.format(
        month=back,
        value=_VALUE.format(month=back, turn=month),
        source="tree as t, range($indicators) as k (i)"
        f" where hash(t.i, k.i, {month}, 7) % 100 < {REVISED_PCT}",
    )
    return f"{fresh} union all {revised}" if month else fresh


def wave_values(month: int, months: int, at: str) -> dict[str, object]:
    return {
        "indicators": INDICATORS, "start": START, "months": months,
        "batch": f"b{month + 1}", "at": at,
    }  # fmt: skip


def received_at(connection: duckdb.DuckDBPyConnection, month: int) -> str:
    (moment,) = connection.execute(
        "select (($start::date + to_months($month))::date + 5 + time '08:00')::varchar",
        {"start": START, "month": month + 1},
    ).fetchone()
    return moment


_SUBMISSIONS = """
select
    format('s{}-{}', $batch, i) as submission_id, $batch as batch_id,
    'net' as source_code, $batch as file_sha256,
    format('U{:05d}', i) as unit_code, 'F' as form_code,
    strftime($start::date + to_months($month), '%Y-%m') as period,
    $at::timestamp - to_days((hash(i, $month) % 5)::integer) as received_at,
    $batch as sha256, 'accepted' as verdict, 20 as rows_received,
    20 as rows_accepted, 0 as rows_rejected, '1' as rule_set_version,
from tree
where hash(i, $month, 3) % 50 > 0
"""


def insert_month(
    connection: duckdb.DuckDBPyConnection, month: int, months: int, rows: str
) -> None:
    """One month as the load stage would add it; `rows` is a query of them."""
    at, seq = received_at(connection, month), month + 2
    _batch(connection, f"b{month + 1}", "submission", at, seq)
    for table, query, values in _month(month, months, at, rows):
        connection.execute(
            f"insert into raw.{table} by name"
            f" select *, {seq} as load_seq from ({query})",
            values,
        )


def write_wave(connection: duckdb.DuckDBPyConnection, months: int, folder: Path) -> str:
    """The month after the history as two Parquet files; gives its period."""
    at = received_at(connection, months)
    for table, query, values in _month(months, months, at, wave_rows(months)):
        # COPY takes no parameters of a query.
        connection.execute(f"create or replace temp table wave as {query}", values)
        path = folder / f"{table}s.parquet"
        connection.execute(f"copy wave to '{path}' (format parquet)")
    (period,) = connection.execute(
        "select strftime($start::date + to_months($months), '%Y-%m')",
        {"start": START, "months": months},
    ).fetchone()
    return period


def load_wave(connection: duckdb.DuckDBPyConnection, months: int, folder: Path) -> None:
    """Those files as the load stage would add them."""
    seq = months + 2
    at = received_at(connection, months)
    _batch(connection, f"b{months + 1}", "submission", at, seq)
    for table in ("observation", "submission"):
        connection.execute(
            f"insert into raw.{table} by name"
            f" select *, {seq} as load_seq from read_parquet(?)",
            [str(folder / f"{table}s.parquet")],
        )


def _month(month: int, months: int, at: str, rows: str) -> list[tuple]:
    values = wave_values(month, months, at)
    used = {k: v for k, v in values.items() if f"${k}" in rows}
    sent = {"batch": values["batch"], "start": START, "month": month, "at": at}
    return [("observation", rows, used), ("submission", _SUBMISSIONS, sent)]


def _batch(connection, batch: str, kind: str, at: str, seq: int) -> None:
    connection.execute(
        """
        insert into raw.batch by name
        select
            $batch as batch_id, 'net' as source_code, $kind as kind,
            'self_reported' as source_kind, true as simulated,
            $at::timestamp as received_at, $batch as sha256, 'loaded' as status,
            0 as rows_received, 0 as rows_accepted, 0 as rows_rejected,
            '1' as rule_set_version, $at::timestamp as loaded_at, $seq as load_seq
        """,
        {"batch": batch, "kind": kind, "at": at, "seq": seq},
    )
    connection.execute(
        """
        insert into raw.landed_file by name
        select
            $batch as batch_id, $batch as file_sha256, 'simulated' as url,
            1 as size_bytes, $at::timestamp as fetched_at, $seq as load_seq
        """,
        {"batch": batch, "at": at, "seq": seq},
    )
