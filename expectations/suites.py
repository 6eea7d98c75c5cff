"""Great Expectations is the judge: checks become a suite, its result the verdict.

Suites are built in Python in an ephemeral context; each check is one
expectation with the rule's id and version in `meta`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Any

from expectations.catalogue import Check
from expectations.lean_import import lean_great_expectations
from expectations.lean_validation import lean_validation
from ingestion.errors import EXIT_INTEGRITY, Terminal

if TYPE_CHECKING:
    from expectations.duckdb_dialect import Bench

# Lists of failing rows in a validation result are cut at 20 or 200; the query
# that finds them is not. BOOLEAN_ONLY saves a query per expectation that would
# only fetch such a cut list.
_RESULT_FORMAT = {
    "result_format": "BOOLEAN_ONLY",
    "return_unexpected_index_query": True,
    "unexpected_index_column_names": ["row_id"],
}


# An empty cell is what these are about; all others pass it by.
_ABOUT_NULLS = frozenset({"expect_column_values_to_not_be_null"})


class JudgementFailed(Terminal):
    """A rule could not be judged: never taken for a passed one."""

    exit_code = EXIT_INTEGRITY


@dataclass(frozen=True)
class Finding:
    """Verdict on one check; `query` selects `row_id` of every failing row."""

    check: Check
    success: bool
    query: str


def judge(bench: Bench, table: str, checks: Sequence[Check]) -> list[Finding]:
    """Validate `table` of `bench`, which must have a `row_id`.

    A check on a column that is empty throughout holds: its rule applies to no
    row. Great Expectations says the same, at the price of all its machinery.
    """
    applicable = _applicable(bench, table, checks)
    judged = dict(zip(applicable, _validated(bench, table, applicable), strict=True))
    return [judged.get(check, Finding(check, True, "")) for check in checks]


def _applicable(bench: Bench, table: str, checks: Sequence[Check]) -> list[Check]:
    columns = sorted({check.column for check in checks if check.column})
    if not columns:
        return list(checks)
    counted = ", ".join(f'bool_or("{column}" is not null)' for column in columns)
    filled = dict(
        zip(
            columns,
            bench.execute(f"select {counted} from {table}").fetchone(),
            strict=True,
        )
    )
    return [c for c in checks if c.type in _ABOUT_NULLS or filled.get(c.column, True)]


def _validated(bench: Bench, table: str, checks: list[Check]) -> list[Finding]:
    if not checks:
        return []
    gx = imported()
    with warnings.catch_warnings(), lean_validation():
        # pandas deprecations inside Great Expectations: not ours to mend.
        warnings.filterwarnings("ignore", module=r"great_expectations\..*")
        result = _batch(gx, bench, table).validate(
            _suite(gx, table, checks), result_format=_RESULT_FORMAT
        )
    outcomes = {
        entry.expectation_config.meta["check"]: entry for entry in result.results
    }
    if len(outcomes) != len(checks):
        raise JudgementFailed(
            f"Of {len(checks)} rules on {table}, {len(outcomes)} were judged.",
            "look for two rules with the same expectation in the catalogue.",
        )
    return [_finding(check, outcomes[n]) for n, check in enumerate(checks)]


def merged(parts: Sequence[Sequence[Finding]]) -> list[Finding]:
    """One finding a check of what several chunks were found to be."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in chain.from_iterable(parts):
        key = (finding.check.rule.id, finding.check.field)
        before = found.get(key)
        if before is None or before.success:
            found[key] = finding
    return list(found.values())


def _finding(check: Check, outcome: Any) -> Finding:
    fault = outcome.exception_info
    if fault.get("raised_exception", True):
        raise JudgementFailed(
            f"Rule {check.rule.id} on {check.field} could not be judged: "
            f"{fault.get('exception_message') or fault}.",
            "correct the rule in the catalogue.",
        )
    query = outcome.result.get("unexpected_index_query") or ""
    return Finding(check, bool(outcome.success), query.rstrip().rstrip(";"))


def _suite(gx: ModuleType, table: str, checks: Sequence[Check]) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl

    expectations = [
        get_expectation_impl(check.type)(
            **check.kwargs,
            meta={
                "check": number,
                "rule_id": check.rule.id,
                "rule_version": check.rule.version,
            },
        )
        for number, check in enumerate(checks)
    ]
    return gx.ExpectationSuite(name=table, expectations=expectations)


def _batch(gx: ModuleType, bench: Bench, table: str) -> Any:
    from sqlalchemy.pool import NullPool

    if bench.data_source is None:
        bench.data_source = _context(gx).data_sources.add_sql(
            name="judged", connection_string=bench.url, kwargs={"poolclass": NullPool}
        )
    # A table may be judged again with other rows; nothing of it is remembered.
    bench.assets += 1
    asset = bench.data_source.add_table_asset(
        f"{table}_{bench.assets}", table_name=table
    )
    return asset.add_batch_definition_whole_table("whole").get_batch()


def _context(gx: ModuleType) -> Any:
    """An ephemeral context: no project folder, no analytics, no progress bars."""
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
            store_backend_defaults=InMemoryStoreBackendDefaults(
                init_temp_docs_sites=False
            ),
        ),
    )


@cache
def imported() -> ModuleType:
    """Imported at the first judgement: it costs seconds."""
    lean_great_expectations()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations

        # Defining the class registers the expectation.
        import expectations.comparison  # noqa: F401
    return great_expectations
