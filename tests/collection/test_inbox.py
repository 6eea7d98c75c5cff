"""Folders and buckets: whatever order files come in, none half, none touched."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from ingestion.connectors.inbox import whole
from ingestion.errors import PlanwatchError, SiteError, SourceUnavailable
from ingestion.ingest import ingest
from ingestion.landing import ledger, object_path
from ingestion.newest import newest_files
from ingestion.outcomes import Recorder, outcomes
from ingestion.source import Source
from ingestion.storage import Storage
from ingestion.visit import Visit


def inbox(location, **keys) -> Source:
    return Source.model_validate(
        {
            "code": "box", "kind": "submission", "connector": "inbox",
            "location": str(location), "format": "csv",
        }
        | keys
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "in"
    path.mkdir()
    return path


def put(path, content: bytes = b"a,b\n1,2\n", age: float = 60) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - age
    os.utime(path, (moment, moment))


def names(batch) -> list[str]:
    return [file.url.rpartition("/")[2] for file in batch.files]


def test_files_are_taken_whatever_their_order_and_stay_as_they_are(settings, folder):
    put(folder / "b.csv", b"2")
    assert names(ingest(settings, inbox(folder))) == ["b.csv"]
    put(folder / "a.csv", b"1")
    put(folder / ".hidden.csv")
    put(folder / "sub" / "c.csv")
    before = {p: p.stat() for p in folder.rglob("*.csv")}
    assert names(ingest(settings, inbox(folder))) == ["a.csv"]
    assert ingest(settings, inbox(folder)) is None
    after = {p: p.stat() for p in folder.rglob("*.csv")}
    assert {p: (s.st_ino, s.st_mtime_ns) for p, s in before.items()} == {
        p: (s.st_ino, s.st_mtime_ns) for p, s in after.items()
    }


def test_subfolders_and_patterns_are_declared(settings, folder):
    put(folder / "2024" / "a.csv", b"1")
    put(folder / "2025" / "b.csv", b"2")
    put(folder / "notes.txt", b"3")
    source = inbox(folder, inbox={"recursive": True, "pattern": "*.csv"})
    assert names(ingest(settings, source)) == ["a.csv", "b.csv"]


def test_a_changed_file_is_a_new_version(settings, folder):
    put(folder / "a.csv", b"1", age=100)
    first = ingest(settings, inbox(folder)).files[0]
    put(folder / "a.csv", b"2", age=50)
    second = ingest(settings, inbox(folder)).files[0]
    assert second.previous == first.sha256
    assert object_path(settings, first.sha256).read_bytes() == b"1"
    # Back to the old content, and forth again: each is news of its own.
    for content, age in ((b"1", 40), (b"2", 30), (b"1", 20), (b"2", 10)):
        put(folder / "a.csv", content, age=age)
        newest = ingest(settings, inbox(folder)).files[0]
        assert object_path(settings, newest.sha256).read_bytes() == content
    assert ingest(settings, inbox(folder)) is None
    batches = [entry["batch_id"] for entry in ledger(settings)]
    assert len(set(batches)) == 6


def test_what_is_no_file_of_the_folder_is_left_alone(settings, folder):
    put(folder / "good.csv")
    put(folder.parent / "secret.env", b"PASSWORD=abc")
    os.symlink(folder.parent / "secret.env", folder / "link.csv")
    os.utime(folder / "link.csv", (1, 1), follow_symlinks=False)
    os.utime(folder.parent / "secret.env", (1, 1))
    os.mkfifo(folder / "pipe.csv")
    os.utime(folder / "pipe.csv", (1, 1))
    found = ingest(settings, inbox(folder))
    assert names(found) == ["good.csv"]
    failed = {o.url: o.message for o in outcomes(settings) if o.result == "failed"}
    assert {Path(url).name: message for url, message in failed.items()} == {
        "link.csv": "it is a link that leads out of the folder",
        "pipe.csv": "it is no file",
    }


def test_a_touched_file_with_the_same_bytes_is_no_new_version(settings, folder):
    put(folder / "a.csv", age=100)
    ingest(settings, inbox(folder))
    put(folder / "a.csv", age=50)
    assert ingest(settings, inbox(folder)) is None


def visit(settings, source) -> Visit:
    known = newest_files(settings, source.code)
    return Visit(settings, source, 0, known, Recorder(settings, "run", "box", 0))


def test_a_file_that_grows_between_two_looks_waits(settings, folder):
    put(folder / "old.csv")
    put(folder / "done.csv", age=0)
    put(folder / "growing.csv", age=0)
    source = inbox(folder)
    this, waited = visit(settings, source), []

    def meanwhile(seconds: float) -> None:
        waited.append(seconds)
        with (folder / "growing.csv").open("ab") as handle:
            handle.write(b"3,4\n")

    storage = Storage(settings, source)
    looks = whole(this, storage, storage.looks(), meanwhile)
    assert [look.name for look in looks] == ["done.csv", "old.csv"]
    assert waited == [1.0]
    assert [(o.result, o.message) for o in outcomes(settings)] == [
        ("waiting", "it is still being written")
    ]


def test_old_files_are_taken_without_waiting(settings, folder):
    put(folder / "old.csv")
    source = inbox(folder)
    storage = Storage(settings, source)

    def never(_: float) -> None:
        raise AssertionError("nothing to wait for")

    assert whole(visit(settings, source), storage, storage.looks(), never)


def test_a_marker_says_that_a_file_is_whole(settings, folder):
    source = inbox(folder, inbox={"settle": "marker", "marker": "{name}.done"})
    put(folder / "a.csv", b"1", age=0)
    assert ingest(settings, source) is None
    assert [(o.result, o.message) for o in outcomes(settings)] == [
        ("waiting", "there is no a.csv.done yet")
    ]
    put(folder / "a.csv.done", b"")
    assert names(ingest(settings, source)) == ["a.csv"]


def test_a_single_file_is_taken_at_once(settings, folder):
    put(folder / "one.csv", age=0)
    source = inbox(folder / "one.csv", connector="file")
    assert names(ingest(settings, source)) == ["one.csv"]


def test_a_folder_that_is_not_there(settings, tmp_path):
    with pytest.raises(SiteError, match="no file or folder"):
        ingest(settings, inbox(tmp_path / "nowhere"))


def test_a_file_over_the_limit(settings, folder):
    put(folder / "big.csv", b"x" * 1000)
    with pytest.raises(PlanwatchError, match="over the limit"):
        ingest(settings, inbox(folder, limits={"max_bytes": 999}))


@pytest.fixture(scope="module")
def s3():
    """A real S3 server on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3, monkeypatch):
    monkeypatch.setenv("S3_KEY", "a-key-of-ours")
    monkeypatch.setenv("S3_SECRET", "a-secret-of-ours")
    client = boto3.client(
        "s3", endpoint_url=s3, region_name="us-east-1",
        aws_access_key_id="a-key-of-ours", aws_secret_access_key="a-secret-of-ours",
    )  # fmt: skip
    client.create_bucket(Bucket="reports")
    yield client
    for one in client.list_objects_v2(Bucket="reports").get("Contents", []):
        client.delete_object(Bucket="reports", Key=one["Key"])
    client.delete_bucket(Bucket="reports")


