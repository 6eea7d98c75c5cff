"""Periods in SDMX notation, read by declared templates."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

from ingestion.reading import Periods

_TOKENS = {
    "Y": r"(?P<Y>\d{4})", "M": r"(?P<M>1[0-2]|0?[1-9])", "MM": r"(?P<M>1[0-2]|0[1-9])",
    "Q": r"(?P<Q>[1-4])", "S": r"(?P<S>[12])", "D": r"(?P<D>3[01]|[12]\d|0?[1-9])",
    "DD": r"(?P<D>3[01]|[12]\d|0[1-9])", "W": r"(?P<W>5[0-3]|[1-4]\d|0?[1-9])",
    "Qzh": "(?P<Q>[一二三四])", "Qr": "(?P<Q>IV|III|II|I)", "Sr": "(?P<S>II|I)",
}  # fmt: skip
_SPELLED = {"一": 1, "二": 2, "三": 3, "四": 4, "I": 1, "II": 2, "III": 3, "IV": 4}
_SDMX = ("{Y}", "{Y}-A1", "{Y}-S{S}", "{Y}-Q{Q}", "{Y}-{MM}", "{Y}-M{MM}", "{Y}-W{W}",
         "{Y}-{MM}-{DD}")  # fmt: skip
# Financial years and the like have no SDMX notation: `rewrite` says what to do.
_DHIS2 = ("{Y}", "{Y}{MM}", "{Y}Q{Q}", "{Y}S{S}", "{Y}W{W}", "{Y}{MM}{DD}")
_NAMED = {"sdmx": _SDMX, "dhis2": _DHIS2}
_EPOCHS = {1900: date(1899, 12, 30), 1904: date(1904, 1, 1)}
_LAST_SERIAL = 2_958_465


def parse(text: str, declared: Periods) -> str | None:
    """SDMX period, or None when no declared template fits."""
    text = text.strip()
    for pattern, replacement in declared.rewrite:
        text = re.sub(pattern, replacement, text)
    for name in declared.formats:
        if name == "excel":
            found = _day(_excel_day(text, declared.excel_epoch), declared.frequency)
        else:
            found = _by_templates(text, _NAMED.get(name, (name,)), declared.frequency)
        if found:
            return found
    return None


def expectation(declared: Periods) -> str:
    """The declared notations in words."""
    return f"a period written as {' or '.join(declared.formats)}"


def _by_templates(text: str, templates, frequency: str | None) -> str | None:
    for template in templates:
        match = _compiled(template).fullmatch(text)
        if match:
            return _period(match.groupdict(), frequency)
    return None


@lru_cache(maxsize=256)
def _compiled(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    pattern = re.escape(parts[0])
    for token, literal in zip(parts[1::2], parts[2::2], strict=True):
        pattern += _TOKENS.get(token, re.escape("{" + token + "}")) + re.escape(literal)
    return re.compile(pattern, re.ASCII)


def _period(groups: dict[str, str | None], frequency: str | None) -> str | None:
    year = groups["Y"]
    parts = {name: _number(text) for name, text in groups.items() if text}
    if "D" in parts:
        try:
            day = date(int(year), parts["M"], parts["D"])
        except (ValueError, KeyError):
            return None
        return _day(day, frequency or "D")
    if "M" in parts:
        return f"{year}-{parts['M']:02}"
    if "W" in parts:
        return f"{year}-W{parts['W']:02}"
    for name in ("Q", "S"):
        if name in parts:
            return f"{year}-{name}{parts[name]}"
    return year


def _number(text: str) -> int:
    return _SPELLED.get(text) or int(text)


def _excel_day(text: str, epoch: int) -> date | None:
    """A serial day number, or a date as our workbook reader writes it."""
    if re.fullmatch(r"\d{1,7}(\.0+)?", text):
        serial = int(text.partition(".")[0])
        # Days before March 1900 are off by one in Excel itself.
        if 61 <= serial <= _LAST_SERIAL:
            return _EPOCHS[epoch] + timedelta(days=serial)
        return None
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00:00)?", text)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _day(day: date | None, frequency: str | None) -> str | None:
    """The period of the declared frequency that a day lies in."""
    if day is None or frequency is None:
        return None
    return {
        "A": f"{day.year:04}",
        "S": f"{day.year:04}-S{(day.month + 5) // 6}",
        "Q": f"{day.year:04}-Q{(day.month + 2) // 3}",
        "M": f"{day.year:04}-{day.month:02}",
        "D": day.isoformat(),
    }[frequency]
