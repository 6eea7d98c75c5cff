"""A key that other tables carry: all vintages of one figure or of one target."""

from __future__ import annotations

import re

import duckdb

from ingestion.errors import UsageError
from warehouse.explain.number import told
from warehouse.explain.origins import FIGURES, TARGETS
from warehouse.explain.release import Explanation, query_for, release_sentence, row_of

_KEY = re.compile(r"[0-9a-f]{32}")
_HOLDERS = (
    (FIGURES, "core.fct_observation", "figure", "observation_key"),
    (TARGETS, "core.fct_target", "target", "target_key"),
)


def is_key(text: str) -> bool:
    """Does it look like an observation_key or a target_key?"""
    return _KEY.fullmatch(text) is not None


def explain_key(connection: duckdb.DuckDBPyConnection, key: str) -> Explanation:
    """Explain a figure by its observation_key, or a target by its target_key."""
    for origin, table, alias, column in _HOLDERS:
        row = row_of(connection, f"from {table} where {column} = ?", [key])
        if row is not None:
            query = query_for(origin.sql(f"{alias}.{column} = $key"), {"key": key})
            whose = row["unit_code"] or row["region_code"]
            return Explanation(
                subject=key,
                headline_en=f"{alias}, {row['indicator_code']} of {whose}",
                headline_zh="",
                sentences=(
                    *told(connection, origin, query),
                    release_sentence(connection),
                ),
                evidence=row,
                queries=(query,),
            )
    raise UsageError(
        f"The current release has no figure or target with the key {key!r}.",
        "take it from observation_key or target_key of a published table.",
    )
