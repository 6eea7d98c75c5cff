"""Waivers, releases from quarantine, dry runs and Data Docs on real batches."""

from __future__ import annotations

import csv
import json
import re
import shutil
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from judged_world import rows_of

from expectations.data_docs import build_data_docs
from expectations.gate import gate
from expectations.receipts import find_receipt
from expectations.rejudgement import awaits_release, dry_run, release
from expectations.verdict import Verdict
from expectations.waivers import COLUMNS, site_waivers
from ingestion.errors import ContentRejected, SiteError, UsageError
from ingestion.landing import LandedBatch
from ingestion.settings import SAMPLE_SITE
from ingestion.site import Site

WAIVER = {
    "waiver_id": "W1",
    "rule_id": "OBS_VALUE_TOO_HIGH",
    "who": "Office of statistics",
    "why": "counted twice by law",
    "until": "2026-12-31",
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory, make_settings, judged_network):
    """Settings of a home and a site of one's own, where all is judged."""
    folder = tmp_path_factory.mktemp("rejudged")
    shutil.copytree(SAMPLE_SITE, folder / "site")
    shutil.copytree(judged_network.home, folder / "home", symlinks=True)
    return make_settings(folder / "home", site=folder / "site")


def waive(settings, *waivers):
    path = settings.site / "waivers.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(waivers)


def rejected_by(settings, rule_id):
    """Batches that have a row rejected by a rule, each with such a reason."""
    for path in sorted(settings.verdicts.glob("*/rejections.parquet")):
        for row in pq.read_table(path).to_pylist():
            if row["rule_id"] == rule_id and row["row_number"] is not None:
                yield LandedBatch.open(settings, row["batch_id"]), row


@pytest.fixture(scope="module")
def would_be_waived(judged):
    """A batch, its reason that a waiver covers, and a dry run with that waiver
    and three others, which name another row and do not cover it."""
    (batch, reason), (_, other), *_ = rejected_by(judged, "OBS_VALUE_TOO_HIGH")
    assert other["submission_id"] != reason["submission_id"]
    own = {"submission_id": other["submission_id"]}
    waive(
        judged,
        {**WAIVER, "submission_id": reason["submission_id"]},
        {**WAIVER, **own, "waiver_id": "W2", "until": "2020-01-01"},
        {**WAIVER, "waiver_id": "W3", "submission_id": "nobody*"},
        {**WAIVER, **own, "waiver_id": "W4", "rule_id": "OBS_VALUE_NEGATIVE"},
    )
    expected = dry_run(judged, Site.load(judged.site))
    (judged.site / "waivers.csv").unlink()
    return batch, reason, expected


def test_an_expired_waiver_and_other_rows_are_not_covered(would_be_waived):
    batch, _, expected = would_be_waived
    assert expected.by_batch == {
        batch.batch_id: {"newly_rejected": 0, "newly_released": 1}
    }


def test_a_waiver_releases_its_rows_and_leaves_a_trace(judged, would_be_waived):
    site = Site.load(judged.site)
    batch, reason, expected = would_be_waived
    assert (expected.newly_released, expected.newly_rejected) == (1, 0)
    assert expected.by_rule == {"OBS_VALUE_TOO_HIGH": {"newly_released": 1}}
    waive(judged, {**WAIVER, "submission_id": reason["submission_id"]})
    before = Verdict.open(judged.verdicts / batch.batch_id)
    assert awaits_release(before, site_waivers(judged.site))
    after = release(judged, batch, site)
    assert not awaits_release(after, site_waivers(judged.site))
    after.check_files()
    assert after.rows_rejected == before.rows_rejected - 1
    assert after.rows_received == after.rows_accepted + after.rows_rejected
    assert after.rule_set_version == before.rule_set_version
    assert after.registry_state != before.registry_state
    (waived,) = rows_of(after, "waived")
    assert (waived["waiver_id"], waived["row_number"]) == ("W1", reason["row_number"])
    noted = [r for r in rows_of(after, "rejections") if r["severity"] == "waived"]
    (kept,) = noted
    assert kept["expected_from"].endswith(
        "; waiver W1 by Office of statistics until 2026-12-31: counted twice by law"
    )
    receipt = find_receipt(judged, reason["submission_id"])
    assert "waived" in {error["severity"] for error in receipt["errors"]}
    trace = after.folder / "earlier" / "0001"
    kept_before = json.loads((trace / "verdict.json").read_text())
    assert kept_before["rows_rejected"] == before.rows_rejected
    (judged.site / "waivers.csv").unlink()
    with pytest.raises(ContentRejected, match="take back 1 accepted rows"):
        release(judged, batch, site)
    assert Verdict.open(after.folder) == after
    shutil.rmtree(after.folder)
    assert gate(judged, batch, site).rows_rejected == before.rows_rejected


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rule_id": "OBS_NONE"}, "there is no rule"),
        ({"rule_id": "OBS_VALUE_DECIMAL"}, "cannot be waived"),
        ({"who": ""}, "have to be filled"),
        ({"until": "soon"}, "until is no date"),
        # Days to Python, and none to DuckDB.
        ({"until": "20261231"}, "until is no date such as 2026-12-31: '20261231'"),
        ({"until": "2026-W53-4"}, "until is no date"),
        ({"submission_id": ""}, "at least one of"),
    ],
)
def test_a_waiver_that_says_too_little_is_refused(
    tmp_path, make_settings, change, told
):
    settings = make_settings(tmp_path, site=tmp_path)
    waive(settings, {**WAIVER, "submission_id": "S*", **change})
    with pytest.raises(SiteError, match=f"line 2: .*{told}"):
        site_waivers(tmp_path)


