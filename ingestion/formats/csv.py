"""CSV: a declared dialect, every cell as text.

A file whose first line is the header and whose rows are all data goes
through DuckDB's reader (fast: a second per 0.7 million rows). A declared
layout needs the rows one by one.
"""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import duckdb

from ingestion.formats.encoding import decoded, is_utf8
from ingestion.formats.grid import Grid
from ingestion.formats.intake import Intake, Table, quoted, unreadable
from ingestion.formats.layout import add_grids
from ingestion.formats.mapping import map_batch
from ingestion.landing import LandedFile
from ingestion.reading import Dialect

# `strict_mode` and a fixed dialect: a ragged or misquoted line stops the read
# with its number; nothing is guessed per file.
_READ = """
create table {table} as
select
    row_number() over () - 1 as "#id",
    row_number() over () as "#row",
    null::varchar as "#key",
    false as "#deleted",
    *,
from read_csv(
    {path}, header = true, all_varchar = true, delim = {delim}, quote = {quote},
    escape = {quote}, nullstr = '', strict_mode = true, auto_detect = false,
    columns = {{{columns}}}, encoding = 'utf-8'
)
"""


def read(intake: Intake) -> None:
    """Registry files become `registry_rows`, others `observations`."""
    for number in intake.numbers:
        if intake.source.layout is None and not intake.source.dialect.spaced:
            read_table(intake, number)
        else:
            add_grids(intake, number, [grid(intake, number)])
    map_batch(intake)


def grid(intake: Intake, number: int) -> Grid:
    """A text file as rows of cells by the declared dialect."""
    file = intake.batch.files[number]
    source = intake.source
    text = decoded(intake.document(file), source, file)
    limit, cells = source.read_limits.max_cells, 0
    rows = []
    try:
        for row in _reader(text, source.dialect):
            rows.append(row)
            cells += len(row)
            if cells > limit:
                raise unreadable(
                    file,
                    f"it has more than {limit:,} cells",
                    "raise `read_limits.max_cells` if so many are expected.",
                )
    except csv.Error as error:
        raise unreadable(
            file, f"row {len(rows) + 1} is not in the declared dialect: {error}"
        ) from error
    return Grid("", rows)


def _reader(text: str, dialect: Dialect):
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.separator,
        quotechar=dialect.quote,
        skipinitialspace=dialect.spaced,
        strict=True,
    )


def read_table(intake: Intake, number: int) -> Table:
    """Load one CSV file with all its columns as text; rows count from 1."""
    file = intake.batch.files[number]
    path = intake.path(file)
    with tempfile.TemporaryDirectory() as folder:
        if _needs_decoding(intake, path):
            body = path.read_bytes()
            path = Path(folder) / "utf-8"
            path.write_text(decoded(body, intake.source, file), "utf-8", newline="")
        return _load(intake, number, path)


def _needs_decoding(intake: Intake, path: Path) -> bool:
    """DuckDB checks UTF-8 itself; everything else is decoded before."""
    source = intake.source
    with path.open("rb") as handle:
        begin = handle.read(4)
    if begin[:2] in (b"\xff\xfe", b"\xfe\xff") or begin == b"\0\0\xfe\xff":
        return True
    if source.encoding:
        return True
    return bool(source.encodings) and not is_utf8(path.read_bytes())


def _load(intake: Intake, number: int, path: Path) -> Table:
    file, dialect = intake.batch.files[number], intake.source.dialect
    header = _header(intake, file, path)
    table = Table(number, file, tuple(header))
    columns = ", ".join(f"c{index}: 'VARCHAR'" for index in range(len(header)))
    try:
        intake.connection.execute(
            _READ.format(
                table=table.name,
                path=quoted(str(path)),
                columns=columns,
                delim=quoted(dialect.separator),
                quote=quoted(dialect.quote),
            )
        )
    except duckdb.Error as error:
        raise unreadable(file, _why(error)) from error
    intake.tables.append(table)
    rows = intake.connection.table(table.name).count("*").fetchone()[0]
    intake.count(number, rows)
    return table


def _why(error: duckdb.Error) -> str:
    """DuckDB's explanation without its advice and without our paths."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = []
    for line in lines:
        if line.startswith(("Possible fixes", "file = ", "* ")):
            break
        if line:
            told.append(line)
    return " ".join(told)[:400]


def _header(intake: Intake, file: LandedFile, path: Path) -> list[str]:
    """Names of the header line; DuckDB's own sniffer would guess the dialect."""
    dialect = intake.source.dialect
    with path.open(encoding="utf-8-sig", newline="") as handle:
        try:
            row = next(csv.reader(
                iter(lambda: handle.readline(2**20), ""), strict=True,
                delimiter=dialect.separator, quotechar=dialect.quote,
            ), [])  # fmt: skip
        except (csv.Error, UnicodeDecodeError) as error:
            raise unreadable(
                file, f"its header line cannot be read: {error}"
            ) from error
    names = [name.strip().replace("\ufeff", "") for name in row]
    if not names or any(not name for name in names):
        raise unreadable(file, "the header line has an empty column name")
    if len({name.casefold() for name in names}) < len(names):
        raise unreadable(file, "a column name stands twice in the header")
    return names
