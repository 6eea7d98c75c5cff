"""SDMX-JSON data messages, read with the sdmx1 library."""

from __future__ import annotations

import io

import duckdb
import pyarrow as pa

from ingestion.formats.mapping import map_observations
from ingestion.landing import LandedBatch, object_path
from ingestion.settings import Settings
from ingestion.source import Source


def read(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: LandedBatch,
    source: Source,
) -> None:
    for number, file in enumerate(batch.files):
        body = object_path(settings, file.sha256).read_bytes()
        rows = _observations(body, file.url)
        names = list(dict.fromkeys(name for row in rows for name in row))
        message = pa.table(
            {
                "row_number": pa.array(range(1, len(rows) + 1), pa.int64()),
                **{
                    name: pa.array([row.get(name) for row in rows], pa.string())
                    for name in names
                },
            }
        )
        connection.register("message", message)
        connection.execute(f"create temp table file_{number} as from message")
        connection.unregister("message")
    map_observations(connection, batch, source)


def _observations(body: bytes, url: str) -> list[dict[str, str | None]]:
    """Dimensions, attributes and OBS_VALUE of each observation, as text."""
    # sdmx1 imports pandas: only when a message is really read.
    import sdmx
    from sdmx.reader.json import Reader

    try:
        message = Reader().convert(io.BytesIO(body))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise duckdb.InvalidInputException(
            f"{url} is no SDMX-JSON data message "
            f"({type(error).__name__}: {error}; sdmx1 {sdmx.__version__})"
        ) from error
    return [
        {
            **{key: str(value.value) for key, value in observation.key.values.items()},
            **{
                key: _attribute(attribute)
                for key, attribute in observation.attrib.items()
            },
            "OBS_VALUE": None if observation.value is None else str(observation.value),
        }
        for dataset in message.data
        for observation in dataset.obs
    ]


def _attribute(attribute) -> str | None:
    value = attribute.value
    text = str(getattr(value, "id", value))
    return text or None
