"""Receipts are posted to those who asked for them: once, and never in the way.

`deliveries/<batch_id>.jsonl` holds the outcome of each attempt to deliver.
The receiver gets an `Idempotency-Key` made of submission id and content hash;
after a kill between its answer and our record it sees the same key again.
What could not be delivered is tried again by the next run, for 30 days.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import tenacity
from tenacity.wait import wait_base

from expectations.addresses import Address, AddressBook, refuse_private
from expectations.verdict import Verdict
from ingestion.clock import now, stamp
from ingestion.durable import held
from ingestion.errors import (
    Damaged,
    PlanwatchError,
    SourceRefused,
    SourceUnavailable,
    Transient,
)
from ingestion.fetch import USER_AGENT
from ingestion.journal import append_line, read_lines
from ingestion.settings import Settings
from ingestion.site import Site

KEY = "Idempotency-Key"
ATTEMPTS = 4
TIMEOUT_SECONDS = (5, 15)
MAX_AGE = timedelta(days=30)
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_BACKOFF = tenacity.wait_random_exponential(multiplier=0.5, max=10)


@dataclass(frozen=True)
class Delivery:
    """Outcome for one receipt: delivered, refused (final) or failed (again)."""

    submission_id: str
    sha256: str
    unit_code: str | None
    address: str
    outcome: str
    attempts: int
    message: str
    at: str

    @property
    def is_final(self) -> bool:
        return self.outcome in ("delivered", "refused")


def idempotency_key(receipt: dict[str, Any]) -> str:
    """Submission id and content hash, in characters that a header may hold."""
    return f"{quote(receipt['submission_id'], safe='')}:{receipt['sha256']}"


def deliver(
    settings: Settings,
    site: Site,
    attempts: int = ATTEMPTS,
    wait: wait_base = _BACKOFF,
) -> list[Delivery]:
    """Post every receipt that is due to its address; gives this run's outcomes.

    Nothing that a receiver does raises: its outcome is recorded. An origin that
    fails is left alone for the rest of the run.
    """
    book = AddressBook(settings, site)
    if book.is_empty:
        return []
    with held(settings.locks / "deliveries.lock"), requests.Session() as session:
        session.headers["User-Agent"] = USER_AGENT
        # Without it, requests would offer passwords from a .netrc file.
        session.auth = lambda request: request
        postman = Postman(settings, session, attempts, wait)
        for path in sorted(settings.receipts.glob("*.ndjson")):
            for receipt, address in _due(settings, book, path):
                outcome = postman.bring(receipt, address)
                if outcome:
                    append_line(_ledger(settings, path.stem), asdict(outcome))
        return postman.outcomes


def _ledger(settings: Settings, batch_id: str) -> Path:
    return settings.home / "deliveries" / f"{batch_id}.jsonl"


def _due(
    settings: Settings, book: AddressBook, path: Path
) -> Iterator[tuple[dict[str, Any], Address]]:
    """Receipts of a batch that have an address and no final outcome yet."""
    try:
        verdict = Verdict.find(settings.verdicts / path.stem)
    except Damaged:
        # The load says so; here it must not stand in the way of others.
        return
    if verdict is None:
        return
    received = datetime.fromisoformat(verdict.received_at)
    if received < now(settings) - MAX_AGE:
        return
    done = {
        (entry["submission_id"], entry["sha256"])
        for entry in deliveries(settings, path.stem)
        if Delivery(**entry).is_final
    }
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            receipt = json.loads(line)
            address = book.of(receipt["unit_code"], verdict.source_code)
            known = (receipt["submission_id"], receipt["sha256"]) in done
            if address and not known:
                yield receipt, address


def deliveries(settings: Settings, batch_id: str) -> list[dict[str, Any]]:
    """Recorded outcomes of a batch."""
    return read_lines(_ledger(settings, batch_id))


class Postman:
    """Brings receipts one after the other; passes by doors that do not open."""

    def __init__(
        self,
        settings: Settings,
        session: requests.Session,
        attempts: int,
        wait: wait_base,
    ) -> None:
        self.settings = settings
        self.session = session
        self.outcomes: list[Delivery] = []
        self._failing: set[str] = set()
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            stop=tenacity.stop_after_attempt(attempts),
            wait=wait,
            reraise=True,
        )

    def bring(self, receipt: dict[str, Any], address: Address) -> Delivery | None:
        """Outcome of one receipt; None when its origin has failed before."""
        if address.origin in self._failing:
            return None
        outcome, message = "delivered", ""
        try:
            self._retrying(_post, self.session, receipt, address)
        except Transient as error:
            outcome, message = "failed", error.message
            self._failing.add(address.origin)
        except PlanwatchError as error:
            outcome, message = "refused", error.message
        delivery = Delivery(
            submission_id=receipt["submission_id"],
            sha256=receipt["sha256"],
            unit_code=receipt["unit_code"],
            address=address.shown,
            outcome=outcome,
            attempts=self._retrying.statistics["attempt_number"],
            message=message,
            at=stamp(now(self.settings)),
        )
        self.outcomes.append(delivery)
        return delivery


def _post(session: requests.Session, receipt: dict[str, Any], address: Address) -> None:
    refuse_private(address)
    try:
        with session.post(
            address.url,
            data=json.dumps(receipt, ensure_ascii=False).encode(),
            headers={
                "Content-Type": "application/json",
                KEY: idempotency_key(receipt),
            },
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status = answer.status_code
    except (requests.ConnectionError, requests.Timeout) as error:
        raise SourceUnavailable(
            f"{address.shown} does not answer: {type(error).__name__}.",
            "the next run tries again.",
        ) from error
    except (requests.RequestException, ValueError) as error:
        raise SourceRefused(
            f"{address.shown} cannot be asked: {type(error).__name__}.",
            "correct the contact of the unit.",
        ) from error
    if status in _PASSING:
        raise SourceUnavailable(
            f"{address.shown} answers {status}.", "the next run tries again."
        )
    if not 200 <= status < 300:
        raise SourceRefused(
            f"{address.shown} answers {status}.", "correct the contact of the unit."
        )
