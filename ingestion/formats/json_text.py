"""JSON in which every number stays the text that was sent."""

from __future__ import annotations

import json
from typing import Any

from ingestion.formats.encoding import decoded
from ingestion.formats.intake import Intake, unreadable
from ingestion.landing import LandedFile


class NumberText(str):
    """A number as it was written; a str, so that no digit is lost."""

    __slots__ = ()


def load(intake: Intake, file: LandedFile) -> Any:
    """Parsed JSON with numbers as NumberText; Unreadable tells line and column.

    A name that stands twice in an object is refused: which one was meant
    cannot be known.
    """
    text = decoded(intake.document(file), intake.source, file)
    return parse(text, file)


def parse(text: str, file: LandedFile) -> Any:
    try:
        return json.loads(
            text,
            parse_float=NumberText,
            parse_int=NumberText,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except RecursionError as error:
        raise unreadable(file, "its JSON is nested too deeply") from error
    except ValueError as error:
        raise unreadable(file, f"it is no JSON: {error}") from error


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twice)} stands twice in one object")
    return content


def as_text(value: Any) -> str | None:
    """A scalar as text; lists and objects as compact JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def flattened(content: dict[str, Any], prefix: str = "") -> dict[str, str | None]:
    """Nested objects as columns with dotted names; lists stay JSON text."""
    flat: dict[str, str | None] = {}
    for name, value in content.items():
        if isinstance(value, dict) and value:
            flat.update(flattened(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = as_text(value)
    return flat
