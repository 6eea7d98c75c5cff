"""Replay: what today's rules would have said as of past dates.

The model is built as of each date in a file of its own, from the vintages that
were known then. Names, plans and rules count as known from the beginning, for
the rules did not exist then; targets keep every later change of theirs. What
was watched and what was warned of is kept in `<home>/replays/<id>`, so that a
rebuild knows it, and becomes the track record of the rules.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb

from ingestion.clock import now, stamp
from ingestion.durable import held, machine_faults, write_json
from ingestion.errors import UsageError
from ingestion.settings import Settings
from warehouse.as_of import FILE, build_as_of
from warehouse.database import writer
from warehouse.model_clock import clock_as_of
from warehouse.project import hand_to_dbt

STEPS = {"month": 1, "quarter": 3, "year": 12}
TABLES = ("rule", "target", "warning")
# Rules that say of a target that it may be missed.
RULES = (
    "EW_OFF_TRACK", "EW_FORECAST_MISS", "EW_STATUS_WORSENING", "EW_BEHIND_SCHEDULE",
    "EW_DEFINITION_SWITCH",
)  # fmt: skip
FOREKNOWN = (
    "regions", "region_groups", "region_successions", "units", "indicators", "plans",
    "targets", "target_paths", "rules",
)  # fmt: skip


@dataclass(frozen=True)
class Replay:
    """What one replay found; `sha256` is over its rows."""

    replay_id: str
    since: str
    until: str
    step: str
    received_at: str
    dates: int
    targets: int
    warnings: int
    sha256: str


def moments(since: date, until: date, step: str) -> list[datetime]:
    """Last second of each month, quarter or year from `since` to `until`.

    The last one is `until` itself. UsageError for an unknown step or no time.
    """
    if step not in STEPS:
        raise UsageError(f"There is no step {step!r}.", f"give {', '.join(STEPS)}.")
    if since > until:
        raise UsageError(
            f"{since} comes after {until}.", "give the earlier day with --from."
        )
    ends = [day for day in _month_ends(since, until) if not day.month % STEPS[step]]
    return [datetime.combine(day, time(23, 59, 59)) for day in {*ends, until}]


def _month_ends(since: date, until: date) -> Iterator[date]:
    day = since.replace(day=1)
    while day <= until:
        following = (day + timedelta(days=31)).replace(day=1)
        if since <= (end := following - timedelta(days=1)) <= until:
            yield end
        day = following


def replay(
    settings: Settings,
    dates: list[datetime],
    step: str,
    told: Callable[[datetime], None] = lambda _: None,
) -> Replay:
    """Fire the rules as of each date and keep what they said; see `moments`.

    A date on which nothing new was known is not built again. Costs one small
    build for each of the others. Raises UsageError before the first build.
    """
    scratch = settings.home / "replays" / ".scratch"
    dates = sorted(dates)
    with held(settings.locks / "replay.lock"), duckdb.connect() as book:
        _open_book(book, _rules_in_force(settings))
        with machine_faults(scratch):
            shutil.rmtree(scratch, ignore_errors=True)
        hand_to_dbt({"PLANWATCH_FOREKNOWN": " ".join(FOREKNOWN)})
        try:
            for moment in _with_news(settings, dates):
                told(moment)
                build_as_of(settings, moment, scratch / FILE, "+early_warning")
                _note(book, scratch / FILE, moment)
        finally:
            hand_to_dbt({"PLANWATCH_FOREKNOWN": ""})
            shutil.rmtree(scratch, ignore_errors=True)
        return _keep(settings, book, dates, step)


def _rules_in_force(settings: Settings) -> list[tuple[str, str]]:
    with writer(settings) as connection:
        try:
            rules = connection.execute(
                "select rule_id, rule_version from intermediate.int_rules"
                " where list_contains(?, rule_id) order by all",
                [list(RULES)],
            ).fetchall()
        except duckdb.CatalogException as error:
            raise UsageError(
                "Nothing has been built yet.", "run `planwatch run` first."
            ) from error
    if not rules:
        raise UsageError(
            "The site declares none of the rules that can be replayed.",
            f"add one to registry/rules.csv: {', '.join(RULES)}.",
        )
    return rules


def _with_news(settings: Settings, dates: list[datetime]) -> Iterator[datetime]:
    """Dates by which something was known that was not on the one before."""
    last = None
    for moment in dates:
        with writer(settings) as connection:
            clock = clock_as_of(connection, moment)
        if clock is not None and clock != last:
            last = clock
            yield moment


def _open_book(book: duckdb.DuckDBPyConnection, rules: list[tuple[str, str]]) -> None:
    book.execute("create table rule (rule_id varchar, rule_version varchar)")
    book.executemany("insert into rule values (?, ?)", rules)
    book.execute(
        "create table target"
        " (target_key varchar, source_kind varchar, watched_from timestamp)"
    )
    book.execute(
        "create table warning (warning_id varchar, rule_id varchar,"
        " rule_version varchar, target_key varchar, source_kind varchar,"
        " first_warned_at timestamp)"
    )


_WATCHED = """
insert into target
select distinct target_key, source_kind, $moment::timestamp
from planwatch.marts.indicator_progress
where
    status_raw <> 'not_rated'
    and (target_key, source_kind) not in (
        select (target_key, source_kind) from target
    )
"""

_WARNED = """
insert into warning
select
    warnings.warning_id, warnings.rule_id, warnings.rule_version,
    targets.target_key, (evidence ->> 'source_kind'), $moment::timestamp
from planwatch.marts.early_warning as warnings
inner join planwatch.core.fct_target as targets
    on
        targets.is_current
        and warnings.plan_code = targets.plan_code
        and warnings.plan_version = targets.plan_version
        and warnings.indicator_code = targets.indicator_code
        and warnings.region_code = targets.region_code
        and warnings.unit_code is not distinct from targets.unit_code
        and (evidence ->> 'definition_version') = targets.definition_version
        and (evidence ->> 'breakdown') = targets.breakdown
where
    warnings.state <> 'resolved'
    and warnings.rule_id in (select rule_id from rule)
    and (warnings.warning_id, warnings.rule_version) not in (
        select (warning_id, rule_version) from warning
    )
"""


def _note(book: duckdb.DuckDBPyConnection, file: Path, moment: datetime) -> None:
    """Write down what is new on this date; the first date of each counts."""
    path = str(file).replace("'", "''")
    # By its own name: that is the one that its views know.
    book.execute(f"attach '{path}' as planwatch (read_only)")
    try:
        for query in (_WATCHED, _WARNED):
            book.execute(query, {"moment": moment})
    finally:
        book.execute("detach planwatch")


def _keep(
    settings: Settings,
    book: duckdb.DuckDBPyConnection,
    dates: list[datetime],
    step: str,
) -> Replay:
    rows = [book.execute(f"from {table} order by all").fetchall() for table in TABLES]
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    since, until = dates[0].date().isoformat(), dates[-1].date().isoformat()
    kept = Replay(
        replay_id=f"replay-{since}-{until}-{step}-{digest[:12]}",
        since=since,
        until=until,
        step=step,
        received_at=stamp(now(settings)),
        dates=len(dates),
        targets=len(rows[1]),
        warnings=len(rows[2]),
        sha256=digest,
    )
    folder = settings.home / "replays" / kept.replay_id
    if not (folder / "replay.json").exists():
        with machine_faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            path = str(folder / f"{table}.parquet").replace("'", "''")
            book.execute(f"copy (from {table} order by all) to '{path}'")
        write_json(folder / "replay.json", asdict(kept))
    return kept
