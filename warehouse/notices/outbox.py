"""What was promised and what was sent: `<home>/notices/<recipient>.jsonl`.

A digest is written down whole, as an intent, before it is sent, and its
outcome after. What a kill left without outcome is sent again with the same id
and the same words, so that a receiver can tell it from a new one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ingestion.journal import append_line, read_lines
from ingestion.settings import Settings


@dataclass(frozen=True)
class Notice:
    """One change of one warning, told to one recipient."""

    notice_id: str
    warning_id: str
    change: str
    state: str
    severity: str
    escalation_level: int


@dataclass(frozen=True)
class Digest:
    """What one recipient gets in one message."""

    digest_id: str
    recipient: str
    created_at: str
    title: str
    body: str
    notices: tuple[Notice, ...]


@dataclass
class Outbox:
    """The journal of one recipient, read once; grows by `promise` and `close`."""

    path: Path
    told: dict[str, Notice] = field(default_factory=dict)
    unsent: dict[str, Digest] = field(default_factory=dict)
    days: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, settings: Settings, recipient: str) -> Outbox:
        outbox = cls(settings.home / "notices" / f"{recipient}.jsonl")
        for entry in read_lines(outbox.path):
            if entry["what"] == "intent":
                digest = entry["digest"]
                notices = tuple(Notice(**n) for n in digest.pop("notices"))
                outbox._take(Digest(**digest, notices=notices))
            elif entry["what"] == "sent":
                outbox.unsent.pop(entry["digest_id"], None)
        return outbox

    def promise(self, digest: Digest) -> None:
        """Write the intent to disk; only then may the digest be sent."""
        append_line(self.path, {"what": "intent", "digest": asdict(digest)})
        self._take(digest)

    def close(self, digest: Digest, outcome: str, at: str, message: str = "") -> None:
        """Record an attempt; `sent` is final, `failed` is tried again."""
        entry = {"what": outcome, "digest_id": digest.digest_id, "at": at}
        append_line(self.path, entry | {"message": message})
        if outcome == "sent":
            self.unsent.pop(digest.digest_id, None)

    def digests_on(self, day: str) -> int:
        return self.days.count(day)

    def _take(self, digest: Digest) -> None:
        self.unsent[digest.digest_id] = digest
        self.days.append(digest.created_at[:10])
        self.told |= {notice.warning_id: notice for notice in digest.notices}
