"""What goes wrong in the simulated network, with counts known beforehand.

Every fault is planned before anything is written: so many submissions of
each kind, each in an office and month of its own. Tests compare exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.errors import UsageError
from ingestion.samples.dice import Dice
from ingestion.samples.performance import INDICATORS
from ingestion.samples.unit_tree import SUPPORT, Unit

# Faults per thousand submissions; at least two of each where there is room.
ROW_FAULTS = {
    "text_value": 1.0,
    "missing_value": 1.0,
    "unknown_indicator": 0.7,
    "unknown_region": 0.5,
    "other_unit_measure": 1.0,
    "thousandfold_value": 0.7,
    "percentage_out_of_range": 0.7,
    "negative_count": 0.7,
    "duplicate_row": 0.7,
    "absent_row": 0.7,
    "formula_comment": 0.5,
}
ENVELOPE_FAULTS = {"unknown_unit": 0.3, "wrong_period": 0.5}
# Not faults: honest gaps, corrections of good figures, and plain repetition.
BEHAVIOUR = {"explained_gap": 1.0, "corrected_value": 3.0, "sent_again": 0.5}
# Planned per office instead of drawn: `unit_not_asked`, `unit_closed`.

TEXT_VALUES = ("n/a", "12,5", "约100", "--", "１２", "1e", "about 40")
WRONG_PERIODS = ("{y}/{m:02d}", "{y}{m:02d}", "{y}-{m}", "{y}年{m}月")
OTHER_UNITS = {
    "SIM_JOBS_CREATED": "PERSONS_10K",
    "SIM_INVESTMENT": "CNY",
    "SIM_ROAD_KM": "M",
    "SIM_WATER_USE": "万立方米",
}
FORMULA = '=HYPERLINK("http://simulated.invalid/","open")'


@dataclass(frozen=True)
class Planned:
    """A fault or behaviour of one office and month; `nth` counts its kind."""

    kind: str
    nth: int

    @property
    def is_mended(self) -> bool:
        """Every second faulty row is put right by a later submission."""
        return self.kind in ROW_FAULTS and self.nth % 2 == 0


Schedule = dict[tuple[int, int], Planned]


def plan_faults(units: list[Unit], months: int, seed: int) -> Schedule:
    """(unit position, month) -> what happens there, all drawn without overlap."""
    rates = {**ROW_FAULTS, **ENVELOPE_FAULTS, **BEHAVIOUR}
    open_units = [unit.position for unit in units if unit.is_ordinary]
    cells = len(open_units) * months
    least = 2 if cells >= 4 * len(rates) else 1
    counts = {k: max(least, round(cells * r / 1000)) for k, r in rates.items()}
    total = sum(counts.values())
    if total > cells // 2:
        raise UsageError(
            f"{len(units)} units over {months} months leave no room for "
            f"{len(rates)} kinds of faults.",
            "simulate more units or more months.",
        )
    drawn = iter(Dice(f"{seed}|faults").distinct(total, cells))
    schedule: Schedule = {}
    for kind, count in counts.items():
        for nth in range(count):
            unit, month = divmod(next(drawn), months)
            schedule[open_units[unit], month] = Planned(kind, nth)
    _plan_per_office(schedule, units, months)
    return schedule


def _plan_per_office(schedule: Schedule, units: list[Unit], months: int) -> None:
    """A closed office and one that nobody asked each send one submission."""
    closed = [unit for unit in units if unit.closes is not None]
    for nth, unit in enumerate(closed):
        schedule[unit.position, unit.closes] = Planned("unit_closed", nth)
    support = [unit for unit in units if unit.kind == SUPPORT]
    for nth, unit in enumerate(support):
        month = nth % months
        schedule[unit.position, month] = Planned("unit_not_asked", nth)


@dataclass(slots=True)
class Row:
    """One row of a submission; `value` is JSON text, None leaves it out."""

    row_key: str
    indicator_code: str
    region_code: str
    value: str | None
    unit_measure: str
    obs_status: str | None = None
    comment: str | None = None


def spoil(rows: list[Row], planned: Planned) -> str:
    """Put the planned row fault or gap into `rows`; gives the row's key."""
    nth, kind = planned.nth, planned.kind
    row = rows[_victim(kind, nth)]
    if kind == "text_value":
        row.value = f'"{TEXT_VALUES[nth % len(TEXT_VALUES)]}"'
    elif kind == "missing_value":
        row.value = ("null", None, '""')[nth % 3]
    elif kind == "explained_gap":
        row.value, row.obs_status = "null", ("O", "L", "M")[nth % 3]
    elif kind == "absent_row":
        rows.remove(row)
    elif kind == "formula_comment":
        row.comment = FORMULA
    elif kind == "duplicate_row":
        rows.append(_twin(row, nth))
        return rows[-1].row_key
    else:
        _spoil_content(row, kind)
    return row.row_key


def _spoil_content(row: Row, kind: str) -> None:
    if kind == "unknown_indicator":
        row.indicator_code += "_OLD"
    elif kind == "unknown_region":
        row.region_code = "SIM-999999"
    elif kind == "other_unit_measure":
        row.unit_measure = OTHER_UNITS[row.indicator_code]
    elif kind == "thousandfold_value":
        row.value = _changed(row, float(row.value) * 1000)
    elif kind == "percentage_out_of_range":
        row.value = f"{float(row.value) + 100:.2f}"
    elif kind == "negative_count":
        row.value = f"-{row.value}"
    else:
        raise ValueError(f"no such fault: {kind}")


def _twin(row: Row, nth: int) -> Row:
    """The same series twice in one submission, every second time different."""
    value = row.value if nth % 2 else _changed(row, float(row.value) + 1)
    return Row("9", row.indicator_code, row.region_code, value, row.unit_measure)


def _changed(row: Row, value: float) -> str:
    """`value` with as many decimals as the row had."""
    return f"{value:.{len(row.value.partition('.')[2])}f}"


def _victim(kind: str, nth: int) -> int:
    """Position of the row that suits the fault."""
    codes = [indicator.code for indicator in INDICATORS]
    if kind == "percentage_out_of_range":
        return codes.index("SIM_ONLINE_SHARE")
    if kind == "other_unit_measure":
        return codes.index(list(OTHER_UNITS)[nth % len(OTHER_UNITS)])
    if kind == "negative_count":
        return codes.index(("SIM_JOBS_CREATED", "SIM_PERMITS_ISSUED")[nth % 2])
    if kind == "thousandfold_value":
        return codes.index(("SIM_INVESTMENT", "SIM_WATER_USE")[nth % 2])
    return nth % len(codes)
