"""Models that follow from the registries alone, and a wave without news of them.

Most waves bring figures only. What regions, units, targets and rules are then
stands as the last build left it, and dbt is spared making and testing it again.
The models say it of themselves with `tags='registries'`; they may read the clock
for what a row's `known_from` and `valid_from` say of it, and for nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb

TAG = "registries"


def have_news(
    connection: duckdb.DuckDBPyConnection, load_seq: int, read: datetime, now: datetime
) -> bool:
    """Whether a registry says other things now than to a build of `load_seq`, `read`.

    By a row that was loaded or became known since, or by one in force since, or
    no longer.
    """
    tables = connection.execute(
        "select table_name, bool_or(column_name = 'valid_from')"
        " from duckdb_columns()"
        " where schema_name = 'raw' and starts_with(table_name, 'registry_')"
        " group by table_name"
    ).fetchall()
    told = "load_seq > $seq or known_from > $read"
    passed = " or ".join(
        f"{day} > $read and {day} <= $now"
        for day in ("cast(valid_from as date)", "cast(valid_to as date) + 1")
    )
    rows = " union all ".join(
        f"select 1 from raw.{table} where {told}" + (f" or {passed}" if dated else "")
        for table, dated in tables
    )
    return connection.execute(
        f"select exists ({rows})", {"seq": load_seq, "read": read, "now": now}
    ).fetchone()[0]


def leave_standing(
    connection: duckdb.DuckDBPyConnection,
    manifest: Any,
    load_seq: int,
    as_of: datetime,
) -> None:
    """Note that the models have read up to here: there was nothing to read.

    Models that read on from them go no further than they did.
    """
    names = [node.name for node in manifest.nodes.values() if TAG in node.tags]
    connection.execute(
        "insert into ops.watermark"
        " select distinct model, $seq::bigint, $as_of::timestamp"
        " from ops.watermark where model in (select unnest($names))",
        {"seq": load_seq, "as_of": as_of, "names": names},
    )
