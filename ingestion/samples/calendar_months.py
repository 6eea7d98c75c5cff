"""Months of the simulated time span: periods, dates and moments."""

from __future__ import annotations

import calendar
import re
from datetime import date
from functools import cached_property

from ingestion.errors import UsageError

DAY = 86_400
MAX_MONTHS = 240


class Months:
    """`count` months from `start` (YYYY-MM), numbered from 0."""

    def __init__(self, start: str, count: int) -> None:
        if not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", start):
            raise UsageError(
                f"{start!r} is no month.", "give the first month as YYYY-MM."
            )
        if not 2 <= count <= MAX_MONTHS:
            raise UsageError(
                f"A network cannot be simulated over {count} months.",
                f"choose between 2 and {MAX_MONTHS} months.",
            )
        self.count = count
        self._origin = int(start[:4]) * 12 + int(start[5:]) - 1

    def year_month(self, number: int) -> tuple[int, int]:
        year, month = divmod(self._origin + number, 12)
        return year, month + 1

    def period(self, number: int) -> str:
        year, month = self.year_month(number)
        return f"{year:04d}-{month:02d}"

    def first_day(self, number: int) -> date:
        return date(*self.year_month(number), 1)

    def last_day(self, number: int) -> date:
        year, month = self.year_month(number)
        return date(year, month, calendar.monthrange(year, month)[1])

    @cached_property
    def _epochs(self) -> list[int]:
        return [
            calendar.timegm(self.first_day(number).timetuple())
            for number in range(self.count + 3)
        ]

    def epoch(self, number: int) -> int:
        """Seconds since 1970 of the month's first moment in UTC."""
        return self._epochs[number]
