"""History: what had been accepted before a batch arrived.

The same batch sees the same history whenever it is judged: accepted rows of
batches that arrived before it, and of those only what was known before the
row that is judged. Floor 1 knows no warehouse; the kept verdicts are enough.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from expectations.catalogue import quoted
from expectations.verdict import FILE
from ingestion.landing import LandedBatch
from ingestion.settings import Settings

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


@dataclass(frozen=True)
class History:
    """Parquet files of accepted rows with the columns of `COLUMNS`."""

    files: tuple[Path, ...] = ()

    def attach(self, bench: Any) -> None:
        """View `history_observation`; only what a query needs is read."""
        listed = ", ".join(COLUMNS)
        if not self.files:
            cells = ", ".join(f"null::{kind} as {c}" for c, kind in COLUMNS.items())
            source = f"select {cells} where false"
        else:
            paths = ", ".join(quoted(str(path)) for path in self.files)
            source = f"select {listed} from read_parquet([{paths}])"
        bench.execute(f"create view history_observation as {source}")


def accepted_before(settings: Settings, batch: LandedBatch) -> History:
    """Accepted rows of the batches that arrived before `batch`.

    Batches of the very same moment do not see each other: which of them is
    judged first must not matter.
    """
    found = []
    for path in settings.verdicts.glob(f"*/{FILE}"):
        content = json.loads(path.read_text(encoding="utf-8"))
        arrived = datetime.fromisoformat(content["received_at"])
        if (
            content["kind"] != "registry"
            and content["rows_accepted"]
            and batch.received - REACH < arrived < batch.received
        ):
            found.append((arrived, path.with_name("accepted.parquet")))
    return History(tuple(path for _, path in sorted(found)))
