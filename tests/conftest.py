"""Fixtures that several folders share: a small simulated world, run once."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.garbage import look_seldom

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

# Nothing of the machine's own settings may leak into a test.
for name in [name for name in os.environ if name.startswith("PLANWATCH_")]:
    del os.environ[name]

# Two workers share two cores.
os.environ["PLANWATCH_THREADS"] = "1"

# All homes of a run share what dbt read of the project.
os.environ["PLANWATCH_CACHE"] = str(ROOT / ".pytest_cache" / "project")

look_seldom()

NOW = "2026-02-01T00:00:00Z"

# What takes long to make is made by one worker, for all tests that use it. One
# test holds what the DAGs give against `published`: so that worker has Airflow, too.
WORLDS = {
    "published": "published",
    "dag_home": "published",
    "warehouse": "warehouse",
    "judged_network": "judged_network",
}

# What takes longest comes first: a worker that gets it late works alone. The second
# needs dbt's reading of the project when the first has made it.
FIRST = ("warehouse", "published")
LONGEST = ("dbt", "chain", "cli", "expectations", "reading", "collection")


# Before xdist reads the groups: else every test is a group of its own.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files go to the workers whole, those that share a costly world as one."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))

    def rank(item: pytest.Item) -> tuple[int, int]:
        (group,) = item.get_closest_marker("xdist_group").args
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        return _place(group, FIRST), _place(folder, LONGEST)

    items.sort(key=rank)


def _group(item: pytest.Item) -> str:
    used = getattr(item, "fixturenames", ())
    shared = [WORLDS[world] for world in WORLDS if world in used]
    return shared[0] if shared else item.path.relative_to(ROOT).as_posix()


def _place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)


def pytest_collection_finish() -> None:
    """What has been imported and collected stays: nobody need look through it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated network of 60 units over 6 months (2024-01 on)."""
    from ingestion.samples.network import simulate

    folder = tmp_path_factory.mktemp("network")
    simulate(folder, units=60, months=6, seed=7)
    return folder


@pytest.fixture(scope="session")
def samples_url(network: Path) -> Iterator[str]:
    """The real sample server over that network, on a free loopback port."""
    from ingestion.samples.server import serving

    with serving(network, chaos=25, retry_after=0) as url:
        yield url


@pytest.fixture(scope="session")
def make_settings(samples_url: str):
    """Settings on a given home with the clock pinned."""
    from ingestion.settings import Settings

    def make(home: Path, **fields):
        return Settings(
            **{"home": home, "samples_url": samples_url, "now": NOW} | fields
        )

    return make


@pytest.fixture(scope="session")
def published(tmp_path_factory, make_settings):
    """Settings of a home over which the whole chain has run once. Read only."""
    from ingestion.site import Site
    from warehouse.chain import run

    # In two threads, unlike the homes that tests hold against it.
    settings = make_settings(tmp_path_factory.mktemp("published"), threads=2)
    report = run(settings, Site.load(settings.site))
    assert report.failures == []
    return settings


@pytest.fixture
def published_copy(published, tmp_path, make_settings):
    """A home of one's own, as `published` is, to change or break."""
    home = tmp_path / "home"
    shutil.copytree(published.home, home, symlinks=True)
    return make_settings(home)


@pytest.fixture
def command_environment(samples_url: str) -> dict[str, str]:
    """Environment of the command line in a process of its own."""
    return {
        **os.environ,
        "PLANWATCH_SAMPLES_URL": samples_url,
        "PLANWATCH_NOW": NOW,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "120",
    }
