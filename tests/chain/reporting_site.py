"""A small site whose one unit drops JSON reports into a folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from ingestion.settings import Settings

ITEMS = tuple(f"I{number:02d}" for number in range(1, 26))
SOURCE = """\
code: reports
kind: submission
connector: inbox
location: inbox
format: submission-json
known_from: received_at
"""
# A file of one office; the name of its column of periods is given.
OFFICE = """\
code: {code}
kind: statistical_release
connector: inbox
location: {code}.csv
format: csv
mapping:
  columns: {{region_code: region, period: {period}, value: value}}
  constants:
    {{indicator_code: I01, definition_version: "1", unit_measure: PERSONS}}
"""
NAMES = {"domain": "test", "direction": "higher", "aggregation": "sum"}


def write_site(folder: Path) -> Path:
    """Two regions, one office, one monthly form with 25 indicators."""
    for name in ("registry", "sources", "inbox"):
        (folder / name).mkdir(parents=True)
    (folder / "site.yml").write_text("name: reporting\nerror_budget: 0.6\n")
    (folder / "sources" / "reports.yml").write_text(SOURCE)
    write = lambda name, *rows: _write(folder / "registry" / f"{name}.csv", rows)  # noqa: E731
    write(
        "regions",
        {"region_code": "R1", "name_en": "Rivers", "level": 1},
        {"region_code": "R2", "name_en": "Hills", "level": 1},
    )
    write(
        "indicators",
        *(
            {
                "indicator_code": code, "definition_version": 1, "name_en": code,
                "unit_measure": "PERSONS", "frequency": "M", "min_value": 0,
                "max_value": 1000, **NAMES,
            }
            for code in (*ITEMS, "NOT_ASKED")
        ),
    )  # fmt: skip
    write(
        "units",
        {"unit_code": "U1", "name_en": "Office 1", "unit_kind": "office", "level": 1,
         "region_code": "R1", "valid_from": "2024-01-01"},
    )  # fmt: skip
    write(
        "forms",
        {"form_code": "F", "name_en": "Form", "frequency": "M", "due_days": 10,
         "unit_kind": "office", "valid_from": "2025-01-01"},
    )  # fmt: skip
    write(
        "form_items",
        *(
            {"form_code": "F", "indicator_code": code, "compulsory": "true"}
            for code in ITEMS
        ),
    )
    return folder


def _write(path: Path, rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def good_rows() -> list[dict]:
    return [
        {
            "row_key": str(number), "indicator_code": code, "region_code": "R1",
            "value": str(100 + number), "unit_measure": "PERSONS",
        }
        for number, code in enumerate(ITEMS, 1)
    ]  # fmt: skip


def send(settings: Settings, submission_id: str, received: str, rows: list) -> None:
    """Put a report of U1 on form F for 2025-06 into the inbox."""
    report = {
        "submission_id": submission_id, "unit_code": "U1", "form_code": "F",
        "period": "2025-06", "received_at": received, "rows": rows,
    }  # fmt: skip
    path = settings.site / "inbox" / f"{submission_id}.json"
    path.write_text(json.dumps({"data": [report]}, ensure_ascii=False))
