"""What comes back over HTTP: good, bad, slow, hostile."""

from __future__ import annotations

import email.utils
import gzip
import socket
import threading
import time
import zlib

import pytest

from ingestion.body import TooLarge
from ingestion.errors import SiteError, SourceRefused, SourceUnavailable
from ingestion.fetch import USER_AGENT
from ingestion.ingest import ingest
from ingestion.landing import object_path
from tests.collection.answering import in_turn, saying

ROWS = b'[{"a": 1}]'


def test_an_answer_lands_as_it_came(world, settings, declare, told):
    world.answers["/data"] = saying(200, ROWS, Content_Type="application/json")
    batch = ingest(settings, declare())
    (file,) = batch.files
    assert object_path(settings, file.sha256).read_bytes() == ROWS
    assert (file.url, file.size_bytes) == (f"{world.url}/data", len(ROWS))
    assert world.asked[0].headers["user-agent"] == USER_AGENT
    (outcome,) = told()
    assert (outcome.result, outcome.status, outcome.size_bytes) == ("landed", 200, 10)


def test_what_has_not_changed_costs_no_landing(world, settings, declare, told):
    def conditional(handler) -> None:
        known = handler.headers.get("If-None-Match") == '"v1"'
        handler.say(304 if known else 200, b"" if known else ROWS, ETag='"v1"')

    world.answers["/data"] = conditional
    assert ingest(settings, declare()) is not None
    assert ingest(settings, declare()) is None
    assert [o.result for o in told()] == ["landed", "unchanged"]


def test_the_same_bytes_without_validators_land_once(world, settings, declare, told):
    world.answers["/data"] = saying(200, ROWS)
    assert ingest(settings, declare()) is not None
    assert ingest(settings, declare()) is None
    assert [o.result for o in told()] == ["landed", "same"]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(world, settings, declare, told, status):
    world.answers["/data"] = in_turn(saying(status), saying(200, ROWS))
    assert ingest(settings, declare(limits={"attempts": 3}))
    assert [(o.attempt, o.error_class) for o in told()] == [
        (1, f"http_{status}"),
        (2, ""),
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 410, 501])
def test_what_stays_is_asked_once(world, settings, declare, told, status):
    world.answers["/data"] = saying(status)
    with pytest.raises(SourceRefused, match=str(status)):
        ingest(settings, declare(limits={"attempts": 3}))
    assert len(world.asked) == 1
    assert [(o.result, o.error_class, o.status) for o in told()] == [
        ("failed", f"http_{status}", status)
    ]


def test_attempts_end(world, settings, declare):
    world.answers["/data"] = saying(503)
    with pytest.raises(SourceUnavailable, match="503"):
        ingest(settings, declare(limits={"attempts": 2}))
    assert len(world.asked) == 2


def test_retry_after_in_seconds_is_obeyed(world, settings, declare):
    world.answers["/data"] = in_turn(saying(429, Retry_After="1"), saying(200, ROWS))
    ingest(settings, declare(limits={"attempts": 2}))
    first, second = world.asked
    assert second.at - first.at >= 1


def test_retry_after_as_a_date_is_counted_from_the_servers_clock(
    world, settings, declare
):
    """The server's clock is a day ahead; it asks for one second."""
    ahead = time.time() + 86400

    def busy(handler) -> None:
        handler.send_response_only(503)
        handler.send_header("Date", email.utils.formatdate(ahead, usegmt=True))
        handler.send_header(
            "Retry-After", email.utils.formatdate(ahead + 1, usegmt=True)
        )
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    world.answers["/data"] = in_turn(busy, saying(200, ROWS))
    ingest(settings, declare(limits={"attempts": 2}))
    first, second = world.asked
    assert 1 <= second.at - first.at < 10


def test_a_long_retry_after_is_not_sat_out_and_not_ignored(
    world, settings, declare, told
):
    """We give up at once, and nobody asks that host again before its time."""
    world.answers["/data"] = saying(503, Retry_After="3600")
    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            ingest(settings, declare(limits={"attempts": 4}))
    assert len(world.asked) == 1
    assert [o.error_class for o in told()] == ["http_503", "left_alone"]


def test_compressed_answers_are_kept_unpacked(world, settings, declare):
    for encoding, packed in {
        "gzip": gzip.compress(ROWS) + gzip.compress(b"\n"),
        "deflate": zlib.compress(ROWS + b"\n"),
        "x-gzip": gzip.compress(ROWS + b"\n"),
    }.items():
        world.answers["/data"] = saying(200, packed, Content_Encoding=encoding)
        source = declare(code=f"of_{encoding.replace('-', '_')}")
        (file,) = ingest(settings, source).files
        assert object_path(settings, file.sha256).read_bytes() == ROWS + b"\n"


def test_a_bare_deflate_stream_is_understood(world, settings, declare):
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(ROWS) + packer.flush()
    world.answers["/data"] = saying(200, packed, Content_Encoding="deflate")
    assert ingest(settings, declare()).files[0].size_bytes == len(ROWS)


