"""Secrets reach the server that they are for, and nothing else."""

from __future__ import annotations

import base64
import json
import logging
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from ingestion.errors import PlanwatchError, SiteError
from ingestion.fetch import USER_AGENT
from ingestion.ingest import ingest
from tests.collection.answering import saying

SECRET = "s3cr3t/va lue+1"
SPELT = ("s3cr3t", "va lue", "va%20lue", "va+lue")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("SOURCE_TOKEN", SECRET)
    monkeypatch.setenv("SOURCE_USER", "collector")


def everything_written(home: Path) -> str:
    return "\n".join(
        path.read_bytes().decode("utf-8", "replace")
        for path in home.rglob("*")
        if path.is_file() and "objects" not in path.parts
    )


def pair(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


WAYS = {
    "bearer": ({"bearer": "${SOURCE_TOKEN}"}, "authorization", f"Bearer {SECRET}"),
    "basic": (
        {"basic": {"user": "${SOURCE_USER}", "password": "${SOURCE_TOKEN}"}},
        "authorization",
        f"Basic {pair('collector', SECRET)}",
    ),
    "header": (
        {"api_key": {"value": "${SOURCE_TOKEN}", "header": "X-Key"}},
        "x-key",
        SECRET,
    ),
    "prefixed": (
        {
            "api_key": {
                "value": "${SOURCE_TOKEN}",
                "header": "Authorization",
                "prefix": "ApiToken ",
            }
        },
        "authorization",
        f"ApiToken {SECRET}",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_credentials_are_sent_and_never_written(world, settings, declare, way):
    auth, header, value = WAYS[way]
    world.answers["/data"] = saying(200, b"[1]")
    ingest(settings, declare(auth=auth))
    assert world.asked[0].headers[header] == value
    written = everything_written(settings.home)
    assert "some_source" in written
    assert not [s for s in (*SPELT, value) if s in written]


def test_a_key_in_the_query_is_sent_and_never_written(
    world, settings, declare, caplog, told
):
    """Not in manifests, outcomes, logs or errors; the address stays the same."""
    caplog.set_level(logging.DEBUG)
    auth = {"api_key": {"value": "${SOURCE_TOKEN}", "query": "api_key"}}
    world.answers["/data"] = saying(200, b"[1]", ETag='"1"')
    batch = ingest(settings, declare(auth=auth))
    assert world.asked[0].path == "/data?api_key=s3cr3t%2Fva%20lue%2B1"
    assert batch.files[0].url == f"{world.url}/data"
    ingest(settings, declare(auth=auth))
    assert world.asked[1].headers["if-none-match"] == '"1"'

    world.answers["/data"] = saying(404)
    with pytest.raises(PlanwatchError) as caught:
        ingest(settings, declare(auth=auth))
    world.answers["/data"] = lambda handler: handler.reset()
    with pytest.raises(PlanwatchError) as broken:
        ingest(settings, declare(auth=auth))
    assert len(told()) == 4
    texts = [everything_written(settings.home), caplog.text]
    for error in (caught.value, broken.value):
        texts += [str(error), repr(error.__cause__)]
    assert not [s for s in SPELT for text in texts if s in text]


def test_a_secret_that_a_server_says_back_goes_no_further(
    world, settings, declare, told
):
    def say_back(handler) -> None:
        handler.send_response(409, f"no such key: {handler.headers['X-Key']}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    world.answers["/data"] = say_back
    source = declare(auth={"api_key": {"value": "${SOURCE_TOKEN}", "header": "X-Key"}})
    with pytest.raises(PlanwatchError, match="no such key") as caught:
        ingest(settings, source)
    texts = [str(caught.value), repr(caught.value), everything_written(settings.home)]
    assert not [s for s in SPELT for text in texts if s in text]
    assert "no such key" in told()[0].message


def test_a_token_in_the_location_is_a_name_in_the_manifest(world, settings, declare):
    world.answers["/data"] = saying(200, b"[1]", ETag='"1"')
    source = declare(location=f"{world.url}/data?token=${{SOURCE_TOKEN}}&y=2020")
    batch = ingest(settings, source)
    assert world.asked[0].path == "/data?token=s3cr3t%2Fva%20lue%2B1&y=2020"
    assert batch.files[0].url == f"{world.url}/data?token=${{SOURCE_TOKEN}}&y=2020"
    ingest(settings, source)
    assert world.asked[1].headers["if-none-match"] == '"1"'
    assert not [s for s in SPELT if s in everything_written(settings.home)]


def test_links_that_repeat_or_bring_a_token_are_hidden_and_still_followed(
    world, settings, declare
):
    def first(handler) -> None:
        known = handler.headers.get("If-None-Match")
        links = {"next": "/two?api_key=s3cr3t%2Fva%20lue%2B1&signature=abcdef"}
        if known:
            handler.say(304)
        else:
            handler.say(200, json.dumps(links).encode(), ETag='"1"')

    world.answers["/data"] = first
    world.answers["/two"] = saying(200, b'{"next": null}')
    auth = {"api_key": {"value": "${SOURCE_TOKEN}", "query": "key"}}
    batch = ingest(settings, declare(auth=auth, paging={"size": 2}))
    assert len(batch.files) == 2
    written = everything_written(settings.home)
    assert "api_key=${SOURCE_TOKEN}&signature=REDACTED" in written
    assert not [s for s in (*SPELT, "abcdef") if s in written]
    # The signed link cannot be had from the manifest: the page is read anew.
    assert ingest(settings, declare(auth=auth, paging={"size": 2})) is None
    assert [p.partition("?")[0] for p in world.paths()] == ["/data", "/two"] * 2


def test_another_host_gets_no_credentials(world, settings, declare):
    """Neither by a redirect nor by a link to the next page."""
    port = world.url.rpartition(":")[2]
    other = f"http://localhost:{port}"
    world.answers["/data"] = saying(302, Location=f"{other}/moved")
    world.answers["/moved"] = saying(200, b"[1]")
    auth = {"bearer": "${SOURCE_TOKEN}"}
    ingest(settings, declare(auth=auth, allow_private=True))
    world.answers["/data"] = saying(200, b'{"next": "%s/two"}' % other.encode())
    world.answers["/two"] = saying(200, b'{"next": ""}')
    paged = declare(code="paged", auth=auth, allow_private=True, paging={})
    assert len(ingest(settings, paged).files) == 2
    sent = [(a.path.partition("?")[0], "authorization" in a.headers)
            for a in world.asked]  # fmt: skip
    assert sent == [
        ("/data", True), ("/moved", False), ("/data", True), ("/two", False)
    ]  # fmt: skip


def test_another_host_gets_no_secret_of_a_declared_header(world, settings, declare):
    """Neither by a redirect nor by a link; what holds no secret goes on."""
    port = world.url.rpartition(":")[2]
    other = f"http://localhost:{port}"
    keys = {
        "headers": {
            "Authorization": "Bearer ${SOURCE_TOKEN}",
            "User-Agent": "agent of ${SOURCE_USER}",
            "X-Plain": "plain",
        },
        "allow_private": True,
    }
    world.answers["/data"] = saying(302, Location=f"{other}/moved")
    world.answers["/moved"] = saying(200, b"[1]")
    ingest(settings, declare(**keys))
    world.answers["/data"] = saying(200, b'{"next": "%s/two"}' % other.encode())
    world.answers["/two"] = saying(200, b'{"next": ""}')
    assert len(ingest(settings, declare(code="paged", paging={}, **keys)).files) == 2
    names = ("authorization", "user-agent", "x-plain")
    sent = [tuple(asked.headers.get(name) for name in names) for asked in world.asked]
    ours = (f"Bearer {SECRET}", "agent of collector", "plain")
    assert sent == [ours, (None, USER_AGENT, "plain")] * 2


@pytest.mark.parametrize(
    ("userinfo", "variable"),
    [
        ("collector:${SOURCE_TOKEN}", SECRET),
        ("collector:${SOURCE_TOKEN}", quote(SECRET, safe="")),
        ("${SOURCE_USER}:s3cr3t%2Fva%20lue%2B1", SECRET),
        ("${SOURCE_TOKEN}", f"collector:{SECRET}"),
    ],
    ids=["as it is", "percent-encoded", "written down", "user and password"],
)
def test_a_proxy_gets_its_password_and_nobody_else(
    world, settings, declare, monkeypatch, caplog, userinfo, variable
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SOURCE_TOKEN", variable)
    world.answers["http://stat.invalid/data"] = saying(200, b"[1]")
    world.answers["http://stat.invalid/gone"] = saying(407)
    proxy = f"http://{userinfo}@{world.url.partition('://')[2]}"
    for path in ("data", "gone"):
        source = declare(location=f"http://stat.invalid/{path}", proxy=proxy)
        with suppress(PlanwatchError):
            ingest(settings, source)
    sent = [asked.headers["proxy-authorization"] for asked in world.asked]
    assert sent == [f"Basic {pair('collector', SECRET)}"] * 2
    # A host that is asked without the proxy is not told.
    world.answers["/data"] = saying(200, b"[1]")
    ingest(settings, declare(proxy=proxy, code="here"))
    assert "proxy-authorization" not in world.asked[2].headers
    texts = (everything_written(settings.home), caplog.text)
    secrets = (*SPELT, pair("collector", SECRET))
    assert not [s for s in secrets for text in texts if s in text]


def test_the_password_of_a_customary_proxy_variable_counts(
    world, settings, declare, monkeypatch
):
    address = world.url.partition("://")[2]
    monkeypatch.setenv("http_proxy", f"http://collector:p%40ss%3A@{address}")
    world.answers["http://stat.invalid/data"] = saying(200, b"[1]")
    ingest(settings, declare(location="http://stat.invalid/data"))
    sent = world.asked[0].headers["proxy-authorization"]
    assert sent == f"Basic {pair('collector', 'p@ss:')}"


def test_a_link_into_the_private_network_is_refused(world, settings, declare):
    port = world.url.rpartition(":")[2]
    body = b'{"next": "http://localhost:%s/inside"}' % port.encode()
    world.answers["/data"] = saying(200, body)
    with pytest.raises(PlanwatchError, match="private address"):
        ingest(settings, declare(paging={}))
    assert world.paths() == ["/data?page=1&page_size=500"]


CONNECTIONS = {
    "uri": "http://collector:s3cr3t%2Fva%20lue%2B1@stat.example",
    "json": json.dumps({"conn_type": "http", "login": "collector", "password": SECRET}),
}


@pytest.mark.parametrize("form", CONNECTIONS)
@pytest.mark.parametrize(
    ("scheme", "name", "header", "value"),
    [
        ("basic", None, "authorization", f"Basic {pair('collector', SECRET)}"),
        ("bearer", None, "authorization", f"Bearer {SECRET}"),
        ("header", "X-Key", "x-key", SECRET),
    ],
)
def test_an_airflow_connection(  # its forms: airflow docs, howto/connection
    world, settings, declare, monkeypatch, form, scheme, name, header, value
):
    monkeypatch.setenv("AIRFLOW_CONN_STAT_OFFICE", CONNECTIONS[form])
    world.answers["/data"] = saying(200, b"[1]")
    connection = {"id": "stat_office", "scheme": scheme, "name": name}
    ingest(settings, declare(auth={"connection": connection}))
    assert world.asked[0].headers[header] == value
    assert not [s for s in SPELT if s in everything_written(settings.home)]


def test_a_connection_without_password(settings, declare, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_STAT_OFFICE", "http://stat.example")
    with pytest.raises(SiteError, match="AIRFLOW_CONN_STAT_OFFICE"):
        ingest(settings, declare(auth={"connection": {"id": "stat_office"}}))


@pytest.mark.parametrize(
    "keys",
    [
        {"auth": {"bearer": "written-down"}},
        {"auth": {"basic": {"user": "u", "password": "written-down"}}},
        {"auth": {"bearer": "${A}", "api_key": {"value": "${A}", "query": "k"}}},
        {"auth": {"api_key": {"value": "${A}"}}},
        {"auth": {}},
        {"location": "https://host.example/data?token=written-down"},
        {"location": "https://user:written-down@host.example/data"},
        {"query": {"api_key": "written-down"}},
        {"headers": {"Authorization": "Bearer written-down"}},
    ],
)
def test_a_secret_in_a_declaration_is_refused(declare, keys):
    with pytest.raises(ValidationError):
        declare(**keys)
