"""Canonical observations: what every format becomes before it is judged.

Every cell is text exactly as it was sent; only what we add ourselves
(`row_number`, `known_from`) is typed. Nothing is coerced here: the gate says
what cannot be parsed, and why.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingestion.durable import commit_file, machine_faults
from ingestion.errors import ContentRejected
from ingestion.formats import READERS
from ingestion.landing import LandedBatch
from ingestion.settings import Settings
from ingestion.source import Source

OBSERVATION_COLUMNS = (
    "source_kind", "source_code", "batch_id", "file_sha256", "submission_id",
    "form_code", "row_number", "row_key", "unit_code", "region_code",
    "indicator_code", "definition_version", "period", "breakdown", "value",
    "unit_measure", "obs_status", "conf_status", "published_at", "known_from",
    "comment",
)  # fmt: skip
SUBMISSION_COLUMNS = (
    "submission_id", "batch_id", "file_sha256", "unit_code", "form_code",
    "period", "received_at", "sha256", "rows_received",
)  # fmt: skip


class Unreadable(ContentRejected):
    """A kept file is not what its source declares; it is refused whole."""


@dataclass(frozen=True)
class CanonicalBatch:
    """Parquet files of one batch; absent ones do not apply to its kind."""

    observations: Path | None = None
    submissions: Path | None = None
    registry_rows: Path | None = None


def read_batch(
    settings: Settings, batch: LandedBatch, source: Source
) -> CanonicalBatch:
    """Read a landed batch into canonical Parquet; derived, made at most once.

    Raises Unreadable with file and reason when the bytes are not of the
    declared format.
    """
    folder = settings.canonical / batch.batch_id
    names = {
        "submission": ("observations", "submissions"),
        "statistical_release": ("observations",),
        "registry": ("registry_rows",),
    }[batch.kind]
    paths = {name: folder / f"{name}.parquet" for name in names}
    if not all(path.exists() for path in paths.values()):
        _write(settings, batch, source, paths)
    return CanonicalBatch(**paths)


def _write(settings, batch, source, paths: dict[str, Path]) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {settings.threads}")
        connection.execute(f"set memory_limit = '{settings.memory_limit}'")
        connection.execute("set timezone = 'UTC'")
        try:
            READERS[source.format](connection, settings, batch, source)
            for name, path in paths.items():
                _copy(connection, name, path)
        except duckdb.Error as error:
            raise Unreadable(
                f"Batch {batch.batch_id} ({_names(batch)}) is not readable as "
                f"{source.format}: {str(error).splitlines()[0]}",
                "send it again in the declared format; the bytes are kept.",
            ) from error


def _copy(connection, name: str, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with machine_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.table(name).write_parquet(str(temporary), compression="zstd")
    commit_file(temporary, path)


def _names(batch: LandedBatch) -> str:
    first = batch.files[0].url
    return first if len(batch.files) == 1 else f"{first} and {len(batch.files) - 1} more"
