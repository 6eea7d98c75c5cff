"""Both SDMX forms say the same, read by the libraries of others."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pysdmx.io.csv.sdmx10.reader as sdmx_csv_reader
import pytest
import requests
import sdmx

from ingestion.samples.sdmx_messages import STATISTICS, dimensions_of

FLOWS = {
    "NATIONAL": 58, "PROVINCES": 124, "PROVINCE_BUDGETS": 93, "INCOME_URBAN_RURAL": 2,
}  # fmt: skip
ATTRIBUTES = ("UNIT_MEASURE", "OBS_STATUS", "PUBLISHED_AT", "SOURCE")


def from_file(flow: str) -> dict[tuple[str, ...], tuple]:
    path = STATISTICS / f"{flow.lower()}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return {
            tuple(row[name] for name in dimensions_of(flow)): (
                Decimal(row["OBS_VALUE"]),
                *(row[name] for name in ATTRIBUTES),
            )
            for row in csv.DictReader(handle)
        }


@pytest.mark.parametrize(("flow", "count"), FLOWS.items())
def test_sdmx_json_is_read_by_sdmx1(address: str, flow: str, count: int):
    accept = "application/vnd.sdmx.data+json;version=1.0.0"
    answer = requests.get(
        f"{address}/sdmx/data/{flow}", headers={"Accept": accept}, timeout=30
    )
    assert answer.headers["Content-Type"] == accept
    message = sdmx.read_sdmx(io.BytesIO(answer.content), format="JSON")
    found = {}
    for observation in message.data[0].obs:
        attributes = {
            key: str(getattr(a.value, "id", a.value))
            for key, a in observation.attrib.items()
        }
        key = tuple(str(observation.key[name].value) for name in dimensions_of(flow))
        found[key] = (
            Decimal(str(observation.value)),
            *(attributes.get(name, "") for name in ATTRIBUTES),
        )
    assert len(found) == count
    assert found == from_file(flow)


@pytest.mark.parametrize(("flow", "count"), FLOWS.items())
def test_sdmx_csv_is_read_by_pysdmx(address: str, flow: str, count: int):
    answer = requests.get(
        f"{address}/sdmx/data/{flow}", params={"format": "sdmx-csv"}, timeout=30
    )
    assert "sdmx.data+csv" in answer.headers["Content-Type"]
    (dataset,) = sdmx_csv_reader.read(answer.content.decode())
    assert dataset.structure == f"Dataflow=PLANWATCH:{flow}(1.0)"
    found = {
        tuple(row[name] for name in dimensions_of(flow)): Decimal(row["OBS_VALUE"])
        for row in dataset.data.to_dict("records")
    }
    assert len(found) == count
    assert found == {key: cells[0] for key, cells in from_file(flow).items()}


def test_csv_for_those_who_take_anything(address: str):
    anything = requests.get(f"{address}/sdmx/data/NATIONAL", timeout=30)
    assert anything.text.startswith("DATAFLOW,FREQ,REF_AREA,INDICATOR,")
    nothing = requests.get(
        f"{address}/sdmx/data/NATIONAL", headers={"Accept": "image/png"}, timeout=30
    )
    assert nothing.status_code == 406
