"""The machine says no: no room, no right to write, too few files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.errors import EXIT_MACHINE
from ingestion.ingest import ingest
from ingestion.proof import prove_landing
from tests.collection.answering import saying

ROOT = Path(__file__).resolve().parents[2]

# Fetches in a process of its own, under a limit or as another user.
FETCH = """
import json, os, resource, sys
from ingestion.errors import PlanwatchError
from ingestion.ingest import ingest
from ingestion.settings import Settings
from ingestion.source import Source

home, site, url, how = sys.argv[1:]
settings = Settings(home=home, site=site)
source = Source.model_validate({
    "code": "some_source", "kind": "statistical_release", "connector": "http",
    "location": url, "format": "json", "limits": {"attempts": 1},
})
if how.isdigit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(how), int(how)))
elif how == "nobody":
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    batch = ingest(settings, source)
    print(json.dumps({"batch": batch.batch_id if batch else None}))
except PlanwatchError as error:
    print(json.dumps({"exit": error.exit_code, "text": str(error)}))
"""


def fetch(settings, world, how: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", FETCH, settings.home, settings.site,
         f"{world.url}/data", how],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_room_for_an_answer_is_one_sentence_and_leaves_landing_whole(
    world, settings, declare
):
    """A limit on the size of files, as a full disk: EFBIG instead of ENOSPC."""
    world.answers["/data"] = saying(200, b"[1]")
    ingest(settings, declare())
    # So much that the answer does not fit, but the index and outcomes do.
    world.answers["/data"] = saying(200, b"[%s]" % (b"1, " * 100_000 + b"1"))
    told = fetch(settings, world, "150000")
    assert told["exit"] == EXIT_MACHINE
    assert "File too large" in told["text"]
    assert "free some space" in told["text"]
    assert prove_landing(settings).batches == 1
    assert not list((settings.landing / "incoming").glob("*/*"))
    assert fetch(settings, world, "no limit")["batch"]
    assert prove_landing(settings).batches == 2


def test_no_room_for_the_ledger(world, settings, declare):
    """The ledger itself cannot grow: the commit waits, and is finished later."""
    for n in range(30):
        world.answers["/data"] = saying(200, b"[%d]" % n)
        ingest(settings, declare())
    room = (settings.landing / "ledger.jsonl").stat().st_size + 50
    (settings.landing / "index" / "some_source.sqlite").unlink()
    world.answers["/data"] = saying(200, b"[999]")
    told = fetch(settings, world, str(room))
    assert told["exit"] == EXIT_MACHINE
    assert prove_landing(settings).batches in (30, 31)
    ingest(settings, declare())
    assert prove_landing(settings).batches == 31


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_no_right_to_write_as_another_user(world, settings, declare):
    world.answers["/data"] = saying(200, b"[1]")
    for folder in (settings.home, *settings.home.parents):
        if folder.exists() and folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    told = fetch(settings, world, "nobody")
    assert told["exit"] == EXIT_MACHINE
    assert "No permission to write" in told["text"]
    assert str(settings.home) in told["text"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_no_right_to_write(world, settings, declare):
    world.answers["/data"] = saying(200, b"[1]")
    settings.home.mkdir()
    settings.home.chmod(0o555)
    told = fetch(settings, world, "as we are")
    assert told["exit"] == EXIT_MACHINE
    assert "No permission to write" in told["text"]
