"""One monthly wave of a country into its history, against hand-written SQL.

    ./planwatch bench wave [--long]
    PYTHONPATH=. python tests/bench/bench_wave.py [--months 6] [--units 33413]

Six months are 4 M observations, sixty are 42 M (wave_world.py says what they are
like). Both sides take the same Parquet files of one wave (0.67 M rows, of which
4 % are restatements) into the same history, each in a process of its own. The
script of wave_by_hand/ knows what a wave can hold, and fills the same tables
without dbt; every column of them is compared, and a difference is a failure.
Printed: seconds, processor seconds, peak memory, ratios, seconds by model. No
time is a failure.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import wave_compare
import wave_history as history
from wave_history import Wave

from ingestion.settings import Settings
from warehouse.build import build
from warehouse.database import transaction, writer

SCRIPT_FOLDER = Path(__file__).parent / "wave_by_hand"
SCRIPTS = sorted(SCRIPT_FOLDER.glob("*.sql"))
# The scripts take whole series into memory for forecasts and warnings: what a build
# may take does not do for them at 42 M.
HAND_MEMORY = "8GB"
LIMIT = 1.5
LONG_LIMIT = 1.3


def settings_of(home: Path, now: str) -> Settings:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    return Settings.load(home=home).model_copy(update={"now": moment})


def make_history(
    home: Path, units: int, months: int, memory_limit: str | None
) -> dict[str, object]:
    """History, its first build, and the wave to come as Parquet."""
    wave = Wave(months)
    with writer(Settings.load(home=home)) as connection:
        history.set_up(connection, units, months)
        history.insert_registries(connection, months)
        for month in range(months):
            history.insert_month(connection, Wave(month))
        before = history.received_at(connection, Wave(months - 1))
        now = history.received_at(connection, wave)
        rows = history.write_wave(connection, wave, home)
        (kept,) = connection.execute("select count(*) from raw.observation").fetchone()
    settings = settings_of(home, before)
    if memory_limit:
        settings = settings.model_copy(update={"memory_limit": memory_limit})
    told = _timed(lambda: build(settings))
    return told | {"now": now, "rows": rows, "kept": kept}


def by_planwatch(home: Path, now: str, months: int, asked_at: float) -> dict:
    """What the load stage does with accepted rows, and a build."""
    # dbt comes in with the first build of a process.
    import dbt.cli.main  # noqa: F401

    from warehouse import build as build_stage

    settings = settings_of(home, now)
    started = time.time() - asked_at
    read_project, parsed, reports = build_stage.manifest_of, [], []

    def read_project_timed(*arguments):
        told = []
        parsed.append(_timed(lambda: told.append(read_project(*arguments))))
        return told[0]

    build_stage.manifest_of = read_project_timed

    def take_wave() -> None:
        with writer(settings) as connection, transaction(connection):
            history.load_wave(connection, Wave(months), home)
        reports.append(build(settings))

    told = _timed(take_wave)
    (report,) = reports
    return told | {
        "start": started,
        "parsing": sum(part["seconds"] for part in parsed),
        **{name: told[name] - sum(part[name] for part in parsed) for name in told},
        "models": report.timings,
        "tests": report.seconds - sum(report.timings.values()),
    }


def by_hand(home: Path, now: str, months: int, files: Path) -> dict[str, object]:
    settings = Settings.load(home=home)
    with duckdb.connect(str(settings.warehouse)) as connection:
        # By hand there are two tables of warnings, from which a view words them.
        connection.execute(
            """
            set enable_progress_bar = false;
            create table marts.warned as from intermediate.int_warnings_progress;
            create table marts.warned_otherwise as
            select * exclude (subject_kind, subject_key, load_seq, as_of)
            from intermediate.int_warnings;
            drop view marts.early_warning;
            """
        )
    wave = Wave(months)
    parts: dict[str, float] = {}

    def take_wave() -> None:
        with duckdb.connect(
            str(settings.warehouse),
            config={"memory_limit": HAND_MEMORY, "threads": settings.threads},
        ) as connection:
            connection.execute("set enable_progress_bar = false")
            # As the build does: the file is written through once, at the end.
            connection.execute("set checkpoint_threshold = '4GB'")
            for name, value in {
                "net_seq": wave.load_seq("net"),
                "stat_seq": wave.load_seq("stat"),
                "observations": str(files / "observations.parquet"),
                "submissions": str(files / "submissions.parquet"),
                "release": str(files / "release.parquet"),
                "period": history.period_of(wave),
                "as_of": datetime.fromisoformat(now),
            }.items():
                connection.execute(f"set variable {name} = ?", [value])
            for script in SCRIPTS:
                started = time.perf_counter()
                with transaction(connection):
                    connection.execute(script.read_text("utf-8"))
                parts[script.stem] = time.perf_counter() - started

    told = _timed(take_wave)
    parts["opening and closing the file"] = told["seconds"] - sum(parts.values())
    return told | {"parts": parts}


def _timed(work) -> dict[str, float]:
    used, started = time.process_time(), time.perf_counter()
    work()
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - used,
    }


def alone(function, *arguments) -> dict:
    """In a process of its own: its peak memory is nobody else's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_with_peak, (function, *arguments))


