"""How a source is reached: the part of a declaration about the network.

Secrets stand here as `${NAME}` only; the values live in the environment.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ingestion.reading import Strict

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Query parameters that carry a secret whatever their value is.
SENSITIVE = re.compile(
    r"^(access_?token|auth_?token|token|api_?key|subscription-key|secret"
    r"|client_?secret|pass(word|wd)?|pwd|sig(nature)?"
    r"|x-amz-(signature|credential|security-token))$",
    re.IGNORECASE,
)


def _reference(text: str) -> str:
    if not REFERENCE.fullmatch(text):
        raise ValueError("must be a reference such as ${MY_TOKEN}, never a secret")
    return text


Reference = Annotated[str, AfterValidator(_reference)]


class Basic(Strict):
    """User name (plain or a reference) and password of HTTP Basic."""

    user: str
    password: Reference


class ApiKey(Strict):
    """A key in a header or in a query parameter; `prefix` stands before it."""

    value: Reference
    header: str | None = None
    query: str | None = None
    prefix: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> ApiKey:
        if bool(self.header) == bool(self.query):
            raise ValueError("api_key needs either `header` or `query`")
        return self


class Connection(Strict):
    """An Airflow connection, read as AIRFLOW_CONN_<ID> (URI or JSON).

    scheme  what its login and password become
    name    header or query parameter of an API key
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    scheme: Literal["basic", "bearer", "header", "query"] = "basic"
    name: str | None = None

    @model_validator(mode="after")
    def _named(self) -> Connection:
        if (self.scheme in ("header", "query")) != bool(self.name):
            raise ValueError("`name` goes with scheme header or query, only there")
        return self


class Auth(Strict):
    """Credentials of a source: exactly one kind."""

    bearer: Reference | None = None
    basic: Basic | None = None
    api_key: ApiKey | None = None
    connection: Connection | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Auth:
        kinds = (self.bearer, self.basic, self.api_key, self.connection)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("give one of bearer, basic, api_key, connection")
        return self


class Paging(Strict):
    """How a long answer is cut into pages, and which page is the last.

    next     the body names the next address in the field `next` (dots go down)
    link     the header `Link: <…>; rel="next"` does
    page     numbers from `first`, until `total_pages` or an empty page
    offset   rows to leave out, until an empty page
    cursor   the body's field `cursor` is the next value of `parameter`
    `items` names the field that holds the rows of a JSON page; without it
    the body itself is the list.
    """

    kind: Literal["next", "link", "page", "offset", "cursor"] = "next"
    parameter: str | None = "page"
    size_parameter: str | None = "page_size"
    size: int = Field(default=500, ge=1, le=100_000)
    first: int | None = None
    next: str = "next"
    cursor: str | None = None
    items: str | None = None
    total_pages: str | None = None
    max_pages: int = Field(default=10_000, ge=1)

    @model_validator(mode="after")
    def _complete(self) -> Paging:
        if self.kind in ("page", "offset", "cursor") and not self.parameter:
            raise ValueError(f"paging by {self.kind} needs `parameter`")
        if (self.kind == "cursor") != (self.cursor is not None):
            raise ValueError("`cursor: <field>` goes with kind cursor, only there")
        return self

    @property
    def start(self) -> int | None:
        """Value of `parameter` on the first page; None leaves it out."""
        if self.first is not None:
            return self.first
        return {"offset": 0, "cursor": None}.get(self.kind, 1)


class Incremental(Strict):
    """Ask only for what is new since the newest that has landed.

    parameter  query parameter that takes the moment or number
    field      where a row of the answer holds it; without it the moment at
               which the last complete fetch began is sent
    initial    first value; without it the first fetch asks for everything
    overlap_seconds  taken off a moment, for sources that add rows late
    """

    parameter: str
    field: str | None = None
    initial: str | None = None
    overlap_seconds: int = Field(default=0, ge=0)


class Shards(Strict):
    """Independent slices of one source that may be fetched side by side."""

    parameter: str = "shard"
    count_parameter: str = "shards"
    count: int = Field(ge=1, le=1000)


