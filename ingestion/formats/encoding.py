"""Bytes to text: declared, or proven, never guessed."""

from __future__ import annotations

import codecs

from ingestion.formats.intake import unreadable
from ingestion.landing import LandedFile
from ingestion.reading import Reading

# The longer marks first: UTF-32 LE begins with the mark of UTF-16 LE.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(body: bytes, reading: Reading, file: LandedFile) -> str:
    """Text of a file without its byte order mark.

    The declared encoding; else the byte order mark; else strict UTF-8; else
    the one of `encodings` that fits. Unreadable when none fits, or when several
    do and give different texts (it names them).
    """
    mark, marked = _mark(body)
    if reading.encoding:
        return _declared(body, reading.encoding, marked, mark, file)
    if marked:
        return _strict(body[len(mark) :], marked, file)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        return _possible(body, reading, file, error)


def is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _mark(body: bytes) -> tuple[bytes, str | None]:
    return next(((m, name) for m, name in _MARKS if body.startswith(m)), (b"", None))


def _declared(body, encoding: str, marked: str | None, mark: bytes, file) -> str:
    wanted = codecs.lookup(encoding).name.removesuffix("-sig")
    if marked and not marked.startswith(wanted):
        raise unreadable(
            file,
            f"declared {encoding}, but its byte order mark says {marked}",
            f"declare `encoding: {marked}`, or leave it out.",
        )
    return _strict(body[len(mark) :], marked or wanted, file)


def _strict(body: bytes, encoding: str, file: LandedFile) -> str:
    try:
        return body.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise unreadable(
            file,
            f"it is not {encoding}: byte {error.start:,} "
            f"(0x{body[error.start]:02X}) {error.reason}",
            "declare the encoding that the publisher uses (`encoding:`).",
        ) from error


def _possible(body, reading: Reading, file: LandedFile, error) -> str:
    texts: dict[str, str] = {}
    for name in reading.encodings:
        try:
            texts[name] = body.decode(name)
        except UnicodeDecodeError:
            continue
    if not texts:
        tried = ", ".join(("utf-8", *reading.encodings))
        raise unreadable(
            file,
            f"it is not in a known encoding: byte {error.start:,} "
            f"(0x{body[error.start]:02X}) does not fit; tried {tried}",
            "declare `encoding:`, or the possible ones in `encodings:`.",
        )
    if len(set(texts.values())) > 1:
        raise unreadable(
            file,
            f"its encoding is ambiguous: {', '.join(texts)} all fit and give "
            "different texts",
            "declare the right one as `encoding:`.",
        )
    return next(iter(texts.values()))
