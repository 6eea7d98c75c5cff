"""Fetch a declared source and keep what is new: the first public stage."""

from __future__ import annotations

from collections.abc import Callable

from ingestion.connectors import CONNECTORS
from ingestion.landing import (
    LandedBatch,
    LandedFile,
    keep,
    newest_files,
    with_previous,
)
from ingestion.settings import Settings
from ingestion.source import Source

Progress = Callable[[LandedFile], None]


def shards(source: Source) -> range:
    """Numbers of the slices of a source that can be fetched side by side."""
    return range(source.shards.count if source.shards else 1)


def ingest(
    settings: Settings,
    source: Source,
    shard: int = 0,
    progress: Progress = lambda _: None,
) -> LandedBatch | None:
    """Land what is new in one shard of a source; None when nothing is.

    Idempotent: the same answers make the same batch. Raises SourceUnavailable
    (try again) or SourceRefused (somebody must act); what landed before stays.
    """
    known = newest_files(settings, source.code)
    files = []
    for file in CONNECTORS[source.connector](settings, source, shard, known):
        files.append(with_previous(file, known))
        progress(file)
    return keep(settings, source, files)
