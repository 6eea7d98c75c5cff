"""Files that only grow, line by line; half a line that a kill left is nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ingestion.durable import machine_faults, sync_folder


def append_line(path: Path, entry: dict[str, Any]) -> None:
    """Add one JSON line, on disk when this returns."""
    line = json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n"
    append(path, line.encode())


def append(path: Path, lines: bytes) -> None:
    """Add whole lines of any text, on disk when this returns."""
    with machine_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as handle:
            handle.truncate(whole_lines(path))
            handle.write(lines)
            handle.flush()
            os.fsync(handle.fileno())
        sync_folder(path.parent)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Entries of a file of JSON lines; none when there is no file."""
    if not path.exists():
        return []
    content = path.read_bytes()[: whole_lines(path)]
    return [json.loads(line) for line in content.splitlines()]


def whole_lines(path: Path) -> int:
    """Length up to the last line end: what a kill cut off does not count."""
    position = path.stat().st_size
    with path.open("rb") as handle:
        while position > 0:
            start = max(0, position - 2**16)
            handle.seek(start)
            found = handle.read(position - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            position = start
    return 0
