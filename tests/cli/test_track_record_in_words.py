"""How often a rule was right, as `warnings` and `explain` say it."""

from __future__ import annotations

import pytest

from warehouse.warnings import past

RECORD = {
    "past_warnings": 17, "past_hits": 14, "past_misses": 0, "median_lead_days": 274,
    "is_enough": True,
}  # fmt: skip
OFTEN = "right in 14 of 17 cases, median lead 9 months"
NEVER_REPLAYED = dict.fromkeys(RECORD)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (RECORD, OFTEN),
        (
            {**RECORD, "past_misses": 3, "is_enough": False},
            f"{OFTEN}, silent on 3 of 17 misses (too few to rely on)",
        ),
        (
            {**RECORD, "past_warnings": 0, "past_hits": 0, "past_misses": 1},
            "never warned when replayed; 1 targets were missed",
        ),
        (NEVER_REPLAYED, "no track record: never replayed"),
    ],
)
def test_the_record_of_a_rule(record, words):
    assert past(record) == words
