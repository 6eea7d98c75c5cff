"""The sample server over a real socket."""

from __future__ import annotations

import gzip
import json
import math
import socket
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from ingestion.errors import MachineRefused, UsageError
from ingestion.samples.network import read_report
from ingestion.samples.server import DEFAULT_TOKEN, serve, serving

AUTH = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
PATHS = (
    "/health",
    "/sdmx/data/NATIONAL",
    "/sdmx/data/PROVINCES?format=sdmx-json",
    "/registry/units.csv",
    "/submissions?page_size=5",
)


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers={**AUTH, **headers}, timeout=30)


def all_pages(address: str, shard: int, shards: int, size: int) -> list[dict]:
    url = f"{address}/submissions?shard={shard}&shards={shards}&page_size={size}"
    found = []
    while url:
        page = get(url).json()
        found.extend(page["data"])
        url = page["next"] and urljoin(url, page["next"])
    return found


@pytest.mark.parametrize("path", PATHS)
def test_known_content_is_answered_with_304(address: str, path: str):
    first = get(address + path)
    assert first.status_code == 200
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    again = get(address + path, **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == tag
    other = get(address + path, **{"If-None-Match": '"another"'})
    assert other.content == first.content


def test_last_modified_counts_only_without_a_tag(address: str):
    url = address + "/registry/units.csv"
    moment = get(url).headers["Last-Modified"]
    assert get(url, **{"If-Modified-Since": moment}).status_code == 304
    older = {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}
    assert get(url, **older).status_code == 200
    both = {"If-Modified-Since": moment, "If-None-Match": '"another"'}
    assert get(url, **both).status_code == 200


def test_gzip_only_for_those_who_accept_it(address: str):
    url = address + "/registry/units.csv"
    packed = requests.get(
        url, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=30
    )
    plain = get(url, **{"Accept-Encoding": "identity"})
    refused = get(url, **{"Accept-Encoding": "gzip;q=0"})
    raw = packed.raw.read(decode_content=False)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in refused.headers
    assert gzip.decompress(raw) == plain.content == refused.content
    assert len(raw) < len(plain.content) / 3
    assert packed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("value", [None, "Bearer wrong", "Basic c2FtcGxl", "Bearer"])
def test_submissions_need_the_token(address: str, value: str | None):
    headers = {} if value is None else {"Authorization": value}
    answer = requests.get(address + "/submissions", headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"] == "unauthorised"
    assert "Bearer" in answer.json()["message"]


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "page_size=0", "page_size=5001", "shard=4&shards=4",
     "shards=0", "shard=1", "page=-1", "page=１"],
)  # fmt: skip
def test_wrong_parameters_are_named(address: str, query: str):
    answer = get(f"{address}/submissions?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"] == "bad_request"
    assert (
        query.split("=", maxsplit=1)[0] in answer.json()["message"] or "shard" in query
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [("/submissions?page=999", 404), ("/registry/secret.csv", 404),
     ("/registry/..%2Fsimulation.csv", 404), ("/sdmx/data/OTHER", 404),
     ("/sdmx/data/NATIONAL?format=xls", 406)],
)  # fmt: skip
def test_what_is_not_there_is_said(address: str, path: str, status: int):
    assert get(address + path).status_code == status


@pytest.mark.parametrize(("shards", "size"), [(4, 100), (1, 500), (7, 33)])
def test_pages_cover_every_submission_once(
    network: Path, address: str, shards: int, size: int
):
    expected = [
        json.loads(line)["submission_id"]
        for line in (network / "submissions" / "submissions.ndjson").open("rb")
    ]
    found = []
    for shard in range(shards):
        part = all_pages(address, shard, shards, size)
        times = [submission["received_at"] for submission in part]
        assert times == sorted(times)
        found += [submission["submission_id"] for submission in part]
    assert len(expected) > 2000
    assert sorted(found) == sorted(expected)


def test_page_count_stands_in_the_header(network: Path, address: str):
    answer = get(address + "/submissions?page_size=100")
    total = read_report(network).submissions
    assert answer.headers["X-Total-Count"] == str(total)
    assert answer.headers["X-Total-Pages"] == str(math.ceil(total / 100))


def test_full_pages_stay_when_submissions_arrive(network: Path, address: str):
    moment = datetime(2024, 6, 1, tzinfo=UTC)
    query = "/submissions?shard=1&shards=2&page_size=50&page="
    with serving(network, chaos=0, until=moment) as earlier:
        pages = int(get(earlier + query + "1").headers["X-Total-Pages"])
        assert 3 < pages < int(get(address + query + "1").headers["X-Total-Pages"])
        for page in range(1, pages):
            before = get(f"{earlier}{query}{page}")
            after = get(f"{address}{query}{page}")
            assert before.content == after.content
            assert before.headers["ETag"] == after.headers["ETag"]
        last = get(f"{earlier}{query}{pages}").json()
    assert last["next"] is None
    assert last["data"][-1]["received_at"] < "2024-06-01"


def test_troubles_come_on_a_timetable_and_pass(network: Path):
    with serving(network, chaos=2, retry_after=0) as address:
        seen = []
        for page in range(1, 9):
            url = f"{address}/submissions?page_size=10&page={page}"
            first = get(url)
            seen.append(first.status_code)
            if first.status_code != 200:
                assert first.headers["Retry-After"] == "0"
            assert get(url).status_code == 200
    assert seen == [200, 200, 429, 200, 503, 200, 429, 200]


def test_taken_port_is_said_with_a_remedy(network: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MachineRefused, match=str(port)) as caught:
            serve(network, port=port)
    assert "PLANWATCH_SAMPLES_URL" in caught.value.remedy


def test_missing_network_is_said(tmp_path: Path):
    with pytest.raises(UsageError, match="no simulated network"):
        serve(tmp_path)


def test_receipts_are_served_as_json_and_csv_to_who_has_the_token(network: Path):
    asked = []

    def receipts(submission_id: str, form: str) -> bytes | None:
        asked.append((submission_id, form))
        return b"told" if submission_id == "A/1 报" else None

    with serving(network, chaos=0, receipts=receipts) as address:
        url = f"{address}/receipts/A%2F1%20%E6%8A%A5"
        assert requests.get(url, timeout=30).status_code == 401
        assert asked == []
        assert get(url).headers["Content-Type"] == "application/json"
        assert (
            get(url, Accept="text/csv").headers["Content-Type"].startswith("text/csv")
        )
        assert get(url + "?format=csv").content == b"told"
        assert get(url + "?format=pdf").status_code == 406
        assert get(f"{address}/receipts/B").json()["error"] == "unknown_submission"
    assert asked == [
        ("A/1 报", "json"), ("A/1 报", "csv"), ("A/1 报", "csv"), ("B", "json"),
    ]  # fmt: skip


def test_a_server_beside_which_nothing_is_judged_knows_no_receipt(address: str):
    assert get(f"{address}/receipts/A").status_code == 404
