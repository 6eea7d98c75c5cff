"""When a source is to be asked: `schedule` of its declaration, in UTC.

landing/asked/<source>-<shard>.json keeps when the last fetch began that went
through. It may be deleted at any time: without it, or where it is damaged, a
shard is due. A failed fetch leaves it as it was, so that the next tick tries
again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from ingestion.clock import now, stamp
from ingestion.cron import next_moment
from ingestion.durable import write_json
from ingestion.settings import Settings
from ingestion.source import Source

# Where a declaration names none; the other kinds are asked at every tick.
WITHOUT = {"statistical_release": "0 3 * * *"}


def is_due(settings: Settings, source: Source, shard: int) -> bool:
    """Has a moment of the schedule come since the shard was last asked?"""
    schedule = source.schedule or WITHOUT.get(source.kind)
    before = _asked_at(settings, source, shard)
    if schedule is None or before is None:
        return True
    return next_moment(schedule, before) <= now(settings)


def record_asked(
    settings: Settings, source: Source, shard: int, began: datetime
) -> None:
    """Keep that a fetch of the shard, begun at `began`, went through."""
    write_json(_path(settings, source, shard), {"asked_at": stamp(began)})


def _asked_at(settings: Settings, source: Source, shard: int) -> datetime | None:
    try:
        content = json.loads(_path(settings, source, shard).read_text("utf-8"))
        return datetime.fromisoformat(content["asked_at"]).astimezone(UTC)
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _path(settings: Settings, source: Source, shard: int) -> Path:
    return settings.landing / "asked" / f"{source.code}-{shard}.json"
