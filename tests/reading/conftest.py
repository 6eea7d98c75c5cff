"""Reading with the declarations of this folder, on real files where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from material import DECLARATIONS, Look, declared

from ingestion.inspection import Inspection, inspect
from ingestion.settings import Settings
from ingestion.source import Source


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
