"""How a source's files are read: the part of a declaration about bytes.

Everything that differs between two publishers of the same figures is data
here: encoding, dialect, where the header stands, what counts as a note, how a
number or a period is written, when the figures were published. A reader
never guesses what is declared, and never guesses per cell.
"""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    """A piece of a declaration: unknown keys are errors, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


def _encoding(text: str) -> str:
    try:
        codecs.lookup(text)
        b" ".decode(text)
    except UnicodeDecodeError:
        return text
    except (LookupError, ValueError) as error:
        raise ValueError(f"unknown text encoding {text!r}") from error
    return text


def _rewriting(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    for pattern, template in pairs:
        try:
            re.sub(pattern, template, "")
        except (re.error, IndexError) as error:
            raise ValueError(
                f"{template!r} does not fit {pattern!r}: {error}"
            ) from error
    return pairs


Pattern = Annotated[str, AfterValidator(_pattern)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Rewriting = Annotated[tuple[tuple[Pattern, str], ...], AfterValidator(_rewriting)]
Mark = Annotated[str, Field(min_length=1, max_length=1)]

Format = Literal[
    "csv", "xlsx", "xls", "html", "json", "submission-json",
    "sdmx-csv", "sdmx-json", "sdmx-ml",
    "worldbank-json", "dhis2-json", "dhis2-xml", "dhis2-csv",
]  # fmt: skip


class Mapping(Strict):
    """Canonical column <- source column, constants, and columns left unread.

    `joined` builds one canonical column out of several source columns, in
    order, with `separator` between them. An entry of `ignored` or `optional`
    may end in `*`; what is optional may be absent from a file.
    """

    columns: dict[str, str] = {}
    joined: dict[str, tuple[str, ...]] = {}
    separator: str = "."
    constants: dict[str, str] = {}
    ignored: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


class Dialect(Strict):
    """How a text file separates its cells.

    `spaced`: blanks may stand between a separator and a quote.
    """

    separator: Mark = ","
    quote: Mark = '"'
    spaced: bool = False

    @model_validator(mode="after")
    def _different(self) -> Dialect:
        if self.separator == self.quote:
            raise ValueError("separator and quote are the same character")
        if {self.separator, self.quote} & {"\n", "\r", "\0"}:
            raise ValueError("a line end cannot separate or quote cells")
        return self


class Header(Strict):
    """Where the column names stand: the first rows that hold `required`.

    rows        how many rows make up one name; joined with ` | `
    fill        a name that stands over several columns counts for each
    rename      pattern -> short name, or a CSV beside the source (pattern,name);
                every pattern has to fit exactly one column
    names       the file has no header: these are its columns
    """

    required: tuple[str, ...] = ()
    rows: int = Field(default=1, ge=1, le=20)
    search: int = Field(default=60, ge=1, le=1000)
    fill: bool = False
    rename: dict[Pattern, str] | str = {}
    names: tuple[str, ...] = ()


class Wide(Strict):
    """Columns whose header is a value of a dimension (a year, an indicator).

    Each cell below them becomes one row: its header in `name`, itself in
    `value`. An empty cell is skipped with that reason, or kept as a row.
    """

    columns: Pattern
    name: str = "period"
    value: str = "value"
    empty: Literal["skip", "keep"] = "skip"


class SkipRule(Strict):
    """Rows that are no data although they look like it, and why.

    `pattern` has to match somewhere in `column`, or in the row's first filled
    cell; with `column` an empty cell can be matched by `^$`.
    """

    pattern: Pattern
    reason: str
    column: str | None = None


class Layout(Strict):
    """Where in a sheet the data stand.

    sheets      names or patterns; without it the file must have only one
                sheet with content; `sheet_column` makes the name a column
    preamble    column -> pattern with one group, searched above the header
    file_name   the same, searched in the file's name or address
    footer      from the first row whose first filled cell matches, all is notes
    pad         rows shorter than the header are filled with empty cells
    """

    sheets: tuple[Pattern, ...] = ()
    sheet_column: str | None = None
    header: Header = Header()
    preamble: dict[str, Pattern] = {}
    file_name: dict[str, Pattern] = {}
    footer: Pattern | None = None
    skip: tuple[SkipRule, ...] = ()
    wide: Wide | None = None
    transpose: bool = False
    pad: bool = False
    records: str | None = None

    @model_validator(mode="after")
    def _groups(self) -> Layout:
        for name, pattern in (*self.preamble.items(), *self.file_name.items()):
            if re.compile(pattern).groups != 1:
                raise ValueError(f"the pattern of {name} needs exactly one ( ) group")
        return self


class Codes(Strict):
    """Source codes or names of one canonical column -> our codes.

    file        CSV beside the source, header `source,code`
    inline      the same, written into the declaration
    patterns    tried in order for what neither lists; `\\1` inserts a group
    folded      compare without case, width and white space
    unmapped    stop: the batch is refused with the list of all of them;
                refuse: each such row is; skip: such rows are left out, recorded
    missing     stop: the batch must hold every code of the map at least once
    """

    file: str | None = None
    inline: dict[str, str] = {}
    patterns: Rewriting = ()
    folded: bool = False
    unmapped: Literal["stop", "refuse", "skip"] = "stop"
    missing: Literal["stop", "allow"] = "stop"
    reason: str = "not in the code map"


class Numbers(Strict):
    """How the numbers of `value` are written.

    thousands       grouping mark; groups must have three digits
    missing         mark -> SDMX observation status; the value becomes null
    footnotes       pattern of marks that follow or precede a number; they are
                    taken off and kept in `comment`
    spaces          no-break and other blanks around or between groups go
    full_width      full-width digits and signs count as plain ones
    parentheses     (12) means -12
    exponent        1.5E3 is a number
    """

    decimal: Mark = "."
    thousands: str = Field(default="", max_length=1)
    missing: dict[str, Annotated[str, Field(min_length=1)]] = {}
    footnotes: Pattern | None = None
    spaces: bool = False
    full_width: bool = False
    parentheses: bool = False
    exponent: bool = False
    percent_sign: bool = False

    @model_validator(mode="after")
    def _different(self) -> Numbers:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same mark")
        return self


PERIOD_TOKENS = frozenset(("Y", "M", "MM", "Q", "S", "D", "DD", "W", "Qzh", "Qr", "Sr"))


class Periods(Strict):
    """How periods are written: templates, tried in order.

    A template is literal text with {Y} year, {M} {MM} month, {Q} quarter,
    {S} half-year, {D} {DD} day, {W} week; {Qzh} 一..四, {Qr} {Sr} Roman. Named
    ones: `sdmx` (as it is), `dhis2`, `excel` (serial day number, ISO date).
    `frequency` tells what a date stands for. `rewrite` is applied before.
    """

    formats: tuple[str, ...] = ("sdmx",)
    frequency: Literal["A", "S", "Q", "M", "D"] | None = None
    rewrite: Rewriting = ()
    excel_epoch: Literal[1900, 1904] = 1900

    @model_validator(mode="after")
    def _readable(self) -> Periods:
        for name in self.formats:
            if name in ("sdmx", "dhis2", "excel"):
                continue
            tokens = re.findall(r"\{(\w+)\}", name)
            letters = [token[0] for token in tokens]
            unknown = set(tokens) - PERIOD_TOKENS
            if "Y" not in tokens or unknown or len(set(letters)) < len(letters):
                raise ValueError(
                    f"{name!r} needs {{Y}} once and only these tokens, each once: "
                    f"{', '.join(sorted(PERIOD_TOKENS))}"
                )
        if self.frequency is None and (
            "excel" in self.formats or any("{D" in name for name in self.formats)
        ):
            raise ValueError("dates need a `frequency` (A, S, Q, M or D)")
        return self


class PeriodVintage(Strict):
    """The periods from..to (inclusive, SDMX) were published on one day."""

    first: str
    last: str
    published_at: str


class Vintage(Strict):
    """When the figures were published: exactly one of the ways.

    from_name   pattern over the file's name or URL with groups Y, M, D
                (M and D count as 1 where the pattern has no such group)
    from_text   the same over the text above the header and below the data
    per_period  for a file that mixes vintages; a period outside is refused
    mixed       text that gives a mix away: such a file is refused unless
                it is declared per period
    """

    published_at: str | None = None
    from_name: Pattern | None = None
    from_text: Pattern | None = None
    per_period: tuple[PeriodVintage, ...] = ()
    mixed: Pattern | None = None

    @model_validator(mode="after")
    def _one(self) -> Vintage:
        ways = (self.published_at, self.from_name, self.from_text, self.per_period)
        if sum(bool(way) for way in ways) != 1:
            raise ValueError(
                "give one of published_at, from_name, from_text, per_period"
            )
        for pattern in (self.from_name, self.from_text):
            if pattern and "Y" not in re.compile(pattern).groupindex:
                raise ValueError("the pattern needs a group (?P<Y>…) for the year")
        return self


class ReadLimits(Strict):
    """What reading one file may cost at the most; more is a reason to refuse.

    max_document_bytes   JSON, XML, HTML and workbooks, which are read whole
    max_unpacked_bytes   all parts of a workbook together, once unpacked
    max_ratio            unpacked to packed size of a workbook
    max_cells            rows times columns of a sheet or table
    max_memory_bytes     of the process that reads an .xls, which can crash it
    max_seconds          the same
    """

    max_document_bytes: int = Field(default=64 * 2**20, ge=1)
    max_unpacked_bytes: int = Field(default=512 * 2**20, ge=1)
    max_ratio: int = Field(default=200, ge=1)
    max_cells: int = Field(default=10_000_000, ge=1)
    max_memory_bytes: int = Field(default=2**30, ge=2**27)
    max_seconds: int = Field(default=60, ge=1)
    max_depth: int = Field(default=100, ge=1, le=500)


class Reading(Strict):
    """All that a declaration says about bytes; a source has these keys."""

    format: Format
    mapping: Mapping = Mapping()
    encoding: Encoding | None = None
    encodings: tuple[Encoding, ...] = ()
    dialect: Dialect = Dialect()
    layout: Layout | None = None
    codes: dict[str, Codes] = {}
    numbers: Numbers | None = None
    periods: Periods | None = None
    vintage: Vintage | None = None
    structure: str | None = None
    read_limits: ReadLimits = ReadLimits()
