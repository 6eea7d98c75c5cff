"""One declared source: data that a data engineer writes, never a program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from ingestion.errors import SiteError
from ingestion.reading import Format, Mapping, Strict
from ingestion.registry import REGISTRIES
from ingestion.settings import Settings

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]


class Auth(Strict):
    """Credentials as `${NAME}` references; the values live in the environment."""

    bearer: str

    @model_validator(mode="after")
    def _only_references(self) -> Auth:
        if not _VARIABLE.fullmatch(self.bearer):
            raise ValueError(
                "auth.bearer must be a reference such as ${MY_TOKEN}, never a secret"
            )
        return self


class Paging(Strict):
    """Numbered pages; an answer names its last page in `pages`."""

    parameter: str = "page"
    size_parameter: str = "page_size"
    size: int = Field(default=500, ge=1, le=10_000)


class Shards(Strict):
    """Independent slices of one source that may be fetched side by side."""

    parameter: str = "shard"
    count_parameter: str = "shards"
    count: int = Field(ge=1, le=1000)


class Limits(Strict):
    """What a hostile or broken answer may cost at the most."""

    max_bytes: int = Field(default=256 * 2**20, ge=1)
    max_ratio: int = Field(default=200, ge=1)
    timeout_seconds: float = Field(default=30, gt=0)
    attempts: int = Field(default=5, ge=1, le=20)


class Source(Strict):
    """Declaration of one source, read from `sources/<code>.yml`."""

    code: Code
    kind: Literal["statistical_release", "submission", "registry"]
    connector: Literal["http", "inbox"]
    location: str
    format: Format
    schedule: str | None = None
    licence: str = "unknown"
    description: str = ""
    registry: str | None = None
    source_kind: Literal["self_reported", "official", "verified"] | None = None
    auth: Auth | None = None
    paging: Paging | None = None
    shards: Shards | None = None
    known_from: Literal["received_at", "published_at"] | None = None
    mapping: Mapping = Mapping()
    limits: Limits = Limits()
    simulated: bool = False
    allow_private: bool = False
    # Where receipts of units without a web address of their own are posted.
    callback: str | None = Field(default=None, pattern=r"^(https?://|\$\{)")

    @model_validator(mode="after")
    def _consistent(self) -> Source:
        if (self.kind == "registry") != (self.registry is not None):
            raise ValueError("`registry: <name>` goes with kind registry, only there")
        if self.registry and self.registry not in REGISTRIES:
            raise ValueError(
                f"unknown registry {self.registry!r}; known: {', '.join(REGISTRIES)}"
            )
        return self

    @property
    def evidence(self) -> str:
        """source_kind of its values: who answers for them."""
        by_kind = {"submission": "self_reported", "statistical_release": "official"}
        return self.source_kind or by_kind.get(self.kind, "official")

    def resolved_location(self, settings: Settings) -> str:
        return resolve(self.location, settings, self.code)

    def path(self, settings: Settings) -> Path:
        """Local path of an inbox source, relative to the site's folder."""
        return settings.site / self.resolved_location(settings)


def resolve(text: str, settings: Settings, code: str) -> str:
    """Replace `${NAME}` by its value; SiteError names what is not set."""

    def value(match: re.Match[str]) -> str:
        found = settings.variable(match[1])
        if found is None:
            raise SiteError(
                f"Source {code} needs {match[1]}, which is not set.",
                f"set the environment variable {match[1]} (see .env.example).",
            )
        return found

    return _VARIABLE.sub(value, text)


def bearer_token(source: Source, settings: Settings) -> SecretStr | None:
    """Token of a source as a secret that prints as stars."""
    if source.auth is None:
        return None
    return SecretStr(resolve(source.auth.bearer, settings, source.code))
