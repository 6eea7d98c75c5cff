"""Rows cannot be carried past the gate through any public function."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from reporting_site import good_rows, send, write_site

from expectations.gate import gate
from expectations.verdict import Verdict, digests
from ingestion.errors import ContentRejected, Damaged, PlanwatchError
from ingestion.ingest import ingest
from ingestion.landing import LandedBatch
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse.chain import RunReport, enter, take_in, take_in_registries
from warehouse.load import load, record_refusal


@pytest.fixture(scope="module")
def judged_home(tmp_path_factory) -> Settings:
    """Registries loaded; one good and one bad report landed and judged."""
    folder = tmp_path_factory.mktemp("smuggling")
    site_folder = write_site(folder / "site")
    settings = Settings(
        home=folder / "home", site=site_folder, now="2025-07-06T00:00:00Z"
    )
    site = Site.load(site_folder)
    take_in_registries(settings, site, RunReport())
    for submission_id, value in (("good", "1"), ("bad", "999999")):
        rows = [{**row, "value": value} for row in good_rows()]
        send(settings, submission_id, "2025-07-05T00:00:00Z", rows)
        batch = ingest(settings, site.source("reports"), 0, lambda _: None)
        gate(settings, batch, site)
    return settings


@pytest.fixture
def settings(judged_home, tmp_path) -> Settings:
    shutil.copytree(judged_home.home, tmp_path / "home")
    return judged_home.model_copy(update={"home": tmp_path / "home"})


def batch_with(settings: Settings, accepted: int) -> tuple[LandedBatch, Verdict]:
    """The landed report of which so many rows were accepted."""
    for path in settings.verdicts.glob("reports-*"):
        verdict = Verdict.open(path)
        if verdict.rows_accepted == accepted:
            return LandedBatch.open(settings, verdict.batch_id), verdict
    raise AssertionError(f"no report with {accepted} accepted rows")


def smuggled(settings: Settings) -> int:
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        return connection.execute(
            "select count(*) from raw.observation where value = 999999"
        ).fetchone()[0]


def with_bad_rows(verdict: Verdict) -> None:
    """Put the quarantined rows where accepted ones lie."""
    quarantine, accepted = verdict.path("quarantine"), verdict.path("accepted")
    columns = (
        "* replace (value::decimal(38, 10) as value, null::timestamp as published_at)"
    )
    made = accepted.with_suffix(".new")
    duckdb.execute(
        f"copy (select {columns} from read_parquet('{quarantine}')) to '{made}'"
        " (format parquet)"
    )
    made.replace(accepted)


def rewritten(verdict: Verdict, **changes: object) -> None:
    """Edit verdict.json by hand."""
    path = verdict.folder / "verdict.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_gate_itself_lets_the_good_report_in(settings):
    batch, verdict = batch_with(settings, 25)
    assert load(settings, batch, verdict).rows_loaded == 25
    assert smuggled(settings) == 0


ATTEMPTS = {
    "no verdict": lambda s, b, v: load(s, b, None),
    "the verdict on another batch": lambda s, b, v: load(s, b, batch_with(s, 25)[1]),
    "another verdict under this id": lambda s, b, v: load(
        s, b, replace(batch_with(s, 25)[1], batch_id=b.batch_id, batch_sha256=b.sha256)
    ),
    "a batch under another id": lambda s, b, v: load(
        s, replace(b, batch_id=batch_with(s, 25)[0].batch_id), v
    ),
    "a verdict made up in memory": lambda s, b, v: load(
        s, b, replace(v, rows_accepted=25, rows_rejected=0)
    ),
    "a verdict from a folder of one's own": lambda s, b, v: load(
        s, b, replace(v, folder=Path(shutil.copytree(v.folder, s.home / "mine")))
    ),
    "entering with a made up verdict": lambda s, b, v: enter(
        s, b, replace(v, rows_accepted=25, accepted=True)
    ),
    "a refusal that never was": lambda s, b, v: record_refusal(
        s, b, replace(v, accepted=False)
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_a_foreign_or_made_up_verdict_loads_nothing(settings, attempt):
    batch, verdict = batch_with(settings, 0)
    with pytest.raises((ContentRejected, Damaged)):
        attempt(settings, batch, verdict)
    assert smuggled(settings) == 0


def test_a_parquet_file_changed_after_the_judgement_is_noticed(settings):
    batch, verdict = batch_with(settings, 0)
    with_bad_rows(verdict)
    with pytest.raises(Damaged, match=r"accepted\.parquet"):
        load(settings, batch, verdict)
    with pytest.raises(Damaged, match=r"accepted\.parquet"):
        take_in(settings, Site.load(settings.site), batch)
    assert smuggled(settings) == 0


def test_a_verdict_file_changed_after_the_judgement_is_noticed(settings):
    batch, verdict = batch_with(settings, 0)
    with_bad_rows(verdict)
    rewritten(verdict, files=digests(verdict.folder), rows_accepted=25)
    with pytest.raises(Damaged, match="altered after the judgement"):
        take_in(settings, Site.load(settings.site), batch)
    with pytest.raises(PlanwatchError):
        load(settings, batch, verdict)
    assert smuggled(settings) == 0


def test_a_file_put_beside_the_verdict_is_noticed(settings):
    batch, verdict = batch_with(settings, 0)
    shutil.copy(verdict.path("quarantine"), verdict.path("registry_rows"))
    with pytest.raises(Damaged, match=r"registry_rows\.parquet"):
        load(settings, batch, verdict)


def test_judging_anew_after_the_damage_gives_the_first_verdict(settings):
    batch, verdict = batch_with(settings, 0)
    with_bad_rows(verdict)
    shutil.rmtree(verdict.folder)
    again = gate(settings, batch, Site.load(settings.site))
    assert again.rows_accepted == 0
    assert load(settings, batch, again).rows_loaded == 0
    assert smuggled(settings) == 0
