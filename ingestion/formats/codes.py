"""Code maps: what a source calls a thing -> what we call it."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import SiteError
from ingestion.reading import Codes
from ingestion.source import Source


@dataclass(frozen=True)
class CodeMap:
    """Declared codes of one canonical column."""

    column: str
    declared: Codes
    codes: dict[str, str]

    def find(self, sent: str) -> str | None:
        """Our code, or None when the map does not know what was sent."""
        known = self.codes.get(self._key(sent))
        if known is not None:
            return known
        for pattern, template in self.declared.patterns:
            match = re.fullmatch(pattern, sent)
            if match:
                return match.expand(template)
        return None

    def absent(self, found: set[str]) -> list[str]:
        """Codes of the map that did not occur."""
        return sorted(set(self.codes.values()) - found)

    def _key(self, sent: str) -> str:
        return folded(sent) if self.declared.folded else sent


def folded(text: str) -> str:
    """Text without case, width and white space."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def code_maps(source: Source, folder: Path) -> dict[str, CodeMap]:
    """The declared maps by canonical column; SiteError names file and row."""
    return {
        column: CodeMap(column, declared, _codes(source, column, declared, folder))
        for column, declared in source.codes.items()
    }


def _codes(
    source: Source, column: str, declared: Codes, folder: Path
) -> dict[str, str]:
    pairs = list(declared.inline.items())
    if declared.file:
        pairs += _listed(source, folder / declared.file)
    codes: dict[str, str] = {}
    for sent, code in pairs:
        key = folded(sent) if declared.folded else sent
        if codes.setdefault(key, code) != code:
            raise SiteError(
                f"Source {source.code}: the code map of {column} gives {sent!r} two "
                f"codes, {codes[key]} and {code}.",
                "keep one of them.",
            )
    return codes


def _listed(source: Source, path: Path) -> list[tuple[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SiteError(
            f"Source {source.code}: the code map {path.name} cannot be read: {error}.",
            "put it as UTF-8 CSV beside the source file.",
        ) from error
    for number, row in enumerate(rows, 2):
        if not row.get("source") or not row.get("code"):
            raise SiteError(
                f"Source {source.code}: {path.name}, row {number}: source or code is "
                "missing.",
                "give both, under the header source,code.",
            )
    return [(row["source"], row["code"]) for row in rows]
