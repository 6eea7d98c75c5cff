"""Politeness to a host holds across threads and processes."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

from ingestion.access import Limits
from ingestion.ingest import ingest
from ingestion.pace import Pace
from ingestion.run import ingest_run
from ingestion.site import Site
from tests.collection.answering import saying


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
