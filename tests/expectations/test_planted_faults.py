"""The simulated network says which faults it planted: the gate finds just those."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace

import pytest
from judged_world import rows_of

from expectations.gate import gate
from expectations.verdict import Verdict
from ingestion.landing import LandedBatch
from ingestion.site import Site

RULE_OF = {
    "text_value": "OBS_VALUE_DECIMAL",
    "missing_value": "OBS_VALUE_MISSING",
    "unknown_indicator": "OBS_INDICATOR_UNKNOWN",
    "unknown_region": "OBS_REGION_UNKNOWN",
    "other_unit_measure": "OBS_UNIT_MEASURE",
    "percentage_out_of_range": "OBS_VALUE_TOO_HIGH",
    "negative_count": "OBS_VALUE_NEGATIVE",
    "duplicate_row": "OBS_DUPLICATE",
    "formula_comment": "OBS_TEXT_FORMULA",
    "unknown_unit": "SUB_UNIT_UNKNOWN",
    "wrong_period": "SUB_PERIOD_NOTATION",
    "unit_not_asked": "SUB_NOT_ASKED",
    "unit_closed": "SUB_UNIT_NOT_VALID",
    "thousandfold_value": "OBS_MAGNITUDE_THOUSAND",
    "absent_row": "SUB_ROWS_ABSENT",
}


@pytest.fixture(scope="module")
def verdicts(judged_network):
    return [
        Verdict.open(path.parent)
        for path in judged_network.verdicts.glob("*/verdict.json")
    ]


def test_registries_of_site_and_network_are_accepted(verdicts):
    registries = [verdict for verdict in verdicts if verdict.kind == "registry"]
    assert len(registries) > 10
    assert all(verdict.accepted for verdict in registries)


def test_every_planted_fault_is_found_and_nothing_else(network, verdicts):
    with (network / "faults.csv").open(encoding="utf-8", newline="") as handle:
        planted = {
            (row["submission_id"], RULE_OF[row["kind"]])
            for row in csv.DictReader(handle)
            if row["kind"] in RULE_OF and _can_be_known(row)
        }
    assert {rule for _, rule in planted} == set(RULE_OF.values())
    # Who gives a row another indicator leaves out the one that was asked.
    planted |= {
        (submission, "SUB_ROWS_ABSENT")
        for submission, rule in planted
        if rule == "OBS_INDICATOR_UNKNOWN"
    }
    found = {
        (row["submission_id"], row["rule_id"])
        for verdict in verdicts
        if verdict.kind == "submission"
        for row in rows_of(verdict, "rejections")
        # Warnings also tell of honest corrections and of unusual values.
        if row["severity"] == "error" or row["rule_id"] == "SUB_ROWS_ABSENT"
    }
    assert found == planted


def test_whichever_shard_is_judged_first_the_verdicts_are_the_same(
    judged_network, verdicts, tmp_path, make_settings
):
    settings = make_settings(tmp_path / "home")
    shutil.copytree(judged_network.home, settings.home)
    reports = [verdict for verdict in verdicts if verdict.kind == "submission"]
    assert len(reports) > 2
    for verdict in reports:
        shutil.rmtree(settings.verdicts / verdict.batch_id)
    site = Site.load(settings.site)
    for verdict in reversed(reports):
        batch = LandedBatch.open(settings, verdict.batch_id)
        again = gate(settings, batch, site)
        assert replace(again, folder=verdict.folder) == verdict


def _can_be_known(fault: dict[str, str]) -> bool:
    """A slip is one beside a past of three months; the network starts in 2024-01."""
    return fault["kind"] != "thousandfold_value" or fault["period"] > "2024-03"
