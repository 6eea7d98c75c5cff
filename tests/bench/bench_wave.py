"""One monthly wave of a country into its history, against hand-written SQL.

    ./planwatch bench wave [--long]
    PYTHONPATH=. python tests/bench/bench_wave.py [--months 6] [--units 33413]

Six months are 4 M observations, sixty are 42 M. Both sides take the same
Parquet files of one wave (0.67 M rows and 4 % restatements) into the same
history, each in a process of its own. The hand-written script (wave_by_hand.sql)
knows what the wave holds and computes less; what both compute must be equal.
Printed: seconds, ratio, seconds by model, peak memory of each process.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import wave_history as history

from ingestion.settings import Settings
from warehouse.build import build, dbt_environment, invoke
from warehouse.database import transaction, writer

COMPARED = {
    "core.fct_observation": "observation_key, known_from, known_to, is_current, value",
    "marts.indicator_progress": "target_key, period, value, progress_share, pace,"
    " path_value, gap_pct, status_raw",
    "marts.reporting_discipline": "form_code, period, unit_code, expected_reports,"
    " actual_reports, on_time_reports, accepted_cells, median_days_late",
}


def settings_of(home: Path, now: str) -> Settings:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    return Settings.load(home=home).model_copy(update={"now": moment})


def make_history(home: Path, units: int, months: int) -> dict[str, str]:
    """History, its first build, and the wave to come as Parquet."""
    settings = Settings.load(home=home)
    with writer(settings) as connection:
        history.insert_registries(connection, units, months)
        for month in range(months):
            history.insert_month(connection, month, months, history.wave_rows(month))
        before = history.received_at(connection, months - 1)
        now = history.received_at(connection, months)
        period = history.write_wave(connection, months, home)
    started = time.perf_counter()
    build(settings_of(home, before))
    print(f"history built in {time.perf_counter() - started:.1f} s", flush=True)
    return {"now": now, "period": period}


def by_planwatch(home: Path, wave: dict[str, str], months: int) -> dict[str, object]:
    """What the load stage does with accepted rows, and a build."""
    settings = settings_of(home, wave["now"])
    started = time.perf_counter()
    os.environ.update(dbt_environment(settings))
    invoke(["parse"])
    parsed = time.perf_counter() - started
    started = time.perf_counter()
    with writer(settings) as connection, transaction(connection):
        history.load_wave(connection, months, home)
    loaded = time.perf_counter() - started
    build(settings)
    results = json.loads((home / "dbt" / "target" / "run_results.json").read_text())
    nodes = {r["unique_id"]: r["execution_time"] for r in results["results"]}
    slowest = sorted(nodes.items(), key=lambda node: -node[1])[:12]
    return {
        "start and parsing": parsed,
        "loading": loaded,
        "seconds": time.perf_counter() - started,
        "slowest": {".".join(k.split(".")[2:3]): v for k, v in slowest},
    }


def by_hand(home: Path, wave: dict[str, str], months: int) -> dict[str, object]:
    settings = Settings.load(home=home)
    script = (Path(__file__).parent / "wave_by_hand.sql").read_text("utf-8")
    started = time.perf_counter()
    with duckdb.connect(
        str(settings.warehouse),
        config={"memory_limit": settings.memory_limit, "threads": settings.threads},
    ) as connection:
        for name, value in {
            "seq": months + 2,
            "observations": str(home / "observations.parquet"),
            "submissions": str(home / "submissions.parquet"),
            "period": wave["period"],
            "as_of": datetime.fromisoformat(wave["now"]),
        }.items():
            connection.execute(f"set variable {name} = ?", [value])
        with transaction(connection):
            connection.execute(script)
    return {"seconds": time.perf_counter() - started}


def alone(function, *arguments) -> dict[str, object]:
    """In a process of its own: its peak memory is nobody else's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (function, *arguments))


def _measured(function, *arguments) -> dict[str, object]:
    told = function(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return told | {"peak MB": round(peak)}


def compare(ours: Path, hand: Path) -> None:
    with duckdb.connect() as connection:
        for name, home in (("ours", ours), ("hand", hand)):
            file = Settings.load(home=home).warehouse
            connection.execute(f"attach '{file}' as {name} (read_only)")
        for table, columns in COMPARED.items():
            (rows, differing) = connection.execute(
                f"""
                select
                    (select count(*) from ours.{table}),
                    (select count(*) from (
                        select {columns} from ours.{table}
                        except all select {columns} from hand.{table}
                    )) + (select count(*) from (
                        select {columns} from hand.{table}
                        except all select {columns} from ours.{table}
                    ))
                """
            ).fetchone()
            print(f"{table}: {rows:,} rows, {differing:,} differ", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--long", action="store_true", help="60 months: 42 M")
    parser.add_argument("--units", type=int, default=history.UNITS)
    parser.add_argument("--folder", type=Path, help="where to work; kept afterwards")
    given = parser.parse_args()
    given.months = 60 if given.long else given.months
    folder = given.folder or Path(tempfile.mkdtemp(prefix="bench-wave-"))
    try:
        ours, hand = folder / "ours", folder / "hand"
        wave = alone(make_history, ours, given.units, given.months)
        print(f"peak memory of building the history: {wave['peak MB']} MB")
        shutil.copytree(ours, hand)
        hands = alone(by_hand, hand, wave, given.months)
        told = alone(by_planwatch, ours, wave, given.months)
        print(f"by hand    {hands['seconds']:6.1f} s  {hands['peak MB']} MB")
        print(
            f"planwatch  {told['seconds']:6.1f} s  {told['peak MB']} MB"
            f"  ratio {told['seconds'] / hands['seconds']:.2f}"
            f"  (start and parsing {told['start and parsing']:.1f} s apart)"
        )
        for name, seconds in told["slowest"].items():
            print(f"    {seconds:6.1f} s  {name}")
        compare(ours, hand)
    finally:
        if given.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
