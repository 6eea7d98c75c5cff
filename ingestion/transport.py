"""Connections: pooled, verified, bounded in time, and aware whom they reach.

urllib3 is used without requests above it: it lets us look at the address
behind a name after connecting (before a byte is sent), and one process asks
about three times as often.
"""

from __future__ import annotations

import base64
import functools
import ipaddress
import logging
import os
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote, unquote, urlsplit
from urllib.request import proxy_bypass_environment

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ingestion.access import REFERENCE
from ingestion.address import host, is_public
from ingestion.errors import SiteError, SourceRefused
from ingestion.settings import Settings
from ingestion.source import Source, resolve, variable

# Reading so much of an unwanted body is cheaper than a new connection.
_WORTH_DRAINING = 2**16
_LOOK_SECONDS, _IDLE_LOOKS = 0.2, 50
# Connections to more hosts than this are closed, the oldest first.
_POOLS = 64
_PROXY_VARIABLES = ("https_proxy", "http_proxy", "no_proxy")
_turn = threading.local()


class PrivateAddress(SourceRefused):
    """A redirect or link of a source leads into a private network."""


class _Watchdog:
    """Ends answers that trickle for longer than their whole time allows.

    A socket's own time-out starts anew with every byte, so somebody has to
    look from outside.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[int, tuple[float, socket.socket]] = {}
        self._thread: threading.Thread | None = None
        self._asleep = False

    def watch(self, connection: socket.socket, deadline: float) -> None:
        with self._changed:
            self._watched[threading.get_ident()] = (deadline, connection)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, daemon=True)
                self._thread.start()
            elif self._asleep:
                self._changed.notify()

    def release(self) -> None:
        with self._changed:
            self._watched.pop(threading.get_ident(), None)

    def _look(self) -> None:
        idle = 0
        while True:
            with self._changed:
                # To be woken for every request would cost more than to look.
                self._asleep = idle > _IDLE_LOOKS
                self._changed.wait(None if self._asleep else _LOOK_SECONDS)
                idle = 0 if self._watched or self._asleep else idle + 1
                self._asleep = False
                moment = time.monotonic()
                for thread, (deadline, connection) in list(self._watched.items()):
                    if moment > deadline:
                        with suppress(OSError):
                            connection.shutdown(socket.SHUT_RDWR)
                        del self._watched[thread]


_WATCHDOG = _Watchdog()


class _Timed(HTTPConnection):
    def getresponse(self, *args, **options):
        if self.sock is not None:
            _WATCHDOG.watch(self.sock, _turn.deadline)
        return super().getresponse(*args, **options)


class _Guarded(_Timed):
    """Refuses a private address by what was really connected to.

    A name may resolve to a public address when it is looked at and to a
    private one when it is used; the peer of the connection cannot lie.
    """

    def _new_conn(self) -> socket.socket:
        with suppress(ValueError):
            self._refuse_private(str(ipaddress.ip_address(self._dns_host.strip("[]"))))
        connection = super()._new_conn()
        try:
            self._refuse_private(connection.getpeername()[0])
        except PrivateAddress:
            connection.close()
            raise
        return connection

    def _refuse_private(self, address: str) -> None:
        if not is_public(address):
            raise PrivateAddress(
                f"The source leads to the private address {address} of {self.host}.",
                "if that is intended, declare `allow_private: true`.",
            )


class _TimedTls(_Timed, HTTPSConnection):
    pass


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


def _pool_classes(plain: type, tls: type) -> dict[str, type]:
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


_TRUSTED = _pool_classes(_Timed, _TimedTls)
_FOREIGN = _pool_classes(_Guarded, _GuardedTls)


class Transport:
    """Connections of one source; safe to use from several threads.

    `trusted` addresses are those that the declaration names; all others come
    from the source's answers and must not lead into a private network.
    """

    def __init__(self, settings: Settings, source: Source, threads: int = 1) -> None:
        # At DEBUG urllib3 logs addresses with their query, tokens included.
        logging.getLogger("urllib3").setLevel(logging.INFO)
        limits = source.limits
        self._total = limits.total_seconds
        self._options = {
            "maxsize": threads,
            "retries": False,
            "timeout": urllib3.Timeout(
                connect=limits.connect_seconds, read=limits.timeout_seconds
            ),
        }
        self._tls = functools.partial(tls_context, settings, source)
        self._proxies = _proxies(settings, source)
        self._pools: OrderedDict[tuple, HTTPConnectionPool] = OrderedDict()
        self._lock = threading.Lock()
        self._allow_private = source.allow_private

    @contextmanager
    def get(self, url: str, headers: dict[str, str], trusted: bool) -> Iterator:
        """An answer whose body is still to be read; redirects are not followed."""
        _turn.deadline = time.monotonic() + self._total
        pool, target = self._pool(url, trusted or self._allow_private)
        answer = pool.urlopen(
            "GET", target, headers=headers, redirect=False, assert_same_host=False,
            preload_content=False, decode_content=False,
        )  # fmt: skip
        try:
            yield answer
        except BaseException:
            # What is left unread would be taken for the next answer.
            answer.close()
            raise
        finally:
            left = answer.length_remaining
            if not answer.closed and left is not None and left <= _WORTH_DRAINING:
                answer.drain_conn()
            elif not answer.closed:
                answer.close()
            _WATCHDOG.release()
            answer.release_conn()

    def overdue(self) -> bool:
        """Whether this thread's request has used up its whole time."""
        return time.monotonic() > _turn.deadline

    def _pool(self, url: str, trusted: bool) -> tuple[HTTPConnectionPool, str]:
        """Pool of an address's host, and what to ask it for."""
        parts = urlsplit(url)
        proxy = self._proxy(url)
        key = (parts.scheme, parts.netloc, trusted, proxy)
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._new_pool(url, trusted, proxy)
                self._pools[key] = pool
                if len(self._pools) > _POOLS:
                    self._pools.popitem(last=False)
            else:
                self._pools.move_to_end(key)
        if proxy and parts.scheme == "http":
            return pool, url
        target = parts.path or "/"
        return pool, f"{target}?{parts.query}" if parts.query else target

    def _new_pool(self, url: str, trusted: bool, proxy: str) -> HTTPConnectionPool:
        options = dict(self._options)
        if url.startswith("https:"):
            options["ssl_context"] = self._tls()
        manager = (
            _proxy_manager(proxy, options) if proxy else urllib3.PoolManager(**options)
        )
        # Behind a proxy the peer is the proxy: names are its concern.
        manager.pool_classes_by_scheme = _TRUSTED if trusted or proxy else _FOREIGN
        return manager.connection_from_url(url)

    def _proxy(self, url: str) -> str:
        if not self._proxies:
            return ""
        name = host(url).rpartition(":")[0] or host(url)
        if name in ("localhost", "127.0.0.1", "[::1]") or proxy_bypass_environment(
            name, {"no": self._proxies.get("no_proxy", "")}
        ):
            return ""
        scheme = url.partition(":")[0].lower()
        return self._proxies.get(f"{scheme}_proxy", "")


