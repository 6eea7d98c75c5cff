"""One declared source: data that a data engineer writes, never a program."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field, field_validator, model_validator

from ingestion.access import (
    REFERENCE,
    SENSITIVE,
    Archive,
    Auth,
    Dhis2,
    Endpoints,
    Inbox,
    Incremental,
    Limits,
    Paging,
    Sdmx,
    Shards,
    Tls,
    Worldbank,
)
from ingestion.cron import check_cron
from ingestion.errors import SiteError
from ingestion.reading import Reading
from ingestion.registry import REGISTRIES
from ingestion.settings import Settings

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
ConnectorName = Literal["http", "file", "inbox", "sdmx", "worldbank", "dhis2"]

# Parts of a declaration that only some connectors understand.
BELONGS_TO = {
    "sdmx": ("sdmx",),
    "worldbank": ("worldbank",),
    "dhis2": ("dhis2",),
    "inbox": ("inbox", "file"),
    "paging": ("http",),
    "query": ("http", "sdmx", "worldbank", "dhis2"),
    "endpoints": ("http",),
    "incremental": ("http", "sdmx", "dhis2"),
    "auth": ("http", "sdmx", "worldbank", "dhis2"),
}
SECRET_HEADERS = ("authorization", "cookie")
NEEDED_BY = ("sdmx", "worldbank", "dhis2")


class Source(Reading):
    """Declaration of one source, read from `sources/<code>.yml`."""

    code: Code
    kind: Literal["statistical_release", "submission", "registry"]
    connector: ConnectorName
    location: str
    schedule: str | None = None
    licence: str = "unknown"
    description: str = ""
    registry: str | None = None
    source_kind: Literal["self_reported", "official", "verified"] | None = None
    auth: Auth | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    paging: Paging | None = None
    incremental: Incremental | None = None
    shards: Shards | None = None
    endpoints: Endpoints | None = None
    inbox: Inbox | None = None
    archive: Archive | None = None
    sdmx: Sdmx | None = None
    worldbank: Worldbank | None = None
    dhis2: Dhis2 | None = None
    tls: Tls = Tls()
    proxy: str | None = None
    known_from: Literal["received_at", "published_at"] | None = None
    limits: Limits = Limits()
    simulated: bool = False
    allow_private: bool = False
    # Where receipts of units without a web address of their own are posted.
    callback: str | None = Field(default=None, pattern=r"^(https?://|\$\{)")

    @field_validator("schedule")
    @classmethod
    def _comes_round(cls, schedule: str | None) -> str | None:
        if schedule is not None:
            check_cron(schedule)
        return schedule

    @model_validator(mode="after")
    def _consistent(self) -> Source:
        if (self.kind == "registry") != (self.registry is not None):
            raise ValueError("`registry: <name>` goes with kind registry, only there")
        if self.registry and self.registry not in REGISTRIES:
            raise ValueError(
                f"unknown registry {self.registry!r}; known: {', '.join(REGISTRIES)}"
            )
        return self

    @model_validator(mode="after")
    def _parts_fit_the_connector(self) -> Source:
        for part, connectors in BELONGS_TO.items():
            if getattr(self, part) and self.connector not in connectors:
                raise ValueError(
                    f"`{part}` goes with connector {' or '.join(connectors)}, "
                    f"not with {self.connector}"
                )
        if self.connector in NEEDED_BY and getattr(self, self.connector) is None:
            raise ValueError(f"connector {self.connector} needs `{self.connector}:`")
        if self.endpoints and (self.paging or self.shards or self.incremental):
            raise ValueError(
                "`endpoints` brings its own shards and does not go with paging, "
                "shards or incremental"
            )
        if self.incremental and self.incremental.field and not self.lists_rows:
            raise ValueError(
                f"`incremental.field` is read from rows of JSON or CSV, not of "
                f"{self.format}; leave it out to ask since the last complete fetch"
            )
        if self.endpoints and not self.endpoints.url_column:
            names = {name for _, name, _, _ in string.Formatter().parse(self._plain)}
            if names - {None} != {"unit_code"}:
                raise ValueError(
                    "endpoints without url_column need {unit_code} in `location`"
                )
        return self

    @property
    def lists_rows(self) -> bool:
        """Can rows of a page be counted? Those of SDMX-JSON are no list."""
        return self.format.endswith(("json", "csv")) and self.format != "sdmx-json"

    @model_validator(mode="after")
    def _no_secret_in_clear(self) -> Source:
        """A declaration is committed and printed; secrets may only be named."""
        parts = urlsplit(self._plain)
        if parts.password:
            raise ValueError("no password in `location`: use auth.basic")
        given = [*parse_qsl(urlsplit(self.location).query), *self.query.items()]
        named = [*given, *self.headers.items()]
        for name, value in named:
            if (
                SENSITIVE.match(name) or name.lower() in SECRET_HEADERS
            ) and not REFERENCE.search(value):
                raise ValueError(f"{name} must be a reference such as ${{MY_TOKEN}}")
        return self

    @property
    def _plain(self) -> str:
        return REFERENCE.sub("x", self.location)

    @property
    def evidence(self) -> str:
        """source_kind of its values: who answers for them."""
        by_kind = {"submission": "self_reported", "statistical_release": "official"}
        return self.source_kind or by_kind.get(self.kind, "official")

    def resolved_location(self, settings: Settings) -> str:
        """`location` with its variables; in the query they are percent-encoded."""
        address, mark, query = self.location.partition("?")
        values = REFERENCE.sub(
            lambda match: quote(variable(match[1], settings, self.code), safe=""),
            query,
        )
        return resolve(address, settings, self.code) + mark + values

    def path(self, settings: Settings) -> Path:
        """Local path of an inbox source, relative to the site's folder."""
        return settings.site / self.resolved_location(settings)

    def beside(self, settings: Settings, name: str) -> Path:
        """A file that a declaration names: relative to the folder it lies in."""
        return settings.site / "sources" / name


def resolve(text: str, settings: Settings, code: str) -> str:
    """Replace `${NAME}` by its value; SiteError names what is not set."""
    return REFERENCE.sub(lambda match: variable(match[1], settings, code), text)


def variable(name: str, settings: Settings, code: str) -> str:
    found = settings.variable(name)
    if found is None:
        raise SiteError(
            f"Source {code} needs {name}, which is not set.",
            f"set the environment variable {name} (see .env.example).",
        )
    return found