def test_waivers_in_another_encoding_are_refused_with_the_line(tmp_path, make_settings):
    settings = make_settings(tmp_path, site=tmp_path)
    waive(settings, {**WAIVER, "submission_id": "S*", "why": "依法重复计算"})
    path = tmp_path / "waivers.csv"
    assert site_waivers(tmp_path)[0].why == "依法重复计算"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    with pytest.raises(SiteError, match="line 2: it is not UTF-8"):
        site_waivers(tmp_path)


def test_a_dry_run_writes_nothing_and_knows_since(judged):
    site = Site.load(judged.site)

    def state():
        return {
            path: path.stat().st_mtime_ns
            for path in judged.home.rglob("*")
            if path.is_file()
        }

    before = state()
    report = dry_run(judged, site)
    assert (report.newly_released, report.newly_rejected) == (0, 0)
    assert report.batches > 0
    assert report.rows > 100
    assert state() == before
    assert dry_run(judged, site, datetime(2030, 1, 1, tzinfo=UTC)).batches == 0


def test_every_verdict_has_a_page_that_is_readable_offline(judged):
    """Judging alone has written them: no command, no network, no script."""
    index = judged.home / "data_docs" / "index.html"
    pages = {path.stem: path for path in index.parent.glob("*.html")}
    verdicts = {path.parent.name for path in judged.verdicts.glob("*/verdict.json")}
    assert len(verdicts) > 5
    assert set(pages) == {*verdicts, "index"}
    listed = re.findall(r'href="([^"#]+)[.]html"', index.read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(verdicts)
    batch, _ = next(rejected_by(judged, "OBS_VALUE_TOO_HIGH"))
    page = pages[batch.batch_id].read_text(encoding="utf-8")
    assert "OBS_VALUE_TOO_HIGH" in page
    assert "数值" in page
    for path in pages.values():
        text = path.read_text(encoding="utf-8")
        assert "<style>" in text
        assert not re.search(r"<script|<link|<img", text)
        assert not re.search(
            r"""(?:href|src|url)\s*[=(]\s*["']?\s*(?:https?:)?//""", text
        )
        for target in re.findall(r'href="([^"#]+)"', text):
            assert (index.parent / target).exists()


def test_pages_cost_what_is_new(judged):
    """Judging one batch again writes its page and its line, and no other."""
    folder = judged.home / "data_docs"
    site = Site.load(judged.site)
    batch, _ = next(rejected_by(judged, "OBS_VALUE_TOO_HIGH"))

    def written():
        return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    before = written()
    gate(judged, batch, site)
    assert written() == before
    (judged.verdicts / batch.batch_id / "verdict.json").unlink()
    gate(judged, batch, site)
    changed = {name for name, at in written().items() if at != before[name]}
    assert changed == {f"{batch.batch_id}.html"}


def test_lost_pages_are_made_again_from_the_verdicts(judged):
    index = judged.home / "data_docs" / "index.html"
    names = {path.name for path in index.parent.iterdir()}
    listed = index.read_text(encoding="utf-8")
    shutil.rmtree(index.parent)
    assert build_data_docs(judged) == index
    assert {path.name for path in index.parent.iterdir()} == names
    assert index.read_text(encoding="utf-8") == listed


def test_pages_of_a_batch_without_verdict_are_refused(judged):
    with pytest.raises(UsageError, match="'nothing' has no verdict"):
        build_data_docs(judged, "nothing")
