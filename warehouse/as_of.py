"""The whole model as it would have been built on an earlier day."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path

import duckdb

from ingestion.clock import now
from ingestion.durable import machine_faults
from ingestion.errors import UsageError
from ingestion.settings import Settings
from warehouse.build import Bounds, BuildReport, run_anew, run_dbt
from warehouse.database import connect, writer, writer_lock
from warehouse.model_clock import clock_as_of
from warehouse.project import dbt_environment, hand_to_dbt, manifest_of, project_hash
from warehouse.schema import apply_ops

FILE = "planwatch.duckdb"


def build_as_of(
    settings: Settings, as_of: datetime, into: Path, select: str | None = None
) -> BuildReport:
    """Build what was known at `as_of` (naive: UTC) into the file `into`.

    `into` must be called planwatch.duckdb. Its schemas core, marts and
    published are those of a release; the main warehouse is only read.
    A file that an earlier moment was built into is taken on from there: what
    became known in between is all that is read. One of a later moment, or of
    other models, is made anew. `select` is dbt's, and includes what it needs
    with a leading plus.

    Raises UsageError when nothing was known then, Damaged when a model fails.
    """
    if into.name != FILE:
        raise UsageError(
            f"{into} cannot hold a model: its tables name their database.",
            f"give a path that ends in /{FILE}.",
        )
    bounds = _bounds(settings, _utc(as_of), select)
    goes_on = _make_ready(settings, into, bounds)
    environment = {
        **dbt_environment(settings),
        "PLANWATCH_KEPT": str(settings.warehouse),
        "DBT_TARGET_PATH": str(settings.home / "dbt" / "as_of"),
    }
    hand_to_dbt(environment)
    read_manifest = partial(manifest_of, settings, "as_of")
    manifest = read_manifest()
    hand_to_dbt({"PLANWATCH_WAREHOUSE": str(into)})
    arguments = ["run", "--target", "as_of"]
    if select:
        arguments += ["--select", *select.split()]
    if goes_on:
        # A view says the same as when it was made; only tables have to move.
        arguments += ["--exclude", "config.materialized:view"]
    # Nobody may write while the warehouse is attached.
    with writer_lock(settings):
        if goes_on or select:
            report = run_dbt(arguments, bounds, manifest)
        else:
            report = run_anew(read_manifest, arguments, bounds)
    _record(settings, into, bounds)
    return report


def file_as_of(settings: Settings, as_of: datetime) -> Path:
    """Where `planwatch build --as-of` puts the model of that moment."""
    return settings.home / "as_of" / f"{_utc(as_of):%Y%m%dT%H%M%SZ}" / FILE


def is_finished(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the model in this file is whole; a build notes that at its end."""
    try:
        found = connection.execute("select count(*) from ops.build").fetchone()
    except duckdb.CatalogException:
        return False
    return found != (0,)


def moment(text: str) -> datetime:
    """A moment (ISO 8601, UTC unless it says); a day is meant until its end."""
    with suppress(ValueError):
        # No time of day is taken here: this is a day, however it is written.
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59))
    try:
        return _utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text!r} is not a moment.", "give 2023-06-30 or 2023-06-30T12:00:00Z."
        ) from error


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when


def _bounds(settings: Settings, as_of: datetime, select: str | None) -> Bounds:
    with writer(settings) as connection:
        seq, observations = connection.execute(
            "select max(load_seq), (select count(*) from raw.observation)"
            " from raw.batch where status = 'loaded'"
        ).fetchone()
        clock = clock_as_of(connection, as_of)
    if clock is None:
        raise UsageError(
            f"Nothing was known on {as_of.isoformat()}Z.",
            "give a later moment; `planwatch sql 'select min(known_from) from"
            " core.fct_observation'` tells the first.",
        )
    # Another selection is another model of the day.
    return Bounds(seq, clock, f"{project_hash()} {select or ''}", observations)


def _make_ready(settings: Settings, into: Path, bounds: Bounds) -> bool:
    """An empty file, unless this one can be taken on: then true."""
    with machine_faults(into):
        into.parent.mkdir(parents=True, exist_ok=True)
        goes_on = into.exists() and _may_go_on(settings, into, bounds)
        if not goes_on:
            into.unlink(missing_ok=True)
    with connect(into, settings) as connection:
        apply_ops(connection)
        # Written again at the end: a killed build leaves none to go on from.
        connection.execute("delete from ops.build")
    return goes_on


def _record(settings: Settings, into: Path, bounds: Bounds) -> None:
    with connect(into, settings) as connection:
        connection.execute(
            "insert into ops.build values (?, ?, ?, ?)",
            [
                bounds.load_seq,
                bounds.as_of,
                bounds.project_hash,
                now(settings).replace(tzinfo=None),
            ],
        )


def _may_go_on(settings: Settings, into: Path, bounds: Bounds) -> bool:
    with connect(into, settings) as connection:
        apply_ops(connection)
        last = connection.execute(
            "select load_seq, as_of, project_hash from ops.build"
        ).fetchone()
    return last is not None and (
        last[0] <= bounds.load_seq
        and last[1] <= bounds.as_of
        and last[2] == bounds.project_hash
    )
