"""Any bytes give rows or reasons: never a traceback, a hang, or too much memory."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from material import real

from ingestion.errors import PlanwatchError
from ingestion.inspection import inspect
from ingestion.settings import ROOT, Settings
from ingestion.source import Source

CELLS = "area,time,value\nA,2020,1.5\nB,2021,\nC,2022,7\n"
XML = '<?xml version="1.0" encoding="UTF-8"?>'
SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
GENERIC = f"""{XML}<m:GenericData xmlns:m="{SCHEMAS}/message"
 xmlns:g="{SCHEMAS}/data/generic" xmlns:c="{SCHEMAS}/common"><m:Header><m:ID>x</m:ID>
 <m:Test>true</m:Test><m:Prepared>2020-01-01T00:00:00</m:Prepared><m:Sender id="X"/>
 <m:Structure structureID="S" dimensionAtObservation="AllDimensions"><c:Structure>
 <Ref agencyID="X" id="S" version="1.0"/></c:Structure></m:Structure></m:Header>
 <m:DataSet structureRef="S" action="Replace"><g:Obs><g:ObsKey>
 <g:Value id="area" value="A"/><g:Value id="time" value="2020"/></g:ObsKey>
 <g:ObsValue value="1.5"/></g:Obs></m:DataSet></m:GenericData>"""
SPECIFIC = f"""{XML}<m:StructureSpecificData xmlns:m="{SCHEMAS}/message"
 xmlns:s="{SCHEMAS}/data/structurespecific" xmlns:c="{SCHEMAS}/common"><m:Header>
 <m:ID>x</m:ID><m:Test>true</m:Test><m:Prepared>2020-01-01T00:00:00</m:Prepared>
 <m:Sender id="X"/><m:Structure structureID="S" namespace="urn:x"
 dimensionAtObservation="AllDimensions"><c:Structure><Ref agencyID="X" id="S"
 version="1.0"/></c:Structure></m:Structure></m:Header><m:DataSet s:structureRef="S"
 action="Append"><Obs area="A" time="2020" OBS_VALUE="1.5"/></m:DataSet>
 </m:StructureSpecificData>"""
SDMX_JSON = b"""{"header":{"id":"x","prepared":"2020-01-01","sender":{"id":"X"}},
 "structure":{"dimensions":{"observation":[{"id":"area","values":[{"id":"A"}]},
 {"id":"time","values":[{"id":"2020"},{"id":"2021"}]}]},"attributes":{"observation":
 [{"id":"S","name":"S","values":[{"id":"A"}]}]}},"dataSets":[{"action":"Replace",
 "observations":{"0:0":[1.5,0],"0:1":[2,null]}}]}"""
ENVELOPE = b"""[{"page":1,"pages":1,"per_page":50,"total":1,"lastupdated":"2020-01-01"},
 [{"indicator":{"id":"X","value":"x"},"country":{"id":"A","value":"a"},
 "countryiso3code":"AAA","date":"2020","value":1.5,"unit":"","decimal":0}]]"""
VALUES = b"""{"dataSet":"D","dataValues":[{"dataElement":"E","period":"202001",
 "orgUnit":"U","value":"1","deleted":true}]}"""
VALUES_XML = b"""<dataValueSet xmlns="http://dhis2.org/schema/dxf/2.0" period="2020">
 <dataValue dataElement="E" orgUnit="U" value="1" comment="c"/></dataValueSet>"""


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for line in CELLS.splitlines():
        book.active.append(line.split(","))
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


SEEDS: dict[str, tuple[str, bytes]] = {
    "csv": ("csv", CELLS.encode()),
    "csv by rows": ("csv", b"note\n" + CELLS.encode()),
    "xlsx": ("xlsx", _workbook()),
    "html": (
        "xls",
        b"<html><table><tr><td>area<td>time<td>value<tr><td>A<td>2020<td>1.5</table>",
    ),
    "json": ("json", b'[{"area":"A","time":{"y":2020},"value":1.50}]'),
    "submission": (
        "submission-json",
        b"""{"data":[{"submission_id":"s","unit_code":"u","form_code":"f","period":"2020",
        "received_at":"2020-01-01T00:00:00Z","rows":[{"value":"1"}]}],"next":null}""",
    ),
    "sdmx-csv": (
        "sdmx-csv",
        b"""STRUCTURE,STRUCTURE_ID,ACTION,area,time,value
