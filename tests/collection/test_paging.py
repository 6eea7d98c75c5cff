"""Addresses that answers name: of the next page, of what is new, of nothing."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from ingestion.connectors.pages import linked_next
from ingestion.errors import SourceRefused
from ingestion.ingest import ingest
from ingestion.landing import object_path
from tests.collection.answering import saying

NOW = datetime(2026, 1, 4, tzinfo=UTC)
ROWS = [{"n": n, "at": f"2026-01-{n + 1:02d}T00:00:00Z"} for n in range(7)]


def asked(handler) -> dict[str, str]:
    query = parse_qs(urlsplit(handler.path).query)
    return {name: values[0] for name, values in query.items()}


def landed(settings, batch) -> list[int]:
    """Numbers of the rows of a batch, page by page."""
    numbers = []
    for file in batch.files:
        content = json.loads(object_path(settings, file.sha256).read_bytes())
        rows = content if isinstance(content, list) else content["d"]["rows"]
        numbers += [row["n"] for row in rows]
    return sorted(numbers)


def cut(start: int, size: int) -> bytes:
    return json.dumps({"d": {"rows": ROWS[start : start + size], "pages": 4}}).encode()


def by_page(handler) -> None:
    given = asked(handler)
    size = int(given["size"])
    handler.say(200, cut((int(given["p"]) - 1) * size, size))


def by_offset(handler) -> None:
    given = asked(handler)
    # This server gives three rows at the most, whatever it is asked for.
    handler.say(200, cut(int(given["skip"]), min(3, int(given["size"]))))


def by_cursor(handler) -> None:
    start = int(asked(handler).get("after", "0"))
    content = json.loads(cut(start, 2))
    content["more"] = {"after": str(start + 2) if start + 2 < 7 else None}
    handler.say(200, json.dumps(content).encode())


def by_link(handler) -> None:
    start = int(asked(handler).get("start", "0"))
    links = [f'</first>; rel="first", </data?start={start + 2}>; rel="next last"']
    given = {"Link": links[0]} if start + 2 < 7 else {}
    handler.say(200, cut(start, 2), **given)


def by_name(handler) -> None:
    start = int(asked(handler).get("start", "0"))
    content = json.loads(cut(start, 2))
    content["_links"] = {"next": f"?start={start + 2}"} if start + 2 < 7 else {}
    content["_links"].setdefault("next", None)
    handler.say(200, json.dumps(content).encode())


WAYS = {
    "page": (
        by_page,
        {"kind": "page", "parameter": "p", "size_parameter": "size", "size": 2,
         "items": "d.rows"},
        5,  # the fifth page is empty: only that tells a capped page from the last
    ),
    "page with total": (
        by_page,
        {"kind": "page", "parameter": "p", "size_parameter": "size", "size": 2,
         "items": "d.rows", "total_pages": "d.pages"},
        4,
    ),
    "offset": (
        by_offset,
        {"kind": "offset", "parameter": "skip", "size_parameter": "size",
         "size": 5, "items": "d.rows"},
        4,
    ),
    "cursor": (
        by_cursor,
        {"kind": "cursor", "parameter": "after", "size_parameter": None,
         "cursor": "more.after"},
        4,
    ),
    "link": (
        by_link, {"kind": "link", "parameter": None, "size_parameter": None}, 4
    ),
    "next": (
        by_name,
        {"kind": "next", "parameter": None, "size_parameter": None,
         "next": "_links.next"},
        4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_all_pages_land_once(world, settings, declare, way):
    answer, paging, requests = WAYS[way]
    world.answers["/data"] = answer
    batch = ingest(settings, declare(paging=paging))
    assert landed(settings, batch) == list(range(7))
    assert len(world.asked) == requests
    assert ingest(settings, declare(paging=paging)) is None


@pytest.mark.parametrize("way", WAYS)
def test_pages_that_have_not_changed_still_lead_on(world, settings, declare, way):
    """304 for the first pages, a new row on the last one."""
    answer, paging, _ = WAYS[way]

    def tagged(handler) -> None:
        say, tag = handler.say, '"old"'

        def catch(status: int, body: bytes = b"", **headers: str) -> None:
            known = (
                handler.headers.get("If-None-Match") == tag and b'"n": 6' not in body
            )
            say(304 if known else status, b"" if known else body, ETag=tag, **headers)

        handler.say = catch
        try:
            answer(handler)
        finally:
            del handler.say

    world.answers["/data"] = tagged
    ingest(settings, declare(paging=paging))
    ROWS[6]["changed"] = True
    try:
        batch = ingest(settings, declare(paging=paging))
    finally:
        del ROWS[6]["changed"]
    assert len(batch.files) == 1
    assert 6 in landed(settings, batch)


@pytest.mark.parametrize(
    ("header", "following"),
    # Of RFC 8288, section 3, and what its grammar allows.
    [
        ('<https://x/2>; rel="next"', "https://x/2"),
        ('<https://x/2>; title="a, b"; rel="next"', "https://x/2"),
        ('<https://x/2>; title="a; b=c"; rel="next"', "https://x/2"),
        (r'<https://x/2>; title="a \", b"; rel=next', "https://x/2"),
        ("<https://x/2?a=1,2;b>;rel=next", "https://x/2?a=1,2;b"),
        ('<https://x/2> ; REL = "Next"', "https://x/2"),
        ("<https://x/2>; rel='last next'", "https://x/2"),
        ('<https://x/2>; crossorigin; rel="next"', "https://x/2"),
        ('<https://x/1>; rel="prev", </3>; rel="next"; title="x"', "/3"),
        ('<https://x/1>; rel="prev",, </3>; rel="next http://e/next"', "/3"),
        ('<https://x/1>; rel="prev"; title="<https://e/>; rel=next"', ""),
        ('<https://x/1>; title="rel=next"', ""),
        ('<https://x/1>; rel="nextish"', ""),
        ('<https://x/1>; rel="prev"; rel="next"', ""),
        ("<https://x/1>", ""),
        ("no link", ""),
        ("", ""),
    ],
)
def test_the_next_page_of_a_link_header(header, following):
    assert linked_next(header) == following


def test_a_title_with_a_comma_loses_no_page(world, settings, declare):
    def answer(handler) -> None:
        start = int(asked(handler).get("start", "0"))
        link = f'</data?start={start + 2}>; title="more, please"; rel="next"'
        handler.say(200, cut(start, 2), **({"Link": link} if start + 2 < 7 else {}))

    world.answers["/data"] = answer
    _, paging, requests = WAYS["link"]
    assert landed(settings, ingest(settings, declare(paging=paging))) == list(range(7))
    assert len(world.asked) == requests


NO_ADDRESSES = {
    "half a bracket": "http://[evil/",
    "a name too long for a file": f"http://{'a' * 300}/",
    "a name too long for the DNS": f"http://{'a.' * 150}example/",
    "a label too long for the DNS": f"http://{'a' * 70}.example/",
    "dots alone": "http://../",
    "no port": "http://stat.example:99999/",
    "no letter": "http://\x80x/",
    "one of two hosts": "http://other.invalid\\@127.0.0.1/",
}


@pytest.mark.parametrize("location", NO_ADDRESSES.values(), ids=NO_ADDRESSES)
def test_a_redirect_to_no_address_is_refused(world, settings, declare, told, location):
    world.answers["/data"] = saying(302, Location=location)
    with pytest.raises(SourceRefused, match="redirects to what is no address"):
        ingest(settings, declare(limits={"attempts": 3}))
    assert [o.error_class for o in told()] == ["redirect"]


@pytest.mark.parametrize("location", NO_ADDRESSES.values(), ids=NO_ADDRESSES)
def test_a_redirect_to_no_address_holds_up_no_other_unit(
    world, settings, declare, told, location
):
    units = settings.site / "sources" / "units.csv"
    units.write_text("unit_code\n" + "".join(f"u{n}\n" for n in range(9)))
    world.answers["*"] = saying(200, b"[1]")
    world.answers["/u4"] = saying(302, Location=location)
    source = declare(
        kind="submission",
        location=f"{world.url}/{{unit_code}}",
        endpoints={"file": "units.csv", "shards": 1},
    )
    assert len(ingest(settings, source).files) == 8
    assert [o.unit_code for o in told() if o.error_class == "redirect"] == ["u4"]


@pytest.mark.parametrize(
    "location",
    [*NO_ADDRESSES.values(), "file:///etc/hosts", "mailto:desk@stat.example"],
    ids=[*NO_ADDRESSES, "a file", "a letter box"],
)
@pytest.mark.parametrize("way", ["link", "next"])
def test_a_next_page_at_no_address_is_refused(
    world, settings, declare, told, way, location
):
    body = json.dumps({"_links": {"next": location}}).encode()
    link = f'<{location}>; rel="next"'
    world.answers["/data"] = lambda handler: handler.say(200, body, Link=link)
    with pytest.raises(SourceRefused, match="next page is no address"):
        ingest(settings, declare(paging=WAYS[way][1]))
    assert [o.error_class for o in told()] == ["paging"]


def test_csv_pages_end_with_a_header_alone(world, settings, declare):
    def page(handler) -> None:
        start = (int(asked(handler)["page"]) - 1) * 3
        text = io.StringIO()
        writer = csv.DictWriter(text, ["n", "at"])
        writer.writeheader()
        writer.writerows(ROWS[start : start + 3])
        handler.say(200, text.getvalue().encode())

    world.answers["/data"] = page
    batch = ingest(settings, declare(format="csv", paging={"kind": "page"}))
    assert len(batch.files) == 3
    assert len(world.asked) == 4


def test_a_server_that_ignores_the_page_is_found_out(world, settings, declare, told):
    world.answers["/data"] = lambda handler: handler.say(200, json.dumps(ROWS).encode())
    with pytest.raises(SourceRefused, match="same page again"):
        ingest(settings, declare(paging={"kind": "page"}))
    assert len(world.asked) == 2
    assert not (settings.landing / "ledger.jsonl").exists()


def test_pages_that_lead_back_are_found_out(world, settings, declare):
    world.answers["/data"] = lambda h: h.say(200, b'{"next": "/b", "n": 1}')
    world.answers["/b"] = lambda h: h.say(
        200, b'{"next": "/data?page=1&page_size=500"}'
    )
    with pytest.raises(SourceRefused, match="own successor"):
        ingest(settings, declare(paging={}))


def test_pages_without_end_end(world, settings, declare):
    world.answers["/data"] = lambda h: h.say(
        200, b'{"next": "/data?page=%d"}' % (int(asked(h)["page"]) + 1)
    )
    with pytest.raises(SourceRefused, match="more than 7 pages"):
        ingest(settings, declare(paging={"max_pages": 7}))


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"other": 1}',
        b'{"next": {}',
        rb'{"next": "/\ud800"}',
        pytest.param(b"[" * 200_000, id="nested without end"),
    ],
)
def test_a_page_that_does_not_name_the_next(world, settings, declare, body):
    world.answers["/data"] = lambda handler: handler.say(200, body)
    with pytest.raises(SourceRefused, match="page"):
        ingest(settings, declare(paging={}))


def since(handler) -> None:
    start = asked(handler).get("since", "")
    rows = [row for row in ROWS if row["at"] > start]
    handler.say(200, json.dumps(rows[:5]).encode())


def test_only_what_is_newer_than_what_landed_is_asked_for(world, settings, declare):
    world.answers["/data"] = since
    source = declare(
        incremental={"parameter": "since", "field": "at", "initial": "2026-01-02"}
    )
    assert landed(settings, ingest(settings, source)) == [1, 2, 3, 4, 5]
    assert landed(settings, ingest(settings, source)) == [6]
    assert ingest(settings, source) is None
    assert [asked_for(path) for path in world.paths()] == [
        "2026-01-02", "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z",
    ]  # fmt: skip


def test_without_a_field_the_last_complete_fetch_is_the_mark(world, settings, declare):
    settings = settings.model_copy(update={"now": NOW})
    world.answers["/data"] = since
    source = declare(incremental={"parameter": "since", "overlap_seconds": 60})
    assert ingest(settings, source)
    ingest(settings, source)
    assert [asked_for(path) for path in world.paths()] == ["", "2026-01-03T23:59:00Z"]


def test_where_no_rows_are_listed_the_last_fetch_is_the_mark(world, settings, declare):
    settings = settings.model_copy(update={"now": NOW})
    world.answers["/data"] = saying(200, b'{"data": {"structure": {}}}')
    source = declare(format="sdmx-json", incremental={"parameter": "since"})
    assert ingest(settings, source)
    ingest(settings, source)
    assert [asked_for(path) for path in world.paths()] == ["", "2026-01-04T00:00:00Z"]
    with pytest.raises(ValueError, match=r"incremental\.field.*not of sdmx-json"):
        declare(format="sdmx-json", incremental={"parameter": "since", "field": "at"})


def test_a_failed_fetch_does_not_move_the_mark(world, settings, declare):
    paging = {"kind": "next", "parameter": None, "size_parameter": None, "items": "r"}
    source = declare(paging=paging, incremental={"parameter": "since", "field": "at"})
    first = json.dumps({"r": ROWS[:3], "next": "/two"}).encode()
    world.answers["/data"] = lambda handler: handler.say(200, first)
    world.answers["/two"] = lambda handler: handler.say(500)
    for _ in range(2):
        with pytest.raises(Exception, match="500"):
            ingest(settings, source)
    assert [asked_for(p) for p in world.paths() if p.startswith("/data")] == ["", ""]


def asked_for(path: str) -> str:
    return parse_qs(urlsplit(path).query).get("since", [""])[0]
