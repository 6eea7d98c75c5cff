"""The gate as a whole: complete, idempotent, independent of order."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from judged_world import (
    GDP,
    GROWTH,
    JOBS,
    RECEIVED,
    REGISTRY_ROWS,
    World,
    copy_of,
    rows_of,
)

from expectations import gate as gate_module
from expectations import suites
from expectations.registries import current_registries, promote
from expectations.verdict import Verdict
from ingestion.canonical import Unreadable
from ingestion.errors import Damaged

PRODUCTS = ("accepted", "quarantine", "rejections", "submissions")


def products(verdict: Verdict) -> dict:
    return {name: rows_of(verdict, name) for name in PRODUCTS}


def test_every_failing_row_is_listed_beyond_the_caps(world):
    """Lists of Great Expectations end at 20 and at 200 failing rows."""
    rows = [
        {**JOBS, "breakdown": f"B{n}", "value": "n/a", "unit_measure": "X"}
        for n in range(701)
    ]
    verdict = world.submissions(({}, rows))
    assert verdict.reasons == {
        "OBS_UNIT_MEASURE": 701,
        "OBS_VALUE_DECIMAL": 701,
        "SUB_ERROR_BUDGET": 1,
    }
    assert {row["row_number"] for row in rows_of(verdict, "rejections")} == {
        None,
        *range(1, 702),
    }


MIXED = (
    ({"submission_id": "S1"}, [JOBS, {**GROWTH, "value": "x"}]),
    (
        {"submission_id": "S2", "received_at": datetime(2025, 8, 6)},
        [JOBS, JOBS, GROWTH, {**JOBS, "breakdown": "F"}],
    ),
    ({"submission_id": "S3", "unit_code": "U9"}, [GROWTH]),
)


@pytest.fixture(scope="module")
def mixed(shared_world) -> Verdict:
    """The verdict on all of MIXED; `world` is the same world without it."""
    # What is kept of one batch must not be told of the next.
    first = shared_world.submissions(({"submission_id": "S0"}, [JOBS]))
    assert first.rows_rejected == 0
    return shared_world.submissions(*MIXED)


def test_great_expectations_finds_the_same_without_our_shortcuts(
    world, mixed, monkeypatch
):
    monkeypatch.setattr(suites, "lean_validation", nullcontext)
    whole = world.submissions(*MIXED)
    for verdict in (whole, mixed):
        assert verdict.rows_rejected > 0
    assert products(whole) == products(mixed)
    told = [(of.folder / "validation.json").read_text() for of in (whole, mixed)]
    assert told[0] == told[1]


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    """Modules that a fresh process has loaded, at one point after the other."""
    code = """
import inspect, sys
def loaded(*names):
    print([name for name in names if name in sys.modules])
import expectations.gate, expectations.verdict, expectations.receipts
import expectations.registries, expectations.catalogue
loaded("great_expectations", "sqlalchemy", "pandas")
from expectations.suites import imported
imported()
inspect.stack()  # It asks every module for its file.
loaded("altair.vegalite", "scipy.stats._covariance")
from scipy import stats
print(round(float(stats.norm.cdf(1)), 4))
loaded("altair.vegalite", "scipy.stats._covariance")
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_great_expectations_is_not_imported_before_something_is_judged(loaded):
    assert loaded[0] == "[]"


def test_what_no_rule_needs_is_loaded_when_it_is_asked_for(loaded):
    assert loaded[1:] == ["[]", "0.8413", "['scipy.stats._covariance']"]


def test_the_order_of_arrival_leaves_no_trace(world, mixed):
    backward = world.submissions(*MIXED, order=-1)
    assert products(backward) == products(mixed)
    assert replace(backward, folder=mixed.folder) == mixed
    forward = mixed.folder.parent.parent / "receipts" / f"{mixed.batch_id}.ndjson"
    receipts = world.settings.receipts / forward.name
    assert receipts.read_bytes() == forward.read_bytes()


def test_a_split_batch_gives_the_same_verdicts(world, mixed):
    whole = products(mixed)
    parts = [products(world.submissions(sent)) for sent in MIXED]

    def comparable(rows):
        own = ("batch_id", "file_sha256")
        return [{k: v for k, v in row.items() if k not in own} for row in rows]

    for name in PRODUCTS:
        together = [row for part in parts for row in comparable(part[name])]
        assert together == comparable(whole[name])


@pytest.fixture(scope="module")
def judged_jobs(tmp_path_factory, judged_home) -> World:
    made = copy_of(judged_home, tmp_path_factory.mktemp("jobs"))
    assert made.submissions(({}, [JOBS])).rows_accepted == 1
    return made


@pytest.fixture
def reported(tmp_path, judged_jobs) -> World:
    """A world where a verdict on one good row stands."""
    return copy_of(judged_jobs, tmp_path)


