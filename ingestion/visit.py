"""One call on one shard of a source: what a connector works with."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.newest import Newest
from ingestion.outcomes import Recorder
from ingestion.settings import Settings
from ingestion.source import Source


@dataclass(frozen=True)
class Visit:
    """`known` are the files that landed before; `recorder` takes outcomes."""

    settings: Settings
    source: Source
    shard: int
    known: Newest
    recorder: Recorder
