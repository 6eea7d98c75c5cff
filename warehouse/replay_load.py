"""Kept replays, from their folder into raw: each is a batch of its own."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from ingestion.clock import now
from ingestion.settings import Settings
from warehouse.database import transaction

_BATCH = """
insert into raw.batch by name
select
    $replay_id as batch_id,
    'replay' as source_code,
    'replay' as kind,
    'official' as source_kind,
    false as simulated,
    cast(cast($received_at as timestamptz) as timestamp) as received_at,
    $sha256 as sha256,
    'loaded' as status,
    0 as rows_received,
    0 as rows_accepted,
    0 as rows_rejected,
    coalesce(max_by(rule_set_version, load_seq), '0') as rule_set_version,
    $loaded_at::timestamp as loaded_at,
    coalesce(max(load_seq), 0) + 1 as load_seq
from raw.batch
returning load_seq
"""


def load_replays(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Add replays that raw does not have yet, in their order; gives how many."""
    kept = _kept(settings)
    if not kept:
        return 0
    with transaction(connection):
        done = {
            name
            for (name,) in connection.execute(
                "select batch_id from raw.batch where kind = 'replay'"
            ).fetchall()
        }
        waiting = [entry for entry in kept if entry[0]["replay_id"] not in done]
        for entry, folder in waiting:
            _add(settings, connection, entry, folder)
        return len(waiting)


def _kept(settings: Settings) -> list[tuple[dict[str, str], Path]]:
    found = [
        (json.loads(path.read_text(encoding="utf-8")), path.parent)
        for path in (settings.home / "replays").glob("replay-*/replay.json")
    ]
    return sorted(found, key=lambda f: (f[0]["received_at"], f[0]["replay_id"]))


def _add(settings: Settings, connection, entry: dict[str, str], folder: Path) -> None:
    (seq,) = connection.execute(
        _BATCH,
        {
            "replay_id": entry["replay_id"],
            "received_at": entry["received_at"],
            "sha256": entry["sha256"],
            "loaded_at": now(settings).replace(tzinfo=None),
        },
    ).fetchone()
    for table in ("rule", "target", "warning"):
        connection.execute(
            f"insert into raw.replayed_{table} by name"
            " select *, ? as batch_id, ? as load_seq from read_parquet(?)",
            [entry["replay_id"], seq, str(folder / f"{table}.parquet")],
        )
