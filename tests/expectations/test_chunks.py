"""A batch in chunks gets the verdict, the rows and the receipts of one piece."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from judged_world import GDP, GROWTH, JOBS, rows_of

from expectations import judgement
from ingestion.landing import object_path

NAMES = ("accepted", "quarantine", "rejections")


def drawn_submissions(seed: int):
    """Reports of a unit over months with faults of all scopes, seeded."""
    random = np.random.default_rng(seed)
    for n in range(40):
        received = datetime(2025, 2, 5) + timedelta(days=int(n) * 4, seconds=n)
        month = (received.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
        cells = [
            {**JOBS, "value": str(random.choice([812, 870, 955, 91_000, -4, "x"]))},
            {**GROWTH, "value": str(random.choice([1, 1.5, 99]))},
            {**JOBS, "breakdown": "FEMALE", "value": str(random.choice([10, 99_999]))},
        ]
        unit = str(random.choice(["U1", "U1", "U2", "U9"]))
        envelope = {
            "submission_id": f"S{random.integers(0, 10**6):06}",
            "unit_code": unit,
            "period": month,
            "received_at": received,
        }
        yield envelope, cells


def test_submissions_in_chunks_are_judged_as_in_one_piece(world, monkeypatch):
    sent = list(drawn_submissions(3))
    landed = world.batch("unit_reports", "submission", "drawn")
    receipts = world.settings.receipts / f"{landed.batch_id}.ndjson"
    whole = world.judge_submissions(landed, sent)
    first = [rows_of(whole, name) for name in (*NAMES, "submissions")]
    lines = receipts.read_bytes()
    assert len({row["rule_id"] for row in first[2]}) > 5
    for size in (1, 7, 50):
        (whole.folder / "verdict.json").unlink()
        monkeypatch.setattr(judgement, "CHUNK_ROWS", size)
        pieces = world.judge_submissions(landed, sent)
        assert pieces == whole, size
        assert [rows_of(pieces, name) for name in (*NAMES, "submissions")] == first
        assert receipts.read_bytes() == lines


def test_a_release_in_chunks_is_judged_as_in_one_piece(world, monkeypatch):
    regions = ("100000", "110000", "130000", "999999")
    rows = [
        {**GDP, "region_code": region, "period": str(year), "value": value}
        for region, value in zip(regions, ("900", "400", "x", "3"), strict=True)
        for year in range(2015, 2024)
    ]
    whole = world.release([*rows, *rows[:9]])
    first = [rows_of(whole, name) for name in NAMES]
    assert whole.rows_rejected
    (whole.folder / "verdict.json").unlink()
    monkeypatch.setattr(judgement, "CHUNK_ROWS", 5)
    pieces = world.release([*rows, *rows[:9]])
    assert pieces == whole
    assert [rows_of(pieces, name) for name in NAMES] == first


def test_scratch_files_are_gone_afterwards(world, monkeypatch):
    monkeypatch.setattr(judgement, "CHUNK_ROWS", 1)
    verdict = world.submissions(({}, [JOBS]), ({"submission_id": "S2"}, [GROWTH]))
    assert not [p for p in world.settings.verdicts.iterdir() if p.name[0] == "."]
    assert not list(verdict.folder.glob("shared-*"))
    assert not list(verdict.folder.glob("chunk-*"))


def test_bytes_that_are_not_of_the_declared_type_are_a_warning(world):
    rows = [{**GDP, "period": str(year)} for year in range(2015, 2024)]

    def judged(content: bytes):
        landed = world.batch("stats", "statistical_release", rows)
        path = object_path(world.settings, landed.files[0].sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        verdict = world.release(rows)
        (verdict.folder / "verdict.json").unlink()
        return verdict.reasons, verdict.rows_accepted

    assert judged(b"region,period\n") == ({}, 9)
    assert judged(b"\xef\xbb\xbf <!DOCTYPE html><p>") == ({"FILE_TYPE": 1}, 9)
    assert judged(b"%PDF-1.7") == ({"FILE_TYPE": 1}, 9)
    assert judged(b"PK\x03\x04") == ({}, 9)


def test_size_and_copies_of_files_are_compared(world, tmp_path):
    from dataclasses import replace

    from judged_world import judge_batch

    from ingestion.canonical import OBSERVATION_COLUMNS, CanonicalBatch

    def judged(size: int, before: int, copies: int):
        landed = world.batch("stats", "statistical_release", [size, before, copies])
        (file,) = landed.files
        old = "0" * 64
        for sha256, length in ((file.sha256, size), (old, before)):
            path = object_path(world.settings, sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * length)
        files = [replace(file, previous=old, url=f"u{n}") for n in range(copies)]
        landed = replace(landed, files=tuple(files))
        rows = [world._row(landed, 1, GDP)]
        canonical = CanonicalBatch(observations=world.table(OBSERVATION_COLUMNS, rows))
        return judge_batch(world.settings, landed, canonical, world.site).reasons

    assert judged(100, 90, 1) == {}
    assert judged(100, 19, 1) == {"FILE_SIZE_CHANGE": 1}
    assert judged(19, 100, 1) == {"FILE_SIZE_CHANGE": 1}
    assert judged(100, 100, 2) == {"FILE_TWICE": 1}
