"""The main job, as it is called, on a small simulated network."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys

import pytest

from ingestion.settings import Settings
from warehouse.publish import current


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Over a minute; the DAG tests run the same DAGs in every suite.
@pytest.mark.long
def test_the_demo_tells_what_came_and_a_second_one_changes_nothing(
    network, tmp_path, command_environment
):
    shutil.copytree(network, tmp_path / "simulation")
    environment = command_environment | {
        "PLANWATCH_SAMPLES_URL": f"http://127.0.0.1:{free_port()}"
    }

    def demo() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "warehouse.cli", "demo", "--home", str(tmp_path)],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr + done.stdout

    told = demo()
    for dag in ("ingest_statistics", "ingest_submissions", "build_warehouse"):
        assert f"DAG {dag}: success" in told
    assert "simulated sources are invented data" in told
    assert "OBS_" in told
    assert "The ten worst open ones:" in told
    assert "./planwatch explain EW-" in told
    first = current(Settings(home=tmp_path))
    assert first["content_hash"] in told

    again = demo()
    assert "unchanged: nothing new came" in again
    assert current(Settings(home=tmp_path)) == first
