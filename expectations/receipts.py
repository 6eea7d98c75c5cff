"""Receipts: what each submitter is told, as lines of JSON.

`receipts/<batch_id>.ndjson` holds one line a submission, with every error of
one pass and how to mend it in English and Chinese.
"""

from __future__ import annotations

import csv
import io
import json
import mmap
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from ingestion.durable import machine_faults
from ingestion.settings import Settings

# Both are sorted by submission, so that they can be merged as they stream by.
# DuckDB renders the JSON; its own ordered list aggregate over 80,000 groups
# takes longer than everything else in the gate.
_RECEIPTS = """
select
    submission_id,
    to_json(
        struct_pack(
            submission_id := submission_id,
            unit_code := unit_code,
            form_code := form_code,
            period := period,
            received_at := replace(received_at::varchar, ' ', 'T') || 'Z',
            sha256 := sha256,
            verdict := verdict,
            rows_received := rows_received,
            rows_accepted := rows_accepted,
            rows_rejected := rows_rejected,
            rule_set_version := rule_set_version,
            due_at := replace(due_at::varchar, ' ', 'T') || 'Z',
            on_time := on_time
        )
    )::varchar as receipt,
from submission_outcome
order by submission_id asc nulls first
"""
_ERRORS = """
select
    submission_id,
    to_json(
        struct_pack(
            row_number := row_number,
            row_key := row_key,
            field := field,
            offending_value := offending_value,
            rule_id := rule_id,
            rule_version := rule_version,
            severity := severity,
            expected := expected,
            expected_from := expected_from,
            how_to_fix := struct_pack(en := how_to_fix_en, zh := how_to_fix_zh)
        )
    )::varchar as error,
from reason
where submission_id is not null
order by
    submission_id asc nulls first,
    row_number asc nulls first,
    rule_id asc nulls first,
    field asc nulls first,
    row_key asc nulls first,
    offending_value asc nulls first
"""
ERROR_COLUMNS = (
    "row_number", "row_key", "field", "offending_value", "rule_id",
    "rule_version", "severity", "expected", "expected_from", "how_to_fix_en",
    "how_to_fix_zh",
)  # fmt: skip


def write(connection: Any, path: Path) -> None:
    """Write the receipts of the judged batch in `connection` to `path`.

    Reads its tables `submission_outcome` and `reason`.
    """
    errors = groupby(_stream(connection, _ERRORS), key=itemgetter(0))
    waiting = next(errors, None)
    with machine_faults(path), path.open("w", encoding="utf-8", newline="\n") as out:
        for submission_id, receipt in _stream(connection, _RECEIPTS):
            listed = ""
            if waiting and waiting[0] == submission_id:
                listed = ",".join(error for _, error in waiting[1])
                waiting = next(errors, None)
            out.write(f'{receipt[:-1]},"errors":[{listed}]}}\n')


def _stream(connection: Any, query: str) -> Iterator[tuple[str, str]]:
    """Rows of a query; a cursor of its own, since two are read side by side."""
    result = connection.cursor().execute(query)
    while rows := result.fetchmany(20_000):
        yield from rows


def find_receipt(settings: Settings, submission_id: str) -> dict[str, Any] | None:
    """Receipt of a submission, or None.

    Of several contents under one id it is that of the newest; of one content
    that arrived again it is the first receipt.
    """
    needle = f'"submission_id":{json.dumps(submission_id, ensure_ascii=False)}'
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(settings.receipts.glob("*.ndjson")):
        receipt = _search(path, needle.encode())
        if receipt is None:
            continue
        known = found.get(receipt["sha256"])
        if known is None or receipt["received_at"] < known["received_at"]:
            found[receipt["sha256"]] = receipt
    return max(found.values(), key=lambda r: r["received_at"], default=None)


def rendered(settings: Settings, submission_id: str, form: str) -> bytes | None:
    """Receipt of a submission as it is sent: "json", or "csv" of its errors."""
    receipt = find_receipt(settings, submission_id)
    if receipt is None:
        return None
    if form == "csv":
        return errors_csv(receipt).encode()
    return (json.dumps(receipt, ensure_ascii=False, indent=2) + "\n").encode()


def _search(path: Path, needle: bytes) -> dict[str, Any] | None:
    """The line with `needle`: a byte search, since parsing all would take long."""
    if path.stat().st_size == 0:
        return None
    with (
        path.open("rb") as handle,
        mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        # A line begins with its id, so a comment that quotes one is not taken.
        at = 0 if content[: len(needle) + 1] == b"{" + needle else -1
        if at < 0:
            at = content.find(b"\n{" + needle) + 1
            if not at:
                return None
        end = content.find(b"\n", at)
        return json.loads(content[at : end if end >= 0 else None])


def errors_csv(receipt: dict[str, Any]) -> str:
    """Errors of a receipt as CSV; cells are safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(ERROR_COLUMNS)
    for error in receipt["errors"]:
        flat = {
            **error,
            "how_to_fix_en": error["how_to_fix"]["en"],
            "how_to_fix_zh": error["how_to_fix"]["zh"],
        }
        writer.writerow(harmless(flat[name]) for name in ERROR_COLUMNS)
    return out.getvalue()


def harmless(cell: Any) -> Any:
    """A quote before what a spreadsheet would run as a formula (OWASP)."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + cell
    return cell
