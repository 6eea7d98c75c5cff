"""Looking at files before anything is stored: what would be read, and why not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.canonical import reading, tables_of
from ingestion.clock import now, stamp
from ingestion.errors import UsageError
from ingestion.landing import LandedBatch, LandedFile
from ingestion.settings import Settings
from ingestion.source import Source

_WRITERS = {
    ".csv": "(format csv, header true)",
    ".json": "(format json, array true)",
    ".parquet": "(format parquet, compression zstd)",
}


@dataclass(frozen=True)
class Account:
    """Records of all files: present = read + skipped + refused."""

    present: int
    read: int
    skipped: int
    refused: int

    @property
    def closes(self) -> bool:
        return self.present == self.read + self.skipped + self.refused


@dataclass(frozen=True)
class Inspection:
    """What reading gives: rows, the account, every problem, what is skipped.

    problems: file, row_number, column, value, expected; skipped: row_number,
    reason, text.
    """

    rows: pa.Table
    account: Account
    problems: list[dict]
    skipped: list[dict]

    def write(self, path: Path) -> None:
        """Write the rows as CSV, JSON or Parquet, by the suffix of `path`."""
        if path.suffix.lower() not in _WRITERS:
            raise UsageError(
                f"{path.name} ends in none of {', '.join(_WRITERS)}.",
                "choose a file name with one of these endings.",
            )
        with duckdb.connect() as connection:
            connection.register("read_rows", self.rows)
            target = str(path).replace("'", "''")
            try:
                connection.execute(
                    f"copy read_rows to '{target}' {_WRITERS[path.suffix.lower()]}"
                )
            except duckdb.IOException as error:
                raise UsageError(
                    f"{path} cannot be written: {str(error).splitlines()[0]}",
                    "choose another place for --output.",
                ) from error

    def summary(self) -> dict:
        """Account, problems and skipped rows as plain data."""
        return {
            "account": asdict(self.account),
            "problems": self.problems,
            "skipped": self.skipped,
        }


def inspect(
    settings: Settings, source: Source, files: Sequence[Path], bare: bool = False
) -> Inspection:
    """Read files as `source` declares; stores nothing.

    `bare` shows the files' own columns. Raises what reading raises
    (Unreadable, SiteError, SourceUnavailable), UsageError for absent files.
    """
    batch, paths = _batch(settings, source, files)
    with reading(settings, batch, source, paths, bare) as connection:
        table = "records" if bare else tables_of(source.kind)[0]
        if bare and source.format == "submission-json":
            table = "observations"
        rows = connection.table(table).to_arrow_table()
        connection.execute(
            "create view refused_record as select distinct file_number, record"
            " from problems where record is not null"
        )
        present, skipped, refused = (
            connection.execute(query).fetchone()[0] or 0
            for query in (
                "select sum(records) from present",
                "select count(*) from skipped",
                "select count(*) from refused_record",
            )
        )
        return Inspection(
            rows=rows,
            account=Account(int(present), rows.num_rows, skipped, refused),
            problems=_listed(
                connection,
                'select url as file, row_number, column_name as "column", value,'
                " expected from problems order by all nulls last",
            ),
            skipped=_listed(
                connection,
                "select file_number + 1 as file_number, row_number, reason, text"
                " from skipped order by file_number, row_number nulls first",
            ),
        )


def _listed(connection, query: str) -> list[dict]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _batch(
    settings: Settings, source: Source, files: Sequence[Path]
) -> tuple[LandedBatch, dict[str, Path]]:
    landed, paths = [], {}
    moment = stamp(now(settings))
    for path in files:
        if not path.is_file():
            raise UsageError(f"There is no file {path}.", "give the path of a file.")
        with path.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        paths[sha256] = path
        landed.append(
            LandedFile(sha256, path.as_posix(), path.stat().st_size, "", moment)
        )
    batch = LandedBatch(
        batch_id="inspected",
        source_code=source.code,
        kind=source.kind,
        source_kind=source.evidence,
        registry=source.registry or "",
        licence=source.licence,
        simulated=source.simulated,
        sha256=hashlib.sha256("".join(paths).encode()).hexdigest(),
        received_at=moment,
        files=tuple(landed),
    )
    return batch, paths
