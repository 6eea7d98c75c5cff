"""Formats: each reader fills the tables that its kind of batch needs.

A reader is one function `read(intake)` that leaves `observations` (and
`submissions`), or `registry_rows`, in the connection, and in `present`,
`skipped` and `problems` what became of every record (see `intake`).
"""

from ingestion.formats import (
    csv,
    dhis2,
    excel,
    html_table,
    json_records,
    sdmx_csv,
    sdmx_json,
    sdmx_ml,
    submission_json,
    worldbank,
)

READERS = {
    "csv": csv.read,
    "xlsx": excel.read,
    "xls": excel.read,
    "html": html_table.read,
    "json": json_records.read,
    "submission-json": submission_json.read,
    "sdmx-csv": sdmx_csv.read,
    "sdmx-json": sdmx_json.read,
    "sdmx-ml": sdmx_ml.read,
    "worldbank-json": worldbank.read,
    "dhis2-json": dhis2.read_json,
    "dhis2-xml": dhis2.read_xml,
    "dhis2-csv": dhis2.read_csv,
}
