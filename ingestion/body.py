"""Bodies of answers: unpacked under limits while they stream to disk."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from ingestion.errors import SourceRefused, SourceUnavailable
from ingestion.source import Source

CHUNK = 2**16
# Python unpacks members of an archive that are packed otherwise whole, whatever
# piece is asked for: a kilobyte of bzip2 or LZMA takes gigabytes before any limit
# can be looked at.
UNPACKED_IN_PIECES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Small answers may be packed as tightly as they like.
RATIO_FROM_BYTES = 2**20


class CutShort(SourceUnavailable):
    """The body ended before it was whole."""


class TooLarge(SourceRefused):
    """The body is over a limit that its source declares."""


@dataclass(frozen=True)
class Written:
    """What `copy` wrote: size and hash of the unpacked bytes."""

    size_bytes: int
    received_bytes: int
    sha256: str


class Meter:
    """Counts bytes in and out and stops a body that breaks a limit."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.received = 0
        self.written = 0

    def passed(self, received: int, written: int) -> None:
        self.received += received
        self.written += written
        limits = self.source.limits
        if self.written > limits.max_bytes:
            raise TooLarge(
                f"Source {self.source.code} sends more than "
                f"{limits.max_bytes:,} bytes.",
                "raise `limits.max_bytes` if so much is expected.",
            )
        ratio = self.written / max(self.received, 1)
        if self.written > RATIO_FROM_BYTES and ratio > limits.max_ratio:
            raise TooLarge(
                f"Source {self.source.code} unpacks to more than "
                f"{limits.max_ratio} times its size.",
                "raise `limits.max_ratio` if that is expected.",
            )


def copy(
    read: Callable[[int], bytes],
    encoding: str,
    handle: BinaryIO,
    source: Source,
) -> Written:
    """Write what `read` gives, unpacked, into `handle`.

    `encoding` is the Content-Encoding. Raises TooLarge for a limit, CutShort
    for a compressed body that does not end, SourceRefused for an encoding
    that we did not ask for.
    """
    unpack = _unpacker(encoding, source)
    meter = Meter(source)
    digest = hashlib.sha256()
    while chunk := read(CHUNK):
        pieces = unpack.pieces(chunk) if unpack else (chunk,)
        meter.passed(len(chunk), 0)
        for piece in pieces:
            meter.passed(0, len(piece))
            handle.write(piece)
            digest.update(piece)
    if unpack and not unpack.ended:
        raise CutShort(
            f"Source {source.code}: the compressed answer is cut short.",
            "try again later.",
        )
    return Written(meter.written, meter.received, digest.hexdigest())


class Unpacker:
    """gzip (also several members) and deflate, never more than a chunk at once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._object = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        self._started = False
        self.ended = True

    def pieces(self, packed: bytes):
        self.ended = False
        while packed:
            if self._object.eof:
                if not packed.strip(b"\0"):
                    break
                self._object = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
            yield self._step(packed)
            packed = self._object.unconsumed_tail or self._object.unused_data
            while not packed and not self._object.eof:
                piece = self._step(b"")
                if not piece:
                    break
                yield piece
        self.ended = self._object.eof

    def _step(self, packed: bytes) -> bytes:
        try:
            piece = self._object.decompress(packed, CHUNK)
        except zlib.error as error:
            if not self._started:
                # Some servers mean a bare stream when they say deflate.
                self._started = True
                self._object = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
                return self._step(packed)
            raise CutShort(
                f"Source {self._source.code}: the compressed answer is damaged "
                f"({error}).",
                "try again later; if it stays, tell the operator of the source.",
            ) from None
        self._started = True
        return piece


def _unpacker(encoding: str, source: Source) -> Unpacker | None:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return Unpacker(source)
    raise SourceRefused(
        f"Source {source.code} answers in the content encoding {encoding!r}.",
        "we asked for gzip or none; tell the operator of the source.",
    )
