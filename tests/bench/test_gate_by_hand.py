"""The gate and a query written by hand find the same failing rows."""

from __future__ import annotations

import bench_gate
import gate_wave
import pytest

from expectations import judgement


@pytest.mark.parametrize("seed", [1, 2])
def test_random_faults_are_found_exactly_as_by_hand(tmp_path, monkeypatch, seed):
    """With all rules in force and in several chunks."""
    settings, planted = bench_gate.prepare_wave(tmp_path, 200, 5, seed)
    assert len(planted) > len(gate_wave.FAULTS)
    monkeypatch.setattr(judgement, "CHUNK_ROWS", 300)
    found = bench_gate.by_gate(settings, frozenset())
    assert bench_gate.by_hand(settings, frozenset()) == planted
    assert {row for row in found if row[2] in gate_wave.RULES} == planted


@pytest.mark.bench
def test_the_gate_against_the_query_by_hand():
    report = bench_gate.run(2_000, 20)
    print(f"\nratio {report['ratio']:.1f}, peak {report['gate']['peak_mb']:.0f} MB")
