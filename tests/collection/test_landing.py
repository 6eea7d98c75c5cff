"""The ledger proves itself, commits survive kills, old bytes go with a trace."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.errors import Damaged
from ingestion.ingest import ingest
from ingestion.landing import (
    LandedBatch,
    chained,
    intent_path,
    ledger,
    ledger_path,
    manifest_path,
    object_path,
)
from ingestion.newest import newest_files
from ingestion.proof import prove_landing
from ingestion.retention import retain
from ingestion.settings import Settings
from ingestion.source import Source
from ingestion.tombstones import retired

ROOT = Path(__file__).resolve().parents[2]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def of_file(path: Path, code: str = "box") -> Source:
    return Source.model_validate(
        {
            "code": code, "kind": "submission", "connector": "file",
            "location": str(path), "format": "csv",
        }
    )  # fmt: skip


def land(settings, content: str, day: int = 0, code: str = "box") -> LandedBatch:
    path = settings.site / f"{code}.csv"
    path.write_text(content)
    at = settings.model_copy(update={"now": BEGIN + timedelta(days=day)})
    batch = ingest(at, of_file(path, code))
    assert batch is not None
    return batch


@pytest.fixture(scope="module")
def five(tmp_path_factory) -> Landed:
    """A home and a site with five batches of one file that changes. Read only."""
    settings = settings_in(tmp_path_factory.mktemp("landed"))
    batches = [land(settings, f"version {n}", day=n) for n in range(5)]
    return Landed(settings, batches)


@dataclass(frozen=True)
class Landed:
    """Settings, and the batches that have landed there."""

    settings: Settings
    batches: list[LandedBatch]

    def copy_to(self, folder: Path) -> Settings:
        shutil.copytree(self.settings.home.parent, folder, dirs_exist_ok=True)
        return settings_in(folder)


def settings_in(folder: Path) -> Settings:
    (folder / "site").mkdir(exist_ok=True)
    return Settings(home=folder / "home", site=folder / "site")


@pytest.fixture
def landed(five, settings) -> list[LandedBatch]:
    """Five batches of one file that changes, in a home of the test's own."""
    assert five.copy_to(settings.home.parent) == settings
    return five.batches


def lines(settings) -> list[dict]:
    return list(ledger(settings))


def rewrite(settings, entries: list[dict]) -> None:
    text = "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in entries)
    ledger_path(settings).write_text(text)


def rechain(entries: list[dict]) -> list[dict]:
    """What somebody would write who knows how the chain is made."""
    previous, made = "0" * 64, []
    for seq, entry in enumerate(entries, 1):
        entry = {**entry, "seq": seq, "previous": previous}
        entry["hash"] = previous = chained(entry)
        made.append(entry)
    return made


def test_an_untouched_landing_is_proved(settings, landed):
    proof = prove_landing(settings)
    assert (proof.batches, proof.files, proof.retired) == (5, 5, 0)
    assert proof.size_bytes == 5 * len("version 0")
    assert proof.head == lines(settings)[-1]["hash"]


def alter_bytes(settings, batches):
    object_path(settings, batches[2].files[0].sha256).write_text("VERSION 2")


def alter_size(settings, batches):
    object_path(settings, batches[2].files[0].sha256).write_text("longer version")


def drop_bytes(settings, batches):
    object_path(settings, batches[2].files[0].sha256).unlink()


def alter_manifest(settings, batches):
    path = manifest_path(settings, batches[2].batch_id)
    path.write_text(path.read_text().replace("box.csv", "bax.csv"))


def drop_manifest(settings, batches):
    shutil.rmtree(manifest_path(settings, batches[2].batch_id).parent)


def alter_entry(settings, batches):
    entries = lines(settings)
    entries[2]["received_at"] = "2020-01-01T00:00:00Z"
    rewrite(settings, entries)


def drop_entry(settings, batches):
    rewrite(settings, [e for e in lines(settings) if e["seq"] != 3])


def swap_entries(settings, batches):
    entries = lines(settings)
    entries[2], entries[3] = entries[3], entries[2]
    rewrite(settings, entries)


def add_entry(settings, batches):
    entries = lines(settings)
    rewrite(settings, [*entries[:2], dict(entries[0]), *entries[2:]])


