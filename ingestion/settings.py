"""Settings of one installation: the only place that reads the environment."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.errors import SiteError, UsageError

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SITE = ROOT / "ingestion" / "samples" / "site"


class Settings(BaseSettings):
    """Where things lie and how this installation is tuned.

    Each field is read from `PLANWATCH_<NAME>` in the environment, then from
    `.env` in the project's root; arguments win over both.
    """

    model_config = SettingsConfigDict(
        env_prefix="PLANWATCH_",
        env_file=ROOT / ".env",
        env_ignore_empty=True,
        frozen=True,
        # .env also carries what docker-compose.yml reads.
        extra="ignore",
    )

    home: Path = ROOT / "var"
    site: Path = SAMPLE_SITE
    now: datetime | None = None
    samples_url: str = "http://127.0.0.1:8765"
    samples_token: SecretStr = SecretStr("sample-token")
    memory_limit: str = "2GB"
    threads: int = Field(default=2, ge=1, le=1024)
    cache: Path | None = None

    @field_validator("home", "site", "cache")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else None

    @field_validator("samples_url")
    @classmethod
    def _address(cls, value: str) -> str:
        """Its port is read where samples are served and fetched."""
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.port == 0
        ):
            raise ValueError(f"{value!r} is no address such as http://127.0.0.1:8765")
        return value

    @field_validator("memory_limit")
    @classmethod
    def _size(cls, value: str) -> str:
        """As DuckDB reads it: said here, for there it is a traceback."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*[MGT](?:i?B)?\s*", value, re.I)
        if not found or not float(found[1]):
            raise ValueError(f"{value!r} is no size such as 2GB or 512MB")
        return value

    @field_validator("now")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)

    @classmethod
    def load(cls, home: str | Path | None = None, site: str | Path | None = None):
        """Read the environment; `home` and `site` override it when given.

        Raises SiteError for a setting, UsageError for a home that cannot be.
        """
        given: dict[str, Any] = {}
        if home:
            given["home"] = Path(home)
        if site:
            given["site"] = Path(site)
        try:
            settings = cls(**given)
        except ValidationError as error:
            wrong = "; ".join(
                f"PLANWATCH_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}"
                for e in error.errors()
            )
            raise SiteError(
                f"The settings cannot be read: {wrong}.",
                "correct the variable; .env.example lists all of them.",
            ) from error
        if settings.home.is_file():
            raise UsageError(
                f"{settings.home} is a file: a home is a folder.",
                "give a folder with --home or PLANWATCH_HOME.",
            )
        return settings

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def canonical(self) -> Path:
        return self.home / "canonical"

    @property
    def verdicts(self) -> Path:
        return self.home / "verdicts"

    @property
    def receipts(self) -> Path:
        return self.home / "receipts"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse" / "planwatch.duckdb"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def simulation(self) -> Path:
        return self.home / "simulation"

    @property
    def project_cache(self) -> Path:
        """What dbt made of the project alone; homes may share it."""
        return self.cache or self.home / "dbt" / "project"

    @property
    def locks(self) -> Path:
        return self.home / "locks"

    def variable(self, name: str) -> str | None:
        """Value that `${name}` stands for in a source declaration, or None.

        A field of these settings wins over a plain environment variable, so
        that defaults work without an environment.
        """
        field = name.removeprefix("PLANWATCH_").lower()
        if name.startswith("PLANWATCH_") and field in type(self).model_fields:
            value = getattr(self, field)
            return (
                value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            )
        return os.environ.get(name)
