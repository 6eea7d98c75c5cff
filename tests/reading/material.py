"""Declarations of this folder, and the shared real files that they read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ingestion.inspection import Inspection
from ingestion.settings import ROOT
from ingestion.source import Source

DECLARATIONS = Path(__file__).parent / "declarations"
DATA = ROOT.parent / "shared" / "data"

Look = Callable[..., Inspection]


def declared(name: str, **changes) -> Source:
    """A declaration of this folder, with top-level keys replaced."""
    content = yaml.safe_load((DECLARATIONS / f"{name}.yml").read_text("utf-8"))
    return Source.model_validate({**content, **changes})


def real(*parts: str) -> Path:
    """A file or folder of the shared test data; skips the test where absent."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the shared test data are not here: {'/'.join(parts)}")
    return path