def test_a_verdict_stands_until_rules_or_registries_change(reported):
    first = reported.submissions(({}, [JOBS]))
    stamp = (first.folder / "accepted.parquet").stat().st_mtime_ns
    again = reported.submissions(({}, [JOBS]))
    assert again == first == Verdict.open(first.folder)
    assert (first.folder / "accepted.parquet").stat().st_mtime_ns == stamp
    units = [{**REGISTRY_ROWS["units"][0], "valid_to": "2025-01-31"}]
    assert reported.registry("units", units).accepted
    changed = reported.submissions(({}, [JOBS]))
    assert changed.registry_state != first.registry_state
    assert changed.rows_rejected == 1


def test_a_kill_before_the_commit_leaves_no_verdict(reported):
    verdict = reported.submissions(({}, [JOBS]))
    (verdict.folder / "verdict.json").unlink()
    assert Verdict.find(verdict.folder) is None
    assert reported.submissions(({}, [JOBS])) == verdict


def test_a_kill_before_the_pointer_is_made_good(world):
    verdict = world.registry("regions", REGISTRY_ROWS["regions"])
    pointer = world.settings.verdicts / "registries" / "site_regions.json"
    pointer.unlink()
    assert not current_registries(world.settings, world.site).of("regions")
    assert world.registry("regions", REGISTRY_ROWS["regions"]) == verdict
    assert current_registries(world.settings, world.site).of("regions")


def test_a_damaged_verdict_is_named(reported):
    verdict = reported.submissions(({}, [JOBS]))
    (verdict.folder / "verdict.json").write_text("{")
    with pytest.raises(Damaged, match=r"verdict\.json"):
        Verdict.open(verdict.folder)


def test_a_release_over_its_budget_is_refused(world):
    bad = [{**GDP, "period": str(year), "value": "…"} for year in range(2018, 2022)]
    verdict = world.release([GDP, *bad])
    assert not verdict.accepted
    assert (verdict.rows_accepted, verdict.rows_rejected) == (0, 5)
    assert verdict.reasons == {"FILE_ERROR_BUDGET": 1, "OBS_VALUE_DECIMAL": 4}


def test_an_empty_release_is_refused(world):
    verdict = world.release([])
    assert not verdict.accepted
    assert verdict.reasons == {"FILE_EMPTY": 1}


def test_an_unreadable_batch_is_refused_and_judged_anew_next_time(world):
    batch = world.batch("stats", "statistical_release", "bytes")
    fault = Unreadable("line 3 has 4 cells", "send it again")
    verdict = gate_module.refuse(world.settings, batch, world.site, fault)
    assert (verdict.accepted, verdict.readable) == (False, False)
    (reason,) = rows_of(verdict, "rejections")
    assert (reason["rule_id"], reason["expected_from"]) == (
        "FILE_UNREADABLE",
        "line 3 has 4 cells",
    )
    identity = gate_module.Identity(verdict.rule_set_version, verdict.registry_state)
    assert not gate_module._stands(verdict, batch, identity)


def test_a_refused_registry_is_never_put_in_force(world):
    good = world.registry("regions", REGISTRY_ROWS["regions"])
    before = current_registries(world.settings, world.site)
    promote(world.settings, replace(good, accepted=False, batch_id="x"))
    assert current_registries(world.settings, world.site) == before


def refuse_the_units_in_force(world) -> Verdict:
    """Judge the units again after a region that they lie in has gone."""
    regions = REGISTRY_ROWS["regions"][:2]
    received = RECEIVED + timedelta(hours=1)
    assert world.registry("regions", regions, received=received).accepted
    return world.registry("units", REGISTRY_ROWS["units"])


def test_a_registry_in_force_outlives_its_own_refusal(world):
    refused = refuse_the_units_in_force(world)
    assert (refused.accepted, refused.reasons) == (False, {"REG_REFERENCE": 1})
    refused.check_files()
    assert world.submissions(({}, [JOBS])).rows_accepted == 1
    # When the region is back, so is the verdict.
    *others, hebei = REGISTRY_ROWS["regions"]
    regions = [*others, {**hebei, "name_en": "Hebei Province"}]
    later = RECEIVED + timedelta(hours=2)
    assert world.registry("regions", regions, received=later).accepted
    again = world.registry("units", REGISTRY_ROWS["units"])
    again.check_files()
    assert again.accepted


def test_a_registry_in_force_outlives_bytes_that_can_no_longer_be_read(world):
    units = REGISTRY_ROWS["units"]
    columns = list(dict.fromkeys(key for row in units for key in row))
    batch = world.batch("site_units", "registry", [columns, units], "units")
    assert Verdict.open(world.settings.verdicts / batch.batch_id).accepted
    gate_module.refuse(world.settings, batch, world.site, Unreadable("no", "again"))
    assert world.submissions(({}, [JOBS])).rows_accepted == 1


