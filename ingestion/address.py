"""Addresses: what they consist of, and whom they may reach."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def with_query(url: str, given: dict[str, object]) -> str:
    """`url` with these parameters; one that is there already is replaced."""
    given = {name: value for name, value in given.items() if value is not None}
    if not given:
        return url
    parts = urlsplit(url)
    pairs: dict[str, list[object]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        pairs.setdefault(name, []).append(value)
    pairs |= {name: [value] for name, value in given.items()}
    query = "&".join(
        f"{quote(str(name), safe='')}={quote(str(value), safe=':,')}"
        for name, values in pairs.items()
        for value in values
    )
    return urlunsplit(parts._replace(query=query))


def without_query(url: str, *names: str | None) -> str:
    """`url` without the named parameters."""
    parts = urlsplit(url)
    query = "&".join(
        part for part in parts.query.split("&") if part.split("=")[0] not in names
    )
    return urlunsplit(parts._replace(query=query))


def host(url: str) -> str:
    """Host and port, as politeness counts them."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def origin(url: str) -> tuple[str, str]:
    """Scheme, host and port: what credentials and trust are bound to."""
    parts = urlsplit(url)
    port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts.scheme, host(url).removesuffix(port)


def is_public(address: str) -> bool:
    """Whether an IP address lies outside every private or special network.

    Addresses that carry an IPv4 address inside (mapped, 6to4, NAT64) are
    judged by that one: they reach it.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)
