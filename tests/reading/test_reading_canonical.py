"""A landed batch becomes Parquet, with the account of every record beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from ingestion.canonical import read_batch
from ingestion.landing import LandedBatch, LandedFile, object_path
from ingestion.settings import Settings
from ingestion.source import Source

BODY = b"area,time,value\nA,2020,1\nB,2020,x\nWorld,2020,3\n"
SOURCE = {
    "code": "table", "kind": "statistical_release", "connector": "inbox",
    "location": "x", "format": "csv", "numbers": {},
    "mapping": {
        "columns": {"region_code": "area", "period": "time", "value": "value"},
        "constants": {"indicator_code": "x", "unit_measure": "X"},
    },
    "codes": {"region_code": {"inline": {"A": "a", "B": "b"}, "unmapped": "skip"}},
}  # fmt: skip


def test_what_is_skipped_and_refused_is_kept_beside_the_rows(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, site=tmp_path)
    sha256 = hashlib.sha256(BODY).hexdigest()
    kept = object_path(settings, sha256)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(BODY)
    moment = "2025-01-01T00:00:00Z"
    batch = LandedBatch(
        batch_id="table-1", source_code="table", kind="statistical_release",
        source_kind="official", registry="", licence="", simulated=False,
        sha256=sha256, received_at=moment,
        files=(LandedFile(sha256, "table.csv", len(BODY), "text/csv", moment),),
    )  # fmt: skip
    canonical = read_batch(settings, batch, Source.model_validate(SOURCE))
    counts = {
        name: duckdb.execute(
            "select count(*) from read_parquet(?)", [str(getattr(canonical, name))]
        ).fetchone()[0]
        for name in ("observations", "skipped", "problems")
    }
    assert counts == {"observations": 1, "skipped": 1, "problems": 1}
    records = duckdb.execute(
        "select sum(records) from read_parquet(?)", [str(canonical.present)]
    ).fetchone()[0]
    assert records == 3
