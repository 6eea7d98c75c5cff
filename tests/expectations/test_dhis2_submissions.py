"""DATIM's good and bad data value sets, through the gate, for their reasons.

The files are test data of the R package datim-validation; each bad one is
named after what its own tests expect to be found in it. Organisation units are
our regions, mechanisms (attribute option combos) our units, data elements our
indicators, category option combos our breakdowns, a data set is a form.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from judged_world import rows_of

from expectations.gate import gate
from ingestion.errors import SiteError
from ingestion.ingest import ingest
from ingestion.settings import ROOT
from ingestion.site import Site

DATIM = ROOT.parent / "shared/data/dhis2-datim-validation/tests/testthat"
FILES, API = DATIM / "config", DATIM / "training.datim.org/api/33"
pytestmark = pytest.mark.skipif(
    not FILES.exists(), reason="the shared test data are not here"
)
SOURCE = """\
code: {code}
kind: statistical_release
source_kind: self_reported
connector: inbox
location: inbox/{code}
inbox: {{settle_seconds: 0}}
format: dhis2-{format}
mapping:
  columns:
    unit_code: attributeOptionCombo
    region_code: orgUnit
    indicator_code: dataElement
    breakdown: categoryOptionCombo
    period: period
    value: value
  constants: {{unit_measure: COUNT, form_code: MER{constants}}}
  ignored: [storedBy, created, lastUpdated, followup, dataSet, deleted, comment]
periods:
  formats: [dhis2]
  # Financial years from October have no SDMX notation.
  rewrite: [['^(\\d{{4}})Oct$', '\\1']]
{more}
"""
BOOLEAN = r"""codes:
  value:
    patterns: [['(?i:true)', '1'], ['(?i:false)', '0'], ['(.*)', '\1']]
    missing: allow
