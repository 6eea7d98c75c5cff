"""Commands for those who read releases and receipts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import duckdb
import typer

from ingestion.errors import UsageError
from ingestion.settings import Settings
from warehouse.cli.options import (
    HomeOption,
    JsonOption,
    print_json,
    print_table,
    settings_of,
)
from warehouse.database import reader, reader_of

MAX_ROWS = 1000
# All of them are held in memory.
MOST_ROWS = 1_000_000


def sql(
    query: Annotated[
        str, typer.Argument(help='For example "from published.release_info".')
    ],
    home: HomeOption = None,
    json: JsonOption = False,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_ROWS, help="Rows to print.")
    ] = MAX_ROWS,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Ask what `build --as-of` made of that day."),
    ] = None,
) -> None:
    """Run a query on the current release, read-only."""
    with _asked(settings_of(home), as_of) as connection:
        try:
            cursor = connection.execute(query)
            if cursor is None:
                raise UsageError(
                    "There is no query.", 'give one, such as "show all tables".'
                )
            rows = cursor.fetchmany(limit)
            more = cursor.fetchone() is not None
        except duckdb.Error as error:
            raise UsageError(
                f"The query failed: {error}",
                'list the tables with `planwatch sql "show all tables"`.',
            ) from error
        names = [column[0] for column in cursor.description or ()]
    if json:
        _refuse_doubled(names)
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows)
    if more:
        print(f"… more than {limit} rows; raise --limit.", file=sys.stderr)


def _refuse_doubled(names: Sequence[str]) -> None:
    """In JSON a name stands for one value: a second column would be lost."""
    doubled = [name for name, times in Counter(names).items() if times > 1]
    if doubled:
        raise UsageError(
            f"Several columns are called {', '.join(doubled)}.",
            "name each of them, such as `a.code as a_code`.",
        )


@contextmanager
def _asked(
    settings: Settings, as_of: str | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    if as_of is None:
        with reader(settings) as connection:
            yield connection
        return
    from warehouse.as_of import file_as_of, is_finished, moment

    path = file_as_of(settings, moment(as_of))
    if not path.exists():
        raise UsageError(
            f"The model of {as_of} has not been built.",
            f"run `planwatch build --as-of {as_of}` first.",
        )
    with reader_of(path, settings) as connection:
        if not is_finished(connection):
            raise UsageError(
                f"The model of {as_of} has not been finished.",
                f"run `planwatch build --as-of {as_of}` again.",
            )
        yield connection


def warnings(
    state: Annotated[
        str, typer.Option(help="open, acknowledged, resolved or all.")
    ] = "open",
    severity: Annotated[str | None, typer.Option(help="yellow, orange or red.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_ROWS, help="Rows to print.")
    ] = 20,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List early warnings of the current release, the worst first."""
    from warehouse.warnings import worst_warnings

    with reader(settings_of(home)) as connection:
        rows = worst_warnings(connection, state, severity, limit)
    if json:
        print_json(rows)
        return
    print_table(
        ("warning", "severity", "state", "what", "its rule so far"),
        [
            (r["warning_id"], r["severity"], r["state"], r["headline_en"],
             r["track_record"])
            for r in rows
        ],
    )  # fmt: skip


def explain(
    what: Annotated[
        str,
        typer.Argument(
            help="A warning as `planwatch warnings` prints it, a published table,"
            " or an observation_key or target_key."
        ),
    ],
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            help="Which row of the table, in SQL: \"period = '2023' and …\".",
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say why a warning or a published number is what it is, down to file and row.

    With --json also the queries that gave the sentences.
    """
    from warehouse.explain import explain as explained

    with reader(settings_of(home)) as connection:
        explanation = explained(connection, what, where)
    if json:
        print_json(explanation)
    else:
        print(explanation.text())


def receipt(
    submission_id: Annotated[str, typer.Argument(help="Id of the submission.")],
    form: Annotated[
        str, typer.Option("--format", help="json, or csv of its errors.")
    ] = "json",
    home: HomeOption = None,
) -> None:
    """Print the receipt of a submission: verdict and every reason."""
    from expectations.receipts import rendered

    if form not in ("json", "csv"):
        raise UsageError(f"--format {form} is unknown.", "give json or csv.")
    found = rendered(settings_of(home), submission_id, form)
    if found is None:
        raise UsageError(
            f"No submission {submission_id!r} has been judged here.",
            "check the id; submissions are judged by `planwatch run`.",
        )
    print(found.decode(), end="")
