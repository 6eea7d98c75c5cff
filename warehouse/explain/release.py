"""Rows of a release as dictionaries, and what an explanation is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

_MARK = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Query:
    """SQL that gave some of the sentences, with the values of its marks."""

    sql: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Explanation:
    """Sentences in order, what they rest on, and the queries that gave it."""

    subject: str
    headline_en: str
    headline_zh: str
    sentences: tuple[str, ...]
    evidence: dict[str, Any]
    warning_id: str | None = None
    queries: tuple[Query, ...] = ()

    def text(self) -> str:
        lines = [f"{self.subject}: {self.headline_en}"]
        if self.headline_zh:
            lines.append(f"  {self.headline_zh}")
        return "\n".join([*lines, "", *(f"- {line}" for line in self.sentences)])


def rows_of(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Sequence[Any] | Mapping[str, Any] = (),
) -> list[dict[str, Any]]:
    cursor = connection.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def row_of(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Sequence[Any] | Mapping[str, Any] = (),
) -> dict[str, Any] | None:
    """The first row, if there is one."""
    rows = rows_of(connection, query, parameters)
    return rows[0] if rows else None


def query_for(sql: str, values: Mapping[str, Any]) -> Query:
    """The query with those of `values` that it names."""
    return Query(sql, {name: values[name] for name in _MARK.findall(sql)})


def release_sentence(connection: duckdb.DuckDBPyConnection) -> str:
    info = row_of(connection, "from published.release_info")
    return (
        f"All of this stands in release {info['release_id']} (clock "
        f"{moment(info['as_of'])}, content {info['content_hash'][:16]}…)."
    )


def kind(source_kind: str) -> str:
    return source_kind.replace("_", "-")


def number(value: Any) -> str:
    return "unknown" if value is None else f"{float(value):,.6g}"


def moment(value: Any) -> str:
    return "an unknown time" if value is None else f"{value} UTC"
