"""Commands as their users run them, on a release that was really built."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import duckdb
import pytest
from typer.testing import CliRunner

from ingestion.errors import UsageError
from warehouse.as_of import build_as_of
from warehouse.cli.commands import app
from warehouse.database import writer
from warehouse.publish import current

runner = CliRunner()


def planwatch(*arguments: object) -> str:
    done = runner.invoke(app, [*map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def command_names() -> list[str]:
    names = [command.name for command in app.registered_commands]
    assert names
    return names


@pytest.mark.parametrize("name", command_names())
def test_every_command_has_help_on_everything(name):
    told = planwatch(name, "--help")
    assert name in told
    command = next(c for c in app.registered_commands if c.name == name)
    assert command.callback.__doc__


def test_the_exit_codes_are_documented():
    told = planwatch("--help")
    for code in range(7):
        assert f"{code} " in told.split("Exit codes:")[1]


def test_verify_and_publish_and_build_on_a_finished_home(published_copy):
    home = published_copy.home
    proof = json.loads(planwatch("verify", "--home", home, "--json"))
    assert proof["batches"] >= 17
    assert planwatch("gate", "--home", home, "--json").strip() == "[]"
    again = json.loads(planwatch("publish", "--home", home, "--json"))
    assert again["changed"] is False


def test_sql_prints_tables_for_people_and_json_for_programs(published):
    query = "select release_id from published.release_info"
    text = planwatch("sql", query, "--home", published.home)
    assert text.splitlines()[0] == "release_id"
    rows = json.loads(planwatch("sql", query, "--home", published.home, "--json"))
    assert rows[0]["release_id"] == text.splitlines()[1]
    more = runner.invoke(
        app, ["sql", "from range(9)", "--limit", "3", "--home", str(published.home)]
    )
    assert "more than 3 rows" in more.stderr


def test_json_is_json_whatever_is_asked(published):
    query = (
        "select 'nan'::double as a, ['inf'::double, 1.5] as b,"
        " map {date '2020-01-01': 1, date '2021-01-01': null} as c"
    )

    def refuse(word: str):
        pytest.fail(f"{word} is no JSON")

    told = planwatch("sql", query, "--home", published.home, "--json")
    assert json.loads(told, parse_constant=refuse) == [
        {"a": None, "b": [None, 1.5], "c": {"2020-01-01": 1, "2021-01-01": None}}
    ]


def test_the_worst_warnings_come_first(published):
    rows = json.loads(
        planwatch("warnings", "--home", published.home, "--json", "--limit", "50")
    )
    order = {"red": 1, "orange": 2, "yellow": 3}
    severities = [order[row["severity"]] for row in rows]
    assert severities == sorted(severities)
    assert {row["state"] for row in rows} == {"open"}


@pytest.mark.parametrize(
    "rule", ["EW_OFF_TRACK", "EW_SILENT_UNIT", "EW_LATE_UNIT", "EW_PLAN_EXPIRED"]
)
def test_a_warning_is_explained_down_to_file_and_row(published, rule):
    query = (
        f"select warning_id from published.early_warning where rule_id = '{rule}'"
        " order by state, warning_id limit 1"
    )
    found = json.loads(planwatch("sql", query, "--home", published.home, "--json"))
    assert found, f"the sample world raises no {rule}"
    warning_id = found[0]["warning_id"]
    told = planwatch("explain", warning_id, "--home", published.home)
    assert rule in told
    assert "version" in told
    assert "release" in told
    if rule == "EW_OFF_TRACK":
        assert "the path asks for" in told
        assert "row " in told
        assert "sha256" in told
        assert "PROGRESS_RAG" in told or "yellow_limit_pct" in told
    as_json = json.loads(
        planwatch("explain", warning_id, "--home", published.home, "--json")
    )
    assert as_json["sentences"]


def test_a_receipt_can_be_asked_for(published):
    query = (
        "select submission_id from core.fct_observation"
        " where submission_id is not null limit 1"
    )
    found = json.loads(planwatch("sql", query, "--home", published.home, "--json"))
    told = planwatch("receipt", found[0]["submission_id"], "--home", published.home)
    assert json.loads(told)["verdict"] in ("accepted", "partly_accepted")


def test_errors_of_a_receipt_can_be_had_as_csv(published):
    (found,) = json.loads(
        planwatch(
            "sql",
            "select any_value(submission_id) as id from core.fct_submission"
            " where n_errors = 1",
            "--home",
            published.home,
            "--json",
        )
    )
    told = planwatch(
        "receipt", found["id"], "--format", "csv", "--home", published.home
    )
    header, *errors = told.splitlines()
    assert header.startswith("row_number,row_key,field,offending_value,rule_id")
    assert any(",error," in line for line in errors)


def test_the_units_commands_work_on_a_finished_home(published, tmp_path, monkeypatch):
    monkeypatch.setenv("PLANWATCH_NOW", "2024-03-05T00:00:00Z")
    unit, home = "SIM-U-110000", ("--home", published.home)
    asked = ("--unit", unit, "--form", "SIM-MONTHLY", "--period", "2024-02")
    bundle, form = tmp_path / "unit.zip", tmp_path / "form.csv"
    told = json.loads(
        planwatch("bundle", "--unit", unit, "--output", bundle, *home, "--json")
    )
    assert told["bytes"] == bundle.stat().st_size < 100_000
    planwatch("template", *asked, "--bundle", bundle, "--output", form)
    # Nothing is filled in yet: each row is told so, and the exit code is 1.
    done = runner.invoke(
        app, ["check", str(form), *asked, "--bundle", str(bundle), "--json"]
    )
    assert done.exit_code == 1
    rules = [e["rule_id"] for e in json.loads(done.output)["errors"]]
    assert rules.count("OBS_VALUE_MISSING") == 8
    assert json.loads(planwatch("deliver", *home, "--json")) == []


def test_a_second_run_changes_nothing(published_copy, command_environment):
    def run() -> dict:
        done = subprocess.run(
            [sys.executable, "-m", "warehouse.cli", "run", "--json", "--home",
             str(published_copy.home)],
            env=command_environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    again = run()
    assert again["landed"] == []
    assert again["build"]["skipped"] is True
    assert again["release"]["changed"] is False


def test_rebuilding_keeps_answers_and_replays(published_copy, monkeypatch):
    monkeypatch.setenv("PLANWATCH_NOW", published_copy.now.isoformat())
    home = ("--home", published_copy.home)
    (worst, *_) = json.loads(planwatch("warnings", *home, "--json"))
    assert worst["track_record"] == "no track record: never replayed"
    said = ("--by", "Steering desk", "--why", "known; plan in hand")
    planwatch("acknowledge", worst["warning_id"], *said, *home)
    # It builds and publishes, too: the answer of above is in its release.
    told = json.loads(
        planwatch(
            *("replay", "--from", "2018-12-31", "--to", "2021-12-31"),
            *("--step", "year", *home, "--json"),
        )
    )
    record = {row["rule_id"]: row for row in told["track_record"]}["EW_OFF_TRACK"]
    # The 13th plan: energy was ahead of its path in 2017 (8.5 of 6 asked for)
    # and ended at 13.2 of 15, CO2 at 18.8 of 18 (methods 1.1).
    assert (record["cases"], record["misses"], record["correct_silences"]) == (2, 1, 1)
    assert record["recall"] == 0
    why = planwatch("explain", worst["warning_id"], *home)
    assert "Steering desk answered on" in why
    assert "never warned when replayed; 1 targets were missed" in why
    assert _replayed(published_copy, published_copy.now) > 0
    assert _replayed(published_copy, published_copy.now - timedelta(days=1)) == 0
    before = current(published_copy)
    release = json.loads(planwatch("rebuild", *home, "--json"))
    assert release["content_hash"] == before["content_hash"]
    (answered, *_) = json.loads(
        planwatch("warnings", "--state", "acknowledged", *home, "--json")
    )
    assert answered["warning_id"] == worst["warning_id"]
    assert answered["acknowledged_by"] == "Steering desk"


def _replayed(settings, as_of) -> int:
    """Replayed targets that a model of that moment knows."""
    model = settings.home / "of_a_day" / "planwatch.duckdb"
    moment = as_of.replace(tzinfo=None)
    build_as_of(settings, moment, model, "+stg_replayed_targets")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{model}' as planwatch (read_only)")
        connection.execute(f"attach '{settings.warehouse}' as kept (read_only)")
        return connection.execute(
            "select count(*) from planwatch.staging.stg_replayed_targets"
        ).fetchone()[0]


ANSWERS = (
    # until, as it is kept, reason, as it is kept
    ("20261231", "2026-12-31", "known;\r\nplan in hand", "known; plan in hand"),
    ("2026-W53-4", "2026-12-31", ' says "no",\rand\u2028more ', 'says "no", and more'),
)


def test_an_answer_of_any_shape_keeps_the_file_usable(published_copy, monkeypatch):
    monkeypatch.setenv("PLANWATCH_NOW", published_copy.now.isoformat())
    home = ("--home", published_copy.home)
    found = json.loads(planwatch("warnings", *home, "--json"))
    names = [warning["warning_id"] for warning in found[: len(ANSWERS)]]
    for name, (until, _, why, _) in zip(names, ANSWERS, strict=True):
        said = ("--by", "Steering\r\ndesk", "--why", why, "--until", until)
        planwatch("acknowledge", name, *said, *home)
    for by, why in (("desk", "bad \udcff"), ("\udcff", "known")):
        said = ["--by", by, "--why", why, *map(str, home)]
        done = runner.invoke(app, ["acknowledge", names[0], *said])
        assert isinstance(done.exception, UsageError)
    with writer(published_copy) as connection:
        kept = connection.execute(
            "select warning_id, acknowledged_by, until, why"
            " from raw.registry_acknowledgements"
        ).fetchall()
    assert sorted(kept) == sorted(
        (name, "Steering desk", until, why)
        for name, (_, until, _, why) in zip(names, ANSWERS, strict=True)
    )


WRONG = (
    ("EW-none", ["acknowledge", "EW-none", "--by", "A", "--why", "B"]),
    ("name and a reason", ["acknowledge", "EW-none", "--by", " ", "--why", "B"]),
    ("soon", ["replay", "--from", "soon", "--to", "2021-12-31"]),
    ("2022-01-01", ["replay", "--from", "2022-01-01", "--to", "2021-12-31"]),
    ("quarter", ["replay", "--from", "2020-01-01", "--to", "2021-12-31",
                 "--step", "day"]),
    ("not come yet", ["replay", "--from", "2020-01-01", "--to", "2100-01-01"]),
    ("not come yet", ["replay", "--from", "2020-01-01", "--to", "9999-12-31"]),
)  # fmt: skip


@pytest.mark.parametrize(("word", "arguments"), WRONG)
def test_a_wrong_answer_or_replay_is_told_in_a_sentence(published, arguments, word):
    done = runner.invoke(app, [*arguments, "--home", str(published.home)])
    assert done.exit_code != 0
    assert word in f"{done.exception} {done.output}"


def test_simulate_tells_what_it_made_and_the_same_seed_makes_the_same(tmp_path):
    size = ("--units", 40, "--months", 2, "--seed", 5)
    told = planwatch("simulate", *size, "--home", tmp_path / "one")
    assert "40 units, 2 months" in told
    assert "Planted faults" in told
    again = json.loads(planwatch("simulate", *size, "--home", tmp_path, "--json"))
    one = tmp_path / "one" / "simulation" / "submissions" / "submissions.ndjson"
    two = tmp_path / "simulation" / "submissions" / "submissions.ndjson"
    assert again["submissions"] > 0
    assert one.read_bytes() == two.read_bytes()


def test_what_failed_in_a_run_is_redone_alone(tmp_path, samples_url, monkeypatch):
    monkeypatch.setenv("PLANWATCH_SAMPLES_URL", "http://127.0.0.1:9")
    asked = ["ingest", "national_annual", "--home", str(tmp_path), "--json"]
    failed = runner.invoke(app, asked)
    assert failed.exit_code != 0
    run = json.loads(failed.stdout)
    assert len(run["failures"]) == 1
    monkeypatch.setenv("PLANWATCH_SAMPLES_URL", samples_url)
    redone = json.loads(
        planwatch(
            "ingest", "--retry-failed", run["run_id"], "--home", tmp_path, "--json"
        )
    )
    assert redone["failures"] == []
    assert redone["retry_of"] == run["run_id"]
    assert len(redone["batch_ids"]) == 1


def test_attempts_to_fetch_can_be_queried(published):
    query = (
        "select result, count(*) as attempts from core.fct_fetch_outcome"
        " group by all order by all"
    )
    rows = json.loads(planwatch("sql", query, "--home", published.home, "--json"))
    assert {row["result"] for row in rows} >= {"landed"}


def test_nothing_that_a_release_cites_is_given_up(published_copy):
    kept = json.loads(
        planwatch("retain", "--days", 0, "--home", published_copy.home, "--json")
    )
    assert kept["retired"] == []
    assert planwatch("verify", "--home", published_copy.home)


def test_nothing_that_the_next_release_will_cite_is_given_up(
    published_copy, monkeypatch
):
    """Answers are loaded at once and released later; each lands the file anew."""
    home = ("--home", published_copy.home)
    monkeypatch.setenv("PLANWATCH_NOW", published_copy.now.isoformat())
    (one, two, *_) = json.loads(planwatch("warnings", *home, "--json"))
    for warning in (one, two):
        said = ("--by", "Desk", "--why", "known")
        planwatch("acknowledge", warning["warning_id"], *said, *home)
    later = published_copy.now + timedelta(days=1)
    monkeypatch.setenv("PLANWATCH_NOW", later.isoformat())
    kept = json.loads(planwatch("retain", "--days", 0, *home, "--json"))
    assert kept["retired"] == []
    assert kept["protected"] == 2
