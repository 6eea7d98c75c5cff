"""Where receipts are sent: what a unit or a source declares, and what is safe."""

from __future__ import annotations

import ipaddress
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

import duckdb

from expectations.registries import current_registries
from ingestion.errors import SourceRefused, SourceUnavailable
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.source import resolve


class Address(NamedTuple):
    """`trusted`: the site itself declares it, so it may be private."""

    url: str
    trusted: bool

    @property
    def origin(self) -> str:
        """Scheme, host and port: what fails together."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def shown(self) -> str:
        """For records: a secret may stand in the query or before the host."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"


class AddressBook:
    """Addresses of units (registry contact), else of sources (callback)."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self._sources = {
            code: resolve(source.callback, settings, code)
            for code, source in site.sources.items()
            if source.callback
        }
        self._private = {
            code for code, source in site.sources.items() if source.allow_private
        }
        self._units = _contacts(settings, site)

    @property
    def is_empty(self) -> bool:
        return not (self._units or self._sources)

    def of(self, unit_code: str | None, source_code: str) -> Address | None:
        """Where to send receipts of a unit that reports through a source."""
        contact = self._units.get(unit_code or "")
        if contact:
            return Address(contact, source_code in self._private)
        declared = self._sources.get(source_code)
        return Address(declared, True) if declared else None


def _contacts(settings: Settings, site: Site) -> dict[str, str]:
    """Contacts of registered units that are web addresses, newest span first."""
    with duckdb.connect() as connection:
        current_registries(settings, site).attach(connection, ["units"])
        found = connection.execute(
            "select unit_code, max_by(contact, coalesce(valid_from, ''))"
            " from registry_units where regexp_matches(contact, '^https?://', 'i')"
            " group by unit_code"
        ).fetchall()
    return dict(found)


def refuse_private(address: Address) -> None:
    """A unit's entry must not make us reach into the network that we run in.

    SourceRefused for what is not plain http(s) or not public;
    SourceUnavailable for a name that is not found.
    """
    parts = urlsplit(address.url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise SourceRefused(
            f"{address.shown} is no http or https address.", "correct the contact."
        )
    if address.trusted:
        return
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80)
    except OSError as error:
        raise SourceUnavailable(
            f"{parts.hostname} is not found.", "correct the contact of the unit."
        ) from error
    for entry in found:
        ip = ipaddress.ip_address(str(entry[4][0]).partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not ip.is_global or ip.is_multicast:
            raise SourceRefused(
                f"{parts.hostname} is a private address.",
                "if that is intended, declare `allow_private: true` for the source.",
            )
