"""Build: run dbt from raw to published, as one task per layer or all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import duckdb

from ingestion.clock import now
from ingestion.errors import Damaged, SiteError, UsageError
from ingestion.settings import Settings
from warehouse import standing_registries
from warehouse.database import writer, writer_lock
from warehouse.model_clock import model_clock
from warehouse.outcomes import load_outcomes
from warehouse.project import (
    dbt_environment,
    hand_to_dbt,
    invoke,
    manifest_of,
    project_hash,
)
from warehouse.replay_load import load_replays
from warehouse.shares import SHARE, runs, share_count

# What is done on dbt's own connection, once all went well.
Finish = Callable[[duckdb.DuckDBPyConnection], None]

LAYERS = ("staging", "intermediate", "core", "marts", "published")


@dataclass(frozen=True)
class BuildReport:
    """What one build did; `skipped` when nothing had changed since the last."""

    load_seq: int
    as_of: str
    models: int
    tests: int
    seconds: float
    skipped: bool = False
    # Seconds of each model; the rest of them went to tests.
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bounds:
    """What a build may read: loads up to `load_seq`, known up to `as_of`."""

    load_seq: int
    as_of: datetime
    project_hash: str
    observations: int = field(default=0, compare=False)


def build(
    settings: Settings, layer: str | None = None, *, full_refresh: bool = False
) -> BuildReport:
    """Run and test the dbt models of one layer, or of all.

    The whole build is skipped when neither data, clock nor project changed.
    Raises Damaged with the failing models or tests: what was published before
    stays as it is.
    """
    if layer is not None and layer not in LAYERS:
        raise UsageError(
            f"There is no layer {layer!r}.", f"choose one of: {', '.join(LAYERS)}."
        )
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    hand_to_dbt(dbt_environment(settings))
    # To open and close the file takes long enough to do it no more than twice.
    with writer(settings) as connection:
        if layer in (None, LAYERS[0]):
            load_outcomes(connection, settings)
            load_replays(connection, settings)
        bounds, last = _bounds(connection, settings)
        if not full_refresh and last == bounds:
            return BuildReport(
                bounds.load_seq, stamp_naive(bounds.as_of), 0, 0, 0.0, skipped=True
            )
        # Rows that incremental models made by other SQL would stay among the new.
        anew = full_refresh or last is None or last.project_hash != bounds.project_hash
        if anew:
            # What a killed run leaves half made must not pass for a finished build.
            connection.execute("delete from ops.build")
        else:
            manifest = manifest_of(settings)
            arguments += _moving(connection, layer, last, bounds, manifest)
    record = partial(_record, settings, bounds)
    finish = record if layer in (None, LAYERS[-1]) else None
    with writer_lock(settings):
        if anew:
            read_manifest = partial(manifest_of, settings)
            return run_anew(read_manifest, arguments, bounds, layer, finish)
        return run_dbt(arguments, bounds, manifest, finish)


def _moving(
    connection: duckdb.DuckDBPyConnection,
    layer: str | None,
    last: Bounds,
    bounds: Bounds,
    manifest: Any,
) -> list[str]:
    """Which models a wave makes: those whose rows can have changed.

    Those of the registries may stand; then they are noted as read.
    """
    select = ["--select", f"path:models/{layer}"] if layer else []
    # A view says the same as when it was made; only tables have to move.
    select += ["--exclude", "config.materialized:view"]
    if bounds.as_of >= last.as_of and not standing_registries.have_news(
        connection, last.load_seq, last.as_of, bounds.as_of
    ):
        standing_registries.leave_standing(
            connection, manifest, bounds.load_seq, bounds.as_of
        )
        select.append(f"tag:{standing_registries.TAG}")
    return select


def stamp_naive(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


def _bounds(
    connection: duckdb.DuckDBPyConnection, settings: Settings
) -> tuple[Bounds, Bounds | None]:
    seq, observations = connection.execute(
        "select max(load_seq), (select count(*) from raw.observation)"
        " from raw.batch where status = 'loaded'"
    ).fetchone()
    if seq is None:
        raise SiteError(
            "Nothing has been loaded yet.",
            "run `planwatch ingest` and `planwatch load`, or `planwatch run`.",
        )
    as_of = model_clock(connection, now(settings).replace(tzinfo=None))
    last = connection.execute(
        "select load_seq, as_of, project_hash from ops.build"
        # In order of insertion: the clock of a replay may stand still.
        " order by rowid desc limit 1"
    ).fetchone()
    bounds = Bounds(seq, as_of, project_hash(), observations)
    return bounds, Bounds(*last) if last else None


def run_anew(
    read_manifest: Callable[[], Any],
    arguments: list[str],
    bounds: Bounds,
    layer: str | None = None,
    finish: Finish | None = None,
) -> BuildReport:
    """Make everything anew (or one layer), in as many shares as memory asks for.

    Each share is compiled apart, from a manifest of its own.
    """
    reports = []
    shares = list(runs(share_count(bounds.observations), layer))
    for number, (share, selection) in enumerate(shares, 1):
        hand_to_dbt({SHARE: share})
        then = finish if number == len(shares) else None
        reports.append(run_dbt([*arguments, *selection], bounds, read_manifest(), then))
    hand_to_dbt({SHARE: "1/1"})
    timings: Counter[str] = Counter()
    for report in reports:
        timings.update(report.timings)
    return replace(
        reports[-1],
        models=sum(report.models for report in reports),
        tests=sum(report.tests for report in reports),
        seconds=round(sum(report.seconds for report in reports), 2),
        timings=dict(timings),
    )


def run_dbt(
    arguments: list[str],
    bounds: Bounds,
    manifest: Any,
    finish: Finish | None = None,
) -> BuildReport:
    """Run dbt within `bounds`, in the environment that stands; then `finish`.

    Raises Damaged with what failed; nothing is finished then.
    """
    hand_to_dbt(
        {
            "PLANWATCH_BUILD_AS_OF": bounds.as_of.isoformat(),
            "PLANWATCH_BUILD_LOAD_SEQ": str(bounds.load_seq),
        }
    )
    # The files that dbt writes about a run take longer than a wave.
    outcome = invoke(["--no-write-json", *arguments], manifest, finish)
    results = getattr(outcome.result, "results", None) or []
    # Exposures are listed too, as something that needs no doing.
    fine = ("success", "pass", "warn", "no-op")
    failed = [r for r in results if r.status.lower() not in fine]
    if not outcome.success:
        raise Damaged(
            "dbt could not build the warehouse: "
            + ("; ".join(_failure(r) for r in failed[:5]) or str(outcome.exception)),
            "the log in dbt/logs of this home names file and line; the last "
            "release stays in force.",
        )
    types = [r.node.resource_type for r in results]
    return BuildReport(
        bounds.load_seq,
        stamp_naive(bounds.as_of),
        types.count("model"),
        types.count("test"),
        round(sum(r.execution_time for r in results), 2),
        timings={
            r.node.name: round(r.execution_time, 3)
            for r in results
            if r.node.resource_type == "model"
        },
    )


def _failure(result) -> str:
    text = " ".join((result.message or result.status).split())
    return f"{result.node.name}: {text[:300]}"


def _record(
    settings: Settings, bounds: Bounds, connection: duckdb.DuckDBPyConnection
) -> None:
    """Note how far this build came: as far as the model that read least.

    Layer by layer, rows may be loaded in between; what a lower layer has not
    read must not count as built. A model that is a table no more reads nothing.
    """
    seq, as_of = connection.execute(
        """
        with reached as (
            select max(load_seq) as load_seq, max(as_of) as as_of
            from ops.watermark
            where model in (select table_name from duckdb_tables())
            group by model
        )

        select least(min(load_seq), ?), least(min(as_of), ?) from reached
        """,
        [bounds.load_seq, bounds.as_of],
    ).fetchone()
    connection.execute(
        "insert into ops.build values (?, ?, ?, ?)",
        [seq, as_of, bounds.project_hash, now(settings).replace(tzinfo=None)],
    )
