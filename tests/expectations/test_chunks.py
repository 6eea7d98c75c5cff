"""A batch in chunks gets the verdict, the rows and the receipts of one piece."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from judged_world import GDP, GROWTH, JOBS, rows_of

from expectations import judgement
from expectations.gate import judge_batch
from ingestion.canonical import OBSERVATION_COLUMNS, CanonicalBatch
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
    # Pieces of one unit each, as with any size up to 50; then two units in one.
    for size in (1, 60):
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


# Content of a file, of the one before it, its copies, and what is told of it.
FILES = {
    "table": (b"region,period\n", None, 1, []),
    "web page": (b"\xef\xbb\xbf <!DOCTYPE html><p>", None, 1, ["FILE_TYPE"]),
    "print": (b"%PDF-1.7", None, 1, ["FILE_TYPE"]),
    "archive": (b"PK\x03\x04", None, 1, []),
    "as large": (b"x" * 100, b"x" * 90, 1, []),
    "much larger": (b"x" * 100, b"x" * 19, 1, ["FILE_SIZE_CHANGE"]),
    "much smaller": (b"x" * 19, b"x" * 100, 1, ["FILE_SIZE_CHANGE"]),
    "twice": (b"x" * 100, b"x" * 100, 2, ["FILE_TWICE"]),
}


@pytest.fixture(scope="module")
def told_of_files(shared_world) -> dict[str, tuple[list[str], int]]:
    """Reasons against each file of one batch, and how many of its rows go on."""

    def landed_as(name: str, content: bytes | None) -> str:
        sha256 = hashlib.sha256(name.encode()).hexdigest() if content else ""
        if content:
            path = object_path(shared_world.settings, sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return sha256

    batch = shared_world.batch("stats", "statistical_release", "files")
    files, rows, names = [], [], {}
    for name, (content, before, copies, _) in FILES.items():
        sha256 = landed_as(name, content)
        names[sha256] = name
        old = landed_as(f"{name}, before", before)
        file = replace(batch.files[0], sha256=sha256, previous=old)
        files += [replace(file, url=f"{name} {n}") for n in range(copies)]
        for _ in range(9):
            cells = {**GDP, "file_sha256": sha256, "period": str(1950 + len(rows))}
            rows.append(shared_world._row(batch, len(rows) + 1, cells))
    canonical = CanonicalBatch(
        observations=shared_world.table(OBSERVATION_COLUMNS, rows)
    )
    batch = replace(batch, files=tuple(files))
    verdict = judge_batch(shared_world.settings, batch, canonical, shared_world.site)
    told = {name: [] for name in FILES}
    for row in rows_of(verdict, "rejections"):
        told[names[row["offending_value"]]].append(row["rule_id"])
    passed = Counter(names[row["file_sha256"]] for row in rows_of(verdict, "accepted"))
    return {name: (told[name], passed[name]) for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_type_size_and_copies_of_a_file_are_a_warning(told_of_files, name):
    *_, reasons = FILES[name]
    assert told_of_files[name] == (reasons, 9)
