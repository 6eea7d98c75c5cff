"""SDMX-JSON data messages 1.0 and 2.0, read with the sdmx1 library.

Two things of sdmx1 2.28 are made good here. Its JSON goes through floats, so
numbers are handed to it as text. It takes a series' attributes from the data
set, so that method is overridden. It knows 1.0 only, so 2.0 is written in the
terms of 1.0 first (`sdmx_json_shape`).
"""

from __future__ import annotations

import io
import json
from functools import cache

from ingestion.formats.foreign import guarded
from ingestion.formats.intake import Intake, unreadable
from ingestion.formats.json_text import as_text, load
from ingestion.formats.mapping import map_batch
from ingestion.formats.records import NamedRecord
from ingestion.formats.sdmx_actions import Act, add_acts, named
from ingestion.formats.sdmx_answers import Answer, judge
from ingestion.formats.sdmx_json_shape import in_terms_of_1_0
from ingestion.landing import LandedFile


def read(intake: Intake) -> None:
    for number in intake.numbers:
        file = intake.batch.files[number]
        content = load(intake, file)
        if not isinstance(content, dict):
            raise unreadable(file, "it is no SDMX-JSON message")
        with guarded("SDMX-JSON", file):
            messages, left_out = in_terms_of_1_0(content)
        acts = [act for message in messages for act in _acts(message, file)]
        judge(intake, number, _answers(content), len(acts))
        if not messages and not _answers(content):
            raise unreadable(file, "it is no SDMX-JSON data message")
        numbered = [
            Act(NamedRecord(i, act.record.cells), act.action)
            for i, act in enumerate(acts, 1)
        ]
        add_acts(intake, number, numbered)
        intake.skip(number, [(None, "not read", text) for text in left_out])
        intake.count(number, len(left_out))
    map_batch(intake)


def _answers(content: dict) -> list[Answer]:
    errors = content.get("errors")
    found = (
        [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    )
    return [
        Answer(as_text(e.get("code")) or "", "Warning",
               as_text(e.get("title") or e.get("message")) or "")
        for e in found
    ]  # fmt: skip


def _acts(message: dict, file: LandedFile) -> list[Act]:
    expected = message.pop("observations")
    sent = message.pop("action")
    action = named(sent)
    if action is None:
        raise unreadable(file, f"its action {sent!r} is not of SDMX")
    with guarded("sdmx1", file):
        body = io.BytesIO(json.dumps(message).encode())
        read = _reader()().convert(body)
        acts = [
            Act(NamedRecord(0, _cells(observation, dataset)), action)
            for dataset in read.data
            for observation in dataset.obs
        ]
    if len(acts) != expected:
        raise unreadable(
            file, f"it holds {expected} observations, the library reads {len(acts)}"
        )
    return acts


def _cells(observation, dataset) -> dict[str, str | None]:
    cells: dict[str, str | None] = {}
    for attributes in (dataset.attrib, observation.attrib):
        cells.update({key: _attribute(a) for key, a in attributes.items()})
    cells.update({k: str(v.value) for k, v in observation.key.values.items()})
    cells["OBS_VALUE"] = None if observation.value is None else str(observation.value)
    return cells


def _attribute(attribute) -> str | None:
    value = attribute.value
    return str(getattr(value, "id", value)) or None


@cache
def _reader() -> type:
    # sdmx1 imports pandas: only when a message is really read.
    from sdmx.model.v21 import ActionType, DataSet
    from sdmx.reader.json import Reader

    class SeriesAttributes(Reader):
        """The library's reader, with attributes from where they stand."""

        def read_dataset(self, root, ds_key):
            dataset = DataSet(action=ActionType[root["action"].lower()])
            dataset.attrib.update(self._make_attrs("dataSet", root["attributes"]))
            for values, series in root["series"].items():
                key = self._make_key("series", values, base=ds_key)
                key.attrib = self._make_attrs("series", series["attributes"])
                dataset.add_obs(self.read_obs(series, series_key=key), key)
            dataset.add_obs(self.read_obs(root, base_key=ds_key))
            return dataset

    return SeriesAttributes