class Endpoints(Strict):
    """One address per unit: a list, or a template in `location`.

    file      CSV beside the declaration
    registry  registry/<name>.csv of the site
    source    code of a source whose newest landed CSV files are the list
    Without a column of addresses, `{unit_code}` in `location` is filled in.
    What `source` lists is another's word: private addresses in it need
    `allow_private: true`, and credentials go to the host of `location` only.
    `where` keeps the rows whose columns have these values.
    """

    file: str | None = None
    registry: str | None = None
    source: str | None = None
    unit_column: str = "unit_code"
    url_column: str | None = None
    where: dict[str, str] = Field(default_factory=dict)
    shards: int = Field(default=16, ge=1, le=1000)
    parallel: int = Field(default=8, ge=1, le=64)

    @model_validator(mode="after")
    def _one_list(self) -> Endpoints:
        if sum(bool(x) for x in (self.file, self.registry, self.source)) != 1:
            raise ValueError("endpoints need one of file, registry, source")
        return self


class Inbox(Strict):
    """Which files of a folder or bucket are taken, and when they are whole.

    settle   stable: size and time are the same in two looks, `settle_seconds`
             apart; marker: a file named by `marker` lies beside it
    storage  options of the object storage: endpoint, region, and references
             to key and secret
    """

    pattern: str = "*"
    recursive: bool = False
    settle: Literal["stable", "marker"] = "stable"
    settle_seconds: float = Field(default=1.0, ge=0, le=600)
    marker: str = "{name}.done"
    storage: dict[str, str] = Field(default_factory=dict)


class Archive(Strict):
    """A ZIP or gzip file as an answer: its members are the source's files."""

    kind: Literal["zip", "gzip"] = "zip"
    members: str = "*"
    max_members: int = Field(default=10_000, ge=1)


class Tls(Strict):
    """A certificate authority of one's own; paths beside the declaration."""

    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None


class Limits(Strict):
    """What a slow, hostile or broken answer may cost at the most.

    timeout_seconds   silence between two pieces of an answer
    connect_seconds   until a connection stands
    total_seconds     one whole answer, whatever trickles in
    per_second        requests to one host, all processes together
    concurrency       open requests to one host, all processes together
    max_wait_seconds  longest Retry-After that is waited for
    """

    max_bytes: int = Field(default=256 * 2**20, ge=1)
    max_ratio: int = Field(default=200, ge=1)
    timeout_seconds: float = Field(default=30, gt=0)
    connect_seconds: float = Field(default=10, gt=0)
    total_seconds: float = Field(default=600, gt=0)
    attempts: int = Field(default=5, ge=1, le=20)
    per_second: float | None = Field(default=None, gt=0)
    concurrency: int = Field(default=8, ge=1, le=256)
    max_wait_seconds: float = Field(default=60, ge=0)


class Sdmx(Strict):
    """A query of an SDMX REST service; `location` is the service's base."""

    api: Literal["2.1", "3.0"] = "2.1"
    agency: str = "*"
    flow: str
    version: str = "*"
    key: str = "*"
    start: str | None = None
    end: str | None = None
    first_observations: int | None = Field(default=None, ge=1)
    last_observations: int | None = Field(default=None, ge=1)
    include_history: bool = False
    structure: bool = False


class Worldbank(Strict):
    """A query of the World Bank API v2; `location` is the API's base."""

    indicators: tuple[str, ...] = Field(min_length=1)
    countries: tuple[str, ...] = ("all",)
    date: str | None = None
    source: int | None = None
    per_page: int = Field(default=10_000, ge=1, le=32_500)


class Dhis2(Strict):
    """A query of dataValueSets; `location` is the instance's base.

    `batch` units go into one request; a shard takes its share of the units.
    `metadata` lands the named maps (dataElements, organisationUnits) too.
    """

    data_sets: tuple[str, ...] = ()
    data_element_groups: tuple[str, ...] = ()
    org_units: tuple[str, ...] = ()
    org_unit_groups: tuple[str, ...] = ()
    children: bool = False
    periods: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    include_deleted: bool = True
    batch: int = Field(default=50, ge=1, le=1000)
    metadata: tuple[
        Literal["dataElements", "organisationUnits", "categoryOptionCombos"], ...
    ] = ()

    @model_validator(mode="after")
    def _answerable(self) -> Dhis2:
        if not (self.data_sets or self.data_element_groups):
            raise ValueError("dhis2 needs data_sets or data_element_groups")
        if not (self.org_units or self.org_unit_groups):
            raise ValueError("dhis2 needs org_units or org_unit_groups")
        return self
