"""The one expectation that Great Expectations does not bring.

Its own pair expectations compare two columns, but each in a query of its own,
and the query of failing rows forgets `ignore_row_if`, so that rows with an
empty cell would come back as failing. This one is a column expectation: all
comparisons of a suite are counted in one pass, and where either cell is empty
the rule does not apply.
"""

# ruff: noqa: TID253 - `suites` imports this module at the first judgement.

from __future__ import annotations

import operator
from typing import ClassVar, Literal

import sqlalchemy
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

OPERATORS = {
    "eq": operator.eq,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
}


class ColumnValuesCompareWithColumn(ColumnMapMetricProvider):
    condition_metric_name = "column_values.compare_with_column"
    condition_value_keys = ("other", "operator")

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(cls, column, other, operator, **_):  # noqa: N805
        against = sqlalchemy.column(other)
        return sqlalchemy.or_(against.is_(None), OPERATORS[operator](column, against))


class ExpectColumnValuesToCompareWithColumn(ColumnMapExpectation):
    """`column` <operator> `other` in every row where both have a value."""

    other: str
    operator: Literal["eq", "ge", "gt", "le"]

    map_metric: ClassVar[str] = "column_values.compare_with_column"
    success_keys: ClassVar[tuple[str, ...]] = ("other", "operator", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "other", "operator")
