"""Registries in force: the newest accepted snapshot of every declared source.

`verdicts/registries/<source_code>.json` points to it and is replaced in one
step after acceptance, so finding it costs one small file per source. The rows
that it names stay where they are, even if their batch is refused later, until
the pointer names others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from expectations.verdict import Verdict
from ingestion.durable import write_json
from ingestion.errors import Damaged
from ingestion.registry import REGISTRIES
from ingestion.settings import Settings
from ingestion.site import Site

# Registries that decide about observations.
OF_OBSERVATIONS = ("regions", "units", "indicators", "forms", "form_items")
# Registries that decide about a registry which does not refer to them.
JUDGED_BY = {"plan_events": ("rules",)}


def latest_vintage(key: str) -> str:
    """Of rows of one key that are dated apart, the last one is in force; one
    without a date is known from the day on which its file came."""
    known = "coalesce(known_from, '9999-12-31')"
    return f"qualify {known} = max({known}) over (partition by {key})"


def consulted(registry: str) -> tuple[str, ...]:
    """Registries that a verdict depends on; `registry` is empty for rows."""
    if not registry:
        return OF_OBSERVATIONS
    referred = {entry.registry for entry in REGISTRIES[registry].references}
    return tuple(sorted({registry, *referred, *JUDGED_BY.get(registry, ())}))


@dataclass(frozen=True, order=True)
class InForce:
    """Pointer to the accepted snapshot of one source."""

    source_code: str
    registry: str
    batch_id: str
    batch_sha256: str
    received_at: str
    rows: int


@dataclass(frozen=True)
class Registries:
    """All snapshots in force; an absent registry is an empty table."""

    folder: Path
    entries: tuple[InForce, ...]

    def path(self, entry: InForce) -> Path:
        """Parquet of a snapshot: row_number and the registry's columns as text."""
        return _rows(self.folder, entry)

    def rows(self, entry: InForce) -> Path:
        """The same, to be read: Damaged where the file is gone."""
        path = self.path(entry)
        if not path.exists():
            raise Damaged(
                f"The rows of the registry in force from {entry.source_code} are gone: "
                f"{path}.",
                f"remove that folder and run `planwatch gate {entry.batch_id}`, or "
                "send the registry again.",
            )
        return path

    def of(self, name: str, without: str = "") -> list[InForce]:
        return [
            entry
            for entry in self.entries
            if entry.registry == name and entry.source_code != without
        ]

    def state(self, names: Iterable[str], without: str = "") -> str:
        """Short hash of the snapshots of `names`: same state, same verdict."""
        seen = [
            (entry.source_code, entry.batch_sha256)
            for name in sorted(names)
            for entry in self.of(name, without)
        ]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:12]

    def attach(
        self, connection: Any, names: Collection[str] = (), without: str = ""
    ) -> None:
        """Create `registry_<name>` tables in a DuckDB connection.

        Columns: source_code, then those of the registry, all VARCHAR. `names`
        empty means all; `without` leaves one source out.
        """
        for name in names or REGISTRIES:
            columns = ("source_code", *REGISTRIES[name].allowed)
            key = ", ".join(f'"{column}"' for column in REGISTRIES[name].key)
            empty = ", ".join(f'null::varchar as "{column}"' for column in columns)
            parts = [f"select {empty} where false"]
            for entry in self.of(name, without):
                path = str(self.rows(entry)).replace("'", "''")
                parts.append(
                    f"select '{entry.source_code}' as source_code, *"
                    f" from read_parquet('{path}') {latest_vintage(key)}"
                )
            listed = ", ".join(f'"{column}"' for column in columns)
            connection.execute(
                f"create table registry_{name} as select {listed} from ("
                + " union all by name ".join(parts)
                + ")"
            )


def current_registries(settings: Settings, site: Site) -> Registries:
    """Snapshots in force of the registry sources that `site` declares."""
    found = []
    for source in site.of_kind("registry"):
        entry = _read(_pointer(settings, source.code))
        if entry and entry.registry == source.registry:
            found.append(entry)
    return Registries(settings.verdicts, tuple(found))


def is_in_force(settings: Settings, source_code: str) -> bool:
    """Has a snapshot of this registry source ever been accepted?"""
    return _pointer(settings, source_code).exists()


def rows_in_force(settings: Settings, verdict: Verdict) -> Path | None:
    """The file in the verdict's folder that a pointer names, if one does."""
    if verdict.kind != "registry":
        return None
    entry = _read(_pointer(settings, verdict.source_code))
    named = entry is not None and entry.batch_id == verdict.batch_id
    return _rows(settings.verdicts, entry) if named else None


def promote(settings: Settings, verdict: Verdict) -> None:
    """Put an accepted registry in force, unless a newer one already is."""
    if verdict.kind != "registry" or not verdict.accepted:
        return
    entry = InForce(
        source_code=verdict.source_code,
        registry=verdict.registry,
        batch_id=verdict.batch_id,
        batch_sha256=verdict.batch_sha256,
        received_at=verdict.received_at,
        rows=verdict.rows_received,
    )
    promote_entry(settings, entry)


def promote_entry(settings: Settings, entry: InForce) -> None:
    """Point to `entry`, unless a newer one of its source already is in force."""
    pointer = _pointer(settings, entry.source_code)
    before = _read(pointer)
    if before is None or _age(before) <= _age(entry):
        write_json(pointer, asdict(entry))


def _age(entry: InForce) -> tuple[str, str]:
    return (entry.received_at, entry.batch_id)


def _rows(verdicts: Path, entry: InForce) -> Path:
    return verdicts / entry.batch_id / "registry_rows.parquet"


def _pointer(settings: Settings, source_code: str) -> Path:
    return settings.verdicts / "registries" / f"{source_code}.json"


def _read(path: Path) -> InForce | None:
    try:
        return InForce(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise Damaged(
            f"The pointer to the registry in force, {path}, cannot be read: {error}.",
            "remove the file and judge the source's newest batch again.",
        ) from error