def test_a_kill_amid_the_refusal_of_a_registry_leaves_it_in_force(world, monkeypatch):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(gate_module, "commit_file", killed)
        regions = world.settings.verdicts / "registries" / "site_regions.json"
        kept = json.loads(regions.read_text())
        # Another state of the regions, so that the units are judged again.
        regions.write_text(json.dumps({**kept, "batch_sha256": "other"}))
        with pytest.raises(KeyboardInterrupt):
            world.registry("units", REGISTRY_ROWS["units"])
    assert world.submissions(({}, [JOBS])).rows_accepted == 1
    assert world.registry("units", REGISTRY_ROWS["units"]).accepted


def test_rows_of_a_replaced_registry_do_not_outlive_its_refusal(world):
    later = RECEIVED + timedelta(minutes=1)
    newer = [*REGISTRY_ROWS["units"][:1], REGISTRY_ROWS["units"][2]]
    assert world.registry("units", newer, received=later).accepted
    refused = refuse_the_units_in_force(world)
    assert not refused.accepted
    assert not refused.path("registry_rows").exists()
    refused.check_files()


def test_rows_in_force_that_are_gone_are_named_with_the_remedy(world):
    units = world.registry("units", REGISTRY_ROWS["units"])
    shutil.rmtree(units.folder)
    with pytest.raises(Damaged, match=rf"gone: .*planwatch gate {units.batch_id}"):
        world.submissions(({}, [JOBS]))
    assert world.registry("units", REGISTRY_ROWS["units"]).accepted
    assert world.submissions(({}, [JOBS])).rows_accepted == 1


def test_the_validation_result_is_kept(world):
    verdict = world.submissions(({}, [{**JOBS, "value": "x"}]))
    found = json.loads((verdict.folder / "validation.json").read_text())
    failed = {entry["rule_id"] for entry in found if not entry["success"]}
    assert failed == {"OBS_VALUE_DECIMAL", "SUB_ERROR_BUDGET"}
    assert len(found) > 25


CELLS = st.fixed_dictionaries(
    {
        "indicator_code": st.sampled_from(["JOBS", "GROWTH", "HOUSES", "?", None]),
        "region_code": st.sampled_from(["110000", "130000", "?", None]),
        "value": st.sampled_from(["1", "-1", "99999999", "1.5", "x", "", None]),
        "unit_measure": st.sampled_from(["PERSONS", "PERCENT", None]),
        "breakdown": st.sampled_from(["_T", "F", "=1", None]),
        "obs_status": st.sampled_from(["A", "M", "?", None]),
        "comment": st.text(max_size=5).filter(lambda text: "\x00" not in text),
    }
)
ENVELOPES = st.fixed_dictionaries(
    {
        "unit_code": st.sampled_from(["U1", "U2", "U3", "?", None]),
        "form_code": st.sampled_from(["F1", "?", None]),
        "period": st.sampled_from(["2025-07", "2025-03", "2025", "x", None]),
    }
)
# By chance alone hardly a row would be accepted.
GOOD = {"unit_code": "U1", "form_code": "F1", "period": "2025-07"}
SENT = st.tuples(
    st.just(GOOD) | ENVELOPES,
    st.lists(st.sampled_from([JOBS, GROWTH]) | CELLS, max_size=4),
)


# A judgement costs the same for many submissions as for one: draw large batches.
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@example([(GOOD, [])])
@given(st.lists(SENT, min_size=8, max_size=18))
def test_received_is_accepted_plus_rejected(shared_world, sent):
    numbered = [
        ({**envelope, "submission_id": f"S{n}"}, rows)
        for n, (envelope, rows) in enumerate(sent)
    ]
    verdict = shared_world.submissions(*numbered)
    made = products(verdict)
    assert verdict.rows_received == sum(len(rows) for _, rows in sent)
    assert verdict.rows_received == verdict.rows_accepted + verdict.rows_rejected
    assert len(made["accepted"]) == verdict.rows_accepted
    assert len(made["quarantine"]) == verdict.rows_rejected
    assert len(made["submissions"]) == len(sent)
    reasons = {
        (row["submission_id"], row["row_number"])
        for row in made["rejections"]
        if row["severity"] == "error"
    }
    for row in made["quarantine"]:
        own = (row["submission_id"], row["row_number"])
        assert own in reasons or (own[0], None) in reasons
    for row in made["accepted"]:
        assert (row["submission_id"], None) not in reasons
        assert (row["submission_id"], row["row_number"]) not in reasons
    for row in made["submissions"]:
        assert row["rows_received"] == row["rows_accepted"] + row["rows_rejected"]
