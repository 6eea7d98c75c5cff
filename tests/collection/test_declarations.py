"""A declaration of each connector, in about ten lines, that brings bytes.

And what a declaration may not do: stop others, or lend out its trust.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer

from ingestion.access import Limits
from ingestion.errors import SiteError, SourceRefused
from ingestion.ingest import ingest
from ingestion.run import ingest_run, retry_failed
from ingestion.site import Site
from tests.collection.answering import saying
from tests.collection.test_archives import zipped
from tests.collection.test_wave import ONE_SHARD, answer, write_source

HERE = Path(__file__).resolve().parent / "declarations"


def by_page(handler) -> None:
    page = int(parse_qs(urlsplit(handler.path).query)["page"][0])
    handler.say(200, json.dumps({"rows": [page] if page < 3 else []}).encode())


@pytest.fixture
def bucket(monkeypatch):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    for name, value in {"ENDPOINT": endpoint, "KEY": "key-1", "SECRET": "se-1"}.items():
        monkeypatch.setenv(f"S3_{name}", value)
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="key-1", aws_secret_access_key="se-1",
    )  # fmt: skip
    client.create_bucket(Bucket="reports")
    client.put_object(Bucket="reports", Key="2025/a.csv", Body=b"a")
    yield client
    server.stop()


def test_every_declaration_brings_its_files(settings, world, bucket, monkeypatch):
    monkeypatch.setenv("WORLD_URL", world.url)
    monkeypatch.setenv("OFFICE_KEY", "office-key")
    shutil.copytree(HERE, settings.site / "sources", dirs_exist_ok=True)
    for name in ("inbox/a.csv", "inbox/a.csv.done", "files/yearbook.csv"):
        path = settings.site / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("a,b\n")
        os.utime(path, (time.time() - 60,) * 2)
    world.answers |= {
        "/api/gdp": by_page,
        "/units/A1/report": saying(200, b'{"unit_code": "A1"}'),
        "/rest/data/dataflow/ECB/EXR/*/M.USD.EUR.SP00.A": saying(200, b"DATAFLOW\n"),
        "/v2/country/CN;VN/indicator/SP.POP.TOTL": saying(
            200, b'[{"page": 1, "pages": 1}, [{"value": 1}]]'
        ),
        "/dhis/api/dataValueSets.json": saying(200, b'{"dataValues": [{}]}'),
        "/plan.zip": saying(200, zipped({"plan.csv": b"p"})),
    }
    site = Site.load(settings.site)
    summary = ingest_run(settings, site)
    assert summary.failures == ()
    assert len(summary.batch_ids) == len(site.sources) == 9
    assert {b.rpartition("-")[0] for b in summary.batch_ids} == set(site.sources)
    keyed = [a for a in world.asked if "gdp" in a.path or "dhis" in a.path]
    sent = {a.headers.get("x-api-key") or a.headers.get("authorization") for a in keyed}
    assert sent == {"office-key", "ApiToken office-key"}


def test_declarations_are_short():
    lengths = {p.name: len(p.read_text().splitlines()) for p in HERE.glob("*.yml")}
    assert len(lengths) == 9
    assert max(lengths.values()) <= 12


def test_limits_are_on_by_default():
    """Without a word in its declaration a source is polite and bounded."""
    limits = Limits()
    assert limits.concurrency <= 8
    assert limits.max_bytes <= 2**28
    assert limits.max_ratio <= 200
    assert limits.total_seconds <= 600


def test_a_source_that_fails_does_not_stop_the_others(settings, world, told):
    """One of them fails before it asks, one while, one lands."""
    for name, text in {
        "a_broken": "location: '${NO_SUCH_VARIABLE}/x'",
        "b_refused": f"location: {world.url}/refused",
        "c_good": f"location: {world.url}/good",
    }.items():
        (settings.site / "sources" / f"{name}.yml").write_text(
            f"code: {name}\nkind: statistical_release\nconnector: http\n"
            f"format: json\n{text}\n"
        )
    world.answers["/refused"] = saying(403)
    world.answers["/good"] = saying(200, b"[1]")
    site = Site.load(settings.site)
    chosen = [site.source(code) for code in ("a_broken", "b_refused", "c_good")]
    summary = ingest_run(settings, site, chosen)
    assert [(f.source_code, f.error_class, f.exit_code) for f in summary.failures] == [
        ("a_broken", "content", 3),
        ("b_refused", "http_403", 4),
    ]
    assert len(summary.batch_ids) == 1
    assert {o.source_code: o.result for o in told()} == {
        "a_broken": "failed", "b_refused": "failed", "c_good": "landed",
    }  # fmt: skip

    world.asked.clear()
    world.answers["/refused"] = saying(200, b"[2]")
    again = retry_failed(settings, site, summary.run_id)
    assert world.paths() == ["/refused"]
    assert [f.source_code for f in again.failures] == ["a_broken"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unit,kind\nU1,office\n", "no column unit_code"),
        ("unit_code\nU1\nU1\n", "stands twice"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_list_of_endpoints(settings, world, text, message):
    source = write_source(settings, world, endpoints=ONE_SHARD).source("units")
    if text is not None:
        (settings.site / "sources" / "units.csv").write_text(text)
    with pytest.raises(SiteError, match=message):
        ingest(settings, source)


LANDED_LIST = {
    "source": "unit_list", "unit_column": "unit", "url_column": "address",
    "where": {"level": "1"}, "shards": 1,
}  # fmt: skip


@pytest.fixture
def listed(settings, world):
    """A declaration whose endpoints another source has listed."""

    def declare(addresses, **keys):
        rows = "".join(f"U{n},{url},{n % 2}\n" for n, url in enumerate(addresses))
        text = f"unit,address,level\n{rows}"
        world.answers |= {"*": answer, "/list.csv": saying(200, text.encode())}
        (settings.site / "sources" / "unit_list.yml").write_text(
            "code: unit_list\nkind: registry\nregistry: units\nconnector: http\n"
            f"format: csv\nlocation: {world.url}/list.csv\n"
        )
        keys = {"location": "unused", "endpoints": LANDED_LIST} | keys
        return write_source(settings, world, **keys)

    return declare


def elsewhere(world) -> str:
    """The same server under a name that no declaration holds."""
    return world.url.replace("127.0.0.1", "localhost")


def land_list(settings, world, site) -> None:
    ingest(settings, site.source("unit_list"))
    world.asked.clear()


def test_addresses_from_a_column_of_a_list_that_has_landed(settings, world, listed):
    addresses = [f"{world.url}/u/U{n}" for n in range(6)]
    site = listed(addresses, allow_private=True)
    with pytest.raises(SiteError, match="unit_list"):
        ingest(settings, site.source("units"))
    land_list(settings, world, site)
    batch = ingest(settings, site.source("units"))
    assert [f.unit_code for f in batch.files] == ["U1", "U3", "U5"]


def test_a_landed_list_does_not_lead_into_a_private_network(
    settings, world, listed, told
):
    site = listed([f"{world.url}/u/U{n}" for n in range(6)])
    land_list(settings, world, site)
    with pytest.raises(SourceRefused, match="allow_private: true"):
        ingest(settings, site.source("units"))
    assert world.asked == []
    failed = [o for o in told() if o.source_code == "units"]
    assert {o.error_class for o in failed} == {"private_address"}
    assert len(failed) == 3


@pytest.mark.parametrize(
    "secret",
    [
        {"auth": {"bearer": "${OFFICE_KEY}"}},
        {"headers": {"Authorization": "Bearer ${OFFICE_KEY}"}},
    ],
)
def test_a_landed_list_cannot_collect_credentials(
    settings, world, listed, told, monkeypatch, secret
):
    """Only the host that `location` names gets them; the others are not asked."""
    monkeypatch.setenv("OFFICE_KEY", "office-key")
    ours, other = world.url, elsewhere(world)
    site = listed(
        [f"{ours}/u/U0", f"{ours}/u/U1", f"{other}/u/U2", f"{other}/u/U3"],
        location=f"{ours}/", allow_private=True, **secret,
    )  # fmt: skip
    land_list(settings, world, site)
    batch = ingest(settings, site.source("units"))
    assert [f.unit_code for f in batch.files] == ["U1"]
    assert world.paths() == ["/u/U1"]
    assert world.asked[0].headers["authorization"] == "Bearer office-key"
    (failed,) = [o for o in told() if o.result == "failed"]
    assert (failed.unit_code, failed.error_class) == ("U3", "undeclared_host")
    assert "name it in `location`" in failed.message


def test_a_list_of_the_site_itself_is_trusted(settings, world, monkeypatch):
    monkeypatch.setenv("OFFICE_KEY", "office-key")
    world.answers["*"] = answer
    (settings.site / "sources" / "units.csv").write_text(
        f"unit_code,address\nU1,{world.url}/u/U1\nU2,{elsewhere(world)}/u/U2\n"
    )
    site = write_source(
        settings, world, location="unused", auth={"bearer": "${OFFICE_KEY}"},
        endpoints=ONE_SHARD | {"url_column": "address"},
    )  # fmt: skip
    ingest(settings, site.source("units"))
    sent = [(a.path, a.headers["authorization"]) for a in world.asked]
    assert sent == [("/u/U1", "Bearer office-key"), ("/u/U2", "Bearer office-key")]


def test_a_landed_list_does_not_choose_the_host_of_a_template(settings, world, listed):
    """The host's name would come out of the list, so the list is not trusted."""
    site = listed(
        ["", "", "", ""],
        location=world.url.replace("127.0.0.1", "127.0.0.{unit_code}"),
        endpoints={"source": "unit_list", "unit_column": "level", "shards": 1,
                   "where": {"unit": "U1"}},
    )  # fmt: skip
    land_list(settings, world, site)
    with pytest.raises(SourceRefused, match="allow_private: true"):
        ingest(settings, site.source("units"))
    assert world.asked == []


@pytest.mark.parametrize("mark", ["\\@", " @", "\x00@", "]@"])
def test_an_address_that_can_be_read_in_two_ways_is_no_address(
    settings, world, listed, mark
):
    """One reader takes what follows the mark for the host, another what precedes."""
    name = world.url.removeprefix("http://")
    site = listed(["", f"http://127.0.0.1:9{mark}{name}/u/U1"], location=world.url)
    land_list(settings, world, site)
    with pytest.raises(SiteError, match="has no http address"):
        ingest(settings, site.source("units"))
