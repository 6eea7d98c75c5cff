"""The catalogue says what the gate promises to look at, in both languages."""

from __future__ import annotations

import re

import pytest

from expectations.catalogue import rules
from expectations.parameters import DECLARATIONS
from ingestion.settings import ROOT

# What the gate promises to look at, and rules that do.
PROMISED = {
    "type of a file": {"FILE_TYPE", "FILE_UNREADABLE"},
    "size of a file": {"FILE_SIZE_CHANGE"},
    "empty files": {"FILE_EMPTY", "SUB_EMPTY", "REG_EMPTIED"},
    "the same content twice": {"FILE_TWICE"},
    "columns": {"REG_COLUMN_MISSING", "REG_COLUMN_UNKNOWN", "OBS_CELL_MISSING"},
    "types": {
        "OBS_VALUE_DECIMAL", "REG_NUMBER", "REG_DATE", "OBS_PUBLISHED_AT",
        "OBS_VALUE_TYPE",
    },
    "decimals": {"OBS_VALUE_DECIMALS"},
    "leftovers of encodings": {"OBS_TEXT_ENCODING"},
    "codes of units": {"SUB_UNIT_UNKNOWN", "OBS_UNIT_UNKNOWN"},
    "codes of regions": {"OBS_REGION_UNKNOWN"},
    "codes of indicators": {"OBS_INDICATOR_UNKNOWN"},
    "codes of forms": {"SUB_FORM_UNKNOWN"},
    "codes of breakdowns": {"OBS_BREAKDOWN_NOT_ON_FORM"},
    "definition versions": {"OBS_DEFINITION_UNKNOWN", "OBS_DEFINITION_NOT_IN_FORCE"},
    "validity on the date": {
        "SUB_UNIT_NOT_VALID", "OBS_UNIT_NOT_VALID", "SUB_FORM_NOT_VALID",
    },
    "asked of this unit": {"SUB_NOT_ASKED", "OBS_INDICATOR_NOT_ON_FORM"},
    "left out": {"SUB_ROWS_ABSENT"},
    "period open, closed, to come": {
        "SUB_PERIOD_NOT_ENDED", "SUB_PERIOD_CLOSED", "SUB_PERIOD_FUTURE",
        "OBS_PERIOD_FUTURE",
    },
    "unit of measure": {"OBS_UNIT_MEASURE"},
    "slips by thousand and ten thousand": {
        "OBS_MAGNITUDE_THOUSAND", "OBS_MAGNITUDE_TEN_THOUSAND",
    },
    "ranges": {"OBS_VALUE_TOO_LOW", "OBS_VALUE_TOO_HIGH"},
    "signs": {"OBS_VALUE_NEGATIVE"},
    "parts and totals": {
        "OBS_PART_EXCEEDS_TOTAL", "OBS_PARTS_TOTAL", "OBS_INDICATORS_SUM",
        "OBS_INDICATOR_EXCEEDS",
    },
    "cumulative series": {"OBS_CUMULATIVE_FALLS"},
    "stocks and flows": {"OBS_STOCK_FLOW"},
    "duplicates within": {"OBS_DUPLICATE", "REG_KEY_TWICE"},
    "duplicates across": {"OBS_DUPLICATE_ACROSS", "SUB_ID_TWICE"},
    "late revisions": {"OBS_REVISION_LATE"},
    "copies of the last period": {"SUB_COPY_OF_LAST"},
    "jumps in one's own past": {"OBS_JUMP_OWN"},
    "jumps beside peers": {"OBS_JUMP_PEERS"},
    "children and parent": {"OBS_CHILDREN_PARENT"},
    "embargo": {"OBS_EMBARGO", "OBS_EMBARGO_STATUS"},
    "formulas and markup": {"OBS_TEXT_FORMULA", "OBS_TEXT_MARKUP"},
    "other sources": {"OBS_ABOVE_REGION", "OBS_SOURCES_DIFFER"},
}  # fmt: skip


def test_every_promise_has_its_rules():
    known = {rule.id for rule in rules()}
    assert len(known) >= 45
    assert {name: ids - known for name, ids in PROMISED.items() if ids - known} == {}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_speaks_english_and_chinese(rule):
    for text in (rule.message_zh, rule.remedy_zh):
        assert re.search("[一-鿿]", text)
    for text in (rule.message_en, rule.remedy_en, rule.expected, rule.expected_from):
        assert not re.search("[一-鿿]", text.replace("万", ""))
        assert text.strip()
    assert rule.source
    assert rule.category
    assert rule.version


def test_what_only_the_server_can_judge_never_rejects():
    """Else a unit's own check would promise what the server does not keep."""
    others = [rule for rule in rules() if rule.needs_others]
    assert {rule.id for rule in others} == {"OBS_ABOVE_REGION", "OBS_CHILDREN_PARENT"}
    assert {rule.severity for rule in others} == {"warning"}


def test_jumps_are_warnings_that_travel_with_the_row():
    jumps = [rule for rule in rules() if rule.category == "jumps"]
    assert len(jumps) == 2
    assert {rule.severity for rule in jumps} == {"warning"}


def test_all_that_a_site_may_declare_is_documented():
    text = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    assert len(DECLARATIONS) > 5
    for rule, prefixes in DECLARATIONS.items():
        line = next(
            line for line in text.splitlines() if line.startswith(f"| `{rule}`")
        )
        assert all(f"`{prefix}." in line for prefix in prefixes), rule
