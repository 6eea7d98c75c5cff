"""Formats: each reader fills the tables that its kind of batch needs.

A reader is one function `read(connection, settings, batch, source)` that leaves
`observations` (and `submissions`), or `registry_rows`, in the connection.
"""

from ingestion.formats import csv, sdmx_csv, sdmx_json, submission_json

READERS = {
    "csv": csv.read,
    "sdmx-csv": sdmx_csv.read,
    "sdmx-json": sdmx_json.read,
    "submission-json": submission_json.read,
}
