"""Why a number or a warning of a release is what it is, down to file and row.

Everything is read from the release by joins alone, so that an evaluator can
check each sentence with SQL.
"""

from __future__ import annotations

import duckdb

from ingestion.errors import UsageError
from warehouse.explain.key import explain_key, is_key
from warehouse.explain.number import explain_number
from warehouse.explain.release import Explanation
from warehouse.explain.trails import TRAILS
from warehouse.explain.warning import explain_warning

__all__ = ["Explanation", "explain"]


def explain(
    connection: duckdb.DuckDBPyConnection, what: str, where: str | None = None
) -> Explanation:
    """Explain a warning by its id, a row of a published table, or a key.

    `where` picks the row of a table. UsageError where there is no such thing,
    or where several rows answer.
    """
    name = what.removeprefix("published.").removeprefix("marts.")
    if name in TRAILS:
        return explain_number(connection, name, where)
    if where is not None:
        raise UsageError(
            f"--where picks a row of a published table, and {what!r} is none.",
            f"name one of: {', '.join(TRAILS)}.",
        )
    if is_key(what):
        return explain_key(connection, what)
    return explain_warning(connection, what)
