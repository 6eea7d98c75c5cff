"""Send a digest through Apprise: mail, webhook, WeCom, DingTalk and others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tenacity
from tenacity.wait import wait_base

from ingestion.errors import SiteError, SourceRefused, SourceUnavailable, Transient
from ingestion.settings import Settings
from warehouse.notices.outbox import Digest
from warehouse.notices.recipients import Recipient

if TYPE_CHECKING:
    from apprise import NotifyBase

KEY = "Idempotency-Key"
_PASSING = frozenset({408, 425, 429})


BACKOFF = tenacity.wait_random_exponential(multiplier=0.5, max=10)


@dataclass(frozen=True)
class Patience:
    """How often an address is tried in one run, and the pause in between."""

    attempts: int = 4
    wait: wait_base = BACKOFF


def open_address(settings: Settings, recipient: Recipient) -> NotifyBase:
    """The Apprise service of a recipient. SiteError names the variable only:
    the address itself may hold a password."""
    # Apprise takes a second to import: only when somebody is to be told.
    import apprise

    url = settings.variable(recipient.variable)
    if not url:
        raise SiteError(
            f"Recipient {recipient.code} needs {recipient.variable}, which is not set.",
            "set it to an Apprise URL such as mailto://user:password@host?to=…",
        )
    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if not isinstance(service, apprise.NotifyBase):
        raise SiteError(
            f"Recipient {recipient.code}: what {recipient.variable} holds is no "
            "Apprise URL.",
            "write it as Apprise's documentation of the service says, special "
            "characters percent-encoded.",
        )
    return service


def send(service: NotifyBase, digest: Digest, patience: Patience = Patience()) -> None:
    """Send, trying again what may pass by itself.

    Mail and webhooks carry the digest's id as header `Idempotency-Key`; every
    service shows it in the last line. Raises SourceUnavailable, SourceRefused.
    """
    headers = getattr(service, "headers", None)
    if isinstance(headers, dict):
        headers[KEY] = digest.digest_id
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Transient),
        stop=tenacity.stop_after_attempt(patience.attempts),
        wait=patience.wait,
        reraise=True,
    )
    retrying(_send_once, service, digest)


def _send_once(service: NotifyBase, digest: Digest) -> None:
    import apprise

    with apprise.LogCapture(level=apprise.logging.WARNING) as log:
        sent = service.notify(
            title=digest.title,
            body=digest.body,
            body_format=apprise.NotifyFormat.TEXT,
        )
        told = log.getvalue()
    if sent:
        return
    # Apprise names the answer of a web service in its log alone.
    status = re.search(r"error=(\d{3})", told)
    code = int(status[1]) if status else 0
    what = f"answers {code}" if code else "cannot be reached or refuses"
    message = f"The address of recipient {digest.recipient} {what}."
    if 400 <= code < 500 and code not in _PASSING:
        raise SourceRefused(message, "correct the address; the digest is kept.")
    raise SourceUnavailable(message, "the next run sends the same digest again.")
