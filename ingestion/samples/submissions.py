"""The submissions of the simulated offices, month by month, as JSON text."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ingestion.samples.calendar_months import DAY, Months
from ingestion.samples.dice import Dice
from ingestion.samples.faults import (
    ENVELOPE_FAULTS,
    ROW_FAULTS,
    WRONG_PERIODS,
    Planned,
    Row,
    Schedule,
    spoil,
)
from ingestion.samples.performance import INDICATORS, Traits, monthly_values
from ingestion.samples.unit_tree import REPORTING, Unit

FORM = "SIM-MONTHLY"
DUE_DAYS = 10
VALUE_FORMATS = tuple(f"%.{indicator.decimals}f" for indicator in INDICATORS)

# Written for speed: nearly all submissions are this text with figures put in.
_ROWS = ",".join(
    f'{{"row_key":"{number}","indicator_code":"{indicator.code}",'
    f'"region_code":"%(region)s","value":{value_format},'
    f'"unit_measure":"{indicator.unit_measure}"}}'.replace("%(region)s", "%s")
    for number, (indicator, value_format) in enumerate(
        zip(INDICATORS, VALUE_FORMATS, strict=True), start=1
    )
)
_ENVELOPE = (
    '{"submission_id":"%s","unit_code":"%s","form_code":"' + FORM + '",'
    '"period":"%s","received_at":"%s","rows":[%s]}'
)


class Sent(NamedTuple):
    """One submission on its way: sorts by arrival."""

    received: int
    submission_id: str
    position: int
    text: str
    rows: int


class Senders:
    """Makes what every office sends for one month; counts while it does."""

    def __init__(
        self,
        units: list[Unit],
        traits: list[Traits],
        schedule: Schedule,
        months: Months,
        seed: int,
        fault_list: Any,
    ) -> None:
        self.units, self.traits, self.schedule = units, traits, schedule
        self.months, self.seed = months, seed
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.resubmissions: Counter[str] = Counter()
        self._fault_list = csv.writer(fault_list, lineterminator="\n")
        self._fault_list.writerow(
            ("kind", "submission_id", "row_key", "unit_code", "period", "mended_by")
        )

    def month(self, number: int) -> Iterator[Sent]:
        """All submissions for month `number`, resubmissions included."""
        dice = Dice(f"{self.seed}|month|{number}")
        period, opened = self.months.period(number), self.months.epoch(number + 1)
        elapsed = (number + 1) / self.months.count
        sizes = self._sizes(number)
        for unit in self.units:
            planned = self.schedule.get((unit.position, number))
            if planned is None and not self._reports(unit, number):
                continue
            values = monthly_values(
                self.traits[unit.position], sizes[unit.position], elapsed, dice.roll
            )
            stem = f"{unit.code}_{period}"
            if planned is None:
                received = opened + self._arrival(unit, dice.roll)
                rows = _ROWS % _interleaved(unit.region_code, values)
                yield _sent(stem, unit, period, received, rows, len(INDICATORS))
            else:
                received = opened + _on_time(dice.roll)
                yield from self._special(unit, number, planned, values, received, dice)

    def _reports(self, unit: Unit, number: int) -> bool:
        if unit.kind != REPORTING:
            return False
        if unit.closes is not None and number >= unit.closes:
            return False
        silent = unit.silent_from is not None and number >= unit.silent_from
        self.counts["missing_submissions"] += silent
        return not silent

    def _sizes(self, number: int) -> list[float]:
        """Size of every office, with that of the offices merged into it."""
        sizes = [traits.size for traits in self.traits]
        for unit in self.units:
            if unit.closes is not None and number >= unit.closes:
                sizes[unit.heir] += self.traits[unit.position].size
        return sizes

    def _arrival(self, unit: Unit, roll: Callable[[], float]) -> int:
        """Seconds after the month's end; late means days 12 to 28."""
        if roll() >= (0.75 if unit.often_late else 0.02):
            return _on_time(roll)
        self.counts["late_submissions"] += 1
        return (11 + int(roll() * 17)) * DAY + int(roll() * 36_000)

    def _special(
        self,
        unit: Unit,
        number: int,
        planned: Planned,
        values: tuple[float, ...],
        received: int,
        dice: Dice,
    ) -> Iterator[Sent]:
        """A submission that carries a planned fault, and what mends it."""
        period = self.months.period(number)
        stem = f"{unit.code}_{period}"
        rows, spoilt = _rows(unit.region_code, values), _rows(unit.region_code, values)
        unit_code, sent_period, row_key = unit.code, period, ""
        if planned.kind in ROW_FAULTS or planned.kind == "explained_gap":
            row_key = spoil(spoilt, planned)
        elif planned.kind == "unknown_unit":
            unit_code = f"SIM-U-99{planned.nth:04d}"
        elif planned.kind == "wrong_period":
            year, month = self.months.year_month(number)
            form = WRONG_PERIODS[planned.nth % len(WRONG_PERIODS)]
            sent_period = form.format(y=year, m=month)
        yield _sent(stem, unit, sent_period, received, _json(spoilt), len(spoilt),
                    unit_code=unit_code)  # fmt: skip
        again = ""
        if planned.is_mended or planned.kind in ("corrected_value", "sent_again"):
            again = f"{stem}_2"
            if planned.kind == "corrected_value":
                row_key = _correct(rows, planned.nth)
            # In the same month or the next, but never after the simulation.
            waits = planned.nth % 4 == 3 and number < self.months.count - 1
            moment = self.months.epoch(number + 2 if waits else number + 1)
            moment += (14 + int(dice.roll() * 13)) * DAY + int(dice.roll() * 36_000)
            yield _sent(again, unit, period, moment, _json(rows), len(rows))
        self._note(planned, stem, row_key, unit_code, sent_period, again)

    def _note(
        self, planned: Planned, stem: str, row_key: str, unit: str, period: str,
        again: str,
    ) -> None:  # fmt: skip
        self.faults[planned.kind] += 1
        if again:
            kind = planned.kind if planned.kind not in ROW_FAULTS else "mended"
            self.resubmissions[kind] += 1
        self._fault_list.writerow((planned.kind, stem, row_key, unit, period, again))


