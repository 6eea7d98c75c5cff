"""The gate against the query that a person would write by hand.

    ./planwatch bench gate                                      a small wave
    PYTHONPATH=. python tests/bench/bench_gate.py --units 33413 a wave of a country
    ./planwatch bench gate --long                               ten million rows

Both find the same failing rows of the same fifteen rules, or the run fails.
Each works in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import gate_wave as wave
import pyarrow.parquet as pq

from expectations import judgement
from expectations.gate import judge_batch
from ingestion.canonical import CanonicalBatch
from ingestion.settings import Settings
from ingestion.site import Site


def canonical_in(folder: Path) -> CanonicalBatch:
    return CanonicalBatch(
        folder / "observations.parquet", folder / "submissions.parquet"
    )


def by_hand(settings: Settings, _rules: frozenset[str]) -> set:
    return wave.judge_by_hand(
        settings, canonical_in(settings.home), settings.home / "h"
    )


def by_gate(settings: Settings, rules: frozenset[str]) -> set:
    batch = wave._landed("unit_reports", "submission")
    site = Site.load(settings.site)
    verdict = judge_batch(settings, batch, canonical_in(settings.home), site, rules)
    assert verdict.rows_received == verdict.rows_accepted + verdict.rows_rejected
    table = pq.read_table(verdict.path("rejections"))
    found = table.select(["submission_id", "row_number", "rule_id"]).to_pylist()
    return {tuple(row.values()) for row in found}


def warm(settings: Settings, _rules: frozenset[str]) -> set:
    """Imports are paid once a process, not once a batch: keep them out."""
    from expectations.suites import imported

    imported()
    return set()


def peak_mb() -> float:
    """Peak of this process alone; getrusage also counts what it was spawned from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _measured(queue, judge, settings: Settings, rules, chunk) -> None:
    warm(settings, rules)
    if chunk:
        judgement.CHUNK_ROWS = chunk
    begun, used = time.perf_counter(), time.process_time()
    found = judge(settings, rules)
    queue.put(
        {
            "seconds": time.perf_counter() - begun,
            "cpu_seconds": time.process_time() - used,
            "peak_mb": peak_mb(),
            "found": found,
        }
    )


def measured(judge, settings: Settings, rules=wave.RULES, chunk=None) -> dict:
    """Run `judge` in a fresh process; gives what it found and what it cost."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    arguments = (queue, judge, settings, rules, chunk)
    child = context.Process(target=_measured, args=arguments)
    child.start()
    result = queue.get()
    child.join()
    assert child.exitcode == 0
    return result


def prepare_wave(folder: Path, units: int, indicators: int, seed: int):
    settings = wave.make_site(folder)
    wave.make_registries(settings, units, indicators)
    per_fault = max(1, min(100, units // (2 * len(wave.FAULTS))))
    _, _, planted = wave.make_wave(settings, units, indicators, per_fault, seed)
    return settings, planted


def run(
    units: int,
    indicators: int,
    seed: int = 4,
    all_rules: bool = False,
    chunk: int | None = None,
) -> dict:
    with tempfile.TemporaryDirectory() as name:
        settings, planted = prepare_wave(Path(name), units, indicators, seed)
        hand = measured(by_hand, settings)
        rules = frozenset() if all_rules else wave.RULES
        gate = measured(by_gate, settings, rules, chunk)
        assert hand.pop("found") == planted
        found = {row for row in gate.pop("found") if row[2] in wave.RULES}
        assert found == planted
    return {
        "rows": units * indicators,
        "rules": "all" if all_rules else len(wave.RULES),
        "failing_rows": len(planted),
        "by_hand": hand,
        "gate": gate,
        "ratio": gate["seconds"] / hand["seconds"],
        "cpu_ratio": gate["cpu_seconds"] / hand["cpu_seconds"],
        "cores": os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=2_000)
    parser.add_argument("--long", action="store_true", help="500,000 units")
    parser.add_argument("--indicators", type=int, default=20)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--all-rules", action="store_true")
    parser.add_argument("--chunk", type=int, help="rows a chunk; default the gate's")
    given = parser.parse_args()
    report = run(
        500_000 if given.long else given.units,
        given.indicators,
        given.seed,
        given.all_rules,
        given.chunk,
    )
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