DAMAGES = {
    alter_bytes: "bytes of box.csv in entry 3 .* are not as kept",
    alter_size: "bytes of box.csv in entry 3 .* are not as kept",
    drop_bytes: "bytes of box.csv in entry 3 .* are gone",
    alter_manifest: "manifest of entry 3",
    drop_manifest: "manifest of entry 3",
    alter_entry: "Entry 3 .* was altered",
    drop_entry: "Entry 3 .* does not follow",
    swap_entries: "Entry 3 .* does not follow",
    add_entry: "Entry 3 .* does not follow",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
def test_the_first_bad_entry_is_named(settings, landed, damage):
    damage(settings, landed)
    with pytest.raises(Damaged, match=DAMAGES[damage]):
        prove_landing(settings)


def test_a_ledger_cut_at_its_end_is_noticed(settings, landed):
    rewrite(settings, lines(settings)[:4])
    with pytest.raises(Damaged, match="Entry 5 .* is gone"):
        prove_landing(settings)


def test_half_a_line_at_the_end_is_noticed(settings, landed):
    path = ledger_path(settings)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(Damaged, match="[Ll]ine 5"):
        prove_landing(settings)


def test_an_entry_added_at_the_end_with_a_good_chain_is_noticed(settings, landed):
    entries = lines(settings)
    extra = {**entries[0], "batch_id": landed[0].batch_id}
    rewrite(settings, rechain([*entries, extra]))
    with pytest.raises(Damaged, match="Entry 6 .* was added behind its head"):
        prove_landing(settings)


def test_a_rechained_ledger_does_not_fit_its_head(settings, landed):
    entries = lines(settings)
    entries[2]["received_at"] = "2020-01-01T00:00:00Z"
    rewrite(settings, rechain(entries))
    with pytest.raises(Damaged, match="head"):
        prove_landing(settings)


def test_an_object_that_no_manifest_names_is_noticed(settings, landed):
    path = object_path(settings, "ab" * 32)
    path.parent.mkdir(exist_ok=True)
    path.write_text("smuggled")
    with pytest.raises(Damaged, match=f"Object {'ab' * 32} was added"):
        prove_landing(settings)


def test_a_batch_that_no_entry_names_is_noticed(settings, landed):
    folder = manifest_path(settings, landed[0].batch_id).parent
    shutil.copytree(folder, folder.with_name("box-0000000000000000"))
    with pytest.raises(Damaged, match="Batch box-0000000000000000 was added"):
        prove_landing(settings)


def test_a_missing_head_is_noticed(settings, landed):
    (settings.landing / "head.json").unlink()
    with pytest.raises(Damaged, match=r"head\.json"):
        prove_landing(settings)


# Imports once, and then forks: each child is a process that dies at its step.
KILLED = """
import os, signal, sys
from ingestion import landing
from ingestion.settings import Settings
from tests.collection.test_landing import land

def die_at(home, site, name, when):
    step = getattr(landing, name)

    def killed(*given, **named):
        if when == "after":
            step(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(landing, name, killed)
    land(Settings(home=home, site=site), "killed on its way", day=9)

for line in sys.stdin:
    child = os.fork()
    if not child:
        die_at(*line.rstrip().split(chr(9)))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
STEPS = [
    (step, when)
    for when in ("before", "after")
    for step in ("_write_manifest", "commit_file", "_settle", "append_line")
]


@pytest.fixture(scope="module")
def killed(five, tmp_path_factory) -> dict[tuple[str, str], Settings]:
    """Homes in which a sixth commit was killed at a step."""
    homes = {at: five.copy_to(tmp_path_factory.mktemp("killed")) for at in STEPS}
    told = "".join(f"{s.home}\t{s.site}\t{step}\t{when}\n"
                   for (step, when), s in homes.items())  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", KILLED], input=told, capture_output=True, text=True,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(-signal.SIGKILL)] * len(STEPS)
    return homes


@pytest.mark.parametrize(("step", "when"), STEPS)
def test_a_commit_killed_at_any_step_is_there_whole_or_not_at_all(killed, step, when):
    """And the next commit finishes it: nothing lost, nothing twice."""
    settings = killed[step, when]
    assert intent_path(settings).exists()
    before = len(lines(settings))
    proof = prove_landing(settings)
    assert not intent_path(settings).exists()
    assert proof.batches >= before
    again = ingest(
        settings.model_copy(update={"now": BEGIN + timedelta(days=9)}),
        of_file(settings.site / "box.csv"),
    )
    assert (again is None) == (proof.batches == 6)
    assert prove_landing(settings).batches == 6


def test_keeping_the_same_again_makes_one_batch(settings, landed):
    from ingestion.landing import keep

    source = of_file(settings.site / "box.csv")
    again = keep(settings, source, landed[4].files)
    assert again == landed[4]
    assert len(lines(settings)) == 5


def test_the_index_knows_the_newest_and_survives_its_loss(settings, landed):
    newest = landed[4].files[0]
    path = settings.landing / "index" / "box.sqlite"
    assert dict(newest_files(settings, "box")) == {"box.csv": newest}
    path.unlink()
    assert newest_files(settings, "box")["box.csv"] == newest
    path.write_bytes(b"SQLite format 3\0 this is none" * 100)
    assert newest_files(settings, "box")["box.csv"] == newest


def test_the_index_reads_only_what_is_new(settings, landed):
    """Older manifests are not opened again: here they could not be."""
    newest_files(settings, "box")
    for batch in landed:
        manifest_path(settings, batch.batch_id).rename(
            manifest_path(settings, batch.batch_id).with_suffix(".away")
        )
    added = land(settings, "version 5", day=5)
    assert newest_files(settings, "box")["box.csv"] == added.files[0]


def test_the_index_follows_a_landing_that_was_restored(settings, landed, tmp_path):
    """A backup with fewer batches: the index must not know more than it."""
    rewrite(settings, lines(settings)[:3])
    assert newest_files(settings, "box")["box.csv"] == landed[2].files[0]
    land(settings, "another history", day=7)
    assert newest_files(settings, "box")["box.csv"].sha256 != landed[4].files[0].sha256


def at(settings, day: int):
    return settings.model_copy(update={"now": BEGIN + timedelta(days=day)})


def release(settings, **content) -> None:
    folder = settings.releases / "r1"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(content))


def test_retention_gives_up_what_is_old_and_leaves_a_tombstone(settings, landed):
    given_up = retain(at(settings, 30), days=10)
    assert given_up.retired == tuple(b.batch_id for b in landed[:4])
    assert given_up.newest == 1
    assert given_up.size_bytes == 4 * len("version 0")
    assert [object_path(settings, b.files[0].sha256).exists() for b in landed] == [
        False, False, False, False, True,
    ]  # fmt: skip
    proof = prove_landing(settings)
    assert (proof.batches, proof.retired, proof.files) == (5, 4, 1)
    assert retired(settings) == set(given_up.retired)
    assert retain(at(settings, 31), days=10).retired == ()


def test_retention_keeps_what_a_release_cites(settings, landed):
    release(
        settings, built_at="2026-01-05T00:00:00Z", source_batches=[landed[1].batch_id]
    )
    given_up = retain(at(settings, 30), days=10, protected=[landed[3].batch_id])
    assert given_up.retired == (landed[0].batch_id, landed[2].batch_id)
    assert (given_up.cited, given_up.protected) == (1, 1)


def test_a_release_that_lists_no_batches_cites_all_before_it(settings, landed):
    release(settings, built_at="2026-01-02T12:00:00Z", source_batches=2)
    given_up = retain(at(settings, 30), days=10)
    assert given_up.retired == (landed[2].batch_id, landed[3].batch_id)


def test_an_unreadable_release_stops_retention(settings, landed):
    release(settings)
    with pytest.raises(Damaged, match="manifest"):
        retain(at(settings, 30), days=10)
    assert retired(settings) == set()


def test_retention_looks_first_and_null_keeps_all(settings, landed):
    assert len(retain(at(settings, 30), days=10, dry_run=True).retired) == 4
    assert retain(at(settings, 30), days=None).retired == ()
    assert prove_landing(settings).files == 5


def test_bytes_that_a_living_batch_shares_stay(settings, landed):
    other = land(settings, "version 0", day=6, code="other")
    assert other.files[0].sha256 == landed[0].files[0].sha256
    retain(at(settings, 30), days=10)
    assert object_path(settings, other.files[0].sha256).exists()
    prove_landing(settings)


def test_a_forged_tombstone_is_noticed(settings, landed):
    retain(at(settings, 30), days=10)
    path = settings.landing / "tombstones.jsonl"
    path.write_text(path.read_text().replace("older than 10", "older than 99"))
    with pytest.raises(Damaged, match=r"Entry 1 of tombstones"):
        prove_landing(settings)
