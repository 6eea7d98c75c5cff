"""Kill the chain anywhere, run it again: nothing lost, nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from watchfiles import watch

from warehouse.publish import current

COMMAND = [sys.executable, "-m", "warehouse.cli", "run", "--json"]


def start(environment: dict[str, str], home: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [*COMMAND, "--home", str(home)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kill_at(process: subprocess.Popen, what: str, subject: str) -> None:
    """SIGKILL as soon as the process tells this event."""
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == what and event["subject"].startswith(subject):
            process.kill()
            process.wait()
            return
    raise AssertionError(f"the run ended before {what} {subject}")


def kill_when_written(process: subprocess.Popen, path: Path) -> None:
    """SIGKILL as soon as a file appears: here, when dbt starts to run models."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in watch(path.parent, step=1, debounce=1, rust_timeout=60_000):
        if path.exists() or process.poll() is not None:
            break
    assert process.poll() is None, "the run ended before it could be killed"
    process.kill()
    process.wait()


KILLS = {
    "landed": lambda run, _: kill_at(run, "landed", "site_regions"),
    "judged": lambda run, _: kill_at(run, "judged", "sim_units"),
    "loaded": lambda run, _: kill_at(run, "loaded", "sim_submissions"),
    "built": lambda run, home: kill_when_written(run, home / "dbt/logs/dbt.log"),
    "published": lambda run, _: kill_at(run, "publishing", ""),
}


@pytest.mark.parametrize(
    "stages",
    [
        ("judged", "built", "published"),
        pytest.param(tuple(KILLS), marks=pytest.mark.long),
    ],
    ids=["thrice", "at-every-stage"],
)
def test_a_chain_killed_again_and_again_ends_as_an_undisturbed_one(
    stages, published, tmp_path, command_environment
):
    home = tmp_path / "home"
    for stage in stages:
        KILLS[stage](start(command_environment, home), home)
    done = start(command_environment, home)
    told = [json.loads(line) for line in done.stderr]
    assert done.wait() == 0, told

    disturbed = json.loads((home / "releases/current/manifest.json").read_text())
    assert disturbed["content_hash"] == current(published)["content_hash"]
    assert disturbed["tables"] == current(published)["tables"]
    with duckdb.connect(home / "warehouse/planwatch.duckdb", read_only=True) as raw:
        rows = raw.execute(
            "select count(*), count(distinct batch_id) from raw.batch"
        ).fetchone()
    assert rows[0] == rows[1] == len(disturbed["source_batches"])
    left = {path.name for path in (home / "releases").iterdir()}
    assert left == {disturbed["release_id"], "current"}
