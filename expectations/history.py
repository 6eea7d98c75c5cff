"""History: what had been accepted before a batch arrived.

Two things are known. Of its own series a batch sees what the same source
brought in batches before it. Of others (peers, children, other sources) it
sees only batches that were received before the month of its own receipt, for
which of the batches of one wave is fetched or judged first must not matter.
Floor 1 knows no warehouse; the kept verdicts are enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from expectations.catalogue import quoted
from expectations.verdict import FILE
from ingestion.landing import LandedBatch, ledger
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.tombstones import retired

# Rules look back twelve periods, and the longest period is a year.
REACH = timedelta(days=13 * 366)
COLUMNS = {
    "source_kind": "varchar",
    "source_code": "varchar",
    "submission_id": "varchar",
    "form_code": "varchar",
    "unit_code": "varchar",
    "region_code": "varchar",
    "indicator_code": "varchar",
    "definition_version": "varchar",
    "period": "varchar",
    "breakdown": "varchar",
    "value": "decimal(38, 10)",
    "known_from": "timestamp",
}
# A unit's bundle holds its own past and, of others, only their medians.
OWN, PEERS = "own", "peers.parquet"


@dataclass(frozen=True)
class History:
    """Parquet files of accepted rows with the columns of `COLUMNS`.

    `own` tells of a row's own series, `others` of everybody's. `peers` are
    medians that were counted elsewhere.
    """

    own: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()
    peers: Path | None = None

    def attach(self, bench: Any) -> None:
        """Views `history_observation` and `history_others`."""
        for name, files in (
            ("history_observation", self.own),
            ("history_others", self.others),
        ):
            bench.execute(f"create view {name} as {_rows(files)}")


def _rows(files: tuple[Path, ...]) -> str:
    if not files:
        cells = ", ".join(f"null::{kind} as {c}" for c, kind in COLUMNS.items())
        return f"select {cells} where false"
    paths = ", ".join(quoted(str(path)) for path in files)
    return f"select {', '.join(COLUMNS)} from read_parquet([{paths}])"


def accepted_before(settings: Settings, batch: LandedBatch, site: Site) -> History:
    """What may be known to the judgement of `batch`.

    Batches of the very same moment do not see each other.
    """
    return accepted_until(settings, site, batch.received, batch.source_code)


def accepted_until(
    settings: Settings, site: Site, moment: datetime, source_code: str = ""
) -> History:
    """The same for a moment; without a source everything before it is own."""
    month = wave_began(moment, site)
    own, others = [], []
    for path, content in _verdicts(settings):
        arrived = datetime.fromisoformat(content["received_at"])
        if not moment - REACH < arrived < moment:
            continue
        entry = (arrived, path.with_name("accepted.parquet"))
        is_own = content.get(OWN, False)
        if arrived < month and not is_own:
            others.append(entry)
        if arrived < month or is_own or source_code in ("", content["source_code"]):
            own.append(entry)
    peers = settings.verdicts / "history" / PEERS
    return History(
        tuple(path for _, path in sorted(own)),
        tuple(path for _, path in sorted(others)),
        peers if peers.exists() else None,
    )


def wave_began(moment: datetime, site: Site) -> datetime:
    """Beginning of the month of `moment` where the site is."""
    local = moment.astimezone(ZoneInfo(site.time_zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _verdicts(settings: Settings) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Kept verdicts on observations of which something was accepted."""
    for path in settings.verdicts.glob(f"*/{FILE}"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["kind"] != "registry" and content["rows_accepted"]:
            yield path, content


def not_yet_judged(
    settings: Settings, batch: LandedBatch, site: Site
) -> Iterator[LandedBatch]:
    """Batches that belong to the history of `batch` and have no verdict yet.

    In the order of arrival; gone bytes and sources that are no longer declared
    have nothing to tell.
    """
    month = wave_began(batch.received, site)
    gone: set[str] | None = None
    for entry in ledger(settings):
        name, source = entry["batch_id"], site.sources.get(entry["source_code"])
        if name == batch.batch_id:
            return
        if source is None or source.kind == "registry":
            continue
        if (settings.verdicts / name / FILE).exists():
            continue
        gone = retired(settings) if gone is None else gone
        if name in gone:
            continue
        earlier = LandedBatch.open(settings, name)
        if earlier.received < batch.received and (
            source.code == batch.source_code or earlier.received < month
        ):
            yield earlier
