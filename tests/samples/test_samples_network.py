"""The simulated network: repeatable, and wrong exactly as often as it says."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from ingestion.errors import UsageError
from ingestion.registry import REGISTRIES
from ingestion.samples.network import read_report, simulate
from ingestion.settings import SAMPLE_SITE

FORM, DUE_DAYS = "SIM-MONTHLY", 10


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, strict=True))


def submissions(folder: Path) -> list[dict]:
    lines = (folder / "submissions" / "submissions.ndjson").read_text("utf-8")
    return [json.loads(line) for line in lines.splitlines()]


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()


def test_same_seed_same_bytes(tmp_path: Path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        simulate(tmp_path / name, units=120, months=4, seed=seed)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_bytes_are_those_of_every_machine(tmp_path: Path):
    """Pinned from the first run; a change here changes everybody's sample."""
    simulate(tmp_path / "net", units=40, months=3, seed=1)
    lines = (tmp_path / "net" / "submissions" / "submissions.ndjson").read_bytes()
    assert hashlib.sha256(lines).hexdigest() == (
        "9efdcd47e47d933b9763d871fc8517e71aaca8edb13c63a2b78086d40bd50cc0"
    )


@pytest.mark.parametrize(
    ("units", "months", "start"), [(5, 6, "2024-01"), (50, 1, "2024-01"),
                                   (50, 6, "2024-13"), (10**7, 6, "2024-01")]
)  # fmt: skip
def test_absurd_sizes_are_refused(tmp_path: Path, units, months, start):
    with pytest.raises(UsageError):
        simulate(tmp_path / "net", units=units, months=months, start=start)


def test_report_counts_what_is_in_the_files(network: Path):
    report, sent = read_report(network), submissions(network)
    assert report.submissions == len(sent)
    assert report.rows == sum(len(submission["rows"]) for submission in sent)
    for name, count in report.registry_rows.items():
        assert len(table(network / "registry" / f"{name}.csv")) == count
    assert len({submission["submission_id"] for submission in sent}) == len(sent)
    times = [submission["received_at"] for submission in sent]
    assert times == sorted(times)


def test_registry_columns_are_the_contracts(network: Path):
    files = sorted((network / "registry").glob("*.csv"))
    assert len(files) == 7
    for path in files:
        assert list(table(path)[0]) == list(REGISTRIES[path.stem].columns)


def test_tree_has_five_levels_below_real_provinces(network: Path):
    units = {row["unit_code"]: row for row in table(network / "registry/units.csv")}
    levels = Counter(row["level"] for row in units.values())
    assert len(units) == 330
    assert levels["0"] == 1
    assert levels["1"] == 31
    assert set(levels) == {"0", "1", "2", "3", "4"}
    site = {r["region_code"] for r in table(SAMPLE_SITE / "registry" / "regions.csv")}
    regions = {r["region_code"]: r for r in table(network / "registry" / "regions.csv")}
    assert not site & set(regions)
    for region in regions.values():
        assert region["parent_region_code"] in site | set(regions)
    for unit in units.values():
        assert unit["unit_code"].startswith("SIM-U-")
        assert "Simulated" in unit["name_en"]
        assert "模拟" in unit["name_zh"]
        assert unit["region_code"] in site | set(regions)
        if unit["level"] != "0":
            parent = units[unit["parent_unit_code"]]
            assert int(parent["level"]) == int(unit["level"]) - 1


def test_every_reporting_unit_has_three_targets_and_provinces_five(network: Path):
    units = table(network / "registry" / "units.csv")
    per_unit = defaultdict(set)
    for target in table(network / "registry" / "targets.csv"):
        per_unit[target["unit_code"]].add(target["target_type"])
    for unit in units:
        expected = {"cum_total", "level_floor", "level_cap"}
        if unit["level"] == "1":
            expected.add("maintain")
        if unit["unit_kind"] != "reporting_unit":
            expected = set()
        assert per_unit[unit["unit_code"]] == expected


def found_faults(network: Path) -> Counter[str]:
    """Faults by rules written here again, from the files alone."""
    units = {row["unit_code"]: row for row in table(network / "registry/units.csv")}
    items = {
        row["indicator_code"]: row
        for row in table(network / "registry" / "indicators.csv")
    }
    regions = {row["region_code"] for row in units.values()}
    found: Counter[str] = Counter()
    for submission in submissions(network):
        unit, period = units.get(submission["unit_code"]), submission["period"]
        if unit is None:
            found["unknown_unit"] += 1
        elif unit["unit_kind"] != "reporting_unit":
            found["unit_not_asked"] += 1
        elif unit["valid_to"] and f"{period}-01" > unit["valid_to"]:
            found["unit_closed"] += 1
        if len(period) != 7 or period[4] != "-":
            found["wrong_period"] += 1
        codes = [row["indicator_code"] for row in submission["rows"]]
        found["duplicate_row"] += len(codes) - len(set(codes))
        found["absent_row"] += len(codes) < len(items)
        for row in submission["rows"]:
            found.update(row_faults(row, items, regions))
    return found


