"""SDMX-JSON 2.0 written in the terms of 1.0, with indices that are numbers.

2.0 differs in where the structures stand (several, chosen by index), in
attributes that may be written out instead of pointing to a list, and in
measures that have a list of their own.
"""

from __future__ import annotations

from typing import Any

from ingestion.formats.json_text import NumberText, as_text

_LEVELS = ("dataSet", "series", "observation")


def in_terms_of_1_0(content: dict[str, Any]) -> tuple[list[dict], list[str]]:
    """One message of 1.0 per data set, and what cannot be said in it.

    Each carries `action` and `observations`, how many the data set holds. KeyError and
    its    like mean that the content is no data message.
    """
    data = content.get("data", content)
    structures = data.get("structures") or [data.get("structure")]
    left_out: list[str] = []
    messages = []
    for dataset in data.get("dataSets") or ():
        structure = structures[int(dataset.get("structure") or 0)]
        if dataset.get("dimensionGroupAttributes"):
            left_out.append("attributes of dimension groups")
        messages.append(_Message(structure, dataset).written())
    return messages, left_out


class _Message:
    """One data set with its structure; attribute lists grow as it is read."""

    def __init__(self, structure: dict[str, Any], dataset: dict[str, Any]) -> None:
        self.structure, self.dataset = structure, dataset
        attributes = structure.get("attributes") or {}
        self.attributes = {
            level: [_Component(a) for a in attributes.get(level) or ()]
            for level in _LEVELS
        }
        measures = (structure.get("measures") or {}).get("observation") or [
            {"id": "OBS_VALUE"}
        ]
        self.measures = [_Component(measure) for measure in measures]
        self.count = 0

    def written(self) -> dict[str, Any]:
        dataset = {
            # The reader looks at the real action; the library knows only four.
            "action": "Information",
            "attributes": self._row("dataSet", self.dataset.get("attributes")),
            "series": {
                key: {
                    "attributes": self._row("series", series.get("attributes")),
                    "observations": self._observations(series),
                }
                for key, series in (self.dataset.get("series") or {}).items()
            },
            "observations": self._observations(self.dataset),
        }
        dimensions = self.structure["dimensions"]
        return {
            "header": {"id": "_", "prepared": "2000-01-01", "sender": {"id": "_"}},
            "structure": {
                "dimensions": {
                    level: [_dimension(d) for d in dimensions.get(level) or ()]
                    for level in _LEVELS
                },
                "attributes": {
                    level: [component.written() for component in components]
                    for level, components in self._with_measures().items()
                },
            },
            "dataSets": [dataset],
            "observations": self.count,
            "action": self.dataset.get("action"),
        }

    def _with_measures(self) -> dict[str, list[_Component]]:
        """Measures beyond the first travel as attributes of the observation."""
        beside = [*self.measures[1:], *self.attributes["observation"]]
        return {**self.attributes, "observation": beside}

    def _row(self, level: str, values: list | None) -> list[int | None]:
        return [
            component.index(value)
            for component, value in _paired(self.attributes[level], values)
        ]

    def _observations(self, holder: dict[str, Any]) -> dict[str, list]:
        observations = holder.get("observations") or {}
        self.count += len(observations)
        split = len(self.measures)
        found = {}
        for key, values in observations.items():
            measures, rest = (values or [])[:split], (values or [])[split:]
            value = self.measures[0].text(measures[0]) if measures else None
            others = _paired(self.measures[1:], measures[1:])
            others += _paired(self.attributes["observation"], rest)
            found[key] = [value, *(c.index(v) for c, v in others)]
        return found


class _Component:
    """An attribute or measure and the list of its values so far."""

    def __init__(self, declared: dict[str, Any]) -> None:
        self.id = str(declared["id"])
        listed = declared.get("values") or []
        self.values = [_value(value) for value in listed]
        self.coded = bool(listed)
        self.places: dict[str, int] = {}

    def index(self, sent: Any) -> int | None:
        """Place of a value in the list; written-out values are put into it."""
        if sent is None:
            return None
        if self.coded and isinstance(sent, NumberText):
            return self._checked(sent)
        text = as_text(sent) or ""
        if text not in self.places:
            self.places[text] = len(self.values)
            self.values.append(text)
        return self.places[text]

    def text(self, sent: Any) -> str | None:
        """A measure's value as text; a coded one by its place."""
        if self.coded and isinstance(sent, NumberText):
            return self.values[self._checked(sent)]
        return as_text(sent)

    def _checked(self, sent: NumberText) -> int:
        place = int(sent)
        if not 0 <= place < len(self.values):
            raise ValueError(
                f"{self.id} points to value {sent} of {len(self.values)} values"
            )
        return place

    def written(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.id,
            # sdmx1 drops attributes without values, and would shift the others.
            "values": [{"name": value} for value in self.values or [""]],
        }


def _paired(components: list[_Component], values: list | None) -> list[tuple]:
    """Trailing values may be left out; annotations after them are not read."""
    filled = list(values or [])[: len(components)]
    filled += [None] * (len(components) - len(filled))
    return list(zip(components, filled, strict=True))


def _dimension(declared: dict[str, Any]) -> dict[str, Any]:
    position = declared.get("keyPosition")
    told = {
        "id": declared["id"],
        "values": [{"id": _value(v)} for v in declared["values"]],
    }
    return told if position is None else {**told, "keyPosition": int(position)}


def _value(value: Any) -> str:
    if isinstance(value, dict):
        for name in ("id", "value", "name"):
            if value.get(name) is not None:
                return as_text(value[name]) or ""
        return ""
    return as_text(value) or ""
