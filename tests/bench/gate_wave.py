"""A wave of reports with known faults, and the query a person would write.

`make_wave` draws the rows with a seeded generator, injects faults and says
which; `judge_by_hand` finds failing rows in one pass over the same Parquet.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.gate import judge_batch
from ingestion.canonical import (
    OBSERVATION_COLUMNS,
    SUBMISSION_COLUMNS,
    CanonicalBatch,
)
from ingestion.landing import LandedBatch, LandedFile
from ingestion.settings import Settings
from ingestion.site import Site

RECEIVED = datetime(2025, 8, 5, 9, 30, tzinfo=UTC)
# Fault, and the rule that has to find it. Each is planted in its own rows.
FAULTS = {
    "no_unit_measure": "OBS_CELL_MISSING",
    "no_status": "OBS_CELL_MISSING",
    "unknown_indicator": "OBS_INDICATOR_UNKNOWN",
    "unknown_definition": "OBS_DEFINITION_UNKNOWN",
    "not_on_form": "OBS_INDICATOR_NOT_ON_FORM",
    "unknown_region": "OBS_REGION_UNKNOWN",
    "other_region": "OBS_REGION_OTHER",
    "other_period": "OBS_ENVELOPE",
    "duplicate": "OBS_DUPLICATE",
    "unknown_status": "OBS_STATUS_UNKNOWN",
    "empty_value": "OBS_VALUE_MISSING",
    "text_value": "OBS_VALUE_DECIMAL",
    "other_unit_measure": "OBS_UNIT_MEASURE",
    "negative": "OBS_VALUE_NEGATIVE",
    "too_high": "OBS_VALUE_TOO_HIGH",
    "formula": "OBS_TEXT_FORMULA",
}
RULES = frozenset(FAULTS.values())
assert len(RULES) == 15


def make_site(folder: Path) -> Settings:
    site = folder / "site"
    (site / "sources").mkdir(parents=True)
    (site / "registry").mkdir()
    (site / "site.yml").write_text("name: bench\ntime_zone: Asia/Shanghai\n")
    for name in ("regions", "units", "indicators", "forms", "form_items"):
        (site / "registry" / f"{name}.csv").write_text("declared\n")
    (site / "sources" / "unit_reports.yml").write_text(
        "code: unit_reports\nkind: submission\nconnector: inbox\n"
        "location: nowhere\nformat: csv\n"
    )
    return Settings(home=folder / "home", site=site)


def make_registries(settings: Settings, units: int, indicators: int) -> None:
    """Judge the five registries that the wave is judged against."""
    regions = [{"region_code": "100000", "name_en": "All", "level": "0"}]
    regions += [
        {"region_code": str(110000 + n), "name_en": f"R{n}", "level": "1"}
        for n in range(31)
    ]
    _registry(settings, "regions", regions)
    _registry(
        settings,
        "units",
        [
            {
                "unit_code": f"U{n:06}",
                "name_en": f"Office {n}",
                "unit_kind": "office",
                "level": "3",
                "region_code": str(110000 + n % 31),
            }
            for n in range(units)
        ],
    )
    _registry(
        settings,
        "indicators",
        [
            {
                "indicator_code": f"I{n:02}",
                "definition_version": "1",
                "name_en": f"Indicator {n}",
                "domain": "economy",
                "unit_measure": "PERSONS",
                "direction": "higher",
                "frequency": "M",
                "aggregation": "sum",
                "min_value": "0",
                "max_value": "1000000",
                "decimals": "0",
            }
            for n in range(indicators + 1)
        ],
    )
    form = {"form_code": "F1", "name_en": "Form", "frequency": "M", "due_days": "10"}
    _registry(settings, "forms", [form])
    _registry(
        settings,
        "form_items",
        [{"form_code": "F1", "indicator_code": f"I{n:02}"} for n in range(indicators)],
    )


def _registry(settings: Settings, name: str, rows: list[dict]) -> None:
    batch = _landed(f"site_{name}", "registry", name)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = {key: pa.array([r.get(key) for r in rows], pa.string()) for key in columns}
    numbers = pa.array(range(1, len(rows) + 1), pa.int64())
    path = settings.home / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"row_number": numbers, **table}), path)
    canonical = CanonicalBatch(registry_rows=path)
    verdict = judge_batch(settings, batch, canonical, Site.load(settings.site))
    assert verdict.accepted, verdict.reasons


def _landed(source_code: str, kind: str, registry: str = "") -> LandedBatch:
    digest = hashlib.sha256(source_code.encode()).hexdigest()
    return LandedBatch(
        batch_id=f"{source_code}-{digest[:16]}",
        source_code=source_code,
        kind=kind,
        source_kind="self_reported",
        registry=registry,
        licence="bench",
        simulated=True,
        sha256=digest,
        received_at=RECEIVED.isoformat(),
        files=(LandedFile(digest, "inbox", 1, "text/csv", RECEIVED.isoformat()),),
    )


def make_wave(
    settings: Settings, units: int, indicators: int, per_fault: int, seed: int = 4
) -> tuple[LandedBatch, CanonicalBatch, set[tuple[str, int, str]]]:
    """Batch, its Parquet, and the planted (submission_id, row_number, rule_id)."""
    batch = _landed("unit_reports", "submission")
    random = np.random.default_rng(seed)
    count = units * indicators
    unit = np.repeat(np.arange(units), indicators)
    item = np.tile(np.arange(indicators), units)
    columns = _clean(unit, item, random)
    planted = _plant(columns, unit, item, random, per_fault)
    rows = {
        **dict.fromkeys(OBSERVATION_COLUMNS, pa.nulls(count, pa.string())),
        **{name: pa.array(cells) for name, cells in columns.items()},
        "row_number": pa.array(item + 1, pa.int64()),
        "known_from": pa.array(
            [RECEIVED.replace(tzinfo=None)] * count, pa.timestamp("us")
        ),
        **{
            name: pa.array([value] * count)
            for name, value in (
                ("source_kind", "self_reported"),
                ("source_code", "unit_reports"),
                ("batch_id", batch.batch_id),
                ("file_sha256", batch.sha256),
                ("form_code", "F1"),
                ("breakdown", "_T"),
                ("conf_status", "F"),
            )
        },
    }
    folder = settings.home
    table = pa.table({name: rows[name] for name in OBSERVATION_COLUMNS})
    pq.write_table(table, folder / "observations.parquet", row_group_size=100_000)
    pq.write_table(_envelopes(batch, units, indicators), folder / "submissions.parquet")
    canonical = CanonicalBatch(
        folder / "observations.parquet", folder / "submissions.parquet"
    )
    return batch, canonical, planted


def _clean(unit, item, random) -> dict[str, np.ndarray]:
    codes = np.char.add("U", np.char.zfill(unit.astype("U6"), 6))
    return {
        "submission_id": np.char.add("S", codes).astype(object),
        "unit_code": codes.astype(object),
        "region_code": (110000 + unit % 31).astype("U6").astype(object),
        "indicator_code": np.char.add("I", np.char.zfill(item.astype("U2"), 2)).astype(
            object
        ),
        "definition_version": np.full(len(unit), "1", object),
        "period": np.full(len(unit), "2025-07", object),
        "value": random.integers(0, 1_000_000, len(unit)).astype("U7").astype(object),
        "unit_measure": np.full(len(unit), "PERSONS", object),
        "obs_status": np.full(len(unit), "A", object),
        "comment": np.full(len(unit), None, object),
        "row_key": (item + 1).astype("U2").astype(object),
    }


def _plant(columns, unit, item, random, per_fault) -> set[tuple[str, int, str]]:
    """At most one fault a submission, so that no error budget is passed."""
    indicators = int(item.max()) + 1
    chosen = random.choice(int(unit.max()) + 1, per_fault * len(FAULTS), replace=False)
    cells = {
        "no_unit_measure": ("unit_measure", None),
        "no_status": ("obs_status", None),
        "unknown_indicator": ("indicator_code", "X"),
        "unknown_definition": ("definition_version", "9"),
        "not_on_form": ("indicator_code", f"I{indicators:02}"),
        "unknown_region": ("region_code", "999999"),
        "other_region": ("region_code", "100000"),
        "other_period": ("period", "2025-06"),
        "unknown_status": ("obs_status", "?"),
        "empty_value": ("value", None),
        "text_value": ("value", "1,000"),
        "other_unit_measure": ("unit_measure", "HA"),
        "negative": ("value", "-1"),
        "too_high": ("value", "1000001"),
        "formula": ("comment", "=1+1"),
    }
    planted = set()
    for n, fault in enumerate(FAULTS):
        for at in chosen[n * per_fault : (n + 1) * per_fault]:
            row = int(at) * indicators + int(random.integers(1, indicators))
            touched = [row]
            if fault == "duplicate":
                columns["indicator_code"][row] = columns["indicator_code"][row - 1]
                touched = [row - 1, row]
            else:
                column, cell = cells[fault]
                columns[column][row] = cell
            planted |= {
                (columns["submission_id"][r], int(item[r]) + 1, FAULTS[fault])
                for r in touched
            }
    return planted


def _envelopes(batch: LandedBatch, units: int, indicators: int) -> pa.Table:
    codes = [f"U{n:06}" for n in range(units)]
    received = [RECEIVED.replace(tzinfo=None)] * units
    cells = {
        "submission_id": pa.array([f"S{code}" for code in codes]),
        "batch_id": pa.array([batch.batch_id] * units),
        "file_sha256": pa.array([batch.sha256] * units),
        "unit_code": pa.array(codes),
        "form_code": pa.array(["F1"] * units),
        "period": pa.array(["2025-07"] * units),
        "received_at": pa.array(received, pa.timestamp("us")),
        "sha256": pa.array([f"hash {code}" for code in codes]),
        "rows_received": pa.array([indicators] * units, pa.int64()),
    }
    return pa.table({name: cells[name] for name in SUBMISSION_COLUMNS})


def judge_by_hand(
    settings: Settings, canonical: CanonicalBatch, folder: Path
) -> set[tuple[str, int, str]]:
    """The fifteen rules in one query, good and bad rows written to Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    sql = (Path(__file__).parent / "gate_by_hand.sql").read_text(encoding="utf-8")
    registries = {
        f"@{name}@": str(next(settings.verdicts.glob(f"site_{name}-*/registry_rows.*")))
        for name in ("regions", "units", "indicators", "forms", "form_items")
    }
    places = {
        "@observations@": str(canonical.observations),
        "@submissions@": str(canonical.submissions),
        "@folder@": str(folder),
        **registries,
    }
    for mark, path in places.items():
        sql = sql.replace(mark, path)
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {settings.threads}")
        connection.execute("set enable_progress_bar = false")
        connection.execute(sql)
        found = connection.execute(
            "select submission_id, row_number, rule_id from failed"
        ).fetchall()
    return set(found)
