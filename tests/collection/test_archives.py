"""ZIP and gzip files as sources, also hostile ones."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from ingestion.errors import SourceRefused
from ingestion.ingest import ingest
from ingestion.landing import object_path
from ingestion.proof import prove_landing
from tests.collection.answering import in_turn, saying


def zipped(members: dict[str, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, content)
    return buffer.getvalue()


def of_archive(declare, **keys):
    archive = keys.pop("archive", {"members": "*.csv"})
    return declare(format="csv", archive=archive, **keys)


def test_members_are_the_files_and_the_archive_is_kept_with_them(
    world, settings, declare
):
    content = {"2024/a.csv": b"a", "b.csv": b"b", "readme.txt": b"no"}
    world.answers["/data"] = saying(200, zipped(content), ETag='"1"')
    batch = ingest(settings, of_archive(declare))
    assert [f.url.partition("#")[2] for f in batch.files] == ["2024/a.csv", "b.csv"]
    assert object_path(settings, batch.files[0].sha256).read_bytes() == b"a"
    (archive,) = batch.attachments
    assert archive.role == "archive"
    assert {f.container for f in batch.files} == {archive.sha256}
    assert prove_landing(settings).files == 3


def test_only_changed_members_are_new(world, settings, declare):
    world.answers["/data"] = in_turn(
        saying(200, zipped({"a.csv": b"1", "b.csv": b"1"})),
        saying(200, zipped({"a.csv": b"1", "b.csv": b"2"})),
    )
    ingest(settings, of_archive(declare))
    (changed,) = ingest(settings, of_archive(declare)).files
    assert changed.url.endswith("#b.csv")
    assert changed.previous


def test_gzip_files(world, settings, declare):
    world.answers["/a.csv.gz"] = saying(200, gzip.compress(b"a,b\n"))
    source = of_archive(
        declare, archive={"kind": "gzip"}, location=f"{world.url}/a.csv.gz"
    )
    (file,) = ingest(settings, source).files
    assert file.url.endswith("#a.csv")
    assert object_path(settings, file.sha256).read_bytes() == b"a,b\n"


def symbolic_link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("a.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def encrypted() -> bytes:
    """The flag alone: the reader must not get as far as to need a password."""
    content = bytearray(zipped({"a.csv": b"1"}, zipfile.ZIP_STORED))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def lying() -> bytes:
    """A central directory that promises ten bytes for ten million."""
    content = bytearray(zipped({"a.csv": b"\0" * 10_000_000}))
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(content)


# Made by the test that sends them: some are large.
HOSTILE = {
    "slip": (lambda: zipped({"../../a.csv": b"1"}), "leads out"),
    "backslash": (lambda: zipped({"..\\a.csv": b"1"}), "leads out"),
    "absolute": (lambda: zipped({"/etc/a.csv": b"1"}), "leads out"),
    "drive": (lambda: zipped({"C:a.csv": b"1"}), "leads out"),
    "link": (symbolic_link, "symbolic link"),
    "encrypted": (encrypted, "encrypted"),
    "bomb": (lambda: zipped({"a.csv": b"\0" * 30_000_000}), "200 times"),
    "bomb in parts": (
        lambda: zipped({f"{n}.csv": b"\0" * 900_000 for n in range(30)}),
        "200 times",
    ),
    "bzip2": (
        lambda: zipped({"a.csv": b"1"}, zipfile.ZIP_BZIP2), "neither stored nor"
    ),
    "lzma": (lambda: zipped({"a.csv": b"1"}, zipfile.ZIP_LZMA), "neither stored nor"),
    "name in no encoding": (
        lambda: zipped({"\u00e9.csv": b"1"}).replace(b"\xc3\xa9", b"\xff\xff"),
        "cannot be read",
    ),
    "lying": (lying, "cannot be read|200 times"),
    "cut": (lambda: zipped({"a.csv": b"1"})[:-10], "cannot be read"),
    "no zip": (lambda: b"a,b\n1,2\n", "cannot be read"),
    "nothing wanted": (lambda: zipped({"a.txt": b"1"}), "no member fits"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_archives_are_refused_and_leave_nothing(world, settings, declare, kind):
    make, reason = HOSTILE[kind]
    world.answers["/data"] = saying(200, make())
    with pytest.raises(SourceRefused, match=reason):
        ingest(settings, of_archive(declare))
    assert not (settings.landing / "ledger.jsonl").exists()
    assert not list((settings.landing / "objects").glob("*/*"))
    assert list(settings.home.parent.rglob("a.csv")) == []


def test_too_many_members(world, settings, declare):
    world.answers["/data"] = saying(200, zipped({f"{n}.csv": b"1" for n in range(6)}))
    source = of_archive(declare, archive={"max_members": 5})
    with pytest.raises(SourceRefused, match="6 members"):
        ingest(settings, source)


def test_a_name_that_stands_twice(world, settings, declare):
    content = zipped({"a.csv": b"1", "b.csv": b"2"}).replace(b"b.csv", b"a.csv")
    world.answers["/data"] = saying(200, content)
    with pytest.raises(SourceRefused, match="twice"):
        ingest(settings, of_archive(declare))
