"""All submissions in one file in order of arrival, and an index beside it.

The index makes any page of any slice cheap without reading the whole file:
16 bytes a submission. New submissions go to the end, so full pages stay.
"""

from __future__ import annotations

import struct
import threading
from array import array
from bisect import bisect_left
from pathlib import Path

LINES, INDEX = "submissions.ndjson", "submissions.index"
_ENTRY = struct.Struct("<QII")


class LogWriter:
    """Appends submissions; the caller brings them in order of arrival."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lines = (folder / LINES).open("wb")
        self._index = (folder / INDEX).open("wb")
        self.offset = 0

    def append(self, received: int, position: int, text: str) -> None:
        line = text.encode() + b"\n"
        self._lines.write(line)
        self._index.write(_ENTRY.pack(self.offset, received, position))
        self.offset += len(line)

    def close(self) -> None:
        self._lines.close()
        self._index.close()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SubmissionLog:
    """Reads pages of a slice; an office always falls into the same slice."""

    def __init__(self, folder: Path, until: int | None = None) -> None:
        self._lines, self._index = folder / LINES, folder / INDEX
        self._until = until
        self._lock = threading.Lock()
        self._version: tuple[int, int] | None = None
        self._offsets = array("Q")
        self._positions = array("I")
        self._slices: dict[tuple[int, int], array] = {}

    def numbers(self, shard: int, shards: int) -> array:
        """Line numbers of one slice, in order of arrival."""
        with self._lock:
            self._refresh()
            key = (shard, shards)
            if key not in self._slices:
                self._slices[key] = array(
                    "I",
                    (n for n, p in enumerate(self._positions) if p % shards == shard),
                )
            return self._slices[key]

    def lines(self, numbers: array) -> list[bytes]:
        """The submissions with these line numbers, without line ends."""
        found = []
        with self._lines.open("rb") as handle:
            for number in numbers:
                start = self._offsets[number]
                handle.seek(start)
                found.append(handle.read(self._offsets[number + 1] - start - 1))
        return found

    def _refresh(self) -> None:
        """Read the index again when it has grown."""
        status = self._index.stat()
        version = (status.st_mtime_ns, status.st_size)
        if version == self._version:
            return
        entries = list(_ENTRY.iter_unpack(self._index.read_bytes()))
        last = len(entries)
        if self._until is not None:
            last = bisect_left(entries, self._until, key=lambda entry: entry[1])
        ends = [entry[0] for entry in entries[: last + 1]]
        if last == len(entries):
            ends.append(self._lines.stat().st_size)
        self._offsets = array("Q", ends)
        self._positions = array("I", (entry[2] for entry in entries[:last]))
        self._slices.clear()
        self._version = version
