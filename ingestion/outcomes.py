"""What became of every attempt: one line each, also and above all the failures.

landing/outcomes/<run_id>/<source>-<shard>-<pid>.ndjson while a run goes on,
landing/outcomes/<run_id>.parquet once it is closed, and <run_id>.json, its
summary.
"""

from __future__ import annotations

import functools
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from ingestion.clock import now, stamp
from ingestion.durable import commit_file, machine_faults
from ingestion.errors import UsageError
from ingestion.settings import Settings

# Older runs are dropped, so that outcomes stay a log and no second landing.
KEPT_RUNS = 1000
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,119}")


@dataclass(frozen=True)
class Outcome:
    """One attempt: grain run_id, source_code, shard, url, attempt.

    result       landed, same (fetched, bytes as before), unchanged (304),
                 empty, waiting (an unfinished file), failed
    status       HTTP status, 0 without an answer
    error_class  empty, or the kind of failure (http_404, timeout_total, tls …)
    size_bytes   unpacked bytes taken; seconds from request to the last byte
    """

    run_id: str
    source_code: str
    shard: int
    unit_code: str
    url: str
    attempt: int
    result: str
    status: int
    error_class: str
    message: str
    size_bytes: int
    seconds: float
    sha256: str
    at: str


COLUMNS = {
    f.name: {"int": "bigint", "float": "double"}.get(str(f.type), "varchar")
    for f in fields(Outcome)
}


_NO_FACTS = {
    "attempt": 1, "unit_code": "", "status": 0, "error_class": "", "message": "",
    "size_bytes": 0, "sha256": "",
}  # fmt: skip


def new_run_id(settings: Settings) -> str:
    """Sortable by time and never given twice."""
    return f"{now(settings):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


@functools.cache
def _run_of_process(_pid: int, settings: Settings) -> str:
    return new_run_id(settings)


def checked_run_id(settings: Settings, run_id: str | None) -> str:
    """`run_id` if it can name a file; without one, this process's own."""
    if run_id is None:
        return _run_of_process(os.getpid(), settings)
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"{run_id!r} is no run id.",
            "use letters, digits and _.:+- only, 120 at the most.",
        )
    return run_id


class Recorder:
    """Writes the outcomes of one shard of a source; one write is one line."""

    def __init__(self, settings: Settings, run_id: str, code: str, shard: int) -> None:
        self.settings = settings
        self.run_id = run_id
        self.source_code = code
        self.shard = shard
        self._descriptor: int | None = None
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.size_bytes = 0
        self.listen: Callable[[str, int], None] = lambda _result, _size: None

    def record(self, url: str, result: str, started: float, **facts) -> None:
        """Add a line; `started` is the monotonic moment of the request.

        `facts` are further fields of Outcome, by name.
        """
        known = {
            "run_id": self.run_id, "source_code": self.source_code,
            "shard": self.shard, "url": url, "result": result,
            "seconds": round(time.monotonic() - started, 4),
            "at": stamp(now(self.settings)),
        }  # fmt: skip
        facts["message"] = facts.get("message", "")[:500]
        outcome = Outcome(**(_NO_FACTS | facts | known))
        line = json.dumps(vars(outcome), ensure_ascii=False) + "\n"
        with self._lock, machine_faults(self._folder):
            os.write(self._file(), line.encode("utf-8", "replace"))
            self.counts[result] += 1
            self.size_bytes += outcome.size_bytes
        self.listen(result, outcome.size_bytes)

    @property
    def _folder(self) -> Path:
        return _root(self.settings) / self.run_id

    def _file(self) -> int:
        if self._descriptor is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"{self.source_code}-{self.shard}-{os.getpid()}.ndjson"
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._descriptor = os.open(self._folder / name, flags, 0o644)
        return self._descriptor

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _root(settings: Settings) -> Path:
    return settings.landing / "outcomes"


def outcome_files(settings: Settings, run_id: str = "*") -> list[Path]:
    """Parquet and NDJSON files that hold outcomes; both have COLUMNS."""
    root = _root(settings)
    closed = sorted(root.glob(f"{run_id}.parquet"))
    done = {path.name.removesuffix(".parquet") for path in closed}
    going = sorted(root.glob(f"{run_id}/*.ndjson"))
    return closed + [path for path in going if path.parent.name not in done]


def outcomes(settings: Settings, run_id: str = "*") -> Iterator[Outcome]:
    """Outcomes of one run, or of all that are kept, in the order of attempts."""
    for path in outcome_files(settings, run_id):
        yield from _parquet(path) if path.suffix == ".parquet" else _lines(path)


def _lines(path: Path) -> Iterator[Outcome]:
    with path.open("rb") as handle:
        for line in handle:
            # A killed process may leave half a line at the end.
            if line.endswith(b"\n"):
                yield Outcome(**json.loads(line))


def _parquet(path: Path) -> Iterator[Outcome]:
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute("select * from read_parquet(?)", [str(path)])
        names = [column[0] for column in rows.description]
        while chunk := rows.fetchmany(1000):
            for row in chunk:
                yield Outcome(**dict(zip(names, row, strict=True)))


def close_run(settings: Settings, run_id: str) -> None:
    """Pack the lines of a finished run into one Parquet file, drop old runs."""
    import duckdb

    folder = _root(settings) / run_id
    files = [str(path) for path in sorted(folder.glob("*.ndjson"))]
    if files:
        final = _root(settings) / f"{run_id}.parquet"
        temporary = final.with_name(f".{run_id}.{os.getpid()}")
        with machine_faults(final), duckdb.connect() as connection:
            connection.execute("set threads = 1")
            # As SQL: the method of the same name would import pandas.
            connection.execute(
                "copy (select * from read_json($files, columns = $columns, "
                "format = 'newline_delimited', ignore_errors = true)) "
                f"to '{str(temporary).replace(chr(39), chr(39) * 2)}' "
                "(format parquet, compression zstd)",
                {"files": files, "columns": COLUMNS},
            )
        commit_file(temporary, final)
        shutil.rmtree(folder)
    _drop_old_runs(settings)


def _drop_old_runs(settings: Settings) -> None:
    changed: dict[str, float] = {}
    for path in _root(settings).glob("*"):
        name = path.name.removesuffix(".parquet").removesuffix(".json")
        changed[name] = max(changed.get(name, 0), path.stat().st_mtime)
    for name in sorted(changed, key=changed.__getitem__)[:-KEPT_RUNS]:
        shutil.rmtree(_root(settings) / name, ignore_errors=True)
        for suffix in (".parquet", ".json"):
            (_root(settings) / f"{name}{suffix}").unlink(missing_ok=True)


def summary_path(settings: Settings, run_id: str) -> Path:
    return _root(settings) / f"{run_id}.json"
