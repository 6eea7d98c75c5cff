"""One address per unit: waves that are killed, fail in part, and go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from ingestion.errors import SourceUnavailable, UsageError
from ingestion.ingest import ingest, shards
from ingestion.landing import LandedBatch, ledger, object_path
from ingestion.newest import newest_files
from ingestion.outcomes import Recorder, outcomes
from ingestion.proof import prove_landing
from ingestion.run import RunSummary, ingest_run, retry_failed
from ingestion.site import Site
from ingestion.visit import Visit
from ingestion.wave import fetch_wave
from tests.collection.answering import saying

ROOT = Path(__file__).resolve().parents[2]
UNITS = 60
ONE_SHARD = {"file": "units.csv", "shards": 1, "parallel": 1}


def answer(handler) -> None:
    """A body and a tag of each unit's own."""
    unit = handler.path.rpartition("/")[2]
    tag = f'"{unit}-1"'
    if handler.headers.get("If-None-Match") == tag:
        handler.say(304, ETag=tag)
    else:
        handler.say(200, f'{{"unit_code": "{unit}"}}'.encode(), ETag=tag)


@pytest.fixture
def site(settings, world):
    """Sixty units in four shards; the server answers all of them."""
    world.answers["*"] = answer
    write_units(settings, range(UNITS))
    return write_source(settings, world)


def write_units(settings, numbers) -> None:
    text = "unit_code,kind\n" + "".join(f"U{n:03d},office\n" for n in numbers)
    (settings.site / "sources" / "units.csv").write_text(text)


def write_source(settings, world, **keys) -> Site:
    declared = {
        "code": "units", "kind": "submission", "connector": "http",
        "format": "submission-json", "location": f"{world.url}/unit/{{unit_code}}",
        "endpoints": {"file": "units.csv", "shards": 4, "parallel": 4},
        "limits": {"attempts": 2, "timeout_seconds": 5},
    } | keys  # fmt: skip
    path = settings.site / "sources" / "units.yml"
    path.write_text(yaml.safe_dump(declared))
    return Site.load(settings.site)


def landed_units(settings) -> Counter:
    """Unit codes of all landed files, from manifests and from the bytes."""
    units: Counter = Counter()
    for batch in landed_batches(settings):
        for file in batch.files:
            body = json.loads(object_path(settings, file.sha256).read_bytes())
            assert body["unit_code"] == file.unit_code
            units[file.unit_code] += 1
    return units


def landed_batches(settings) -> list[LandedBatch]:
    return [LandedBatch.open(settings, e["batch_id"]) for e in ledger(settings)]


def everyone(count: int = UNITS) -> Counter:
    return Counter({f"U{n:03d}": 1 for n in range(count)})


def test_a_wave_lands_every_unit_once_and_the_next_one_nothing(
    settings, world, site, told
):
    tallies = []
    summary = ingest_run(settings, site, progress=lambda t: tallies.append(t.done))
    assert landed_units(settings) == everyone()
    assert summary.counts == {"landed": UNITS}
    assert (len(summary.batch_ids), summary.failures) == (4, ())
    assert tallies[-1] == UNITS
    assert tallies == sorted(tallies)
    again = ingest_run(settings, site)
    assert again.counts == {"unchanged": UNITS}
    assert again.batch_ids == ()
    assert prove_landing(settings).files == UNITS
    assert {o.unit_code for o in told()} == set(everyone())
    assert not list((settings.landing / "waves").glob("*"))


def test_processes_share_a_wave(settings, site):
    tallies = []
    summary = ingest_run(
        settings,
        site,
        processes=2,
        progress=lambda t: tallies.append((t.done, t.total)),
    )
    assert landed_units(settings) == everyone()
    assert summary.counts == {"landed": UNITS}
    assert tallies[-1] == (UNITS, UNITS)
    assert len({entry["batch_id"] for entry in ledger(settings)}) == 4
    prove_landing(settings)


def test_a_unit_stays_in_its_shard_when_others_come(settings, world, site):
    source = site.source("units")
    where = {}
    for extra in (0, 30):
        write_units(settings, range(UNITS + extra))
        for shard in shards(source):
            world.asked.clear()
            ingest(settings, source, shard)
            for path in world.paths():
                where.setdefault(path, set()).add(shard)
    assert len(where) == UNITS + 30
    assert all(len(found) == 1 for found in where.values())


