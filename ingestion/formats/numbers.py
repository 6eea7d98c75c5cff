"""Numbers as text of plain decimals: all digits kept, nothing through a float."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ingestion.reading import Numbers

_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
_EXPONENT = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})")
# Signs that typesetters use for minus: hyphen, non-breaking hyphen, minus.
_MINUS = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2011": "-"})


@dataclass(frozen=True)
class Number:
    """A value as read: canonical text, or null with the status of its mark.

    `expected` says what should stand there when it cannot be read.
    """

    value: str | None = None
    status: str | None = None
    note: str | None = None
    expected: str | None = None


def parse(text: str, declared: Numbers) -> Number:
    """Read one cell by the declared rules; strict, digit by digit."""
    stripped = _stripped(text, declared)
    status = declared.missing.get(stripped, declared.missing.get(text))
    if status is not None:
        return Number(status=status)
    stripped, note = _without_marks(stripped, declared)
    digits = _decimal(stripped.translate(_MINUS), declared)
    if digits is None:
        return Number(expected=expectation(declared))
    return Number(value=digits, note=note)


def expectation(declared: Numbers) -> str:
    """The declared notation in words."""
    words = f"a number with the decimal mark {declared.decimal!r}"
    if declared.thousands:
        words += f", groups of three set off by {declared.thousands!r}"
    else:
        words += ", no grouping"
    if declared.missing:
        words += f", or one of {', '.join(map(repr, declared.missing))}"
    return words


def _stripped(text: str, declared: Numbers) -> str:
    if declared.full_width:
        text = unicodedata.normalize("NFKC", text)
    if declared.spaces:
        text = "".join(" " if c.isspace() or c == "\u200b" else c for c in text)
        return text.strip()
    return text


def _without_marks(text: str, declared: Numbers) -> tuple[str, str | None]:
    if not declared.footnotes:
        return text, None
    pattern = f"(?:{declared.footnotes})"
    before = re.match(pattern, text)
    found = []
    if before and before.end():
        found.append(before[0].strip())
        text = text[before.end() :]
    after = re.search(f"{pattern}$", text)
    if after and after.start() < len(text):
        found.append(after[0].strip())
        text = text[: after.start()]
    return text.strip(), " ".join(found) or None


def _decimal(text: str, declared: Numbers) -> str | None:
    if declared.parentheses and len(text) > 2 and text[0] + text[-1] == "()":
        text = "-" + text[1:-1].strip()
    if declared.percent_sign:
        text = text.removesuffix("%").rstrip()
    whole, mark, fraction = text.partition(declared.decimal)
    if mark and not fraction:
        return None
    if declared.thousands:
        if declared.thousands in fraction or not _grouped(whole, declared.thousands):
            return None
        whole = whole.replace(declared.thousands, "")
    plain = whole + ("." + fraction if mark else "")
    if not plain.isascii():
        return None
    if _PLAIN.fullmatch(plain):
        return plain.removeprefix("+")
    return _unfolded(plain) if declared.exponent else None


def _grouped(whole: str, mark: str) -> bool:
    groups = whole.lstrip("+-").split(mark)
    if len(groups) == 1:
        return True
    return 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])


def _unfolded(text: str) -> str | None:
    """1.5E3 -> 1500, with every digit."""
    match = _EXPONENT.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match[1], match[2], match[3] or ""
    digits, point = whole + fraction, len(whole) + int(match[4])
    digits = "0" * max(0, 1 - point) + digits
    point = max(point, 1)
    digits = digits.ljust(point, "0")
    whole, fraction = digits[:point].lstrip("0") or "0", digits[point:]
    return ("-" if sign == "-" else "") + whole + ("." + fraction if fraction else "")
