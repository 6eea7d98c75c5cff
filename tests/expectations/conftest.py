"""Fixtures: worlds whose registries were judged once for the session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from judged_world import (
    RECEIVED,
    REGISTRY_ROWS,
    World,
    bundle_of,
    copy_of,
    empty_world,
)

from expectations.bundle import write_bundle
from expectations.gate import gate
from ingestion.ingest import ingest, shards
from ingestion.settings import Settings
from ingestion.site import Site


@pytest.fixture(scope="session")
def judged_home(tmp_path_factory) -> World:
    """The five registries judged once; tests work on copies."""
    made = empty_world(tmp_path_factory.mktemp("judged"))
    # Of two registries of one moment their hashes would decide which is in force.
    received = RECEIVED - timedelta(days=1)
    for name, rows in REGISTRY_ROWS.items():
        assert made.registry(name, rows, received=received).accepted
    return made


@pytest.fixture
def world(tmp_path, judged_home) -> World:
    """A world with five registries in force."""
    return copy_of(judged_home, tmp_path)


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory, judged_home) -> World:
    """The same for tests that judge many batches and look at one at a time."""
    return copy_of(judged_home, tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def sited(tmp_path_factory, judged_home) -> World:
    """A world whose clock stands still, and its bundle for U1."""
    made = copy_of(judged_home, tmp_path_factory.mktemp("sited"))
    made.settings = made.settings.model_copy(update={"now": RECEIVED})
    write_bundle(made.settings, made.site, "U1", bundle_of(made))
    return made


@pytest.fixture(scope="session")
def judged_network(tmp_path_factory, make_settings) -> Settings:
    """Settings of a home where the sample site's registries and the network's
    reports are judged. Read only."""
    settings = make_settings(tmp_path_factory.mktemp("judged_network"))
    site = Site.load(settings.site)
    for source in [*site.of_kind("registry"), *site.of_kind("submission")]:
        for shard in shards(source):
            gate(settings, ingest(settings, source, shard), site)
    return settings
