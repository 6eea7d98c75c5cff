"""SDMX-ML data messages 2.1 and 3.x, generic and structure-specific.

Read with pysdmx (structure-specific; no structure file needed) and sdmx1
(generic; it keeps the attributes of groups). Either falls back to the other:
both libraries lose or multiply observations of some flavours, so what they
give is compared with the number of <Obs> elements, and refused if it differs.
Values stay text in both.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from lxml import etree

from ingestion.errors import PlanwatchError
from ingestion.formats.foreign import guarded
from ingestion.formats.intake import Intake, unreadable
from ingestion.formats.mapping import map_batch
from ingestion.formats.records import NamedRecord
from ingestion.formats.sdmx_actions import Act, add_acts, named
from ingestion.formats.sdmx_answers import Answer, judge
from ingestion.formats.sdmx_structure import checked_acts, referenced_id
from ingestion.formats.xml_safety import checked, tree
from ingestion.landing import LandedFile

_GENERIC = {"GenericData", "GenericTimeSeriesData"}
_SPECIFIC = {"StructureSpecificData", "StructureSpecificTimeSeriesData"}
_COUNTED = ("Obs", "Series", "DataSet", "Footer", "Error")
Rows = list[list[dict[str, str | None]]]


def read(intake: Intake) -> None:
    """Observations of all data sets in their order; see `sdmx_actions`."""
    for number in intake.numbers:
        file = intake.batch.files[number]
        body = intake.document(file)
        counts = checked(body, file, intake.source.read_limits, _COUNTED)
        root = next(name[5:] for name in counts if name.startswith("root "))
        answers = _answers(body, file) if counts["Footer"] or root == "Error" else []
        judge(intake, number, answers, counts["Obs"])
        if root not in _GENERIC | _SPECIFIC:
            raise unreadable(file, f"it is no SDMX-ML data message but {root}")
        acts = _acts(intake, file, body, root, counts) if counts["DataSet"] else []
        add_acts(intake, number, acts)
        if not counts["Obs"] and not answers:
            _empty(intake, number, counts)
    map_batch(intake)


def _empty(intake: Intake, number: int, counts: Counter[str]) -> None:
    """An answer that matches nothing is valid; it is written down as such."""
    told = ["series without observations"] * counts["Series"]
    told += [] if counts["DataSet"] else ["a message without a data set"]
    intake.skip(number, [(None, reason, "") for reason in told])
    intake.count(number, len(told))


def _answers(body: bytes, file: LandedFile) -> list[Answer]:
    """Messages of a footer or of an error document."""
    root = tree(body, file)
    found = [*root.iterfind("{*}Footer/{*}Message"), *root.iter("{*}ErrorMessage")]
    return [
        Answer(
            message.get("code", ""),
            message.get("severity", "Error"),
            " ".join("".join(text.itertext()) for text in message.iter("{*}Text")),
        )
        for message in found
    ]


def _acts(
    intake: Intake, file: LandedFile, body: bytes, root: str, counts: Counter[str]
) -> list[Act]:
    message = tree(body, file)
    actions = _actions(message, file)
    datasets = _datasets(file, body, root, counts, len(actions))
    acts: list[Act] = []
    row = 0
    for action, rows in zip(actions, datasets, strict=True):
        # A data set without observations still says what to delete.
        if action == "delete" and not rows:
            rows = [{}]  # noqa: PLW2901
        for cells in rows:
            row += 1
            acts.append(Act(NamedRecord(row, cells), action))
    return checked_acts(intake, file, acts, _referenced(message))


def _actions(message: etree._Element, file: LandedFile) -> list[str]:
    """Action of each data set; the header's holds where one has none."""
    header = message.findtext("{*}Header/{*}DataSetAction")
    general, actions = (header or "information").strip(), []
    for element in message.iterchildren("{*}DataSet"):
        names = [
            v for k, v in element.attrib.items() if etree.QName(k).localname == "action"
        ]
        action = named(names[0] if names else general)
        if action is None:
            raise unreadable(file, f"its action {names or general} is not of SDMX")
        actions.append(action)
    return actions


def _referenced(message: etree._Element) -> set[str]:
    """Ids of the structures that the header says the data follow."""
    found = set()
    for structure in message.iterfind("{*}Header/{*}Structure"):
        for element in structure.iterdescendants(tag=etree.Element):
            identity = referenced_id(element)
            if identity:
                found.add(identity)
    return found


def _datasets(
    file: LandedFile, body: bytes, root: str, counts: Counter[str], sets: int
) -> Rows:
    readers = [_with_pysdmx, _with_sdmx1]
    if root in _GENERIC:
        readers.reverse()
    reasons = []
    for reader in readers:
        try:
            rows = reader(body, file)
        except PlanwatchError as error:
            reasons.append(error.message)
            continue
        rows = _observed(rows, counts["Obs"])
        found = sum(map(len, rows))
        if found == counts["Obs"] and len(rows) == sets:
            return rows
        reasons.append(
            f"{reader.__name__[6:]} reads {found} observations in {len(rows)} data "
            f"sets; the message holds {counts['Obs']} in {sets}"
        )
    raise unreadable(file, "; ".join(reason.rstrip(".") for reason in reasons))


def _with_pysdmx(body: bytes, file: LandedFile) -> Rows:
    with guarded("pysdmx", file), _quiet():
        from pysdmx.io import read_sdmx

        # Its detection of the flavour wants the declaration to come first.
        text = etree.tostring(tree(body, file), encoding="unicode")
        message = read_sdmx('<?xml version="1.0"?>' + text, validate=False)
        return [_rows_of(dataset) for dataset in message.data or ()]


def _rows_of(dataset) -> list[dict[str, str | None]]:
    frame = dataset.data
    attached = {
        k: v for k, v in (dataset.attributes or {}).items() if isinstance(v, str)
    }
    names = [n for n in frame.columns if isinstance(n, str) and ":" not in n]
    rows = []
    for cells in zip(*(frame[name].tolist() for name in names), strict=True):
        told = (cell if isinstance(cell, str) and cell else None for cell in cells)
        rows.append({**attached, **dict(zip(names, told, strict=True))})
    return rows


def _observed(rows: Rows, expected: int) -> Rows:
    """Without the rows that pysdmx makes of series that have no observations."""
    if not expected:
        return [[] for _ in rows]
    if sum(map(len, rows)) <= expected:
        return rows
    return [
        [row for row in some if row.get("OBS_VALUE") or row.get("TIME_PERIOD")]
        for some in rows
    ]


def _with_sdmx1(body: bytes, file: LandedFile) -> Rows:
    with guarded("sdmx1", file), _quiet():
        import sdmx

        message = sdmx.read_sdmx(io.BytesIO(body), format="XML")
        return [
            [_cells(observation, dataset) for observation in dataset.obs]
            for dataset in message.data
        ]


def _cells(observation, dataset) -> dict[str, str | None]:
    row: dict[str, str | None] = {}
    for attributes in (dataset.attrib, observation.attrib):
        for name, attribute in attributes.items():
            value = getattr(attribute, "value", attribute)
            row[name] = str(getattr(value, "id", value)) or None
    for name, key in observation.key.values.items():
        row[name] = str(getattr(key, "value", key))
    row["OBS_VALUE"] = None if observation.value is None else str(observation.value)
    return row


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither library may talk on our streams about other people's files."""
    logger = logging.getLogger("sdmx")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
