"""`planwatch inspect`: everything is shown, nothing is stored."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ingestion.settings import ROOT
from warehouse.cli.__main__ import main

SOURCE = """
code: table
kind: statistical_release
connector: inbox
location: x
format: csv
mapping:
  columns: {region_code: area, period: time, value: value}
  constants: {indicator_code: x, unit_measure: X}
numbers: {}
codes:
  region_code: {file: areas.csv, unmapped: skip, missing: allow, reason: an aggregate}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "sources").mkdir(parents=True)
    (folder / "site.yml").write_text("name: inspected\n")
    (folder / "sources" / "table.yml").write_text(SOURCE)
    (folder / "sources" / "areas.csv").write_text("source,code\nA,110000\nB,120000\n")
    return folder


@dataclass
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(site: Path, monkeypatch, capsys) -> Callable[..., Done]:
    """Run `planwatch inspect` in this process, which has imported it already."""

    def ended(*arguments: str) -> Done:
        monkeypatch.setenv("PLANWATCH_HOME", str(site.parent / "var"))
        monkeypatch.setattr(sys, "argv", ["planwatch", "inspect", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        return Done(int(stopped.value.code or 0), *capsys.readouterr())

    return ended


def run_by_itself(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own, as its user does."""
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT),
                   "PLANWATCH_HOME": str(site.parent / "var")}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "warehouse.cli", "inspect", *arguments],
        capture_output=True, text=True, check=False, timeout=60, env=environment,
    )  # fmt: skip


def sent(site: Path, text: str) -> str:
    path = site.parent / "sent.csv"
    path.write_text(text)
    return str(path)


def test_rows_problems_skipped_and_account(site: Path) -> None:
    text = "area,time,value\nA,2020,1.50\nB,2020,much\nWorld,2020,3\n"
    file = sent(site, text)
    done = run_by_itself(site, file, "--source", "table", "--site", str(site))
    assert done.returncode == 1
    assert "110000" in done.stdout
    assert "much" in done.stdout
    assert "an aggregate" in done.stdout
    assert (
        "3 records present = 1 read + 1 skipped + 1 refused; 1 problems" in done.stdout
    )
    assert not (site.parent / "var").exists()


def test_json_tells_the_same_to_a_program(site: Path, run) -> None:
    file = sent(site, "area,time,value\nA,2020,1.50\nB,2020,much\n")
    done = run(file, "--source", "table", "--site", str(site), "--json")
    content = json.loads(done.stdout)
    assert content["account"] == {"present": 2, "read": 1, "skipped": 0, "refused": 1}
    assert content["rows"][0]["value"] == "1.50"
    assert content["problems"] == [
        {"file": file, "row_number": 2, "column": "value", "value": "much",
         "expected": "a number with the decimal mark '.', no grouping"}
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
def test_rows_are_written_in_three_formats(site: Path, run, suffix: str) -> None:
    file = sent(site, "area,time,value\nA,2020,1.50\nB,2020,2\n")
    out = site.parent / f"out.{suffix}"
    done = run(file, "--source", "table", "--site", str(site), "--output", str(out))
    assert done.returncode == 0, done.stderr
    if suffix == "csv":
        values = [row["value"] for row in csv.DictReader(out.open())]
    elif suffix == "json":
        values = [row["value"] for row in json.loads(out.read_text())]
    else:
        rows = duckdb.execute("select value from read_parquet(?)", [str(out)])
        values = [row[0] for row in rows.fetchall()]
    assert values == ["1.50", "2"]


def test_a_format_alone_shows_the_files_own_columns(site: Path, run) -> None:
    file = sent(site, "Area,Any Thing\nA,1\n")
    done = run(file, "--format", "csv", "--site", str(site), "--json")
    assert done.returncode == 0
    row = json.loads(done.stdout)["rows"][0]
    assert row == {"row_number": 1, "deleted": False, "Area": "A", "Any Thing": "1"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("absent.csv", "--format", "csv"), 2),
        (("sent.csv", "--format", "dbf"), 2),
        (("sent.csv", "--source", "table", "--format", "csv"), 2),
        (("sent.csv", "--source", "table", "--output", "out.txt"), 2),
        (("sent.csv", "--source", "table", "--structure", "absent.xml"), 2),
        (("sent.csv", "--source", "unknown"), 3),
        (("other.csv", "--source", "table"), 3),
        (("broken.csv", "--source", "table"), 1),
        (("sent.csv", "--source", "table"), 0),
    ],
)  # fmt: skip
def test_exit_codes(site: Path, run, arguments: tuple[str, ...], code: int) -> None:
    sent(site, "area,time,value\nA,2020,1\n")
    (site.parent / "other.csv").write_text("area,year,value\nA,2020,1\n")
    (site.parent / "broken.csv").write_text('area,time,value\nA,"2020,1\n')
    name, *options = arguments
    done = run(str(site.parent / name), *options, "--site", str(site))
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if code:
        assert "To mend it:" in done.stderr or code == 1
