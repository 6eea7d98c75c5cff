"""A home with a release of its own, whose warnings a test may change."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml
from loopback import receiving

from ingestion.settings import Settings
from ingestion.site import Site
from warehouse.notices.notify import Told, notify
from warehouse.notices.send import Patience

AT_ONCE = Patience(attempts=3, wait=lambda _: 0)


@dataclass
class Office:
    """One installation: its settings, its site, its release."""

    settings: Settings

    def declare(self, **fields: object) -> None:
        """One recipient, at the address that NOTICES holds."""
        recipient = {"code": "desk", "address": "${NOTICES}", **fields}
        path = self.settings.site / "recipients.yml"
        path.write_text(yaml.safe_dump({"recipients": [recipient]}, allow_unicode=True))

    def change(self, statement: str) -> None:
        """Change the warnings of the release, as a later build would."""
        file = self.settings.releases / "current" / "planwatch.duckdb"
        with duckdb.connect(file) as connection:
            connection.execute(statement)

    def notify(self, **how: object) -> list[Told]:
        return notify(
            self.settings, Site.load(self.settings.site), patience=AT_ONCE, **how
        )

    @property
    def journal(self) -> Path:
        return self.settings.home / "notices" / "desk.jsonl"


@pytest.fixture
def office(published, tmp_path, make_settings) -> Office:
    home, site = tmp_path / "home", tmp_path / "site"
    folder = home / "releases" / "current"
    folder.mkdir(parents=True)
    site.mkdir()
    (site / "site.yml").write_text("name: office\n")
    file = published.releases / "current" / "planwatch.duckdb"
    shutil.copyfile(file.resolve(), folder / "planwatch.duckdb")
    return Office(make_settings(home, site=site))


@pytest.fixture
def receiver(monkeypatch):
    with receiving() as found:
        monkeypatch.setenv("NOTICES", found.url)
        yield found