def is_fault(kind: str) -> bool:
    """Wrong by itself, as against honest gaps and corrections."""
    wrong = {**ROW_FAULTS, **ENVELOPE_FAULTS}
    return kind in wrong or kind in ("unit_not_asked", "unit_closed")


def _interleaved(region: str, values: tuple[float, ...]) -> tuple[Any, ...]:
    a, b, c, d, e, f, g, h = values
    return (region, a, region, b, region, c, region, d,
            region, e, region, f, region, g, region, h)  # fmt: skip


def _rows(region: str, values: tuple[float, ...]) -> list[Row]:
    return [
        Row(str(number), indicator.code, region, form % value, indicator.unit_measure)
        for number, (indicator, form, value) in enumerate(
            zip(INDICATORS, VALUE_FORMATS, values, strict=True), start=1
        )
    ]


def _correct(rows: list[Row], nth: int) -> str:
    """A figure that was plausible before and is better known now."""
    row = rows[(0, 4, 5, 7)[nth % 4]]
    decimals = len(row.value.partition(".")[2])
    row.value = f"{float(row.value) * (1.03 + nth % 5 / 50) + 1:.{decimals}f}"
    return row.row_key


def _json(rows: list[Row]) -> str:
    return ",".join(_row_json(row) for row in rows)


def _row_json(row: Row) -> str:
    cells = [
        f'"row_key":"{row.row_key}"',
        f'"indicator_code":"{row.indicator_code}"',
        f'"region_code":"{row.region_code}"',
    ]
    if row.value is not None:
        cells.append(f'"value":{row.value}')
    cells.append(f'"unit_measure":"{row.unit_measure}"')
    if row.obs_status:
        cells.append(f'"obs_status":"{row.obs_status}"')
    if row.comment:
        cells.append(f'"comment":{json.dumps(row.comment)}')
    return "{" + ",".join(cells) + "}"


def _on_time(roll: Callable[[], float]) -> int:
    """Seconds after the month's end: days 1 to 9, office hours in China."""
    return int(roll() * 9) * DAY + int(roll() * 36_000)


def _sent(
    submission_id: str,
    unit: Unit,
    period: str,
    received: int,
    rows: str,
    count: int,
    unit_code: str | None = None,
) -> Sent:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(received))
    text = _ENVELOPE % (submission_id, unit_code or unit.code, period, moment, rows)
    return Sent(received, submission_id, unit.position, text, count)