def test_a_gzip_bomb_is_stopped_by_its_ratio(world, settings, declare, told):
    packed = gzip.compress(b"\0" * 30_000_000)
    assert len(packed) < 40_000
    world.answers["/data"] = saying(200, packed, Content_Encoding="gzip")
    with pytest.raises(TooLarge, match="200 times"):
        ingest(settings, declare())
    assert told()[0].error_class == "too_large"
    assert not list((settings.landing / "incoming").glob("*/*"))


def test_too_many_bytes_are_stopped_while_they_come(world, settings, declare):
    world.answers["/data"] = saying(200, b"x" * 200_000)
    with pytest.raises(TooLarge, match="100,000 bytes"):
        ingest(settings, declare(limits={"max_bytes": 100_000}))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(ROWS * 100)[:-20], "gzip"),
        (b"\x1f\x8b" + b"not gzip at all", "gzip"),
    ],
    ids=["cut short", "no gzip"],
)
def test_damaged_compression_is_no_data(world, settings, declare, told, body, encoding):
    world.answers["/data"] = saying(200, body, Content_Encoding=encoding)
    with pytest.raises(SourceUnavailable, match="cut short|damaged"):
        ingest(settings, declare())
    assert told()[0].error_class == "cut_short"


def test_an_encoding_that_we_did_not_ask_for_is_refused(world, settings, declare):
    world.answers["/data"] = saying(200, ROWS, Content_Encoding="br")
    with pytest.raises(SourceRefused, match="'br'"):
        ingest(settings, declare())


def test_fewer_bytes_than_announced_are_no_data(world, settings, declare, told):
    def short(handler) -> None:
        handler.say(200, ROWS, Content_Length="1000")
        handler.close_connection = True

    world.answers["/data"] = short
    with pytest.raises(SourceUnavailable, match="cut short"):
        ingest(settings, declare())
    assert told()[0].error_class == "cut_short"


def test_more_bytes_than_announced_do_not_spoil_the_next_answer(
    world, settings, declare
):
    world.answers["/data"] = saying(200, ROWS + b"HTTP/1.1 200 OK", Content_Length="10")
    world.answers["/other"] = saying(200, b"[2]")
    (file,) = ingest(settings, declare(limits={"attempts": 3})).files
    assert object_path(settings, file.sha256).read_bytes() == ROWS


def test_a_reset_connection_is_tried_again(world, settings, declare, told):
    world.answers["/data"] = in_turn(lambda h: h.reset(), saying(200, ROWS))
    assert ingest(settings, declare(limits={"attempts": 2}))
    assert [o.error_class for o in told()] == ["connection", ""]


def test_nobody_listens(settings, declare, told):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceUnavailable, match="refused"):
        ingest(settings, declare(location=f"http://127.0.0.1:{port}/"))
    assert told()[0].error_class == "connection"


def test_a_name_that_does_not_exist(settings, declare, told):
    with pytest.raises(SourceUnavailable, match="cannot be resolved"):
        ingest(settings, declare(location="http://nowhere.invalid/data"))
    assert told()[0].error_class == "dns"


def dripping(stop: threading.Event, every: float, *header: str):
    def drip(handler) -> None:
        handler.send_response(200)
        handler.send_header(*header)
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                if stop.wait(every):
                    return
        except OSError:
            pass

    return drip


@pytest.mark.parametrize(
    ("every", "header"),
    # Of the second, only the end of the connection would tell the end.
    [(0.05, ("Content-Length", "1000")), (60, ("Connection", "close"))],
)
def test_a_trickle_ends_at_the_whole_time(
    world, settings, declare, told, every, header
):
    stop = threading.Event()
    world.answers["/data"] = dripping(stop, every, *header)
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match="total_seconds"):
        ingest(settings, declare(limits={"timeout_seconds": 5, "total_seconds": 0.5}))
    stop.set()
    assert time.monotonic() - started < 3
    assert told()[0].error_class == "timeout_total"


def test_headers_that_trickle_end_at_the_whole_time_too(world, settings, declare, told):
    stop = threading.Event()

    def drip(handler) -> None:
        try:
            for _ in range(1000):
                handler.wfile.write(b"H")
                handler.wfile.flush()
                if stop.wait(0.05):
                    return
        except OSError:
            pass

    world.answers["/data"] = drip
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match="total_seconds"):
        ingest(settings, declare(limits={"timeout_seconds": 5, "total_seconds": 0.5}))
    stop.set()
    assert time.monotonic() - started < 3
    assert told()[0].error_class == "timeout_total"


def test_silence_ends_at_the_time_out(world, settings, declare, told):
    stop, stopped = threading.Event(), []
    world.answers["/data"] = lambda handler: stopped.append(stop.wait(20))
    limits = {"timeout_seconds": 0.3, "connect_seconds": 60, "attempts": 2}
    with pytest.raises(SourceUnavailable, match="silent"):
        ingest(settings, declare(limits=limits))
    # The source was still thinking when it was given up.
    assert stopped == []
    stop.set()
    assert told()[0].error_class == "timeout_read"


