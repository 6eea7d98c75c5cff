"""SDMX messages of many agencies in every encoding."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from material import Look, declared, real

from ingestion.errors import SourceUnavailable
from ingestion.formats.intake import Unreadable
from ingestion.inspection import Inspection, inspect
from ingestion.settings import Settings
from ingestion.source import Source

BIS = ("sdmx-sdmxthon", "readingValidation", "data")
ENCODINGS = {
    "data_v1.csv": "sdmx-csv",
    "data_v2.csv": "sdmx-csv",
    "gen_all.xml": "sdmx-ml",
    "gen_ser.xml": "sdmx-ml",
    "str_all.xml": "sdmx-ml",
    "str_ser.xml": "sdmx-ml",
    "str_ser_group.xml": "sdmx-ml",
}
CANONICAL = ("region_code", "indicator_code", "period", "breakdown", "value",
             "unit_measure", "obs_status", "conf_status")  # fmt: skip
DIMENSIONS = declared("bis_derivatives").mapping.joined["breakdown"]


def _rows(found: Inspection) -> Counter:
    return Counter(
        tuple(row[name] for name in CANONICAL) for row in found.rows.to_pylist()
    )


def _reference() -> Counter:
    """The rows that the authors of the files expect (df.json beside them)."""
    content = json.loads(real(*BIS, "reference", "df.json").read_text("utf-8"))
    return Counter(
        (
            row["DER_REP_CTY"], row["DER_TYPE"], row["TIME_PERIOD"],
            ".".join(row[name] for name in DIMENSIONS),
            None if row["OBS_VALUE"] == "nan" else row["OBS_VALUE"],
            "USD", row["OBS_STATUS"], row["OBS_CONF"],
        )
        for row in content
    )  # fmt: skip


@pytest.mark.parametrize("name", [n for n in ENCODINGS if n != "gen_all.xml"])
def test_bis_observations_are_the_same_from_each_encoding(
    look: Look, name: str
) -> None:
    path = real(*BIS, "data_sample", name)
    found = look("bis_derivatives", path, format=ENCODINGS[name])
    assert found.account.read == 1000
    assert _rows(found) == _reference()
    assert found.problems == []


def test_the_value_that_one_bis_encoding_lacks_is_reported(look: Look) -> None:
    found = look("bis_derivatives", real(*BIS, "data_sample", "gen_all.xml"))
    assert found.account.read == 1000
    lacking, whole = _rows(found) - _reference(), _reference() - _rows(found)
    key = ("5J", "U", "2004", "A.A.B.A.1E.A.HKD.TO1.A.A.3.C")
    assert list(whole) == [(*key, "14206.490766", "USD", "A", "F")]
    assert list(lacking) == [(*key, None, "USD", "A", "F")]
    assert [(p["row_number"], p["column"]) for p in found.problems] == [(3, "value")]


TEST_KEYS = {
    "columns": {
        "region_code": "EXR_CURRENCY",
        "indicator_code": "FREQ",
        "period": "TIME_PERIOD",
        "value": "OBS_VALUE",
        "obs_status": "OBS_STATUS",
    },
    "constants": {"unit_measure": "X"},
}
CSV_KEYS = {
    "columns": {"region_code": "TEST_DIMENSION", "value": "TEST_MEASURE"},
    "constants": {"indicator_code": "x", "period": "2020", "unit_measure": "X"},
    "ignored": ["TEST_ATTRIBUTE"],
}


def _exchange_rates(**changes) -> Source:
    return Source.model_validate(
        {"code": "exchange", "kind": "statistical_release", "connector": "inbox",
         "location": "x", "format": "sdmx-ml", "mapping": TEST_KEYS, **changes}
    )  # fmt: skip


def test_a_delete_after_withdraws_and_a_delete_before_does_not(look: Look) -> None:
    """The deletes of these files name no key, so they reach beyond the message."""
    folder = real(*BIS, "data_sample")
    after = look(_exchange_rates(), folder / "two_actions_delete_after.xml")
    assert [(r["value"], r["obs_status"], r["comment"]) for r in _plain(after)] == [
        (None, "O", "withdrawn by source")
    ]
    first = look(_exchange_rates(), folder / "two_actions_delete_first.xml")
    assert [(r["value"], r["obs_status"]) for r in _plain(first)] == [("1", "A")]
    for found in (after, first):
        assert found.account.refused == 1
        assert "a key without gaps" in found.problems[0]["expected"]


def _plain(found: Inspection) -> list[dict]:
    return found.rows.to_pylist()


def test_deletes_with_a_key_are_withdrawals(look: Look, tmp_path: Path) -> None:
    message = tmp_path / "message.csv"
    message.write_text(
        "STRUCTURE,STRUCTURE_ID,ACTION,TEST_DIMENSION,TEST_ATTRIBUTE,TEST_MEASURE\n"
        "datastructure,X:Y(1.0),R,A,,1.10\n"
        "datastructure,X:Y(1.0),D,B,,\n"
        "datastructure,X:Y(1.0),R,C,,3\n"
        "datastructure,X:Y(1.0),D,C,,-\n"
        "datastructure,X:Y(1.0),D,E,,\n"
        "datastructure,X:Y(1.0),A,E,,5\n"
        "datastructure,X:Y(1.0),D,F,-,\n"
    )
    found = look(_exchange_rates(format="sdmx-csv", mapping=CSV_KEYS), message)
    rows = {r["region_code"]: (r["value"], r["obs_status"]) for r in _plain(found)}
    assert rows == {
        "A": ("1.10", "A"), "B": (None, "O"), "C": (None, "O"), "E": ("5", "A"),
    }  # fmt: skip
    reasons = Counter(row["reason"] for row in found.skipped)
    assert reasons == {
        "overtaken by a later action of the same message": 2,
        "deletes attributes, not the value": 1,
    }


@pytest.mark.parametrize("name", ["footer.xml", "footer2.xml"])
def test_too_big_come_back_later_is_transient(look: Look, name: str) -> None:
    with pytest.raises(SourceUnavailable, match="413 Due to the large query"):
        look(_exchange_rates(), real("sdmx-khaeru", "ESTAT", name))


def _bare(settings: Settings, path: Path, format_: str, **changes) -> Inspection:
    found = inspect(settings, _exchange_rates(format=format_, **changes), [path], True)
    assert found.account.closes
    return found


# As printed by the maintainers of the files (expected/*.txt): 12 monthly and 4
# daily exchange rates.
# rg-xs.xml and sg-xs.xml misprint periods and a value; see the next test.
MONTHLY = ["ng-flat", "ng-ts", "ng-ts-gf", "ng-xs", "rg-flat", "rg-ts", "rg-ts-gf",
           "rg-xs", "sg-flat", "sg-ts", "sg-ts-gf", "sg-xs"]  # fmt: skip


@pytest.mark.parametrize("flavour", MONTHLY)
@pytest.mark.parametrize("suffix", [".xml", "-ss.xml"])
def test_every_flavour_of_sdmx_ml_2_1_gives_the_same_values(
    settings: Settings, flavour: str, suffix: str
) -> None:
    folder = real("sdmx-khaeru", "ECB_EXR")
    path = folder / f"{flavour}{suffix}"
    if not path.exists():
        path = folder / f"{flavour}-flat{suffix}"
    if not path.exists() or path.name in ("rg-xs.xml", "sg-xs.xml"):
        pytest.skip(f"{flavour}{suffix} is not there, or misprinted")
    lines = real("sdmx-khaeru", "expected", "ng-flat-xml.txt").read_text("utf-8")
    expected = {
        (line.split()[1], line.split()[5]): line.split()[6]
        for line in lines.splitlines()[1:]
    }
    rows = _bare(settings, path, "sdmx-ml").rows.to_pylist()
    assert len(expected) == len(rows) == 12
    assert {(r["CURRENCY"], r["TIME_PERIOD"]): r["OBS_VALUE"] for r in rows} == expected


@pytest.mark.parametrize("name", ["rg-xs.xml", "sg-xs.xml"])
def test_cross_sections_with_groups_are_neither_multiplied_nor_cut(
    settings: Settings, name: str
) -> None:
    """pysdmx 1.21 makes 48 rows of these 12 observations."""
    path = real("sdmx-khaeru", "ECB_EXR", name)
    values = re.findall(r'ObsValue value="([0-9.]+)"', path.read_text("utf-8"))
    rows = _bare(settings, path, "sdmx-ml").rows.to_pylist()
    assert len(values) == 12
    assert sorted(row["OBS_VALUE"] for row in rows) == sorted(values)


DAILY = {("NZD", "2013-01-18"): "1.5931", ("NZD", "2013-01-21"): "1.5925",
         ("RUB", "2013-01-18"): "40.3426", ("RUB", "2013-01-21"): "40.3"}  # fmt: skip


@pytest.mark.parametrize(
    "parts",
    [
        ("ECB_EXR", "flat.json"),
        ("ECB_EXR", "ts.json"),
        ("ECB_EXR", "xs.json"),
        ("v3", "json", "data", "exr-flat.json"),
        ("v3", "json", "data", "exr-time-series.json"),
        ("v3", "json", "data", "exr-cross-section.json"),
    ],
)
def test_sdmx_json_1_0_and_2_0_give_the_same_values(
    settings: Settings, parts: tuple[str, ...]
) -> None:
    rows = _bare(settings, real("sdmx-khaeru", *parts), "sdmx-json").rows.to_pylist()
    values = {(r["CURRENCY"], r["TIME_PERIOD"]): r["OBS_VALUE"] for r in rows}
    assert {key: value.rstrip("0") for key, value in values.items()} == DAILY
    titles = {(r["CURRENCY"], r["TITLE"]) for r in rows}
    assert titles == {
        ("NZD", "New Zealand dollar (NZD)"), ("RUB", "Russian rouble (RUB)"),
    }  # fmt: skip
    assert {r["OBS_STATUS"] for r in rows} == {"A"}


def test_a_json_delete_is_a_withdrawal(settings: Settings) -> None:
    path = real("sdmx-khaeru", "ECB_EXR", "action-delete.json")
    rows = _bare(settings, path, "sdmx-json").rows.to_pylist()
    assert [(r["OBS_VALUE"], r["deleted"]) for r in rows] == [
        ("40.3426", False), ("40.3000", False), (None, True),
    ]  # fmt: skip


def test_no_digit_of_a_json_number_is_lost(settings: Settings, tmp_path: Path) -> None:
    message = json.loads(real("sdmx-khaeru", "ECB_EXR", "flat.json").read_text("utf-8"))
    text = json.dumps(message).replace("1.5931", "1.50000000000000000001000")
    path = tmp_path / "long.json"
    path.write_text(text, "utf-8")
    values = _bare(settings, path, "sdmx-json").rows["OBS_VALUE"].to_pylist()
    assert "1.50000000000000000001000" in values


@pytest.mark.parametrize(
    ("name", "format_", "reason"),
    [
        ("csv/sdmx20/reader/samples/data_v2_invalid_action.csv", "sdmx-csv", "ACTION"),
        ("csv/sdmx20/reader/samples/data_v2_action_col.csv", "sdmx-csv", "Columns"),
        ("csv/sdmx20/reader/samples/data_v2_structures_exception.csv", "sdmx-csv",
         "STRUCTURE 'dataTESTERROR'"),
        ("csv/sdmx10/reader/samples/data_v1_exception.csv", "sdmx-csv", "no SDMX-CSV"),
        ("samples/error.xml", "sdmx-ml", "150 Unable to parse"),
        ("samples/datastructure.xml", "sdmx-ml", "but Structure"),
        ("samples/invalid_message.xml", "sdmx-ml", "no SDMX-ML|no XML"),
    ],
)  # fmt: skip
def test_broken_samples_are_refused_with_a_reason(
    settings: Settings, name: str, format_: str, reason: str
) -> None:
    path = real("sdmx-pysdmx", "io", name)
    with pytest.raises(Unreadable, match=reason):
        _bare(settings, path, format_)


def test_data_of_another_structure_are_refused(settings: Settings) -> None:
    folder = real("sdmx-pysdmx", "io", "samples")
    structure = str(folder / "datastructure.xml")
    good = folder / "data_no_attached.xml"
    found = _bare(settings, good, "sdmx-ml", structure=structure)
    assert (found.account.read, found.problems) == (10, [])
    wrong = folder / "data_wrong_datastructure.xml"
    with pytest.raises(Unreadable, match="WRONG_DSD"):
        _bare(settings, wrong, "sdmx-ml", structure=structure)


def test_every_message_gives_rows_or_a_reason(settings: Settings) -> None:
    formats = {".csv": "sdmx-csv", ".json": "sdmx-json", ".xml": "sdmx-ml"}
    read = refused = 0
    for folder in ("sdmx-pysdmx", "sdmx-twg-json", "sdmx-khaeru"):
        for path in sorted(real(folder).rglob("*")):
            if path.suffix not in formats:
                continue
            try:
                _bare(settings, path, formats[path.suffix])
                read += 1
            except (Unreadable, SourceUnavailable) as fault:
                refused += bool(fault.message)
    # Most of the 270 files are structures and metadata, which are no data.
    assert read >= 90
    assert refused >= 150
