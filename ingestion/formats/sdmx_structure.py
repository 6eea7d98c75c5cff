"""Checking SDMX observations against the structure file that a source names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from lxml import etree

from ingestion.errors import SiteError
from ingestion.formats.intake import Intake, unreadable
from ingestion.formats.sdmx_actions import Act
from ingestion.formats.xml_safety import safe_parser
from ingestion.landing import LandedFile

# What messages may hold beside the components of the structure.
_ALWAYS = {"OBS_VALUE", "TIME_PERIOD", "REPORTING_YEAR_START_DAY"}
_COMPONENTS = ("Dimension", "TimeDimension", "MeasureDimension", "Attribute",
               "PrimaryMeasure", "Measure")  # fmt: skip
Codelists = dict[str, frozenset[str] | None]


def checked_acts(
    intake: Intake, file: LandedFile, acts: Sequence[Act], referenced: set[str]
) -> list[Act]:
    """Acts whose codes are not in the structure's code lists are refused.

    Unreadable lists components that the declared structure does not know, and
    structures that the message refers to but the file does not hold.
    A source without `structure` is not checked.
    """
    name = intake.source.structure
    if name is None:
        return list(acts)
    path = intake.beside(name)
    known, strange = components(path), sorted(referenced - identities(path))
    if strange:
        raise unreadable(
            file,
            f"it follows {', '.join(strange)}, which {path.name} does not describe",
            "declare the structure that the data follow (`structure`).",
        )
    found = {component for act in acts for component in act.record.cells}
    unknown = sorted(found - set(known) - _ALWAYS)
    if unknown:
        raise unreadable(
            file,
            f"components that the structure {Path(name).name} does not have: "
            f"{', '.join(unknown)}",
            "declare the structure that the data follow (`structure`).",
        )
    return [_checked(act, known) for act in acts]


def _checked(act: Act, known: Codelists) -> Act:
    for component, cell in act.record.cells.items():
        codes = known.get(component)
        if cell is not None and codes is not None and cell not in codes:
            wrong = replace(
                act.record,
                expected=f"a code of the code list of {component}",
                column=component,
            )
            return replace(act, record=wrong)
    return act


@lru_cache(maxsize=16)
def components(path: Path) -> Codelists:
    """Components of a structure message (ML) -> their codes, None if free."""
    root = _root(path)
    lists = {
        element.get("id"): frozenset(c.get("id") for c in element.iter("{*}Code"))
        for element in root.iter("{*}Codelist")
    }
    concepts = {e.get("id"): _enumeration(e) for e in root.iter("{*}Concept")}
    found: Codelists = {}
    for element in root.iter(*(f"{{*}}{tag}" for tag in _COMPONENTS)):
        concept = _reference(element.find("{*}ConceptIdentity"))
        identity = element.get("id") or concept
        if identity:
            codelist = _enumeration(element) or concepts.get(concept)
            found[identity] = lists.get(codelist) or None
    if not found:
        raise SiteError(
            f"{path.name} holds no data structure.",
            "name an SDMX-ML structure message in `structure`.",
        )
    return found


@lru_cache(maxsize=16)
def identities(path: Path) -> frozenset[str]:
    """Ids of the structures, dataflows and agreements that a message holds."""
    held = _root(path).iter("{*}DataStructure", "{*}Dataflow", "{*}ProvisionAgreement")
    return frozenset(element.get("id") for element in held if element.get("id"))


def _root(path: Path) -> etree._Element:
    try:
        return etree.fromstring(path.read_bytes(), safe_parser())
    except (OSError, etree.XMLSyntaxError, ValueError) as error:
        raise SiteError(
            f"The structure {path.name} cannot be read: {error}.",
            "put an SDMX-ML structure message beside the source file.",
        ) from error


def _enumeration(element) -> str | None:
    """Id of the code list of a component or concept."""
    for name in ("LocalRepresentation", "CoreRepresentation"):
        found = _reference(element.find(f"{{*}}{name}/{{*}}Enumeration"))
        if found:
            return found
    return None


def _reference(element) -> str | None:
    """Id in a <Ref> (2.1), or at the end of a URN (3.0)."""
    if element is None:
        return None
    inside = next((e for e in element.iterchildren() if e.get("id")), None)
    return referenced_id(element if inside is None else inside)


def referenced_id(element) -> str | None:
    """What a <Ref id> or a URN points to: the artefact, or the item in it."""
    if element.get("id"):
        return element.get("id")
    urn = (element.text or "").strip()
    if not urn.startswith("urn:sdmx:"):
        return None
    tail = urn.rpartition("=")[2].partition(":")[2]
    return tail.partition(")")[2].lstrip(".") or tail.partition("(")[0] or None
