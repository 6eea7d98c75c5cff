"""Verdict: what the gate says about one landed batch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from ingestion.durable import write_json
from ingestion.errors import Damaged

FILE = "verdict.json"


@dataclass(frozen=True)
class Verdict:
    """`accepted` means that the batch may be loaded.

    A submission batch that could be read is always accepted: each of its
    submissions has a verdict of its own in `submissions.parquet`. A release is
    refused when all its files are, a registry when one row is wrong.
    `rows_received = rows_accepted + rows_rejected` always. `files` has the
    sha256 of each Parquet file beside it, so that a load can notice a file
    that was changed after the judgement.
    """

    batch_id: str
    batch_sha256: str
    source_code: str
    kind: str
    registry: str
    received_at: str
    accepted: bool
    rows_received: int
    rows_accepted: int
    rows_rejected: int
    warnings: int
    submissions: int
    rule_set_version: str
    registry_state: str
    readable: bool
    reasons: dict[str, int]
    folder: Path
    files: dict[str, str] = field(default_factory=dict)

    @classmethod
    def find(cls, folder: Path) -> Verdict | None:
        """The verdict in `folder`, or None when there is none yet."""
        return cls.open(folder) if (folder / FILE).exists() else None

    @classmethod
    def open(cls, folder: Path) -> Verdict:
        """Read `folder`/verdict.json; Damaged when it cannot be read."""
        path = folder / FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            seal = content.pop("seal", None)
            if seal is None:
                raise ValueError("an earlier version wrote it, without a seal")
            if seal != _seal(content):
                raise ValueError("it was altered after the judgement")
            names = {field.name for field in fields(cls)} - {"folder"}
            return cls(folder=folder, **{name: content[name] for name in names})
        except (OSError, ValueError, KeyError) as error:
            raise Damaged(
                f"The verdict {path} cannot be read: {error}.",
                "remove that folder and run `planwatch gate` again.",
            ) from error

    def save(self) -> None:
        """Write verdict.json in one step: its presence is the commit."""
        content = {k: v for k, v in asdict(self).items() if k != "folder"}
        write_json(self.folder / FILE, {**content, "seal": _seal(content)})

    def path(self, name: str) -> Path:
        """Parquet file of the verdict: accepted, quarantine, rejections …"""
        return self.folder / f"{name}.parquet"

    def check_files(self) -> None:
        """Damaged when a Parquet file is gone, was changed, or was put there."""
        found = digests(self.folder)
        wrong = sorted(
            name
            for name in {*found, *self.files}
            if found.get(name) != self.files.get(name)
        )
        if wrong:
            raise Damaged(
                f"Not as the gate left it in {self.folder}: {', '.join(wrong)}.",
                "remove that folder and run `planwatch gate` again.",
            )


def digests(folder: Path) -> dict[str, str]:
    """sha256 of each Parquet file in `folder`, by its name."""
    found = {}
    for path in sorted(folder.glob("*.parquet")):
        with path.open("rb") as handle:
            found[path.name] = hashlib.file_digest(handle, "sha256").hexdigest()
    return found


def _seal(content: dict) -> str:
    """Tells a hand that edits the file from the gate that wrote it; no secret."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
