"""How fast a wave of reports is read; run with `-m bench`, prints the seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ingestion.inspection import inspect
from ingestion.settings import Settings
from ingestion.source import Source

UNITS, INDICATORS = 33_413, 20


@pytest.mark.bench
@pytest.mark.parametrize("rules", [{}, {"numbers": {}, "periods": {}}])
def test_a_wave_as_one_csv(settings: Settings, tmp_path: Path, rules: dict) -> None:
    path = tmp_path / "wave.csv"
    with path.open("w") as handle:
        handle.write("area,item,time,value\n")
        for unit in range(UNITS):
            for item in range(INDICATORS):
                handle.write(f"U{unit:06},i{item:02},2025-07,{unit * item}.25\n")
    columns = {"region_code": "area", "indicator_code": "item", "period": "time",
               "value": "value"}  # fmt: skip
    source = Source(
        code="wave", kind="statistical_release", connector="inbox", location="x",
        format="csv", mapping={"columns": columns, "constants": {"unit_measure": "X"}},
        **rules,
    )  # fmt: skip
    begin = time.perf_counter()
    found = inspect(settings, source, [path])
    print(
        f"{found.account.read:,} rows in {time.perf_counter() - begin:.2f} s ({rules})"
    )
    assert found.account.read == UNITS * INDICATORS