def of_bucket(endpoint: str, **keys) -> Source:
    storage = {
        "endpoint": endpoint, "region": "us-east-1",
        "key": "${S3_KEY}", "secret": "${S3_SECRET}",
    }  # fmt: skip
    options = {"storage": storage, "recursive": True} | keys
    return inbox("s3://reports/2025", inbox=options)


def test_objects_of_a_bucket_land(settings, s3, bucket):
    bucket.put_object(Bucket="reports", Key="2025/b/二月.csv", Body=b"2")
    bucket.put_object(Bucket="reports", Key="2025/a.csv", Body=b"1")
    bucket.put_object(Bucket="reports", Key="2024/old.csv", Body=b"0")
    batch = ingest(settings, of_bucket(s3))
    assert [f.url for f in batch.files] == [
        "s3://reports/2025/a.csv", "s3://reports/2025/b/二月.csv",
    ]  # fmt: skip
    assert object_path(settings, batch.files[1].sha256).read_bytes() == b"2"
    assert ingest(settings, of_bucket(s3)) is None
    bucket.put_object(Bucket="reports", Key="2025/a.csv", Body=b"3")
    assert names(ingest(settings, of_bucket(s3))) == ["a.csv"]
    written = "".join(
        p.read_text("utf-8", "replace") for p in settings.home.rglob("*.json*")
    )
    assert "a-secret-of-ours" not in written
    left = bucket.list_objects_v2(Bucket="reports")["KeyCount"]
    assert left == 3


def test_markers_work_in_a_bucket(settings, s3, bucket):
    bucket.put_object(Bucket="reports", Key="2025/a.csv", Body=b"1")
    source = of_bucket(s3, settle="marker", marker="{stem}.ok")
    assert ingest(settings, source) is None
    bucket.put_object(Bucket="reports", Key="2025/a.ok", Body=b"")
    assert names(ingest(settings, source)) == ["a.csv"]


def test_an_empty_prefix_is_no_error_and_a_missing_bucket_is(settings, s3, bucket):
    assert ingest(settings, of_bucket(s3)) is None
    source = of_bucket(s3).model_copy(update={"location": "s3://no-such-bucket/x"})
    with pytest.raises(SiteError, match="no-such-bucket"):
        ingest(settings, source)


def test_storage_that_does_not_answer(settings, monkeypatch):
    monkeypatch.setenv("S3_KEY", "a-key-of-ours")
    monkeypatch.setenv("S3_SECRET", "a-secret-of-ours")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    source = of_bucket(endpoint)
    with pytest.raises(SourceUnavailable, match="s3://reports/2025"):
        ingest(settings, source)


def test_an_unknown_storage_option_is_named(settings, s3, monkeypatch):
    source = inbox("s3://reports", inbox={"storage": {"endpont": s3}})
    with pytest.raises(SiteError, match="endpont"):
        ingest(settings, source)
