"""One small simulated network and a real server for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.samples.network import simulate
from ingestion.samples.server import serving

UNITS, MONTHS, SEED = 330, 8, 7


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "network"
    simulate(folder, units=UNITS, months=MONTHS, seed=SEED)
    return folder


@pytest.fixture(scope="session")
def address(network: Path):
    with serving(network, chaos=0) as url:
        yield url