def _with_peak(function, *arguments) -> dict:
    told = function(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return told | {"peak": round(peak)}


def run(folder: Path, units: int, months: int, history_memory: str | None) -> dict:
    """One size: history, both sides, comparison. Gives seconds and differences."""
    ours, hand = folder / "planwatch", folder / "hand"
    made = alone(make_history, ours, units, months, history_memory)
    file = Settings.load(home=ours).warehouse
    copy = Settings.load(home=hand).warehouse
    print(f"== {months} months × {units:,} units; the wave: {made['rows']}")
    print(
        f"history: {made['kept']:,} observations,"
        f" {file.stat().st_size / 2**20:,.0f} MB, {_told(made)}",
        flush=True,
    )
    copy.parent.mkdir(parents=True)
    subprocess.run(["cp", "--reflink=auto", str(file), str(copy)], check=True)
    hands = alone(by_hand, hand, made["now"], months, ours)
    print(f"by hand:   {_told(hands)}", flush=True)
    for name, seconds in hands["parts"].items():
        print(f"    {seconds:6.1f} s  {name}")
    told = alone(by_planwatch, ours, made["now"], months, time.time())
    print(f"planwatch: {_told(told)}")
    print(
        f"    {told['start']:6.1f} s  start of the process, apart\n"
        f"    {told['parsing']:6.1f} s  dbt's reading of the project, apart\n"
        f"    {told['tests']:6.1f} s  tests of dbt, all together\n"
        f"    {sum(told['models'].values()):6.1f} s  models, all together; the slowest:"
    )
    slowest = sorted(told["models"].items(), key=lambda model: -model[1])
    for name, seconds in slowest[:12]:
        print(f"    {seconds:6.1f} s  {name}")
    print(
        f"ratio {told['seconds'] / hands['seconds']:.2f} by the clock,"
        f" {told['cpu'] / hands['cpu']:.2f} of the processor (limit {LIMIT})",
        flush=True,
    )
    differing = wave_compare.compare(file, copy, Settings.load(home=ours).memory_limit)
    return {"seconds": told["seconds"], "hand": hands["seconds"], "differ": differing}


def _told(measured: dict) -> str:
    return (
        f"{measured['seconds']:.1f} s, {measured['cpu']:.1f} s of the processor,"
        f" peak {measured['peak']:,} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--long", action="store_true", help="6 and 60 months")
    parser.add_argument("--units", type=int, default=history.UNITS)
    parser.add_argument("--folder", type=Path, help="where to work; kept afterwards")
    parser.add_argument("--history-memory", help="for the first build only, as 8GB")
    given = parser.parse_args()
    sizes = (6, 60) if given.long else (given.months,)
    told = {}
    for months in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-wave-") as scratch:
            folder = given.folder / str(months) if given.folder else Path(scratch)
            told[months] = run(folder, given.units, months, given.history_memory)
    if given.long:
        print(
            f"60 months against 6: planwatch {_growth(told, 'seconds'):.2f}"
            f" (limit {LONG_LIMIT}), by hand {_growth(told, 'hand'):.2f}"
        )
    if any(size["differ"] for size in told.values()):
        sys.exit("The two sides differ: see above.")


def _growth(told: dict[int, dict], side: str) -> float:
    return told[60][side] / told[6][side]


if __name__ == "__main__":
    main()
