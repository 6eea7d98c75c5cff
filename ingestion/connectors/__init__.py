"""Connectors: each brings the files of a source into incoming.

A connector is one function `fetch(visit)` that yields the files that are new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingestion.connectors import dhis2, http, inbox, sdmx, worldbank
from ingestion.landing import LandedFile
from ingestion.visit import Visit

Connector = Callable[[Visit], Iterator[LandedFile]]

CONNECTORS: dict[str, Connector] = {
    "http": http.fetch,
    "file": inbox.fetch,
    "inbox": inbox.fetch,
    "sdmx": sdmx.fetch,
    "worldbank": worldbank.fetch,
    "dhis2": dhis2.fetch,
}
