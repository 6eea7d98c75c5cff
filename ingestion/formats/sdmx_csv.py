"""SDMX-CSV 1.0.

Read as text by DuckDB's CSV reader: the SDMX libraries go through pandas type
inference, which turns the code 010 into 10 and the value 1.10 into 1.1.
"""

from __future__ import annotations

import duckdb

from ingestion.formats.csv import read_table
from ingestion.formats.mapping import map_observations
from ingestion.landing import LandedBatch
from ingestion.settings import Settings
from ingestion.source import Source


def read(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: LandedBatch,
    source: Source,
) -> None:
    for number, file in enumerate(batch.files):
        table = f"file_{number}"
        read_table(connection, settings, file, table)
        columns = connection.table(table).columns
        if "DATAFLOW" not in columns or "OBS_VALUE" not in columns:
            raise duckdb.InvalidInputException(
                f"{file.url} has no DATAFLOW and OBS_VALUE columns (SDMX-CSV 1.0)"
            )
        connection.execute(f'alter table {table} drop column "DATAFLOW"')
    map_observations(connection, batch, source)
