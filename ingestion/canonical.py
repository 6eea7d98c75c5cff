"""Canonical observations: what every format becomes before it is judged.

Every cell is text exactly as it was sent; only what we add ourselves
(`row_number`, `known_from`) is typed. Nothing is coerced here: the gate says
what cannot be parsed, and why.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingestion.durable import commit_file, machine_faults
from ingestion.formats import READERS
from ingestion.formats.intake import Intake, Unreadable
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


BOOKS = ("present", "skipped", "problems")


@dataclass(frozen=True)
class CanonicalBatch:
    """Parquet files of one batch; absent ones do not apply to its kind.

    `present`, `skipped` and `problems` say what became of every record of the
    kept files: read + skipped + refused = present (see `formats.intake`).
    """

    observations: Path | None = None
    submissions: Path | None = None
    registry_rows: Path | None = None
    present: Path | None = None
    skipped: Path | None = None
    problems: Path | None = None


def tables_of(kind: str) -> tuple[str, ...]:
    """Canonical tables of a kind of source."""
    return {
        "submission": ("observations", "submissions"),
        "statistical_release": ("observations",),
        "registry": ("registry_rows",),
    }[kind]


def read_batch(
    settings: Settings, batch: LandedBatch, source: Source
) -> CanonicalBatch:
    """Read a landed batch into canonical Parquet; derived, made at most once.

    Raises Unreadable with file and reason when the bytes are not of the
    declared format, SiteError when the declaration does not fit the file, and
    SourceUnavailable when the kept answer says "come back later".
    """
    folder = settings.canonical / batch.batch_id
    names = (*tables_of(batch.kind), *BOOKS)
    paths = {name: folder / f"{name}.parquet" for name in names}
    if not all(path.exists() for path in paths.values()):
        with reading(settings, batch, source) as connection:
            for name, path in paths.items():
                _copy(connection, name, path)
    return CanonicalBatch(**paths)


@contextmanager
def reading(
    settings: Settings,
    batch: LandedBatch,
    source: Source,
    paths: dict[str, Path] | None = None,
    bare: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read a batch into tables of a connection of its own; stores nothing.

    `paths` tells where files lie that have not landed; `bare` leaves the files'
    own columns in a table `records` instead of mapping them.
    """
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {settings.threads}")
        connection.execute(f"set memory_limit = '{settings.memory_limit}'")
        connection.execute("set timezone = 'UTC'")
        intake = Intake(connection, settings, batch, source, paths or {}, bare)
        intake.open_books()
        try:
            READERS[source.format](intake)
        except duckdb.Error as error:
            raise Unreadable(
                f"Batch {batch.batch_id} ({_names(batch)}) is not readable as "
                f"{source.format}: {str(error).splitlines()[0]}",
                "send it again in the declared format; the bytes are kept.",
            ) from error
        except MemoryError as error:
            raise Unreadable(
                f"Batch {batch.batch_id} ({_names(batch)}) needs more memory than "
                "there is.",
                "lower `read_limits` of the source, or send it in smaller files.",
            ) from error
        yield connection


def _copy(connection, name: str, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with machine_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.table(name).write_parquet(str(temporary), compression="zstd")
    commit_file(temporary, path)


def _names(batch: LandedBatch) -> str:
    first = batch.files[0].url
    return (
        first if len(batch.files) == 1 else f"{first} and {len(batch.files) - 1} more"
    )