def start(settings, *, processes: int = 1, dies_at: str = " ") -> subprocess.Popen:
    """A run of its own; `dies_at` is an audit event and how the path in it ends."""
    code = (
        "import os, signal, sys\n"
        "def die(event, about, at=sys.argv[4].split(' ')):\n"
        "    if event == at[0] and str(about[0]).endswith(at[1]):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(die)\n"
        "from ingestion.run import ingest_run\n"
        "from ingestion.settings import Settings\n"
        "from ingestion.site import Site\n"
        "if __name__ == '__main__':\n"
        "    settings = Settings(home=sys.argv[1], site=sys.argv[2])\n"
        "    ingest_run(settings, Site.load(settings.site), processes=int(sys.argv[3]))"
    )
    script = settings.site / "wave.py"
    script.write_text(code)
    return subprocess.Popen(
        [sys.executable, script, settings.home, settings.site, str(processes), dies_at],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("processes", [1, 2])
def test_a_killed_wave_goes_on_without_asking_again_for_what_it_has(
    settings, world, site, processes
):
    """SIGKILL when the 30th request arrives, which is held back until then."""
    reached, lock, count = threading.Event(), threading.Lock(), [0]
    dead = threading.Event()

    def until_killed(handler) -> None:
        with lock:
            count[0] += 1
            number = count[0]
        if number >= 30:
            reached.set()
            dead.wait(60)
            handler.reset()
        else:
            answer(handler)

    world.answers["*"] = until_killed
    wave = start(settings, processes=processes)
    assert reached.wait(60)
    wave.send_signal(signal.SIGKILL)
    # Its children hold its output open, until they have noticed and are gone too.
    wave.communicate()
    dead.set()
    journaled = {
        json.loads(line)["url"].rpartition("/")[2]
        for path in (settings.landing / "waves").glob("*.ndjson")
        for line in path.read_bytes().splitlines()
        if b'"url"' in line
    } | set(landed_units(settings))
    # Answers that were on their way when it died are the only loss.
    assert 29 - 2 * 4 <= len(journaled) <= 29

    world.asked.clear()
    world.answers["*"] = answer
    ingest_run(settings, site)
    assert landed_units(settings) == everyone()
    asked = [
        path.rpartition("/")[2]
        for path, sent in ((a.path, a.headers) for a in world.asked)
        if "if-none-match" not in sent
    ]
    assert not set(asked) & journaled
    # The kill may have cut off an answer, which is then asked for twice.
    assert len(set(asked)) == UNITS - len(journaled)
    prove_landing(settings)


@pytest.mark.parametrize(
    ("dies_at", "lost_lines"),
    [("open ledger.jsonl", 0), ("os.remove .ndjson", 0), ("os.remove .ndjson", 2)],
)
def test_a_wave_killed_while_its_batch_lands_is_over(
    settings, world, dies_at, lost_lines
):
    """Before the ledger's line, or after; a loss of power may cut the journal."""
    world.answers |= {"*": answer, "/unit/U000": saying(404)}
    write_units(settings, range(6))
    site = write_source(settings, world, endpoints=ONE_SHARD)
    wave = start(settings, dies_at=dies_at)
    wave.communicate()
    assert wave.returncode == -signal.SIGKILL
    (journal,) = (settings.landing / "waves").iterdir()
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) - lost_lines]))

    world.answers["/unit/U000"] = answer
    ingest_run(settings, site)
    assert landed_units(settings) == everyone(6)
    assert [len(batch.files) for batch in landed_batches(settings)] == [5, 1]
    assert not journal.exists()
    prove_landing(settings)


def test_a_wave_that_waited_for_another_knows_what_that_one_landed(settings, world):
    world.answers |= {"*": answer, "/unit/U000": saying(404)}
    write_units(settings, range(6))
    source = write_source(settings, world, endpoints=ONE_SHARD).source("units")
    with Recorder(settings, "waiting", "units", 0) as recorder:
        known = newest_files(settings, "units")
        ingest(settings, source)
        world.answers["/unit/U000"] = answer
        fetch_wave(Visit(settings, source, 0, known, recorder), lambda _: None)
    assert landed_units(settings) == everyone(6)


class Stop(BaseException):
    """Ends a wave after a file of it, as a kill does."""


def stop(_file) -> None:
    raise Stop


def stop_after_the_last(file) -> None:
    if file.unit_code == "U001":
        raise Stop


