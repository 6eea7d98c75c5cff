"""Secrets of a source: sent with requests, shown nowhere else.

Whatever we write down (manifests, outcomes, errors) goes through `hide`,
which puts `${NAME}` where a secret's value stood; `reveal` undoes it, so that
a kept address still serves as identity and can be asked again.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, unquote, urlsplit, urlunsplit

from ingestion.access import REFERENCE, SENSITIVE, Auth, Connection
from ingestion.errors import SiteError
from ingestion.settings import Settings
from ingestion.source import Source, resolve, variable

REDACTED = "REDACTED"
_SECRET_NAME = re.compile(r"TOKEN|KEY|SECRET|PASS|CREDENTIAL|SIGNATURE", re.IGNORECASE)
# Shorter values would be found by chance in any text.
_LEAST = 4


@dataclass(frozen=True)
class Credentials:
    """What a request carries; prints without its values."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    query: dict[str, str] = field(default_factory=dict, repr=False)
    hidden: dict[str, str] = field(default_factory=dict, repr=False)

    def hide(self, text: str) -> str:
        """`text` without secrets; parameters that look like one go, too."""
        for value in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(value, self.hidden[value])
        if "://" not in text or "?" not in text:
            return text
        return re.sub(r"([?&;])([^=&\s#]+)=([^&\s#]*)", _without_value, text)

    def reveal(self, text: str) -> str:
        """The address that `hide` was given; "" where it cannot be had back."""
        if f"={REDACTED}" in text:
            return ""
        spelt = {name: value for value, name in reversed(self.hidden.items())}
        for name, value in spelt.items():
            text = text.replace(name, value)
        return text

    def sent(self, url: str) -> str:
        """`url` with the query parameters that carry a secret."""
        if not self.query:
            return url
        parts = urlsplit(url)
        extra = "&".join(
            f"{quote(k)}={quote(v, safe='')}" for k, v in self.query.items()
        )
        query = f"{parts.query}&{extra}" if parts.query else extra
        return urlunsplit(parts._replace(query=query))


def _without_value(match: re.Match[str]) -> str:
    mark, name, value = match.groups()
    if not SENSITIVE.match(unquote(name)) or value.startswith("${"):
        return match[0]
    return f"{mark}{name}={REDACTED}"


def credentials(settings: Settings, source: Source) -> Credentials:
    """Collect a source's secrets; SiteError names a variable that is not set."""
    found = Credentials()
    for text in (source.location, *source.query.values(), *source.headers.values()):
        for name in _secret_names(text, source):
            _conceal(found, variable(name, settings, source.code), f"${{{name}}}")
    if source.proxy:
        for name in REFERENCE.findall(source.proxy):
            _conceal(found, variable(name, settings, source.code), f"${{{name}}}")
    if source.auth:
        _authorise(found, settings, source, source.auth)
    return found


def _secret_names(text: str, source: Source) -> list[str]:
    """Variables that are secret by name or by standing in a query or header."""
    query = text.find("?") if text == source.location else len(text)
    return [
        match[1]
        for match in REFERENCE.finditer(text)
        if _SECRET_NAME.search(match[1]) or 0 <= query < match.start()
    ]


def _conceal(found: Credentials, value: str, name: str) -> None:
    for form in (value, quote(value, safe=""), quote_plus(value)):
        if len(form) >= _LEAST:
            found.hidden.setdefault(form, name)


def _authorise(found: Credentials, settings, source: Source, auth: Auth) -> None:
    def secret(reference: str) -> str:
        value = resolve(reference, settings, source.code)
        _conceal(found, value, reference)
        return value

    if auth.bearer:
        found.headers["Authorization"] = f"Bearer {secret(auth.bearer)}"
    elif auth.basic:
        user = resolve(auth.basic.user, settings, source.code)
        _basic(found, user, secret(auth.basic.password), auth.basic.password)
    elif auth.api_key:
        value = auth.api_key.prefix + secret(auth.api_key.value)
        if auth.api_key.header:
            found.headers[auth.api_key.header] = value
        else:
            found.query[str(auth.api_key.query)] = value
    elif auth.connection:
        _connect(found, settings, source, auth.connection)


def _basic(found: Credentials, user: str, password: str, name: str) -> None:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    _conceal(found, pair, name)
    found.headers["Authorization"] = f"Basic {pair}"


def _connect(found: Credentials, settings, source, connection: Connection) -> None:
    name = f"AIRFLOW_CONN_{connection.id.upper()}"
    login, password = _login(variable(name, settings, source.code), name, source)
    shown = f"${{{name}}}"
    _conceal(found, password, shown)
    if connection.scheme == "basic":
        _basic(found, login, password, shown)
    elif connection.scheme == "bearer":
        found.headers["Authorization"] = f"Bearer {password}"
    elif connection.scheme == "header":
        found.headers[str(connection.name)] = password
    else:
        found.query[str(connection.name)] = password


def _login(text: str, name: str, source: Source) -> tuple[str, str]:
    """Login and password of a connection written as URI or as JSON."""
    try:
        if text.lstrip().startswith("{"):
            content = json.loads(text)
            login, password = content.get("login"), content.get("password")
        else:
            parts = urlsplit(text)
            login, password = parts.username, parts.password
            login, password = unquote(login or ""), unquote(password or "")
    except ValueError:
        login = password = ""
    if not password:
        raise SiteError(
            f"Source {source.code}: {name} holds no connection with a password.",
            "write it as Airflow does: http://login:password@host, or JSON.",
        )
    return login or "", password


def parameters(settings: Settings, source: Source) -> dict[str, str]:
    """The declared query parameters with their values."""
    return {k: resolve(v, settings, source.code) for k, v in source.query.items()}
