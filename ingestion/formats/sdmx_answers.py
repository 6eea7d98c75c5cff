"""SDMX answers that are no data: errors, and "too big, come back later".

Codes: SDMX REST, "Error codes" (100 no results, 110 unauthorised, 130 and
510 too big, 140 and 150 wrong request, 500 and 503 server), and 413 as
Eurostat's asynchronous delivery puts it into a footer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingestion.errors import SourceUnavailable
from ingestion.formats.intake import Intake, Problem, unreadable

_LATER = {"413", "500", "503"}
_NO_RESULTS = {"100", "404"}
# What a service says beside data that it did deliver.
_REMARKS = {"information", "infomation", "warning"}


@dataclass(frozen=True)
class Answer:
    """One message of a service: its code, how grave it is, its words."""

    code: str
    severity: str
    words: str


def judge(
    intake: Intake, number: int, answers: Iterable[Answer], observations: int
) -> None:
    """Raise SourceUnavailable for "later", Unreadable for errors.

    A remark beside data becomes a problem of the file; an error without data
    is never an empty success. "No results" without data is an empty answer.
    """
    file = intake.batch.files[number]
    for answer in answers:
        told = f"{answer.code} {' '.join(answer.words.split())[:300]}".strip()
        if answer.code in _LATER:
            raise SourceUnavailable(
                f"{file.url}: the service answered {told}.",
                "fetch it again later, or ask for less at once.",
            )
        if answer.code in _NO_RESULTS and not observations:
            intake.skip(number, [(None, "the service found nothing", told)])
            intake.count(number, 1)
        elif answer.severity.casefold() in _REMARKS and observations:
            intake.refuse(
                number, [Problem(None, None, "footer", told, "data without remarks")]
            )
        else:
            raise unreadable(
                file,
                f"the service answered with an error, not with data: {told}",
                "correct the source's `location`, or ask for less at once.",
            )