"""
NEGATIVE, HIGH = "OBS_VALUE_NEGATIVE", "OBS_VALUE_TOO_HIGH"
TYPE = "OBS_VALUE_TYPE"
# Reasons of rejected rows by the number of the line; what else is read, is good.
BAD = {
    "bad-acoc-uid": {6: "OBS_UNIT_UNKNOWN"},
    "bad-de-uid": {7: "OBS_INDICATOR_UNKNOWN"},
    "bad-ou-uid": {5: "OBS_REGION_UNKNOWN"},
    "bad-de-disagg": {3: "OBS_BREAKDOWN_NOT_ON_FORM"},
    # 1.5, foo and 0200: checkValueTypeCompliance of the package returns all three.
    "bad-value": {2: TYPE, 3: "OBS_VALUE_DECIMAL", 4: TYPE},
    "missing-value": {3: "OBS_VALUE_MISSING"},
    # The second row is wrong in both ways.
    "neg-values": {2: NEGATIVE, 3: f"OBS_BREAKDOWN_NOT_ON_FORM {NEGATIVE}"},
    "exact-dups": {2: "OBS_DUPLICATE", 3: "OBS_DUPLICATE"},
    "validation-simple-fail": {2: "OBS_INDICATOR_EXCEEDS"},
}
GOOD = {
    "test-data.csv": 1000,
    "test-json.json": 1000,
    "test-xml.xml": 4,
    "test-data-validation-simple-pass.csv": 2,
}


def values_of(name: str) -> list[tuple[str, str, str, str, str]]:
    """(element, period, org unit, disaggregation, mechanism) of a good set."""
    if name.endswith(".json"):
        listed = json.loads((FILES / name).read_text())["dataValues"]
        keys = ("dataElement", "period", "orgUnit", "categoryOptionCombo",
                "attributeOptionCombo")  # fmt: skip
    else:
        with (FILES / name).open(newline="") as handle:
            listed = list(csv.DictReader(handle))
        keys = ("de", "pe", "ou", "coc", "acoc")
    return [tuple(value[key] for key in keys) for value in listed]


def mechanisms() -> dict[str, dict]:
    content = json.loads((API / "categoryOptionCombos-7c8597.json").read_text())
    return {entry["id"]: entry for entry in content["categoryOptionCombos"]}


def write(folder: Path, name: str, rows: list[dict]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def indicator(code: str, frequency: str, version: str = "1", **more) -> dict:
    return {
        "indicator_code": code, "definition_version": version, "name_en": code,
        "domain": "health", "unit_measure": "COUNT", "direction": "neutral",
        "frequency": frequency, "aggregation": "sum", "min_value": "0",
        "max_value": "", **more,
    }  # fmt: skip


def write_registries(folder: Path, dated: bool) -> None:
    """From what DATIM's own API answers say, and from its good sets."""
    folder.mkdir(exist_ok=True)
    good = [v for name in ("test-data.csv", "test-json.json") for v in values_of(name)]
    sites = json.loads((API / "organisationUnits.json-f4ac7c.json").read_text())
    regions = {entry["id"] for entry in sites["organisationUnits"]}
    regions |= {ou for _, _, ou, _, _ in good} | {"IHuZkWbFwNK", "oRU10tDCoJe"}
    write(
        folder, "regions",
        [{"region_code": r, "name_en": r, "level": "1"} for r in sorted(regions)],
    )  # fmt: skip
    units = []
    for code, entry in mechanisms().items():
        (option,) = entry["categoryOptions"]
        units.append(
            {
                "unit_code": code, "name_en": entry["name"], "level": "1",
                "unit_kind": "mechanism",
                "valid_from": option.get("startDate", "")[:10] if dated else "",
                "valid_to": option.get("endDate", "")[:10] if dated else "",
            }
        )  # fmt: skip
    write(folder, "units", units)
    elements = {de: "A" if "Oct" in pe else "Q" for de, pe, *_ in good}
    others = {"wDWEsNyP9Cx": "Q", "jKmPaNuQHk8": "Q", "MMODRH694Pm": "Q"}
    write(
        folder, "indicators",
        [
            *(indicator(de, f) for de, f in sorted({**elements, **others}.items())),
            # The set in XML asks for the same elements at other frequencies.
            indicator("cI3E5LgDZPs", "Q", "2"), indicator("HClygqtgRlE", "A", "2"),
            indicator("cfmOmZEfkmj", "A", "2"), indicator("TK8BBwaega8", "A", "2"),
            indicator("mFvVvrRvZgo", "Q", max_value="1"),
        ],
    )  # fmt: skip
    write(folder, "forms", [{"form_code": "MER", "name_en": "MER",
                             "frequency": "Q", "due_days": "45"}])  # fmt: skip
    asked = {(de, coc) for de, _, _, coc, _ in good} | {
        ("T93kjopkTmR", "HllvX50cXC0"), ("mFvVvrRvZgo", "HllvX50cXC0"),
        ("MMODRH694Pm", "pPoX6WdTN1o"), ("tG7ocyZ8kVA", "HllvX50cXC0"),
        ("wDWEsNyP9Cx", "XkqnsV4slkA"), ("jKmPaNuQHk8", "HllvX50cXC0"),
        ("cfmOmZEfkmj", "FXIAY2TcHsD"), ("TK8BBwaega8", "MdmCNJP0m4l"),
    }  # fmt: skip
    write(
        folder, "form_items",
        [{"form_code": "MER", "indicator_code": de, "breakdown": coc}
         for de, coc in sorted(asked - {("T93kjopkTmR", "ojS6pfaeZCF")})],
    )  # fmt: skip
    write(folder, "rules", list(declared_rules({de for de, _ in asked})))


def declared_rules(elements: set[str]):
    """All elements are counts but the one that its good sets give with decimals."""
    # Its rule ZHANmjdL1bk: blood units screened <= blood units.
    limit = ("OBS_INDICATOR_EXCEEDS", "at_most.wDWEsNyP9Cx", "jKmPaNuQHk8")
    types = [
        (TYPE, f"type.{element}", "NUMBER" if element == "XL1jnbmgXje" else "INTEGER")
        for element in sorted(elements)
    ]
    for rule, parameter, value in (limit, *types):
        yield {
            "rule_id": rule, "rule_version": "1", "parameter": parameter,
            "value": value,
        }  # fmt: skip


def made(folder: Path, make_settings, dated: bool = False):
    site = folder / "site"
    (site / "sources").mkdir(parents=True)
    (site / "site.yml").write_text("name: datim\nerror_budget: 1\n")
    write_registries(site / "registry", dated)
    settings = make_settings(folder / "home", site=site)
    for source in Site.load(site).of_kind("registry"):
        verdict = gate(settings, ingest(settings, source), Site.load(site))
        assert verdict.accepted, rows_of(verdict, "rejections")[:3]
    return settings


@pytest.fixture(scope="module")
def datim(tmp_path_factory, make_settings):
    return made(tmp_path_factory.mktemp("datim"), make_settings)