dataflow,X:Y(1.0),R,A,2020,1
dataflow,X:Y(1.0),D,A,2020,
""",
    ),
    "sdmx-json": ("sdmx-json", SDMX_JSON),
    "generic": ("sdmx-ml", GENERIC.encode()),
    "specific": ("sdmx-ml", SPECIFIC.encode()),
    "worldbank": ("worldbank-json", ENVELOPE),
    "dhis2-json": ("dhis2-json", VALUES),
    "dhis2-xml": ("dhis2-xml", VALUES_XML),
    "dhis2-csv": ("dhis2-csv", b"de,pe,ou,coc,acoc,value\nE,202001,U,,,1\n"),
}


def _source(seed: str) -> Source:
    """A declaration with every kind of rule, as strict as the seed allows."""
    format_ = SEEDS[seed][0]
    columns = {"region_code": "area", "period": "time", "value": "value"}
    if format_.startswith("dhis2"):
        columns = {"region_code": "orgUnit", "period": "period", "value": "value"}
    content = {
        "code": "fuzzed", "kind": "statistical_release", "connector": "inbox",
        "location": "x", "format": format_, "encodings": ["gb18030"],
        "mapping": {"columns": columns, "ignored": ["*"],
                    "constants": {"indicator_code": "x", "unit_measure": "X"}},
        "numbers": {"thousands": ",", "spaces": True, "missing": {"-": "O"}},
        "periods": {"formats": ["sdmx", "dhis2"]},
        "codes": {"region_code": {"inline": {"A": "a"}, "unmapped": "refuse",
                                  "missing": "allow"}},
    }  # fmt: skip
    if seed == "submission":
        content["kind"] = "submission"
    if seed == "csv by rows":
        content["layout"] = {
            "header": {"required": ["area"]}, "pad": True, "footer": "^note",
            "wide": {"columns": "^value", "name": "which", "value": "value"},
        }  # fmt: skip
    return Source.model_validate(content)


@st.composite
def mutated(draw: Callable, seed: bytes) -> bytes:
    """The seed with a few pieces cut, doubled, overwritten or put in."""
    body = bytearray(seed)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.just(bytes(body[start:end]) * 3),
                st.sampled_from([b"\0", b"\xff\xfe", b'"', b"<", b"&", b"9" * 50, b"-",
                                 b"\n", b",", b"null", b"[", b"}", b"\xed\xa0\x80"]),
            )
        )  # fmt: skip
        body[start:end] = piece
    return bytes(body)


def rows_or_reasons(settings: Settings, path: Path, seed: str, body: bytes) -> None:
    path.write_bytes(body)
    for bare in (False, True):
        try:
            found = inspect(settings, _source(seed), [path], bare)
        except PlanwatchError as fault:
            told = (fault.message, fault.remedy)
        else:
            told = (found.account.closes,)
        assert all(told)


BOUNDED = hypothesis_settings(
    max_examples=15, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
LONG = hypothesis_settings(BOUNDED, max_examples=1000, derandomize=False)


def _fuzz(settings: Settings, path: Path, seed: str, depth) -> None:
    @depth
    @given(body=st.one_of(mutated(SEEDS[seed][1]), st.binary(max_size=200)))
    def run(body: bytes) -> None:
        rows_or_reasons(settings, path, seed, body)

    run()


@pytest.mark.parametrize("seed", SEEDS)
def test_seeds_themselves_read(settings: Settings, tmp_path: Path, seed: str) -> None:
    path = tmp_path / "seed"
    path.write_bytes(SEEDS[seed][1])
    assert inspect(settings, _source(seed), [path], True).account.read >= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_any_bytes_give_rows_or_reasons(
    settings: Settings, tmp_path: Path, seed: str
) -> None:
    _fuzz(settings, tmp_path / "fuzzed", seed, BOUNDED)


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_any_bytes_give_rows_or_reasons_for_long(
    settings: Settings, tmp_path: Path, seed: str
) -> None:
    _fuzz(settings, tmp_path / "fuzzed", seed, LONG)


REAL = {
    "xls": ("china-nbs-vintages", "nbs_2020_gdp_2015-2019", "分省年度数据.xls"),
    "encrypted": ("china-localdebt", "public finance", "Anhui",
                  "2014 income breakdown anhui.xls"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REAL)
def test_damaged_binary_workbooks_give_rows_or_reasons(
    settings: Settings, tmp_path: Path, kind: str
) -> None:
    """No library here writes .xls: real ones are damaged."""
    _fuzz_real(settings, tmp_path / "fuzzed", kind, BOUNDED)


@pytest.mark.long
@pytest.mark.parametrize("kind", REAL)
def test_damaged_binary_workbooks_give_rows_or_reasons_for_long(
    settings: Settings, tmp_path: Path, kind: str
) -> None:
    _fuzz_real(settings, tmp_path / "fuzzed", kind, LONG)


def _fuzz_real(settings: Settings, path: Path, kind: str, depth) -> None:
    original = real(*REAL[kind]).read_bytes()

    @depth
    @given(body=mutated(original))
    def run(body: bytes) -> None:
        rows_or_reasons(settings, path, "xlsx", body)

    run()


def test_hostile_files_cost_neither_memory_nor_time(tmp_path: Path) -> None:
    """Twenty bombs in a process that may use 3 GB; none may read as data."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("bombs.py")), str(tmp_path)],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(outcomes) == 20
    assert {outcome[2] for outcome in outcomes} == {"refused"}
    (packed,) = (outcome for outcome in outcomes if outcome[0] == "packed by bzip2")
    assert "neither stored nor deflated" in packed[-1]
    assert max(float(outcome[1]) for outcome in outcomes) < 60
