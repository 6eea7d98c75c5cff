"""A first pass over XML that refuses what XML can do to its reader.

No document type, so no entities of one's own (a billion laughs) and nothing
fetched from elsewhere; bounded depth; and a count of the elements that a
format promises rows for, which no library can then lose silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from xml.parsers import expat

from lxml import etree

from ingestion.formats.intake import unreadable
from ingestion.landing import LandedFile
from ingestion.reading import ReadLimits


def checked(
    body: bytes,
    file: LandedFile,
    limits: ReadLimits,
    counted: Collection[str] = (),
) -> Counter[str]:
    """Count the elements named in `counted` (without namespace).

    `""` counts the root under its own name. Unreadable when the XML is broken,
    declares a document type, or is nested deeper than the limit.
    """
    found: Counter[str] = Counter()
    depth = 0

    def begin(name: str, _attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > limits.max_depth:
            raise unreadable(file, f"its XML is nested deeper than {limits.max_depth}")
        local = name.rpartition(" ")[2]
        if local in counted:
            found[local] += 1
        if depth == 1:
            found[f"root {local}"] = 1

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def document_type(*_arguments) -> None:
        raise unreadable(
            file,
            "its XML declares a document type, which data do not need",
            "have it sent without <!DOCTYPE …>.",
        )

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise unreadable(file, f"it is no XML: {error}") from error
    return found


def tree(body: bytes, file: LandedFile) -> etree._Element:
    """Root of a document that was `checked`; lxml refuses more than expat does."""
    try:
        return etree.fromstring(body, safe_parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise unreadable(file, f"it is no XML: {error}") from error


def safe_parser() -> etree.XMLParser:
    """No entities, no document type from elsewhere, no network."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
