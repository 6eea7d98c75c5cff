"""Reading with the declarations of this folder, on real files where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ingestion.inspection import Inspection, inspect
from ingestion.settings import ROOT, Settings
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


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a site whose sources are the declarations of this folder."""
    site = tmp_path_factory.mktemp("reading") / "site"
    site.mkdir()
    (site / "site.yml").write_text("name: reading tests\n", "utf-8")
    (site / "sources").symlink_to(DECLARATIONS)
    return Settings(home=site / "var", site=site, memory_limit="1GB")


@pytest.fixture(scope="session")
def look(settings: Settings) -> Look:
    """look(declaration, *files, **changes) -> Inspection, whose account closes."""

    def read(name: str | Source, *files: Path, **changes) -> Inspection:
        source = name if isinstance(name, Source) else declared(name, **changes)
        found = inspect(settings, source, files)
        assert found.account.closes
        return found

    return read
