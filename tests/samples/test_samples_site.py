"""The sample site: typed-in facts, and the contract's columns."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.registry import OPTIONAL_EVERYWHERE, REGISTRIES
from ingestion.samples.sdmx_messages import STATISTICS
from ingestion.settings import SAMPLE_SITE
from ingestion.site import Site

REGISTRY_FILES = sorted((SAMPLE_SITE / "registry").glob("*.csv"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, strict=True))


def registry(name: str) -> list[dict[str, str]]:
    return rows(SAMPLE_SITE / "registry" / f"{name}.csv")


def test_site_and_all_its_declarations_load():
    site = Site.load(SAMPLE_SITE)
    declared = {path.stem for path in (SAMPLE_SITE / "sources").glob("*.yml")}
    assert len(declared) == 12
    implicit = {f"site_{path.stem}" for path in REGISTRY_FILES}
    assert set(site.sources) == declared | implicit
    simulated = {code for code, source in site.sources.items() if source.simulated}
    assert simulated == {code for code in declared if code.startswith("sim_")}


@pytest.mark.parametrize("path", REGISTRY_FILES, ids=lambda path: path.stem)
def test_registry_file_keeps_the_contract(path: Path):
    shape = REGISTRIES[path.stem]
    content = rows(path)
    header = list(content[0])
    extra = header[len(shape.columns) :]
    assert header[: len(shape.columns)] == list(shape.columns)
    assert set(extra) <= set(OPTIONAL_EVERYWHERE)
    for row in content:
        assert None not in row, "a row has more cells than the header"
        assert all(row[column] for column in shape.required), row
        for column, allowed in shape.choices.items():
            assert row.get(column, "") in ("", *allowed), row
    # What became known later stands beside what it changed, dated apart.
    vintage = (*shape.key, "known_from")
    keys = Counter(tuple(row.get(column) for column in vintage) for row in content)
    assert max(keys.values()) == 1


def test_every_reference_between_registries_is_kept():
    checked = 0
    for path in REGISTRY_FILES:
        for reference in REGISTRIES[path.stem].references:
            if not (SAMPLE_SITE / "registry" / f"{reference.registry}.csv").exists():
                continue
            known = {
                tuple(row[column] for column in reference.target)
                for row in registry(reference.registry)
            }
            for row in rows(path):
                cells = tuple(row[column] for column in reference.columns)
                if all(cells):
                    assert cells in known, (path.stem, cells)
                    checked += 1
    assert checked > 200


def test_labels_of_the_14th_plan():
    """Mid-term report, 26 December 2023 (Xinhua; Caixin 102150686)."""
    targets = [
        row
        for row in registry("targets")
        # Restatements on another definition carry no label of their own.
        if row["plan_code"] == "CN-FYP14" and row["official_label"]
    ]
    assert Counter(row["official_label"] for row in targets) == {
        "achieved_early": 4,
        "faster": 5,
        "basically_in_line": 7,
        "lagging": 4,
    }
    assert Counter(row["binding"] for row in targets) == {"true": 8, "false": 12}
    assert {row["official_label_on"] for row in targets} == {"2023-12-26"}
    lagging = {
        row["indicator_code"] for row in targets if row["official_label"] == "lagging"
    }
    assert lagging == {
        "ENERGY_PER_GDP_CUT",
        "CO2_PER_GDP_CUT",
        "GOOD_AIR_DAYS",
        "NURSERY_PLACES_PER_1000",
    }


def test_plans_are_known_from_their_approval_and_labels_from_their_report():
    """13th plan March 2016, 14th March 2021; labels 26 December 2023."""
    since = {"CN-FYP13": {"2016-03-16"}, "CN-FYP14": {"2021-03-11", "2023-12-26"}}
    for plan, days in since.items():
        told = [row for row in registry("targets") if row["plan_code"] == plan]
        assert {row["known_from"] for row in told} - {""} == days
        for row in told:
            is_labelled = bool(row["official_label"])
            assert is_labelled == (row["known_from"] == "2023-12-26"), row


def test_all_target_types_occur():
    found = {row["target_type"] for row in registry("targets")}
    assert found == set(REGISTRIES["targets"].choices["target_type"])


def test_numbers_without_a_read_source_are_not_called_verified():
    for row in registry("targets"):
        if row["source"].startswith("general knowledge"):
            assert row["source_status"] == "unverified", row
        else:
            assert row["source_status"] == "verified", row


def provinces(indicator: str, year: str) -> dict[str, Decimal]:
    return {
        row["REF_AREA"]: Decimal(row["OBS_VALUE"])
        for row in rows(STATISTICS / "provinces.csv")
        if (row["INDICATOR"], row["TIME_PERIOD"]) == (indicator, year)
    }


def test_gdp_of_the_blocs():
    """Rounded they are the 2020 communique's 525752, 222246, 213292, 51125."""
    gdp = provinces("GDP", "2020")
    sums: Counter[str] = Counter()
    for row in registry("region_groups"):
        sums[row["group_code"]] += gdp[row["region_code"]]
    assert sums == {
        "EAST": Decimal("525752.29"),
        "CENTRAL": Decimal("222246.08"),
        "WEST": Decimal("213291.87"),
        "NORTHEAST": Decimal("51124.78"),
    }


def test_census_residual_is_the_servicemen():
    """Seventh census: 1 411 778 724 with exactly 2 000 000 servicemen."""
    population = sum(provinces("POPULATION", "2020").values())
    assert population == 1_409_778_724
    (national,) = (
        row
        for row in rows(STATISTICS / "national.csv")
        if row["INDICATOR"] == "POPULATION"
    )
    assert Decimal(national["OBS_VALUE"]) - population == 2_000_000


def test_provinces_2010_sum():
    """First publication of 2010: the 31 provinces sum to 437 041.99."""
    assert sum(provinces("GDP", "2010").values()) == Decimal("437041.99")
    assert sum(provinces("POPULATION", "2010").values()) == 1_332_774_867


@pytest.mark.parametrize("path", sorted(STATISTICS.glob("*.csv")), ids=lambda p: p.stem)
def test_statistics_use_declared_indicators_units_and_regions(path: Path):
    declared = {
        (row["indicator_code"], row["definition_version"]): row["unit_measure"]
        for row in registry("indicators")
    }
    regions = {row["region_code"] for row in registry("regions")}
    series = rows(path)
    assert len(series) >= 2
    for row in series:
        key = (row["INDICATOR"], row["DEF_VERSION"])
        assert declared[key] == row["UNIT_MEASURE"]
        assert row["REF_AREA"] in regions
        assert row["SOURCE"]
