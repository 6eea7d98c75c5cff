"""Facts of the kept bytes of a batch: their type, their size, their copies."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from expectations import reasons
from expectations.catalogue import bind
from expectations.suites import Finding, judge
from ingestion.landing import LandedFile, object_path
from ingestion.settings import Settings

if TYPE_CHECKING:
    from expectations.duckdb_dialect import Bench
    from expectations.judgement import Judgement

_SIGNATURES = (
    (b"%pdf", "pdf"),
    (b"\xd0\xcf\x11\xe0", "ole"),
    (b"<!doctype html", "html"),
    (b"<html", "html"),
    (b"<", "xml"),
    (b"{", "json"),
    (b"[", "json"),
)
# An archive may hold whatever was declared, so its own type says nothing.
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b")


def content_kind(head: bytes) -> str | None:
    """Kind of file by its first bytes; None when they do not tell."""
    if not head or head.startswith(_ARCHIVES):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    return "text"


def expected_kind(declared: str) -> str | None:
    """Kind of file that a declared format is; None for containers."""
    for ending, kind in (
        ("json", "json"), ("xml", "xml"), ("sdmx-ml", "xml"), ("csv", "text"),
    ):  # fmt: skip
        if declared.endswith(ending):
            return kind
    return None


def judge_files(judgement: Judgement, bench: Bench) -> list[Finding]:
    """Create `batch_file`, one row a content, and judge what needs no rows."""
    batch, facts = judgement.batch, judgement.facts
    bench.execute(
        "create table batch_file (row_id bigint, file_sha256 varchar, file varchar,"
        " copies bigint, content_kind varchar, expected_kind varchar,"
        " size_bytes bigint, previous_bytes bigint, size_change double)"
    )
    copies = Counter(file.sha256 for file in batch.files)
    files = {file.sha256: file for file in batch.files}
    for number, sha256 in enumerate(sorted(files), 1):
        cells = _cells(judgement, files[sha256])
        bench.execute(
            f"insert into batch_file values ({', '.join('?' * 9)})",
            [number, sha256, sha256, copies[sha256], *cells],
        )
    checks = [
        bind(rule, field, facts)
        for rule in facts.rules("file", batch.kind, "content")
        for field in rule.fields
    ]
    findings = judge(bench, "batch_file", checks) if files else []
    reasons.collect(bench, "batch_file", findings, batch.batch_id)
    return findings


def _cells(judgement: Judgement, file: LandedFile) -> list:
    # A unit's own check has no source: what it reads it knows by the name.
    source = judgement.site.sources.get(judgement.batch.source_code)
    size = _size(judgement.settings, file.sha256)
    before = _size(judgement.settings, file.previous)
    change = max(size, before) / min(size, before) if size and before else None
    expected = expected_kind(str(source.format)) if source else None
    found = content_kind(_head(judgement.settings, file.sha256)) if expected else None
    return [found, expected, size, before, change]


def _size(settings: Settings, sha256: str) -> int | None:
    path = object_path(settings, sha256)
    return path.stat().st_size if sha256 and path.is_file() else None


def _head(settings: Settings, sha256: str) -> bytes:
    path = object_path(settings, sha256)
    if not path.is_file():
        return b""
    with path.open("rb") as handle:
        return handle.read(512)
