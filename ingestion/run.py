"""One run over many sources: side by side, none in the way of another.

The summary says what failed; `retry_failed` redoes just that.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait

from ingestion.clock import now, stamp
from ingestion.durable import write_json
from ingestion.endpoints import endpoints
from ingestion.errors import PlanwatchError, Terminal, Transient, UsageError
from ingestion.faults import error_class
from ingestion.ingest import fetch_shard, shards
from ingestion.outcomes import (
    Recorder,
    close_run,
    new_run_id,
    outcome_files,
    outcomes,
    summary_path,
)
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.source import Source

# A child tells its progress at most so often.
_TELL_SECONDS = 0.25


@dataclass(frozen=True)
class Failure:
    """A shard of a source that gave up; `exit_code` as the command line's."""

    source_code: str
    shard: int
    error_class: str
    message: str
    remedy: str
    transient: bool
    exit_code: int

    def error(self) -> PlanwatchError:
        """The failure as an exception, to raise where there is nothing else."""
        kind = type("Failed", (Transient if self.transient else Terminal,), {})
        error = kind(self.message, self.remedy)
        error.exit_code = self.exit_code
        return error


@dataclass
class Tally:
    """How far a run is: attempts by result; `total` grows with what is found."""

    total: int = 0
    done: int = 0
    size_bytes: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second since the run began."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def remaining_seconds(self) -> float | None:
        return (self.total - self.done) / self.rate if self.rate else None


@dataclass(frozen=True)
class RunSummary:
    """Account of a run; stored beside its outcomes as JSON.

    `counts` are attempts by result. A unit endpoint that failed is counted in
    `failed_endpoints` and stands in the outcomes, not in `failures`, as long as
    others of its shard answered.
    """

    run_id: str
    started_at: str
    finished_at: str
    batch_ids: tuple[str, ...]
    failures: tuple[Failure, ...]
    counts: dict[str, int]
    failed_endpoints: int
    size_bytes: int
    retry_of: str = ""

    @classmethod
    def open(cls, settings: Settings, run_id: str) -> RunSummary:
        path = summary_path(settings, run_id)
        if not path.exists():
            raise _no_such_run(run_id)
        content = json.loads(path.read_text(encoding="utf-8"))
        content["failures"] = tuple(Failure(**f) for f in content["failures"])
        content["batch_ids"] = tuple(content["batch_ids"])
        return cls(**content)


@dataclass(frozen=True)
class Task:
    """One shard of one source; `only` limits it to some units."""

    source: Source
    shard: int
    only: frozenset[str] | None = None


@dataclass(frozen=True)
class _Done:
    batch_id: str | None
    failure: Failure | None
    counts: dict[str, int]
    size_bytes: int


Listener = Callable[[Tally], None]
Tell = Callable[[dict[str, int], int], None]


def ingest_run(
    settings: Settings,
    site: Site,
    sources: Iterable[Source] | None = None,
    *,
    processes: int = 1,
    progress: Listener = lambda _: None,
) -> RunSummary:
    """Fetch all shards of `sources` (default: all of the site).

    Failures are collected, never raised. `progress` is called in this process
    with the tally of the whole run, a few times a second.
    """
    chosen = list(site.sources.values()) if sources is None else list(sources)
    tasks = [Task(source, shard) for source in chosen for shard in shards(source)]
    return _run(_Plan(settings, tasks, new_run_id(settings), processes), progress)


def retry_failed(
    settings: Settings,
    site: Site,
    run_id: str,
    *,
    processes: int = 1,
    progress: Listener = lambda _: None,
) -> RunSummary:
    """Redo what failed in a run, in a run of its own: single units of waves,
    whole shards of other sources (what has landed answers with 304).

    UsageError for a run without outcomes.
    """
    tasks = list(failed_tasks(settings, site, run_id))
    plan = _Plan(settings, tasks, new_run_id(settings), processes, run_id)
    return _run(plan, progress)


def failed_tasks(settings: Settings, site: Site, run_id: str) -> Iterator[Task]:
    """Shards, or units of them, whose last attempt in a run failed."""
    if not outcome_files(settings, run_id):
        raise _no_such_run(run_id)
    last: dict[tuple[str, int, str], tuple[str, str]] = {}
    for row in outcomes(settings, run_id):
        last[row.source_code, row.shard, row.url] = (row.result, row.unit_code)
    failed: dict[tuple[str, int], set[str]] = {}
    for (code, shard, _), (result, unit) in last.items():
        if result == "failed" and code in site.sources:
            failed.setdefault((code, shard), set()).add(unit)
    for (code, shard), units in failed.items():
        source = site.source(code)
        single = bool(source.endpoints) and "" not in units
        yield Task(source, shard, frozenset(units) if single else None)


def _no_such_run(run_id: str) -> UsageError:
    return UsageError(
        f"There are no outcomes of run {run_id!r}.",
        "see landing/outcomes under the home folder for the ids of runs.",
    )


@dataclass(frozen=True)
class _Plan:
    """What a run is to do, and how."""

    settings: Settings
    tasks: list[Task]
    run_id: str
    processes: int = 1
    retry_of: str = ""