def row_faults(row: dict, items: dict, regions: set[str]) -> list[str]:
    item = items.get(row["indicator_code"])
    value = row.get("value")
    if item is None:
        return ["unknown_indicator"]
    if row["region_code"] not in regions:
        return ["unknown_region"]
    if row["unit_measure"] != item["unit_measure"]:
        return ["other_unit_measure"]
    if row.get("comment", "").startswith("="):
        return ["formula_comment"]
    if value is None or value == "":
        return ["explained_gap" if "obs_status" in row else "missing_value"]
    if isinstance(value, str):
        return ["text_value"]
    if value < 0:
        return ["negative_count"]
    if item["max_value"] and value > float(item["max_value"]):
        return ["percentage_out_of_range"]
    # No honest office comes near half a million here.
    return ["thousandfold_value"] if value > 400_000 else []


def test_injected_faults_are_the_ones_found(network: Path):
    report = read_report(network)
    gaps = {"explained_gap": report.behaviour["explained_gap"]}
    assert found_faults(network) == {**report.faults, **gaps}
    assert min(report.faults.values()) >= 1
    assert len(report.faults) == 15


def test_fault_list_names_each_fault_and_what_mends_it(network: Path):
    report = read_report(network)
    listed = table(network / "faults.csv")
    assert Counter(row["kind"] for row in listed) == {
        **report.faults,
        **report.behaviour,
    }
    sent = {
        submission["submission_id"]: submission for submission in submissions(network)
    }
    assert {row["submission_id"] for row in listed} <= set(sent)
    mended = [row for row in listed if row["mended_by"]]
    assert len(mended) == sum(report.resubmissions.values())
    for row in mended:
        first, second = sent[row["submission_id"]], sent[row["mended_by"]]
        assert second["received_at"] > first["received_at"]
        assert (second["rows"] == first["rows"]) == (row["kind"] == "sent_again")


def test_late_and_missing_submissions_are_counted(network: Path):
    report = read_report(network)
    listed = {row["submission_id"] for row in table(network / "faults.csv")}
    again = {row["mended_by"] for row in table(network / "faults.csv")}
    late = 0
    sent = submissions(network)
    for submission in sent:
        if submission["submission_id"] in listed | again:
            continue
        year, month = map(int, submission["period"].split("-"))
        end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        due = (end + timedelta(days=DUE_DAYS)).isoformat()
        late += submission["received_at"][:10] > due
    assert late == report.late_submissions
    units = table(network / "registry" / "units.csv")
    expected = sum(
        sum(
            not u["valid_to"] or f"2024-{m:02d}-01" < u["valid_to"] for m in range(1, 9)
        )
        for u in units
        if u["unit_kind"] == "reporting_unit"
    )
    extra = sum(report.resubmissions.values())
    extra += report.faults["unit_closed"] + report.faults["unit_not_asked"]
    assert len(sent) - extra == expected - report.missing_submissions
    assert report.missing_submissions > 0


def test_targets_end_achieved_slightly_and_clearly_missed(network: Path):
    """Shares at the plan's end by the 10 % rule (NDRC barometer)."""
    latest: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for submission in submissions(network):
        for row in submission["rows"]:
            if isinstance(row.get("value"), int | float):
                key = (submission["unit_code"], row["indicator_code"])
                latest[key][submission["period"]] = row["value"]
    status: Counter[str] = Counter()
    for target in table(network / "registry" / "targets.csv"):
        series = latest[target["unit_code"], target["indicator_code"]]
        if len(series) < 8 or max(series.values()) > 400_000:
            continue
        goal = float(target["target_value"])
        value = series["2024-08"]
        if target["target_type"] == "cum_total":
            value = sum(series.values())
        gap = (goal - value) / goal * (-1 if target["strictness"] == "le" else 1)
        status["red" if gap > 0.1 else "yellow" if gap > 0 else "achieved"] += 1
    rated = sum(status.values())
    assert rated > 800
    assert 0.04 < status["red"] / rated < 0.12
    assert 0.08 < status["yellow"] / rated < 0.20
    assert status["achieved"] / rated > 0.65