def judged(settings, name: str, more: str = "", version: str = ""):
    """Land the file as a source of its own, and judge it."""
    site, form = settings.site, name.rpartition(".")[2]
    code = name.rpartition(".")[0].replace("-", "_")
    inbox = site / "inbox" / code
    inbox.mkdir(parents=True)
    (inbox / name).write_bytes((FILES / name).read_bytes())
    text = SOURCE.format(code=code, format=form, more=more, constants=version)
    (site / "sources" / f"{code}.yml").write_text(text)
    declared = Site.load(site)
    batch = ingest(settings, declared.source(code))
    return gate(settings, batch, declared)


def errors_of(verdict) -> dict[int, str]:
    """Reasons of each rejected row, in the order of their names."""
    found: dict[int, list[str]] = {}
    for row in rows_of(verdict, "rejections"):
        if row["severity"] == "error":
            found.setdefault(row["row_number"], []).append(row["rule_id"])
    return {number: " ".join(sorted(reasons)) for number, reasons in found.items()}


@pytest.mark.parametrize(("name", "values"), GOOD.items())
def test_a_good_set_passes_whole(datim, name, values):
    version = ", definition_version: '2'" if name.endswith("xml") else ""
    verdict = judged(datim, name, version=version)
    assert errors_of(verdict) == {}
    assert (verdict.rows_received, verdict.rows_accepted) == (values, values)


@pytest.mark.parametrize(("name", "reasons"), BAD.items())
def test_a_bad_set_is_rejected_for_its_documented_reason(datim, name, reasons):
    verdict = judged(datim, f"test-data-{name}.csv")
    assert errors_of(verdict) == reasons
    assert verdict.rows_rejected == len(reasons)
    assert len(rows_of(verdict, "quarantine")) == len(reasons)


def test_what_is_neither_true_nor_false_is_rejected(datim):
    verdict = judged(datim, "test-data-bad-boolean-value.csv", more=BOOLEAN)
    found = {
        row["offending_value"]: row["rule_id"]
        for row in rows_of(verdict, "rejections")
        if row["rule_id"] != "OBS_DUPLICATE"
    }
    assert found == {
        'Yes"': "OBS_VALUE_DECIMAL", 'No"': "OBS_VALUE_DECIMAL",
        "2": HIGH, "-1": NEGATIVE,
    }  # fmt: skip


def test_spaces_around_codes_are_no_other_codes(datim):
    verdict = judged(datim, "test-data-with-spaces.csv", "dialect: {spaced: true}\n")
    assert errors_of(verdict) == {3: "OBS_BREAKDOWN_NOT_ON_FORM"}
    assert verdict.rows_accepted == 1


def test_impossible_periods_are_refused_by_the_reader_and_accounted_for(datim):
    verdict = judged(datim, "test-data-bad-periods.csv")
    assert (errors_of(verdict), verdict.rows_received) == ({}, 8)
    import duckdb

    path = datim.canonical / verdict.batch_id / "problems.parquet"
    assert duckdb.sql(
        f"select row_number, column_name, value from read_parquet('{path}') order by 1"
    ).fetchall() == [(4, "period", "2016Q5"), (10, "period", "Oct")]


def test_a_mechanism_reports_only_while_it_is_valid(tmp_path, make_settings):
    settings = made(tmp_path, make_settings, dated=True)
    verdict = judged(settings, "test-data-invalid-mechs-dates.csv")
    assert errors_of(verdict) == dict.fromkeys([2, 6, 9, 11], "OBS_UNIT_NOT_VALID")


@pytest.mark.parametrize(
    "name",
    [
        "test-xml-bad-attributes.xml",
        "test-json-bad-attributes.json",
        "test-data-no-header.csv",
    ],
)
def test_what_does_not_fit_the_declaration_is_not_judged(datim, name):
    before = set(datim.verdicts.iterdir())
    with pytest.raises(SiteError):
        judged(datim, name)
    assert set(datim.verdicts.iterdir()) == before


def test_no_file_is_left_out():
    tested = {
        *GOOD, *(f"test-data-{name}.csv" for name in BAD), "test-data-bad-periods.csv",
        "test-data-bad-boolean-value.csv", "test-data-with-spaces.csv",
        "test-data-invalid-mechs-dates.csv", "test-xml-bad-attributes.xml",
        "test-json-bad-attributes.json", "test-data-no-header.csv",
    }  # fmt: skip
    assert {path.name for path in FILES.iterdir()} == tested
