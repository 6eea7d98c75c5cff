"""Registry files of the simulated network."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from ingestion.registry import REGISTRIES
from ingestion.samples.calendar_months import Months
from ingestion.samples.performance import (
    ANSWER_DAYS_CAP,
    INDICATORS,
    Traits,
    investment_target,
    jobs_target,
    online_target,
)
from ingestion.samples.submissions import DUE_DAYS, FORM
from ingestion.samples.unit_tree import COUNTRY, LEVEL_NAMES, REPORTING, Unit

PLAN = "SIM-PLAN"
PROVINCIAL = 1


def write_registries(
    folder: Path, units: list[Unit], traits: list[Traits], months: Months
) -> dict[str, int]:
    """Write folder/<registry>.csv; gives the number of rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "regions": _write(folder, "regions", _regions(units)),
        "units": _write(folder, "units", _units(units, months)),
        "indicators": _write(folder, "indicators", _indicators()),
        "plans": _write(folder, "plans", [_plan(months)]),
        "targets": _write(folder, "targets", _targets(units, traits, months)),
        "forms": _write(folder, "forms", [_form(months)]),
        "form_items": _write(folder, "form_items", _form_items()),
    }


def _write(folder: Path, registry: str, rows: Iterable[dict[str, object]]) -> int:
    count = 0
    path = folder / f"{registry}.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(
            handle, REGISTRIES[registry].columns, restval="", lineterminator="\n"
        )
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _regions(units: list[Unit]) -> Iterable[dict[str, object]]:
    for unit in units:
        # Local offices share the region of their county office.
        if unit.region_code.startswith("SIM-") and unit.level < len(LEVEL_NAMES) - 1:
            kind_en, kind_zh = (("Prefecture", "地区"), ("County", "县"))[
                unit.level - 2
            ]
            yield {
                "region_code": unit.region_code,
                "name_en": f"Simulated {kind_en} {unit.area}",
                "name_zh": f"模拟{kind_zh}{unit.area}",
                "level": unit.level,
                "parent_region_code": units[unit.parent].region_code,
            }


def _units(units: list[Unit], months: Months) -> Iterable[dict[str, object]]:
    for unit in units:
        closed = unit.closes is not None
        yield {
            "unit_code": unit.code,
            "name_en": unit.name_en,
            "name_zh": unit.name_zh,
            "unit_kind": unit.kind,
            "level": unit.level,
            "parent_unit_code": "" if unit.parent is None else units[unit.parent].code,
            "region_code": unit.region_code,
            "valid_to": months.last_day(unit.closes - 1) if closed else "",
            "contact": f"{unit.code.lower()}@simulated.invalid",
        }


def _indicators() -> Iterable[dict[str, object]]:
    for indicator in INDICATORS:
        yield {
            "indicator_code": indicator.code,
            "definition_version": 1,
            "name_en": indicator.name_en,
            "name_zh": indicator.name_zh,
            "domain": indicator.domain,
            "unit_measure": indicator.unit_measure,
            "direction": indicator.direction,
            "frequency": "M",
            "aggregation": indicator.aggregation,
            "weight_indicator_code": indicator.weight,
            "min_value": 0,
            "max_value": indicator.max_value,
            "decimals": indicator.decimals,
            "is_key": "true" if indicator.code == "SIM_JOBS_CREATED" else "false",
            "conf_status": "F",
            "definition": "Simulated. The office's own work, without the offices "
            "below it.",
            "source_status": "own",
        }


def _plan(months: Months) -> dict[str, object]:
    return {
        "plan_code": PLAN,
        "plan_version": 1,
        "name_en": "Simulated plan of the reporting network",
        "name_zh": "模拟报送网络规划",
        "region_code": COUNTRY,
        "period_start": months.first_day(0),
        "period_end": months.last_day(months.count - 1),
    }


def _form(months: Months) -> dict[str, object]:
    return {
        "form_code": FORM,
        "name_en": "Simulated monthly report",
        "name_zh": "模拟月度报表",
        "frequency": "M",
        "due_days": DUE_DAYS,
        "unit_kind": REPORTING,
        "valid_from": months.first_day(0),
        "valid_to": months.last_day(months.count - 1),
        "legal_basis": "Simulated",
    }


def _form_items() -> Iterable[dict[str, object]]:
    for indicator in INDICATORS:
        yield {
            "form_code": FORM,
            "indicator_code": indicator.code,
            "breakdown": "_T",
            "compulsory": "true",
        }


def _targets(
    units: list[Unit], all_traits: list[Traits], months: Months
) -> Iterable[dict[str, object]]:
    before, last = months.period(-1), months.period(months.count - 1)
    for unit in units:
        if unit.kind != REPORTING:
            continue
        traits = all_traits[unit.position]
        own = [
            ("SIM_JOBS_CREATED", "cum_total", "ge", "",
             jobs_target(traits, months.count)),
            ("SIM_ONLINE_SHARE", "level_floor", "ge", traits.online_base,
             online_target(traits)),
            ("SIM_ANSWER_DAYS", "level_cap", "le", "", ANSWER_DAYS_CAP),
        ]  # fmt: skip
        if unit.level == PROVINCIAL:
            own += [
                ("SIM_INVESTMENT", "cum_total", "ge", "",
                 investment_target(traits, months.count)),
                ("SIM_STAFF", "maintain", "ge", traits.staff, traits.staff),
            ]  # fmt: skip
        for indicator, target_type, strictness, baseline, value in own:
            yield {
                "plan_code": PLAN,
                "plan_version": 1,
                "indicator_code": indicator,
                "definition_version": 1,
                "region_code": unit.region_code,
                "unit_code": unit.code,
                "target_type": target_type,
                "binding": "true" if indicator == "SIM_JOBS_CREATED" else "false",
                "strictness": strictness,
                "breakdown": "_T",
                "baseline_value": baseline,
                "baseline_period": "" if baseline == "" else before,
                "target_value": value,
                "target_period": last,
                "responsible_unit_code": unit.code,
                "reason": "Simulated",
                "source_status": "own",
            }
