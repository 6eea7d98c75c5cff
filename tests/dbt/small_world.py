"""A small typed world in raw: what the gate would have let through.

Every figure that a test compares has its source in shared methods 1.1: the
Chinese plans' published examples, or an independent computation beside it.
"""

from __future__ import annotations

import csv
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from ingestion.registry import REGISTRIES

START = datetime(2021, 1, 1)
PLAN = ("P", "1")


class SmallWorld:
    """Appends batches to raw; each batch has the next load_seq."""

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self.connection = connection
        self.seq = 0

    def batch(self, at: datetime, kind: str = "submission") -> str:
        self.seq += 1
        name = f"b{self.seq}"
        self._insert(
            "raw.batch",
            {
                "batch_id": name, "source_code": "s", "kind": kind,
                "source_kind": "official", "simulated": False, "received_at": at,
                "sha256": "0", "status": "loaded", "rows_received": 0,
                "rows_accepted": 0, "rows_rejected": 0, "rule_set_version": "1",
                "loaded_at": at, "load_seq": self.seq,
            },
        )  # fmt: skip
        self._insert(
            "raw.landed_file",
            {
                "batch_id": name, "file_sha256": "f" + name, "url": "file:" + name,
                "size_bytes": 1, "fetched_at": at, "load_seq": self.seq,
            },
        )  # fmt: skip
        return name

    def registry(self, name: str, *rows: dict, at: datetime = START, **flags) -> None:
        """One batch of registry rows; `deleted=True` marks their keys as gone."""
        batch = self.batch(at, "registry")
        unknown = {column for row in rows for column in row}
        unknown -= set(REGISTRIES[name].allowed)
        assert not unknown, unknown
        self._insert(
            f"raw.registry_{name}",
            *(
                {
                    "source_code": "site", "batch_id": batch, "row_number": number,
                    **row,
                    "row_hash": hashlib.sha256(repr(row).encode()).hexdigest(),
                    "is_deleted": flags.get("deleted", False), "known_from": at,
                    "load_seq": self.seq,
                }
                for number, row in enumerate(rows, 1)
            ),
        )  # fmt: skip

    def observe(
        self, indicator: str, values: dict[str, object], *, at: datetime, **other
    ) -> None:
        """One batch of observations {period: value} of one series."""
        batch = other.pop("batch", None) or self.batch(at)
        row = {
            "source_kind": "official", "source_code": "stat", "region_code": "R",
            "definition_version": "1", "breakdown": "_T", "unit_measure": "PERCENT",
            "obs_status": "A", "conf_status": "F", **other,
        }  # fmt: skip
        self._insert(
            "raw.observation",
            *(
                {
                    "batch_id": batch, "file_sha256": "f" + batch,
                    "row_number": number, "indicator_code": indicator,
                    "period": period, "value": value, "known_from": at,
                    "load_seq": self.seq, **row,
                }
                for number, (period, value) in enumerate(values.items(), 1)
            ),
        )  # fmt: skip

    def report(
        self, unit: str, period: str, at: datetime, verdict: str = "accepted",
        cells: dict[str, object] | None = None, reasons: tuple[str, ...] = (),
        form_code: str = "F",
    ) -> None:  # fmt: skip
        """One submission of a form by a unit: its cells, the rules it broke."""
        batch = self.batch(at)
        self._insert(
            "raw.submission",
            {
                "submission_id": "s" + batch, "batch_id": batch, "source_code": "net",
                "file_sha256": "f" + batch, "unit_code": unit, "form_code": form_code,
                "period": period, "received_at": at, "sha256": "0",
                "verdict": verdict, "rows_received": 0, "rows_accepted": 0,
                "rows_rejected": 0, "rule_set_version": "1", "load_seq": self.seq,
            },
        )  # fmt: skip
        self._insert(
            "raw.rejection",
            *(
                {
                    "batch_id": batch, "submission_id": "s" + batch, "row_number": 1,
                    "row_key": "1", "field": "value", "offending_value": "about 40",
                    "rule_id": rule_id, "rule_version": "1", "severity": "error",
                    "expected": "a number", "load_seq": self.seq,
                }
                for rule_id in reasons
            ),
        )  # fmt: skip
        for indicator, value in (cells or {}).items():
            self.observe(
                indicator, {period: value}, at=at, batch=batch, unit_code=unit,
                form_code=form_code, submission_id="s" + batch, source_code="net",
                source_kind="self_reported",
            )  # fmt: skip

    def _insert(self, table: str, *rows: dict) -> None:
        """All rows in one statement: to insert them one by one takes longer."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        if rows:
            one = f"({', '.join('?' * len(columns))})"
            self.connection.execute(
                f"insert into {table} ({', '.join(columns)})"
                f" values {', '.join([one] * len(rows))}",
                [row.get(column) for row in rows for column in columns],
            )


def found(world: SmallWorld) -> None:
    """Registries: one plan 2021–2025, all target types, three units, one form."""
    world.registry("regions", {"region_code": "R", "name_en": "Rivers", "level": "0"})
    world.registry(
        "region_groups",
        {"group_kind": "custom", "group_code": "G", "name_en": "G", "region_code": "R"},
    )
    world.registry("indicators", *(indicator(*row) for row in INDICATORS))
    world.registry(
        "plans",
        {
            "plan_code": "P", "plan_version": "1", "name_en": "Plan",
            "region_code": "R", "period_start": "2021-01-01",
            "period_end": "2025-12-31",
        },
    )  # fmt: skip
    world.registry("targets", *(target(*row) for row in TARGETS))
    world.registry("rules", *(rule(*row) for row in RULES), *local_pack())
    world.registry("milestones", *MILESTONES)
    _found_reporting(world)


def _found_reporting(world: SmallWorld) -> None:
    unit = {"unit_kind": "office", "region_code": "R", "valid_from": "2025-01-01"}
    world.registry(
        "units",
        {**unit, "unit_code": "U0", "name_en": "Simulated head", "level": "0"},
        *(
            {
                **unit, "unit_code": code, "level": "1", "parent_unit_code": "U0",
                "name_en": f"Simulated office {code}", "name_zh": f"模拟机构{code}",
            }
            for code in ("U1", "U2", "U3")
        ),
    )  # fmt: skip
    world.registry(
        "forms",
        {
            "form_code": "F", "name_en": "Monthly form", "name_zh": "月报",
            "frequency": "M", "due_days": "10", "unit_kind": "office",
            "unit_level": "1", "valid_from": "2025-01-01",
        },
    )  # fmt: skip
    world.registry(
        "form_items",
        {"form_code": "F", "indicator_code": "WORK", "compulsory": "true"},
        {"form_code": "F", "indicator_code": "NOTE", "compulsory": "false"},
        {"form_code": "F", "indicator_code": "STAFF"},
    )


def indicator(code: str, direction: str = "higher", frequency: str = "A") -> dict:
    return {
        "indicator_code": code, "definition_version": "1", "domain": "test",
        "name_en": f"Indicator {code}", "name_zh": f"指标{code}",
        "unit_measure": "PERCENT", "direction": direction, "frequency": frequency,
        "aggregation": "none", "decimals": "2",
    }  # fmt: skip


def target(code: str, kind: str, base, goal, binding: bool = True, **more) -> dict:
    return {
        "plan_code": "P", "plan_version": "1", "indicator_code": code,
        "definition_version": "1", "region_code": "R", "target_type": kind,
        "binding": str(binding).lower(), "baseline_value": base,
        "target_value": goal, "target_period": "2025", **more,
    }  # fmt: skip


def rule(rule_id: str, parameter: str, value: str) -> dict:
    return {
        "rule_id": rule_id, "rule_version": "1", "parameter": parameter,
        "value": value, "source_status": "own",
    }  # fmt: skip


def local_pack() -> list[dict]:
    """The rules that the documentation offers to local offices."""
    path = Path(__file__).parents[2] / "docs" / "rule-packs" / "local-points.csv"
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


MILESTONES = (
    {
        "milestone_code": "BRIDGE", "plan_code": "P", "plan_version": "1",
        "name_en": "Bridge", "responsible_unit_code": "U1", "due_on": "2025-03-31",
        "started_on": "2024-01-01",
    },
    {
        "milestone_code": "TUNNEL", "plan_code": "P", "plan_version": "1",
        "name_en": "Tunnel", "planned_start_on": "2025-01-01", "due_on": "2026-12-31",
    },
)  # fmt: skip
INDICATORS = (
    ("URBAN",), ("CAP", "lower"), ("KEEP",), ("GROWTH",), ("ENERGY",), ("CO2",),
    ("JOBS",), ("INCOME",), ("GDP",), ("MOOD",), ("WORK", "higher", "M"),
    ("STAFF", "higher", "M"), ("NOTE", "higher", "M"),
)  # fmt: skip
TARGETS = (
    ("URBAN", "level_floor", "60.6", "65", False),
    ("CAP", "level_cap", "5.2", "5.5"),
    ("KEEP", "maintain", None, "6.5"),
    ("GROWTH", "avg_growth_floor", None, "7"),
    ("ENERGY", "cum_reduction", None, "13.5"),
    ("CO2", "cum_reduction", None, "18"),
    ("JOBS", "cum_total", None, "5000"),
    ("MOOD", "qualitative", None, None),
)
RULES = (
    ("PROGRESS_RAG", "yellow_limit_pct", "10"),
    ("PROGRESS_RAG", "improve_margin_pct", "2"),
    ("PROGRESS_RAG", "improve_periods", "2"),
    ("PROGRESS_RAG", "keep_missing_periods", "1"),
    ("PROGRESS_EUROSTAT", "significant_from", "0.95"),
    ("PROGRESS_EUROSTAT", "moderate_from", "0.60"),
    ("PROGRESS_EUROSTAT", "insufficient_from", "0"),
    ("PROGRESS_EUROSTAT", "min_change_pct", "2"),
    ("PROGRESS_LABEL", "faster_from", "1.10"),
    ("PROGRESS_LABEL", "in_line_from", "0.90"),
    ("FORECAST", "min_points", "3"),
    ("FORECAST", "min_points_p_miss", "4"),
    ("FORECAST", "min_points_trend", "10"),
    ("FORECAST", "alpha", "0.8"),
    ("FORECAST", "beta", "0.2"),
    ("FORECAST", "phi", "0.9"),
    ("FORECAST", "bound_margin_pct", "10"),
    ("ANTICIPATED_PROGRESS", "weight_power", "1"),
    ("ANTICIPATED_PROGRESS", "maintain_to_pct", "10"),
    ("ANTICIPATED_PROGRESS", "accelerate_to_pct", "100"),
    ("SPEARMAN_TREND", "significance", "0.10"),
    ("FISCAL_RISK", "yellow_from_pct", "120"),
    ("FISCAL_RISK", "orange_from_pct", "200"),
    ("FISCAL_RISK", "red_from_pct", "300"),
    ("FISCAL_ITEM", "DEBT", "explicit_debt"),
    ("FISCAL_ITEM", "DEBT_HIDDEN", "hidden_debt"),
    ("FISCAL_ITEM", "REVENUE", "resources revenue"),
    ("FISCAL_ITEM", "TRANSFERS", "resources"),
    ("FISCAL_ITEM", "SPENDING", "expenditure"),
    ("FISCAL_ITEM", "PEOPLE", "population"),
    ("INEQUALITY", "min_coverage_pct", "90"),
    ("INEQUALITY_PAIR", "OUTPUT", "PEOPLE"),
    ("INEQUALITY_PAIR", "PCGDP", "EQUAL"),
    ("COMPARABLE_PRICES", "code", "OUTPUT_REAL"),
    ("COMPARABLE_PRICES", "nominal_indicator", "OUTPUT"),
    ("COMPARABLE_PRICES", "index_indicator", "OUTPUT_INDEX"),
    ("COMPARABLE_PRICES", "population_indicator", "PEOPLE"),
    ("COMPARABLE_PRICES", "base_period", "2019"),
    ("URBAN_RURAL", "urban_breakdown", "URBAN"),
    ("URBAN_RURAL", "rural_breakdown", "RURAL"),
    ("PLAN_TRANSITION", "drafted", "start"),
    ("PLAN_TRANSITION", "submitted", "start drafted"),
    ("PLAN_TRANSITION", "approved", "start submitted"),
    ("PLAN_TRANSITION", "in_force", "approved"),
    ("PLAN_TRANSITION", "expired", "in_force"),
    ("PLAN_TRANSITION", "final_evaluated", "expired"),
    ("PLAN_TRANSITION", "extended", "final_evaluated"),
    ("PLAN_LIFECYCLE", "midterm_due_months", "36"),
    ("PLAN_LIFECYCLE", "final_due_months", "12"),
    ("VALUE_PRECEDENCE", "order", "verified official self_reported"),
    ("EW_OFF_TRACK", "escalate_every", "2"),
    ("EW_SILENT_UNIT", "yellow_after", "1"),
    ("EW_SILENT_UNIT", "orange_after", "2"),
    ("EW_SILENT_UNIT", "red_after", "3"),
    ("EW_SILENT_UNIT", "escalate_every", "2"),
    ("EW_FORECAST_MISS", "yellow_at", "0.1"),
    ("EW_FORECAST_MISS", "orange_at", "0.33"),
    ("EW_FORECAST_MISS", "red_at", "0.66"),
    ("EW_STATUS_WORSENING", "yellow_at", "1"),
    ("EW_STATUS_WORSENING", "orange_at", "2"),
    ("EW_MILESTONE_OVERDUE", "yellow_after", "0"),
    ("EW_PLAN_EXPIRED", "yellow_after", "0"),
    ("EW_DEFINITION_SWITCH", "yellow_at", "1"),
    ("EW_TARGET_WEAKENED", "yellow_at", "0"),
    ("EW_TARGET_WEAKENED", "orange_at", "5"),
    ("EW_TARGET_WEAKENED", "red_at", "10"),
    ("EW_LATE_UNIT", "window", "3"),
    ("EW_LATE_UNIT", "late_share_pct", "50"),
    ("RULE_QUALITY", "min_hits", "1"),
    ("RULE_QUALITY", "min_tries", "1"),
    ("RULE_QUALITY", "second_try_share_pct", "50"),
    ("RULE_QUALITY", "waived_share_pct", "20"),
)


def days(number: float) -> timedelta:
    return timedelta(days=number)