def _proxies(settings: Settings, source: Source) -> dict[str, str]:
    """The declared proxy, else the customary variables."""
    if source.proxy:
        declared = _declared_proxy(source.proxy, settings, source.code)
        return {"http_proxy": declared, "https_proxy": declared}
    found = {
        name: settings.variable(name) or settings.variable(name.upper()) or ""
        for name in _PROXY_VARIABLES
    }
    return {name: value for name, value in found.items() if value}


def _declared_proxy(proxy: str, settings: Settings, code: str) -> str:
    """`proxy` with its variables; a password may hold what ends an address."""
    user, mark, address = proxy.rpartition("@")
    # What is percent-encoded already, and the colon after the user, stay.
    spelt = REFERENCE.sub(
        lambda match: quote(variable(match[1], settings, code), safe="%:"), user
    )
    return spelt + mark + resolve(address, settings, code)


def _proxy_manager(proxy: str, options: dict) -> urllib3.ProxyManager:
    """urllib3 sends no user and password that stand in a proxy's address."""
    address = urllib3.util.parse_url(proxy)
    if not address.auth:
        return urllib3.ProxyManager(proxy, **options)
    user, _, password = address.auth.partition(":")
    # By hand: urllib3's make_headers knows Latin-1 only.
    pair = f"{unquote(user)}:{unquote(password)}".encode()
    return urllib3.ProxyManager(
        address._replace(auth=None).url,
        proxy_headers={
            "Proxy-Authorization": f"Basic {base64.b64encode(pair).decode()}"
        },
        **options,
    )


def tls_context(settings: Settings, source: Source) -> ssl.SSLContext:
    """Verifies every certificate; a declared authority is trusted in addition."""
    declared = source.tls
    files = tuple(
        str(source.beside(settings, name)) if name else None
        for name in (
            declared.ca_bundle, declared.client_certificate, declared.client_key
        )
    )  # fmt: skip
    try:
        return _tls_context(*files)
    except (OSError, ssl.SSLError) as error:
        raise SiteError(
            f"Source {source.code}: its `tls` files cannot be used: {error}.",
            "give PEM files; paths are relative to the declaration.",
        ) from error


@functools.lru_cache(maxsize=8)
def _tls_context(
    bundle: str | None, certificate: str | None, key: str | None
) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    if bundle:
        context.load_verify_locations(bundle)
    if certificate:
        context.load_cert_chain(certificate, key)
    return context
