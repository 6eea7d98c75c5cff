"""The unit's own check: the verdict of the server, before anything is sent.

The file is judged by the very function that judges what arrives, over the
registries of a bundle; nothing is stored.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.bundle import UnitWorld, unit_world
from expectations.catalogue import quoted, rules
from expectations.gate import judge_batch, refuse
from expectations.receipts import ERROR_COLUMNS
from expectations.submission_file import (
    DEFAULTS,
    Envelope,
    SubmissionFile,
    file_bytes,
    read_submission,
    sha256_of,
)
from expectations.verdict import Verdict
from ingestion.canonical import (
    OBSERVATION_COLUMNS,
    SUBMISSION_COLUMNS,
    CanonicalBatch,
    Unreadable,
)
from ingestion.clock import now, stamp
from ingestion.landing import LandedBatch, LandedFile
from ingestion.settings import Settings

SOURCE_CODE = "check"
_TYPES = {
    "row_number": pa.int64(),
    "rows_received": pa.int64(),
    "known_from": pa.timestamp("us"),
    "received_at": pa.timestamp("us"),
}


def check(
    settings: Settings, file: Path, envelope: Envelope, bundle: Path | None = None
) -> dict[str, Any]:
    """Receipt that the server would give for `file` if it arrived now.

    Without `bundle` the registries of this installation are used. UsageError
    for a missing file, an unknown unit or a bundle of another unit.
    """
    digest = sha256_of(file_bytes(file))
    with unit_world(settings, envelope.unit_code, bundle) as world:
        batch = _batch(settings, file, digest)
        try:
            sent = read_submission(file)
        except Unreadable as fault:
            verdict = refuse(world.settings, batch, world.site, fault)
            return _refused(verdict, batch, envelope)
        canonical = _canonical(world, batch, envelope, sent)
        verdict = judge_batch(world.settings, batch, canonical, world.site)
        return _receipt(world.settings, verdict)


def only_on_the_server() -> list[str]:
    """Rules that need what others reported; each of them only warns."""
    return [
        rule.id for rule in rules() if rule.needs_others and "submission" in rule.kinds
    ]


def _batch(settings: Settings, file: Path, digest: str) -> LandedBatch:
    moment = stamp(now(settings))
    landed = LandedFile(
        digest, file.name, file.stat().st_size, "application/octet-stream", moment
    )
    return LandedBatch(
        batch_id=f"{SOURCE_CODE}-{digest[:16]}",
        source_code=SOURCE_CODE,
        kind="submission",
        source_kind="self_reported",
        registry="",
        licence="",
        simulated=False,
        sha256=digest,
        received_at=moment,
        files=(landed,),
    )


def _canonical(
    world: UnitWorld, batch: LandedBatch, envelope: Envelope, sent: SubmissionFile
) -> CanonicalBatch:
    moment = _moment(batch)
    shared = {
        "batch_id": batch.batch_id,
        "file_sha256": batch.sha256,
        "submission_id": batch.batch_id,
    }
    observations = [
        {
            **shared,
            "source_kind": batch.source_kind,
            "source_code": batch.source_code,
            "row_number": number,
            "known_from": moment,
            **_cells(envelope, number, cells),
        }
        for number, cells in sent.rows
    ]
    submission = {
        **shared,
        **envelope._asdict(),
        "received_at": moment,
        "sha256": sent.sha256,
        "rows_received": len(sent.rows),
    }
    folder = world.settings.home
    return CanonicalBatch(
        observations=_table(folder, "observations", OBSERVATION_COLUMNS, observations),
        submissions=_table(folder, "submissions", SUBMISSION_COLUMNS, [submission]),
    )


def _cells(
    envelope: Envelope, number: int, cells: dict[str, str | None]
) -> dict[str, str | None]:
    """Cells of a row; what the form leaves out has its SDMX default.

    A column of the envelope may be left out; where it stands, an empty cell
    is not the unit's code and will be told so.
    """
    told = {
        name: (cells[name] or "") if name in cells else getattr(envelope, name)
        for name in Envelope._fields
    }
    filled = {name: cells.get(name) or default for name, default in DEFAULTS.items()}
    return {
        **cells,
        **filled,
        **told,
        "row_key": cells.get("row_key") or str(number),
    }


def _table(folder: Path, name: str, columns: tuple[str, ...], rows: list) -> Path:
    path = folder / f"{name}.parquet"
    arrays = {
        column: pa.array(
            [row.get(column) for row in rows], _TYPES.get(column, pa.string())
        )
        for column in columns
    }
    pq.write_table(pa.table(arrays), path)
    return path


def _moment(batch: LandedBatch) -> datetime:
    return batch.received.astimezone(UTC).replace(tzinfo=None)


def _receipt(settings: Settings, verdict: Verdict) -> dict[str, Any]:
    path = settings.receipts / f"{verdict.batch_id}.ndjson"
    # Not splitlines(): a cell may hold one of the other ends of line of Unicode.
    (line,) = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    receipt = json.loads(line)
    # A reason against the file as a whole belongs to no submission.
    receipt["errors"] = [*_file_errors(verdict), *receipt["errors"]]
    return receipt


def _refused(
    verdict: Verdict, batch: LandedBatch, envelope: Envelope
) -> dict[str, Any]:
    """Receipt for a file that cannot be read."""
    return {
        "submission_id": batch.batch_id,
        **envelope._asdict(),
        "received_at": batch.received_at,
        "sha256": batch.sha256,
        "verdict": "rejected",
        "rows_received": 0,
        "rows_accepted": 0,
        "rows_rejected": 0,
        "rule_set_version": verdict.rule_set_version,
        "due_at": None,
        "on_time": None,
        "errors": _file_errors(verdict),
    }


def _file_errors(verdict: Verdict) -> list[dict[str, Any]]:
    rows = duckdb.sql(
        f"select {', '.join(ERROR_COLUMNS)}"
        f" from read_parquet({quoted(str(verdict.path('rejections')))})"
        " where submission_id is null order by all"
    ).fetchall()
    errors = []
    for row in rows:
        error = dict(zip(ERROR_COLUMNS, row, strict=True))
        english, chinese = error.pop("how_to_fix_en"), error.pop("how_to_fix_zh")
        errors.append({**error, "how_to_fix": {"en": english, "zh": chinese}})
    return errors
