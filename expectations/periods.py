"""Periods in SDMX notation as days: 2025, 2025-S1, 2025-Q3, 2025-07."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from ingestion.errors import UsageError

NOTATION = re.compile(r"([0-9]{4})(?:-(S[12]|Q[1-4]|0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class Period:
    """First and last day of a period, and its frequency (A, S, Q, M)."""

    text: str
    frequency: str
    start: date
    end: date

    @classmethod
    def parse(cls, text: str) -> Period:
        """UsageError when `text` is not in SDMX notation."""
        found = NOTATION.fullmatch(text)
        if not found or int(found[1]) == 0:
            raise UsageError(
                f"{text!r} is no period in SDMX notation.",
                "write 2025, 2025-S1, 2025-Q3 or 2025-07.",
            )
        year, part = int(found[1]), found[2] or ""
        if not part:
            frequency, month, months = "A", 1, 12
        elif part[0] == "S":
            frequency, month, months = "S", int(part[1]) * 6 - 5, 6
        elif part[0] == "Q":
            frequency, month, months = "Q", int(part[1]) * 3 - 2, 3
        else:
            frequency, month, months = "M", int(part), 1
        last = month + months - 1
        after = date(year + last // 12, last % 12 + 1, 1) if year < 9999 else date.max
        return cls(text, frequency, date(year, month, 1), after - timedelta(days=1))

    def days_after_end(self, days: int) -> date:
        return self.end + timedelta(days=days)
