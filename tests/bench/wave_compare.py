"""Whether two warehouses say the same: every column of every row.

Figures that are sums in another order agree to nine digits; all else is equal.
Periods whose rows are the same bytes on both sides need no second look.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

# table -> the columns that name one row (none: the same bytes or a difference),
# and the column by which it is looked at in parts.
TABLES = {
    "raw.observation": ("", "load_seq"),
    "raw.submission": ("", "load_seq"),
    "core.fct_observation": ("observation_key, known_from", "period"),
    "core.fct_obligation": ("form_code, unit_code, period", "period"),
    "core.fct_submission": ("submission_id, batch_id", "period"),
    "marts.indicator_progress": ("target_key, source_kind, period", "period"),
    "marts.reporting_discipline": ("form_code, unit_code, period", "period"),
    "marts.early_warning": ("warning_id", "rule_id"),
    "marts.regional_inequality": (
        "comparison_key, region_level, group_kind",
        "period",
    ),
    "marts.revision_triangle": ("observation_key, known_from", "period"),
    "marts.revision_by_maturity": (
        "source_code, indicator_code, region_level, maturity",
        "indicator_code",
    ),
    "marts.revision_statistics": (
        "source_code, indicator_code, region_level",
        "indicator_code",
    ),
    "marts.region_aggregate": ("aggregate_key, group_kind, group_code", "period"),
    "marts.plan_scorecard": (
        "plan_code, plan_version, region_code, counting",
        "counting",
    ),
    "marts.form_burden": ("unit_code, report_year", "report_year"),
}
SIDES = ("planwatch", "hand")

_MACROS = r"""
set enable_progress_bar = false;
create temp macro near(a, b) as
    a is not distinct from b
    or coalesce(abs(a - b) <= 1e-9 * greatest(1, abs(a)), false);
create temp macro figure() as '-?\d+(\.\d+(e[+-]?\d+)?|e[+-]?\d+)';
create temp macro figures(text) as
    list_transform(regexp_extract_all(text, figure()), lambda x: x::double);
-- Text with figures in it, such as JSON.
create temp macro says_near(a, b) as
    a is not distinct from b
    or coalesce(
        regexp_replace(a, figure(), '#', 'g') = regexp_replace(b, figure(), '#', 'g')
        and list_bool_and(list_transform(
            list_zip(figures(a), figures(b)), lambda z: near(z[1], z[2])
        )),
        false
    );
"""


def compare(planwatch: Path, hand: Path, memory_limit: str) -> int:
    """Print each table's rows and differences; gives the number of differences."""
    with duckdb.connect(config={"memory_limit": memory_limit}) as connection:
        connection.execute(_MACROS)
        for side, file in zip(SIDES, (planwatch, hand), strict=True):
            connection.execute(f"attach '{file}' as {side} (read_only)")
        return sum(_compared(connection, table) for table in TABLES)


def _compared(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    key, part = TABLES[table]
    parts = connection.execute(
        f"""
        select
            part, planwatch.n_rows, hand.n_rows,
            planwatch.fingerprint is not distinct from hand.fingerprint
        from ({_fingerprints("planwatch", table, part)}) as planwatch
        full join ({_fingerprints("hand", table, part)}) as hand using (part)
        """
    ).fetchall()
    unlike = [row for row in parts if row[1] != row[2] or not row[3]]
    if key:
        differing = sum(_differing(connection, table, row[0]) for row in unlike)
    else:
        differing = sum(max(row[1] or 0, row[2] or 0) for row in unlike)
    n_rows = sum(row[1] or 0 for row in parts)
    print(
        f"{table}: {n_rows:,} rows in {len(parts)} parts, {len(unlike)} of them"
        f" looked at by row; {differing:,} rows differ",
        flush=True,
    )
    return differing


def _fingerprints(side: str, table: str, part: str) -> str:
    return f"""
        select {part} as part, count(*) as n_rows, bit_xor(hash(told)) as fingerprint
        from {side}.{table} as told
        group by {part}
    """


def _differing(connection: duckdb.DuckDBPyConnection, table: str, part: object) -> int:
    key, column = TABLES[table]
    keys = key.split(", ")
    types = connection.execute(f"describe planwatch.{table}").fetchall()
    same = {name: _same(name, kind) for name, kind, *_ in types if name not in keys}
    connection.execute(
        f"""
        create or replace temp table pair as
        select
            {key}, planwatch, hand,
            planwatch is null as only_hand, hand is null as only_planwatch,
            {", ".join(f"not {test} as {name}" for name, test in same.items())}
        from (
            select {key}, told as planwatch
            from planwatch.{table} as told where {column} is not distinct from $part
        )
        full join (
            select {key}, told as hand
            from hand.{table} as told where {column} is not distinct from $part
        ) using ({key})
        """,
        {"part": part},
    )
    alone = ("only_hand", "only_planwatch")
    flags = [*alone, *(f"(hand is not null and planwatch is not null and {name})"
                       for name in same)]  # fmt: skip
    told = connection.execute(
        f"""
        select {", ".join(f"count(*) filter ({flag})" for flag in flags)},
            count(*) filter ({" or ".join(flags)})
        from pair
        """
    ).fetchone()
    for name, flag, n in zip((*alone, *same), flags, told, strict=False):
        if n:
            _show(connection, f"{table} {part}: {n:,} rows, {name}", name, flag, key)
    return told[-1]


def _show(connection, title: str, name: str, flag: str, key: str) -> None:
    """One row that differs, so that nobody has to look for it."""
    shown = "planwatch, hand" if name.startswith("only_") else (
        f"planwatch.{name}, hand.{name}"
    )  # fmt: skip
    (row,) = connection.execute(
        f"select {shown}, {key} from pair where {flag} order by {key} limit 1"
    ).fetchall()
    print(f"  {title}: {row}", flush=True)


def _same(name: str, kind: str) -> str:
    test = "near" if kind == "DOUBLE" else "says_near" if name == "evidence" else None
    if test:
        return f"{test}(planwatch.{name}, hand.{name})"
    return f"(planwatch.{name} is not distinct from hand.{name})"
