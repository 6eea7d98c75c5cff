"""A declaration of each connector, in about ten lines, that brings bytes."""

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
from ingestion.run import ingest_run
from ingestion.site import Site
from tests.collection.answering import saying
from tests.collection.test_archives import zipped

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
