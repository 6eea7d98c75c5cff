"""Fetch a declared source and keep what is new: the first public stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from ingestion.archives import members
from ingestion.clock import now
from ingestion.connectors import CONNECTORS
from ingestion.errors import PlanwatchError
from ingestion.faults import error_class
from ingestion.incoming import staged_path
from ingestion.landing import LandedBatch, LandedFile, keep, with_previous
from ingestion.newest import newest_files
from ingestion.outcomes import Recorder, checked_run_id
from ingestion.schedule import is_due, record_asked
from ingestion.settings import Settings
from ingestion.source import Source
from ingestion.visit import Visit
from ingestion.wave import fetch_wave

Progress = Callable[[LandedFile], None]


def shards(source: Source) -> range:
    """Numbers of the slices of a source that can be fetched side by side."""
    if source.endpoints:
        return range(source.endpoints.shards)
    return range(source.shards.count if source.shards else 1)


def due_shards(settings: Settings, source: Source) -> list[int]:
    """Those of `shards` whose moment has come by the source's schedule."""
    return [number for number in shards(source) if is_due(settings, source, number)]


def ingest(
    settings: Settings,
    source: Source,
    shard: int = 0,
    progress: Progress = lambda _: None,
    *,
    run_id: str | None = None,
) -> LandedBatch | None:
    """Land what is new in one shard of a source; None when nothing is.

    Idempotent: the same answers make the same batch. Raises SourceUnavailable
    (try again) or SourceRefused (somebody must act); what landed before stays.
    Every attempt leaves an outcome under `run_id`.
    """
    run_id = checked_run_id(settings, run_id)
    with Recorder(settings, run_id, source.code, shard) as recorder:
        return fetch_shard(settings, source, recorder, progress)


def fetch_shard(
    settings: Settings,
    source: Source,
    recorder: Recorder,
    progress: Progress = lambda _: None,
    only: frozenset[str] | None = None,
) -> LandedBatch | None:
    """`ingest` with the recorder of a run; `only` takes these units alone."""
    started, began = time.monotonic(), now(settings)
    try:
        known = newest_files(settings, source.code)
        visit = Visit(settings, source, recorder.shard, known, recorder)
        if source.endpoints:
            batch = fetch_wave(visit, progress, only)
        else:
            batch = _keep_new(visit, progress)
    except PlanwatchError as error:
        if not recorder.counts["failed"]:
            # It failed before anything was asked: that is an outcome, too.
            recorder.record(
                source.location, "failed", started,
                error_class=error_class(error), message=error.message,
            )  # fmt: skip
        raise
    if only is None:
        record_asked(settings, source, recorder.shard, began)
    return batch


def _keep_new(visit: Visit, progress: Progress) -> LandedBatch | None:
    files, attachments = [], []
    for found in CONNECTORS[visit.source.connector](visit):
        for opened in _opened(visit, found):
            file = with_previous(opened, visit.known)
            if file.role == "data":
                files.append(file)
                progress(file)
            else:
                attachments.append(file)
    return keep(visit.settings, visit.source, files, attachments)


def _opened(visit: Visit, file: LandedFile) -> Iterator[LandedFile]:
    """The file itself; for an archive its new members, and it as attachment."""
    if visit.source.archive is None or file.role != "data":
        yield file
        return
    path = staged_path(visit.settings, file.sha256)
    for member in members(visit.settings, visit.source, file, path):
        before = visit.known.get(member.url)
        if before is None or before.sha256 != member.sha256:
            yield member
    yield replace(file, role="archive", cursor="")
