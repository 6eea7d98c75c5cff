"""Politeness to a host holds across threads and processes."""

from __future__ import annotations

import gc
import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingestion.access import Limits
from ingestion.errors import MachineRefused
from ingestion.ingest import ingest
from ingestion.pace import Pace
from ingestion.run import ingest_run
from ingestion.site import Site
from tests.collection.answering import in_turn, saying


def test_so_many_a_second(world, settings, declare):
    """Two sources of one host share its rate: 20 a second, 50 ms apart."""
    world.answers["*"] = saying(200, b"[1]")
    limits = {"per_second": 20}
    for n in range(3):
        ingest(settings, declare(code=f"s{n}_a", limits=limits))
        ingest(settings, declare(code=f"s{n}_b", limits=limits))
    gaps = [b.at - a.at for a, b in itertools.pairwise(world.asked)]
    assert len(gaps) == 5
    assert sum(gaps) >= 5 * 0.05 * 0.95


def test_our_own_pace_is_not_taken_for_the_hosts_wish(world, settings, declare, told):
    """However long our next turn is off: the host has asked for nothing."""
    world.answers["/data"] = saying(200, b'{"next": "/two"}')
    world.answers["/two"] = saying(200, b'{"next": ""}')
    limits = {"per_second": 5, "max_wait_seconds": 0}
    assert len(ingest(settings, declare(paging={}, limits=limits)).files) == 2
    assert [o.error_class for o in told()] == ["", ""]


def test_our_next_turn_and_the_hosts_wish_are_two_moments(settings):
    pace = Pace(settings, "host.example", Limits(per_second=0.001))
    with pace.turn() as alone:
        assert alone == 0
    assert pace.waiting() == 0
    pace.leave_alone(10_000)
    assert 0 < pace.waiting() <= 10_000
    pace.leave_alone(5_000)
    other = Pace(settings, "host.example", Limits())
    assert 5_000 < other.waiting() <= 10_000


@pytest.mark.parametrize("per_second", [None, 1000])
def test_who_waits_for_its_turn_hears_what_the_host_wishes_meanwhile(
    settings, per_second
):
    limits = Limits(concurrency=1, per_second=per_second, max_wait_seconds=1)
    pace = Pace(settings, "host.example", limits)

    def second() -> float:
        with pace.turn() as alone:
            return alone

    with ThreadPoolExecutor(1) as pool:
        with pace.turn():
            waiting = pool.submit(second)
            # It cannot have its turn before this one ends.
            pace.leave_alone(36_000)
        assert waiting.result() > 1


def test_a_host_is_asked_when_it_wants_to_be(world, settings, declare):
    """At our own pace, and not before the time it named."""
    busy, fine = saying(429, Retry_After="1"), saying(200, b"[1]")
    world.answers["/data"] = in_turn(busy, fine)
    limits = {"attempts": 2, "per_second": 50, "max_wait_seconds": 1}
    assert ingest(settings, declare(limits=limits))
    first, second = world.asked
    assert second.at - first.at >= 1


@pytest.mark.parametrize(
    "name",
    ["a" * 300, "%" * 200, "é" * 100, "..", "."],
    ids=["long", "long when quoted", "no ASCII", "the folder above", "the folder"],
)
def test_any_name_of_a_host_has_its_own_folder(settings, name):
    pace, twin = (Pace(settings, name, Limits()) for _ in range(2))
    other = Pace(settings, f"{name}b", Limits())
    assert pace.folder == twin.folder != other.folder
    assert pace.folder.resolve().parent == settings.locks / "hosts"
    pace.leave_alone(10_000)
    assert twin.waiting() > 0
    assert other.waiting() == 0


def test_a_half_made_pace_goes_quietly(settings, monkeypatch):
    """Its folder cannot be made; what is thrown away then says nothing more."""
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    settings.locks.mkdir(parents=True)
    (settings.locks / "hosts").write_text("a file")
    with pytest.raises(MachineRefused, match=r"hosts.* is no folder"):
        Pace(settings, "host.example", Limits())
    gc.collect()
    assert unraisable == []


def test_so_many_at_the_same_time(world, settings, declare, tmp_path):
    """Four processes, two requests open at the most."""
    lock, most, current = threading.Lock(), [0], [0]
    together = threading.Event()

    def slow(handler) -> None:
        with lock:
            current[0] += 1
            most[0] = max(most[0], current[0])
            if current[0] == 2:
                together.set()
        # Stay until a second one is here, or none can be any more.
        together.wait(1)
        with lock:
            current[0] -= 1
        handler.say(200, b"[1]")

    world.answers["*"] = slow
    for n in range(8):
        (settings.site / "sources" / f"s{n}.yml").write_text(
            f"code: s{n}_x\nkind: statistical_release\nconnector: http\n"
            f"format: json\nlocation: {world.url}/s{n}\n"
            "limits: {concurrency: 2, attempts: 1}\n"
        )
    summary = ingest_run(settings, Site.load(settings.site), processes=4)
    assert summary.failures == ()
    assert len(summary.batch_ids) == 8
    assert most[0] == 2


def test_a_slot_is_free_again_when_its_holder_is_done(settings):
    pace = Pace(settings, "host.example", Limits(concurrency=1))
    order = []

    def take(n: int) -> None:
        with pace.turn():
            order.append(n)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(take, range(20)))
    assert sorted(order) == list(range(20))
