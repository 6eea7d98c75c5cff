"""Fetch one address per unit, against a bare loop of pooled sessions.

    python tests/bench/bench_fetch.py [--units 33413] [--processes 2]

Both ask the same server, in the same run, with as many processes. The bare
loop keeps nothing; the collector unpacks, hashes, journals, records outcomes,
lands and chains. Printed: requests a second, the ratio, and peak memory.
The bare loop is timed without the start of its processes, ours with it.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

BODY = b'{"unit_code":"%s","form_code":"F","period":"2026-01","data":[%s]}'
ROW = b'{"row_key":"%d","indicator_code":"SIM_INVESTMENT","value":"%d.25"}'
ROWS = 20


class Answers(asyncio.Protocol):
    """The least that speaks HTTP/1.1: strong tags, 304, kept connections."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head, self.received = self.received[:end], self.received[end + 4 :]
            self.transport.write(answer(head))


def answer(head: bytes) -> bytes:
    unit = head.split(b" ", 2)[1].rpartition(b"/")[2]
    tag = b'"%s-1"' % unit
    if b"if-none-match: " + tag.lower() in head.lower():
        return b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n" % tag
    rows = b",".join(ROW % (n, n * 37) for n in range(ROWS))
    body = BODY % (unit, rows)
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: %s\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (tag, len(body), body)
    )


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def bare_loop(urls: list[str], tags: bool, ready, times) -> None:
    import requests

    session = requests.Session()
    ready.wait()
    started = time.time()
    for url in urls:
        unit = url.rpartition("/")[2]
        headers = {"If-None-Match": f'"{unit}-1"'} if tags else {}
        session.get(url, headers=headers, timeout=30).content  # noqa: B018
    times.put((started, time.time()))


def bare(urls: list[str], processes: int, tags: bool) -> float:
    """Requests a second of sessions alone."""
    context = multiprocessing.get_context("spawn")
    ready, times = context.Barrier(processes), context.Queue()
    children = [
        context.Process(target=bare_loop, args=(urls[n::processes], tags, ready, times))
        for n in range(processes)
    ]
    for child in children:
        child.start()
    spans = [times.get() for _ in children]
    for child in children:
        child.join()
    return len(urls) / (max(e for _, e in spans) - min(s for s, _ in spans))


def ours(home: Path, site: Path, processes: int) -> tuple[float, dict]:
    """Requests a second of a whole run, from the call to its summary."""
    from ingestion.run import ingest_run
    from ingestion.settings import Settings
    from ingestion.site import Site

    settings = Settings(home=home, site=site)
    started = time.monotonic()
    summary = ingest_run(settings, Site.load(site), processes=processes)
    seconds = time.monotonic() - started
    if summary.failures:
        raise SystemExit(f"failed: {summary.failures[0]}")
    return sum(summary.counts.values()) / seconds, summary.counts


def write_site(folder: Path, port: int, units: int, parallel: int) -> list[str]:
    (folder / "sources").mkdir(parents=True)
    (folder / "site.yml").write_text("name: bench\n")
    codes = [f"U{n:06d}" for n in range(units)]
    with (folder / "sources" / "units.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["unit_code"])
        writer.writerows([code] for code in codes)
    (folder / "sources" / "bench.yml").write_text(
        "code: bench\nkind: submission\nconnector: http\nformat: submission-json\n"
        f'location: "http://127.0.0.1:{port}/unit/{{unit_code}}"\n'
        f"endpoints: {{file: units.csv, shards: 16, parallel: {parallel}}}\n"
    )
    return [f"http://127.0.0.1:{port}/unit/{code}" for code in codes]


def measure(folder: Path, port: int, given: argparse.Namespace) -> None:
    """One round: fresh and 304-only, each against the bare loop beside it."""
    urls = write_site(folder / "site", port, given.units, given.parallel)
    for name, tags in (("fresh", False), ("304 only", True)):
        burnt = [children_cpu()]
        base = bare(urls, given.processes, tags)
        burnt.append(children_cpu())
        rate, counts = ours(folder / "home", folder / "site", given.processes)
        burnt.append(children_cpu())
        work = [(b - a) / given.units * 1e6 for a, b in itertools.pairwise(burnt)]
        print(
            f"{name:9} bare {base:5.0f}/s  ours {rate:5.0f}/s  "
            f"ratio {rate / base:4.2f}   CPU a request, children with their "
            f"start: bare {work[0]:4.0f} us, ours {work[1]:4.0f} us   {counts}",
            flush=True,
        )


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=4000)
    parser.add_argument("--long", action="store_true", help="33,413 units")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.units = 33_413 if given.long else given.units
    if given.serve:
        asyncio.run(serve())
        return
    folder = Path(tempfile.mkdtemp(prefix="bench-fetch-"))
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(server.stdout.readline())
        for number in range(given.rounds):
            measure(folder / str(number), port, given)
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"{given.units} units, {given.processes} processes on "
            f"{os.cpu_count()} cores; peak memory: parent {own:.0f} MB, "
            f"largest child {child:.0f} MB"
        )
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
