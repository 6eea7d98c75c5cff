"""Where receipts are sent: what a unit or a source declares, and what is safe."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

import duckdb

from expectations.registries import current_registries
from ingestion.errors import SourceRefused, SourceUnavailable
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.source import resolve

# Scheme, user, host and path of any text: a contact may be no address at all,
# and what is told of it must not depend on that.
_PARTS = re.compile(r"(?:([^:/?#]*):)?(?://(?:([^/?#]*)@)?([^/?#]*))?([^?#]*)")


class Address(NamedTuple):
    """`trusted`: the site itself declares it, so it may be private."""

    url: str
    trusted: bool

    @property
    def origin(self) -> str:
        """Scheme, host and port: what fails together."""
        scheme, user, host, _ = _PARTS.match(self.url).groups(default="")
        return f"{scheme.lower()}://{user}@{host}"

    @property
    def shown(self) -> str:
        """For records: a secret may stand in the query or before the host."""
        scheme, _, host, path = _PARTS.match(self.url).groups(default="")
        return f"{scheme.lower()}://{host}{path}"


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
    host, port = _host_and_port(address)
    if address.trusted:
        return
    for entry in _found(address, host, port):
        ip = ipaddress.ip_address(str(entry[4][0]).partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not ip.is_global or ip.is_multicast:
            raise SourceRefused(
                f"{host} is a private address.",
                "if that is intended, declare `allow_private: true` for the source.",
            )


def _host_and_port(address: Address) -> tuple[str, int]:
    """SourceRefused for a text that names no host and port to post to."""
    try:
        parts = urlsplit(address.url)
        scheme, host = parts.scheme.lower(), parts.hostname
    except ValueError as error:
        # What it says may quote a password that stands before the host.
        raise _no_host(address) from error
    if scheme not in ("http", "https") or not host:
        raise SourceRefused(
            f"{address.shown} is no http or https address.", "correct the contact."
        )
    try:
        return host, parts.port or 80
    except ValueError as error:
        raise SourceRefused(
            f"{address.shown} has no port from 0 to 65535.", "correct the contact."
        ) from error


def _found(address: Address, host: str, port: int) -> list[tuple]:
    """What the name stands for; not every text can be looked up as a name."""
    try:
        return socket.getaddrinfo(host, port)
    except OSError as error:
        raise SourceUnavailable(
            f"{host} is not found.", "correct the contact of the unit."
        ) from error
    except ValueError as error:
        raise _no_host(address) from error


def _no_host(address: Address) -> SourceRefused:
    return SourceRefused(
        f"{address.shown} has a host that is no name and no number.",
        "correct the contact.",
    )