def test_a_wave_that_is_too_old_is_closed_as_it_is(settings, world):
    """U001 has corrected its figure before anybody went on with the wave."""
    world.answers["*"] = answer
    write_units(settings, range(2))
    source = write_source(settings, world, endpoints=ONE_SHARD).source("units")
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    first, later, last = (
        settings.model_copy(update={"now": begun + timedelta(hours=hours)})
        for hours in (0, 25, 26)
    )
    with pytest.raises(Stop):
        ingest(first, source, progress=stop_after_the_last)
    world.answers["/unit/U001"] = saying(200, b'{"unit_code": "U001", "value": 2}')
    world.asked.clear()
    with pytest.raises(Stop):
        ingest(later, source, progress=stop_after_the_last)
    assert world.paths() == ["/unit/U000", "/unit/U001"]
    # The new wave has a beginning of its own, so it is gone on with.
    world.asked.clear()
    ingest(last, source)
    assert world.paths() == []

    old, new = landed_batches(settings)
    assert [file.unit_code for file in old.files] == ["U000", "U001"]
    assert [file.unit_code for file in new.files] == ["U001"]
    assert new.files[0].previous == old.files[1].sha256
    assert new.received > old.received
    prove_landing(settings)


def test_a_journal_that_outlived_its_bytes_is_not_believed(settings, world, site):
    """As after a loss of power: the line is there, the bytes are not right."""
    source = site.source("units")
    world.answers["*"] = saying(500)
    world.answers["/unit/U000"] = answer
    shard = next(s for s in shards(source) if holds(settings, source, s, "U000"))

    with pytest.raises(Stop):
        ingest(settings, source, shard, stop)
    (staged,) = [
        p for p in (settings.landing / "incoming").glob("*/*")
        if not p.name.startswith("new-")
    ]  # fmt: skip
    staged.write_bytes(b"")
    world.answers["*"] = answer
    world.asked.clear()
    ingest(settings, source, shard)
    assert "/unit/U000" in world.paths()
    assert landed_units(settings)["U000"] == 1
    prove_landing(settings)


def holds(settings, source, shard: int, unit: str) -> bool:
    from ingestion.endpoints import endpoints

    return unit in {e.unit_code for e in endpoints(settings, source, shard)}


def test_units_that_fail_hold_up_no_others_and_are_redone_alone(settings, world, site):
    bad = {f"U{n:03d}" for n in range(0, UNITS, 10)}

    def some_fail(handler) -> None:
        unit = handler.path.rpartition("/")[2]
        handler.say(404 if unit == "U000" else 503) if unit in bad else answer(handler)

    world.answers["*"] = some_fail
    first = ingest_run(settings, site)
    assert set(landed_units(settings)) == set(everyone()) - bad
    assert first.failures == ()
    assert first.failed_endpoints == len(bad)
    tried = Counter(path.rpartition("/")[2] for path in world.paths())
    assert {tried[unit] for unit in bad - {"U000"}} == {2}
    assert tried["U000"] == 1

    world.answers["*"] = answer
    world.asked.clear()
    second = retry_failed(settings, site, first.run_id)
    assert {path.rpartition("/")[2] for path in world.paths()} == bad
    assert len(world.asked) == len(bad)
    assert landed_units(settings) == everyone()
    assert (second.retry_of, second.failed_endpoints) == (first.run_id, 0)
    assert RunSummary.open(settings, second.run_id) == second
    assert retry_failed(settings, site, second.run_id).counts == {}


def test_a_run_that_never_was(settings, site):
    with pytest.raises(UsageError, match="no-such-run"):
        retry_failed(settings, site, "no-such-run")


def test_when_nobody_answers_the_shard_fails(settings, world, site):
    world.answers["*"] = saying(503)
    with pytest.raises(SourceUnavailable, match="503"):
        ingest(settings, site.source("units"), 0)


def test_a_dead_host_does_not_cost_a_time_out_per_unit(settings, world, told):
    """After 20 failures in a row the rest of its units are not asked."""
    world.answers["*"] = lambda handler: handler.reset()
    write_units(settings, range(200))
    site = write_source(settings, world, endpoints=ONE_SHARD, limits={"attempts": 1})
    with pytest.raises(SourceUnavailable):
        ingest(settings, site.source("units"))
    assert len(world.asked) == 20
    assert Counter(o.error_class for o in told()) == {
        "connection": 20, "host_down": 180,
    }  # fmt: skip


def test_outcomes_can_be_read_while_a_run_goes_on_and_after(settings, world, site):
    seen = []

    def look(handler) -> None:
        seen.append(len(list(outcomes(settings))))
        answer(handler)

    world.answers["*"] = look
    summary = ingest_run(settings, site)
    assert max(seen) > 10
    rows = list(outcomes(settings, summary.run_id))
    assert len(rows) == UNITS
    assert (settings.landing / "outcomes" / f"{summary.run_id}.parquet").exists()
    assert {(r.result, r.status, r.source_code) for r in rows} == {
        ("landed", 200, "units")
    }
