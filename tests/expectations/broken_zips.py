"""Zips that no program opens, made of one that all do, and changed bundles."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path


def damaged(body: bytes) -> bytes:
    """A zip of which the first bytes of every compressed part are gone."""
    made = bytearray(body)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for part in archive.infolist():
            at = part.header_offset + 30 + len(part.filename)
            made[at : at + 20] = b"\xff" * 20
    return bytes(made)


def encrypted(body: bytes) -> bytes:
    """A zip whose parts say that they need a password."""
    made = bytearray(body)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = body.find(mark)
        while at >= 0:
            made[at + flags] |= 1
            at = body.find(mark, at + 4)
    return bytes(made)


def of_unknown_method(body: bytes) -> bytes:
    """A zip whose parts are compressed in a way that nobody knows."""
    made = bytearray(body)
    at = body.find(b"PK\x01\x02")
    while at >= 0:
        made[at + 10] = 99
        at = body.find(b"PK\x01\x02", at + 4)
    return bytes(made)


BROKEN = {"damaged": damaged, "encrypted": encrypted, "method": of_unknown_method}


def changed(bundle: Path, path: Path, change) -> Path:
    """A copy of the bundle with another manifest."""
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "bundle.json":
                manifest = json.loads(body)
                change(manifest)
                body = json.dumps(manifest).encode()
            new.writestr(name, body)
    return path
