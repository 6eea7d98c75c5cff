"""What chance decides leaves no trace in verdicts and receipts.

Chance is: judging twice, the order of rows, how a wave is cut into batches and
which of them is judged first. The oracle is the verdict on all in one piece.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from judged_world import GROWTH, JOBS, rows_of

PRODUCTS = ("accepted", "quarantine", "rejections", "submissions")
# What names the batch itself, so differs where the batch does.
_OF_BATCH = ("batch_id", "file_sha256")
DECEMBER = datetime(2025, 12, 1, tzinfo=UTC)
UNITS = 6


@pytest.fixture
def offices(world):
    """The world with six offices that report on form F1, jobs without a bound."""
    office = {"name_en": "Office", "unit_kind": "office", "level": "3"}
    units = [
        {"unit_code": f"P{n}", "region_code": "110000", **office} for n in range(UNITS)
    ]
    assert world.registry("units", units).accepted
    return world


def drawn(seed: int):
    """Nine months of six offices: slips, jumps, copies and conflicts, seeded.

    A conflict is a second report of one office on one month, received at the
    very same moment.
    """
    random = np.random.default_rng(seed)
    sent = []
    for unit in range(UNITS):
        for month in range(1, 10):
            received = datetime(2025, month + 1, 5, unit)
            for copy in range(1 + (random.random() < 0.25)):
                slip = random.choice([1, 1, 1, 1, 1, 2, 1000])
                jobs = int(random.integers(80, 99) * slip)
                rows = [{**JOBS, "value": str(jobs)}, {**GROWTH, "value": "x"}]
                kept = rows[: 1 + (random.random() < 0.3)]
                envelope = {
                    "submission_id": f"S{random.integers(10**6):06}-{copy}",
                    "unit_code": f"P{unit}",
                    "period": f"2025-{month:02}",
                    "received_at": received,
                }
                sent.append((envelope, kept))
    return sent


def told(world, *pieces) -> tuple[dict, list]:
    """Products and receipts of pieces judged in their order, as of one batch.

    A piece is (when received, what was sent, order of its rows).
    """
    for path in world.settings.verdicts.glob("unit_reports-*/verdict.json"):
        path.unlink()
    found: dict[str, list] = {name: [] for name in PRODUCTS}
    receipts = []
    for received, sent, order in pieces:
        landed = world.batch("unit_reports", "submission", sent, received=received)
        verdict = world.judge_submissions(landed, sent, order)
        for name in PRODUCTS:
            found[name] += [
                {key: cell for key, cell in row.items() if key not in _OF_BATCH}
                for row in rows_of(verdict, name)
            ]
        lines = world.settings.receipts / f"{landed.batch_id}.ndjson"
        receipts += [json.loads(line) for line in lines.read_text().splitlines()]
    ordered = {name: sorted(rows, key=repr) for name, rows in found.items()}
    return ordered, sorted(receipts, key=lambda receipt: receipt["submission_id"])


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 8))]
)
def test_twice_shuffled_or_cut_at_random_all_is_the_same(offices, seed):
    sent = drawn(seed)
    random = np.random.default_rng(seed + 100)
    shuffled = [sent[n] for n in random.permutation(len(sent))]
    mine = set(random.choice(UNITS, UNITS // 2, replace=False))
    halves = [
        [entry for entry in sent if (int(entry[0]["unit_code"][1:]) in mine) is which]
        for which in (True, False)
    ]
    cut = datetime(2025, int(random.integers(3, 10)), 20)
    early = [entry for entry in sent if entry[0]["received_at"] < cut]
    late = [entry for entry in sent if entry[0]["received_at"] >= cut]
    whole = told(offices, (DECEMBER, sent, 1))
    rules = {row["rule_id"] for row in whole[0]["rejections"]}
    assert {"OBS_DUPLICATE_ACROSS", "OBS_MAGNITUDE_THOUSAND"} <= rules
    assert told(offices, (DECEMBER, sent, 1)) == whole
    assert told(offices, (DECEMBER, shuffled, -1)) == whole
    soon = DECEMBER + timedelta(hours=1)
    for first, second in (halves, halves[::-1]):
        assert told(offices, (DECEMBER, first, 1), (soon, second, -1)) == whole
    assert told(offices, (DECEMBER, early, 1), (soon, late, 1)) == whole