def test_an_answer_may_take_longer_than_a_connection(world, settings, declare):
    def slowly(handler):
        threading.Event().wait(0.6)
        handler.say(200, b'{"a": 1}', Content_Type="application/json")

    world.answers["/data"] = slowly
    limits = {"timeout_seconds": 30, "connect_seconds": 0.3}
    assert ingest(settings, declare(limits=limits)) is not None


def test_a_web_page_is_no_data(world, settings, declare, told):
    page = b"\xef\xbb\xbf <!DOCTYPE html><title>Sign in</title>"
    world.answers["/data"] = saying(200, page, Content_Type="text/html")
    with pytest.raises(SourceRefused, match="web page"):
        ingest(settings, declare())
    assert told()[0].error_class == "web_page"
    assert ingest(settings, declare(format="html", code="pages")) is not None


def test_data_under_a_wrong_media_type_are_data(world, settings, declare):
    world.answers["/data"] = saying(200, b"a,b\n1,2\n", Content_Type="text/html")
    assert ingest(settings, declare(format="csv")) is not None


def test_redirects_are_followed_and_the_declared_address_stays(
    world, settings, declare
):
    world.answers["/data"] = saying(302, Location="/elsewhere")
    world.answers["/elsewhere"] = saying(200, ROWS)
    (file,) = ingest(settings, declare()).files
    assert file.url == f"{world.url}/data"


def test_redirects_in_a_circle_end(world, settings, declare, told):
    world.answers["/data"] = saying(302, Location="/b")
    world.answers["/b"] = saying(302, Location="/data")
    with pytest.raises(SourceRefused, match="circle"):
        ingest(settings, declare())
    assert told()[0].error_class == "redirect_loop"


def test_redirects_without_end_end(world, settings, declare):
    world.answers["*"] = lambda h: h.say(302, Location=f"{h.path}x")
    with pytest.raises(SourceRefused, match="times"):
        ingest(settings, declare())
    assert len(world.asked) == 6


def test_a_redirect_to_a_file_is_refused(world, settings, declare):
    world.answers["/data"] = saying(302, Location="file:///etc/passwd")
    with pytest.raises(SourceRefused, match="file://"):
        ingest(settings, declare())


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.2", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_a_redirect_into_the_private_network_is_refused(
    world, settings, declare, told, host
):
    """By the address connected to: `localhost` is a name until it is used."""
    port = world.url.rpartition(":")[2]
    world.answers["/data"] = saying(302, Location=f"http://{host}:{port}/secret")
    world.answers["/secret"] = saying(200, ROWS)
    if host == "[::ffff:127.0.0.1]" and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with pytest.raises(SourceRefused, match="private address"):
        ingest(settings, declare())
    assert world.paths() == ["/data"], "nothing may be sent there"
    assert told()[0].error_class == "private_address"


def test_a_private_redirect_is_followed_where_the_source_allows_it(
    world, settings, declare
):
    port = world.url.rpartition(":")[2]
    world.answers["/data"] = saying(302, Location=f"http://localhost:{port}/inside")
    world.answers["/inside"] = saying(200, ROWS)
    assert ingest(settings, declare(allow_private=True))


def test_a_redirect_to_a_name_that_does_not_exist(world, settings, declare):
    world.answers["/data"] = saying(302, Location="http://nowhere.invalid/")
    with pytest.raises(SourceUnavailable, match=r"nowhere\.invalid.*resolved"):
        ingest(settings, declare())


def test_a_declaration_without_its_variable_is_an_outcome_too(settings, declare, told):
    with pytest.raises(SiteError, match="NO_SUCH_TOKEN"):
        ingest(settings, declare(auth={"bearer": "${NO_SUCH_TOKEN}"}))
    assert [(o.result, o.error_class) for o in told()] == [("failed", "content")]


def test_a_declared_proxy_is_asked_for_the_whole_address(world, settings, declare):
    """The name exists nowhere: only the proxy can have been asked."""
    world.answers["http://stat.invalid/data"] = saying(200, ROWS)
    source = declare(location="http://stat.invalid/data", proxy=world.url)
    (file,) = ingest(settings, source).files
    assert file.url == "http://stat.invalid/data"
    assert world.paths() == ["http://stat.invalid/data"]


def test_the_customary_proxy_variables_count(world, settings, declare, monkeypatch):
    monkeypatch.setenv("http_proxy", world.url)
    monkeypatch.setenv("no_proxy", "direct.invalid")
    world.answers["http://stat.invalid/data"] = saying(200, ROWS)
    assert ingest(settings, declare(location="http://stat.invalid/data"))
    with pytest.raises(SourceUnavailable, match=r"direct\.invalid.*resolved"):
        ingest(settings, declare(location="http://direct.invalid/data"))
    world.answers["/data"] = saying(200, ROWS)
    # This machine itself is never asked through a proxy.
    assert ingest(settings, declare(code="here"))
    assert world.paths() == ["http://stat.invalid/data", "/data"]
