"""World Bank Indicators API v2: [paging, [observation, …]] or [{message}].

Format: "Indicators API v2, API basic call structure" of the World Bank's
data help desk. Errors come with HTTP 200.
"""

from __future__ import annotations

from typing import Any

from ingestion.errors import SourceUnavailable
from ingestion.formats.intake import Intake, Problem, unreadable
from ingestion.formats.json_text import as_text, flattened, load
from ingestion.formats.mapping import map_batch
from ingestion.formats.records import NamedRecord, add_records
from ingestion.landing import LandedFile

COLUMNS = (
    "indicator.id", "indicator.value", "country.id", "country.value",
    "countryiso3code", "date", "value", "unit", "obs_status", "decimal",
    "scale", "lastupdated", "sourceid",
)  # fmt: skip
# "Service currently unavailable"; "Request timed out" of the API's list.
_PASSING = {"105", "112"}


def read(intake: Intake) -> None:
    """One row per observation; `lastupdated` of the envelope in each.

    Raises SourceUnavailable when the API says that it is unavailable now. A
    page that is missing, or fewer observations than the envelope promises, is
    a problem of the file.
    """
    pages: dict[tuple, list[tuple[int, dict, int]]] = {}
    for number in intake.numbers:
        file = intake.batch.files[number]
        paging, observations = _envelope(load(intake, file), file)
        told = {k: as_text(paging.get(k)) for k in ("lastupdated", "sourceid")}
        records = [_record(n, o, told) for n, o in enumerate(observations, 1)]
        add_records(intake, number, records, COLUMNS)
        query = tuple(as_text(paging.get(k)) for k in ("total", "pages", "per_page"))
        pages.setdefault(query, []).append((number, paging, len(records)))
    for found in pages.values():
        _complete(intake, found)
    map_batch(intake)


def _envelope(content: Any, file: LandedFile) -> tuple[dict, list]:
    if not isinstance(content, list) or not content:
        raise unreadable(file, "it is no answer of the World Bank API v2")
    first = content[0]
    if isinstance(first, dict) and "message" in first:
        _refused(first["message"], file)
    paged = isinstance(first, dict) and {"page", "pages", "total"} <= set(first)
    if not paged or len(content) != 2:
        raise unreadable(file, "it is no observation page of the World Bank API v2")
    observations = content[1] if content[1] is not None else []
    if not isinstance(observations, list):
        raise unreadable(file, "its second part is no list of observations")
    return first, observations


def _refused(messages: Any, file: LandedFile) -> None:
    messages = messages if isinstance(messages, list) else [messages]
    found = [m for m in messages if isinstance(m, dict)]
    words = "; ".join(
        f"{as_text(m.get('id'))} {as_text(m.get('key'))}: {as_text(m.get('value'))}"
        for m in found
    )
    if any(as_text(m.get("id")) in _PASSING for m in found):
        raise SourceUnavailable(
            f"{file.url}: the World Bank answered {words}.", "fetch it again later."
        )
    raise unreadable(
        file,
        f"the World Bank answered with an error, not with data: {words or messages!r}",
        "correct the source's `location`.",
    )


def _record(row: int, observation: Any, told: dict[str, str | None]) -> NamedRecord:
    if not isinstance(observation, dict):
        return NamedRecord(row, {}, expected="an observation object")
    cells = {**flattened(observation), **told}
    lacking = [n for n in ("indicator.id", "date", "value") if n not in cells]
    if lacking:
        return NamedRecord(
            row, {}, expected=f"an observation with {', '.join(lacking)}"
        )
    return NamedRecord(row, {k: v or None for k, v in cells.items()})


def _complete(intake: Intake, found: list[tuple[int, dict, int]]) -> None:
    """Compare what came with what the envelopes promise."""
    number, paging, _ = found[-1]
    total, pages = as_text(paging["total"]), as_text(paging["pages"])
    came = sum(count for _, _, count in found)
    numbers = {as_text(page.get("page")) for _, page, _ in found}
    if str(came) != total:
        _incomplete(intake, number, "total", str(came), f"{total} observations in all")
    if str(len(numbers)) != pages and not (pages == "0" and not came):
        _incomplete(intake, number, "pages", str(len(numbers)), f"{pages} pages")


def _incomplete(intake: Intake, number: int, column: str, value: str, expected: str):
    intake.refuse(number, [Problem(None, None, column, value, expected)])
