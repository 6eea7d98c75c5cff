"""The one clock."""

from __future__ import annotations

from datetime import UTC, datetime

from ingestion.settings import Settings


def now(settings: Settings) -> datetime:
    """Present moment in UTC, or the moment that PLANWATCH_NOW pins."""
    return settings.now or datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with a trailing Z, as manifests and receipts write it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
