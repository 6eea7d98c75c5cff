"""Tell every recipient what has changed: each change once, worst first."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.clock import now, stamp
from ingestion.durable import held
from ingestion.errors import PlanwatchError, SiteError
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse.database import reader
from warehouse.notices.changes import changes_for, unknown_names
from warehouse.notices.digest import compose
from warehouse.notices.outbox import Digest, Outbox
from warehouse.notices.recipients import FILE, Recipient, recipients_of
from warehouse.notices.send import Patience, open_address, send


@dataclass(frozen=True)
class Told:
    """What became of one digest: sent, failed (again next time) or shown."""

    digest: Digest
    outcome: str
    error: PlanwatchError | None = None


def notify(
    settings: Settings,
    site: Site,
    *,
    dry_run: bool = False,
    patience: Patience = Patience(),
) -> list[Told]:
    """Send what is due to each recipient of the site, from the current release.

    An address that does not answer keeps nobody else waiting: its error stands
    in the result. SiteError before anything is sent when an address is no
    address, or a unit, topic or rule is unknown to the release. A dry run sends
    and records nothing.
    """
    recipients = recipients_of(site.folder)
    _refuse_unknown(settings, site, recipients)
    if dry_run:
        return [
            Told(digest, "shown")
            for recipient in recipients
            for digest in _due(
                settings, recipient, Outbox.open(settings, recipient.code)
            )
        ]
    services = {r.code: open_address(settings, r) for r in recipients}
    told: list[Told] = []
    with held(settings.locks / "notices.lock"):
        for recipient in recipients:
            outbox = Outbox.open(settings, recipient.code)
            for digest in _due(settings, recipient, outbox):
                if digest.digest_id not in outbox.unsent:
                    outbox.promise(digest)
                error = _failure(services[recipient.code], digest, patience)
                outcome = "failed" if error else "sent"
                at = stamp(now(settings))
                outbox.close(digest, outcome, at, error.message if error else "")
                told.append(Told(digest, outcome, error))
                if error:
                    break
    return told


def _refuse_unknown(
    settings: Settings, site: Site, recipients: tuple[Recipient, ...]
) -> None:
    """A mistyped name would only ever be heard as silence."""
    if not recipients:
        return
    with reader(settings) as connection:
        unknown = [
            f"{recipient.code}: {field} {', '.join(names)}"
            for recipient in recipients
            for field, names in unknown_names(connection, recipient).items()
        ]
    if unknown:
        raise SiteError(
            f"{site.folder / FILE} names what the release does not know: "
            f"{'; '.join(unknown)}.",
            "correct it, or take it out; core.dim_unit, core.dim_indicator (domain) "
            "and core.dim_rule hold what is known.",
        )


def _due(settings: Settings, recipient: Recipient, outbox: Outbox) -> list[Digest]:
    """What was promised and not sent, in its order; then what is new."""
    due = list(outbox.unsent.values())
    created_at = stamp(now(settings))
    if outbox.digests_on(created_at[:10]) >= recipient.most_digests_per_day:
        return due
    with reader(settings) as connection:
        changes = changes_for(connection, recipient, outbox.told)
        (release,) = connection.execute(
            "select release_id from published.release_info"
        ).fetchone()
    digest = compose(recipient, changes, release, created_at)
    return [*due, digest] if digest else due


def _failure(service, digest: Digest, patience: Patience) -> PlanwatchError | None:
    try:
        send(service, digest, patience)
    except PlanwatchError as error:
        return error
    return None