def _run(plan: _Plan, progress: Listener) -> RunSummary:
    settings = plan.settings
    started, begun = now(settings), time.monotonic()
    tally = Tally(total=sum(_expected(settings, task) for task in plan.tasks))

    def tell(counts: dict[str, int], size_bytes: int) -> None:
        tally.counts.update(counts)
        tally.done += sum(counts.values())
        tally.total = max(tally.total, tally.done)
        tally.size_bytes += size_bytes
        tally.seconds = time.monotonic() - begun
        progress(tally)

    together = _in_line if min(plan.processes, len(plan.tasks)) < 2 else _in_children
    done = list(together(plan, tell))
    counts: Counter[str] = Counter()
    for one in done:
        counts.update(one.counts)
    close_run(settings, plan.run_id)
    summary = RunSummary(
        run_id=plan.run_id,
        started_at=stamp(started),
        finished_at=stamp(now(settings)),
        batch_ids=tuple(one.batch_id for one in done if one.batch_id),
        failures=tuple(one.failure for one in done if one.failure),
        counts=dict(counts),
        failed_endpoints=_failed_endpoints(plan),
        size_bytes=sum(one.size_bytes for one in done),
        retry_of=plan.retry_of,
    )
    write_json(summary_path(settings, plan.run_id), asdict(summary))
    return summary


def _expected(settings: Settings, task: Task) -> int:
    if not task.source.endpoints:
        return 1
    if task.only is not None:
        return len(task.only)
    try:
        return len(endpoints(settings, task.source, task.shard))
    except PlanwatchError:
        return 1


def _failed_endpoints(plan: _Plan) -> int:
    waves = {task.source.code for task in plan.tasks if task.source.endpoints}
    if not waves:
        return 0
    last = {
        (row.source_code, row.url): row.result
        for row in outcomes(plan.settings, plan.run_id)
        if row.unit_code and row.source_code in waves
    }
    return sum(result == "failed" for result in last.values())


def _in_line(plan: _Plan, tell: Tell) -> Iterator[_Done]:
    for task in plan.tasks:
        yield _do(plan.settings, task, plan.run_id, tell)


def _do(settings: Settings, task: Task, run_id: str, tell: Tell) -> _Done:
    """Fetch one shard; whatever goes wrong becomes a Failure, for others go on."""
    code, shard = task.source.code, task.shard
    batch, failure = None, None
    with Recorder(settings, run_id, code, shard) as recorder:
        with _telling(recorder, tell):
            try:
                batch = fetch_shard(settings, task.source, recorder, only=task.only)
            except PlanwatchError as error:
                failure = Failure(
                    code, shard, error_class(error), error.message, error.remedy,
                    isinstance(error, Transient), error.exit_code,
                )  # fmt: skip
            except Exception as error:
                failure = _defect(code, shard, error)
        return _Done(
            batch.batch_id if batch else None,
            failure,
            dict(recorder.counts),
            recorder.size_bytes,
        )


def _defect(code: str, shard: int, error: Exception) -> Failure:
    """A fault of ours: where it happened, without what it was about, for that
    may hold a secret."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Failure(
        code, shard, "internal",
        f"Source {code}: {type(error).__name__} in {frame.name}, line "
        f"{frame.lineno} of {os.path.basename(frame.filename)}.",
        "this is a defect: report it with the declaration of the source.", False, 1,
    )  # fmt: skip


@contextmanager
def _telling(recorder: Recorder, tell: Tell) -> Iterator[None]:
    """Pass on the recorder's counts, gathered over a moment."""
    counts: Counter[str] = Counter()
    size, told, lock = 0, 0.0, threading.Lock()

    def pass_on() -> None:
        nonlocal size, told
        if counts:
            tell(dict(counts), size)
            counts.clear()
        size, told = 0, time.monotonic()

    def listen(result: str, size_bytes: int) -> None:
        nonlocal size
        with lock:
            counts[result] += 1
            size += size_bytes
            if time.monotonic() - told > _TELL_SECONDS:
                pass_on()

    recorder.listen = listen
    try:
        yield
    finally:
        with lock:
            pass_on()


def _in_children(plan: _Plan, tell: Tell) -> Iterator[_Done]:
    """Spread shards over processes; a thread here passes on what they tell."""
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()

    def hear() -> None:
        while (message := queue.get()) is not None:
            tell(*message)

    ear = threading.Thread(target=hear, daemon=True)
    ear.start()
    with ProcessPoolExecutor(
        min(plan.processes, len(plan.tasks)), context, _prepare_child, (queue,)
    ) as pool:
        waiting: dict[Future, Task] = {
            pool.submit(_do_in_child, plan.settings, task, plan.run_id): task
            for task in plan.tasks
        }
        for future in as_completed(waiting):
            yield _result(future, waiting[future])
    queue.put(None)
    ear.join()


def _result(future: Future, task: Task) -> _Done:
    """A child that was killed takes its shard with it, not the run."""
    try:
        return future.result()
    except Exception as error:
        failure = Failure(
            task.source.code, task.shard, "internal",
            f"The process that fetched {task.source.code} ended "
            f"({type(error).__name__}).",
            "run the same again: what was fetched is kept.", True, 4,
        )  # fmt: skip
        return _Done(None, failure, {}, 0)


_told_to: list = []


def _prepare_child(queue) -> None:
    _told_to[:] = [queue]
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A killed parent must not leave children that fetch for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _do_in_child(settings: Settings, task: Task, run_id: str) -> _Done:
    return _do(settings, task, run_id, lambda *told: _told_to[0].put(told))
