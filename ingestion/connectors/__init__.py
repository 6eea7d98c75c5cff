"""Connectors: each brings the files of a source into landing.

A connector is one function `fetch(settings, source, shard, known)` that yields
the files that are new; `known` maps a URL to the newest file kept from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingestion.connectors import http, inbox
from ingestion.landing import LandedFile
from ingestion.settings import Settings
from ingestion.source import Source

Connector = Callable[
    [Settings, Source, int, dict[str, LandedFile]], Iterator[LandedFile]
]

CONNECTORS: dict[str, Connector] = {"http": http.fetch, "inbox": inbox.fetch}
