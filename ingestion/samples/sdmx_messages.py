"""The published series as SDMX data messages: CSV 1.0 and JSON 1.0.

The JSON is the flat layout (every dimension at the observation) with
`header`, `structure` and `dataSets` at the top, which is what sdmx1 reads.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

STATISTICS = Path(__file__).parent / "statistics"
AGENCY, VERSION = "PLANWATCH", "1.0"
DIMENSIONS = {
    "FREQ": "Frequency",
    "REF_AREA": "Reference area",
    "INDICATOR": "Indicator",
    "DEF_VERSION": "Definition version",
    "TIME_PERIOD": "Time period",
}
# Of those series alone that are told in parts.
BREAKDOWN = {"BREAKDOWN": "Part of the total"}
CODED_ATTRIBUTES = {
    "UNIT_MEASURE": "Unit of measure",
    "OBS_STATUS": "Observation status",
}
TEXT_ATTRIBUTES = {
    "PUBLISHED_AT": "Date of publication by the producer",
    "SOURCE": "Where the value was read",
}
# When the series were typed in: fixed, so that a message is the same bytes
# wherever it is served.
PREPARED = "2026-03-31T00:00:00Z"


def dataflows() -> dict[str, Path]:
    """Dataflow id -> file of its observations."""
    return {path.stem.upper(): path for path in sorted(STATISTICS.glob("*.csv"))}


def dimensions_of(flow: str) -> dict[str, str]:
    """Dimension id -> title of one dataflow, in the order of its keys."""
    parts = BREAKDOWN if "BREAKDOWN" in _rows(flow)[0] else {}
    return DIMENSIONS | parts


def sdmx_csv(flow: str) -> bytes:
    """SDMX-CSV 1.0: the file with the dataflow in front of each row."""
    text = io.StringIO()
    rows = _rows(flow)
    writer = csv.DictWriter(text, ["DATAFLOW", *rows[0]], lineterminator="\n")
    writer.writeheader()
    name = f"{AGENCY}:{flow}({VERSION})"
    writer.writerows({"DATAFLOW": name, **row} for row in rows)
    return text.getvalue().encode()


def sdmx_json(flow: str) -> bytes:
    """SDMX-JSON 1.0, all dimensions at the observation level."""
    rows = _rows(flow)
    dimensions = dimensions_of(flow)
    values = {
        name: list(dict.fromkeys(row[name] for row in rows if row[name]))
        for name in (*dimensions, *CODED_ATTRIBUTES, *TEXT_ATTRIBUTES)
    }
    index = {name: {v: i for i, v in enumerate(vs)} for name, vs in values.items()}
    # An attribute without values cannot be referred to: it is left out.
    attributes = [a for a in (*CODED_ATTRIBUTES, *TEXT_ATTRIBUTES) if values[a]]
    message = {
        "header": {
            "id": f"{AGENCY}-{flow}-{VERSION}",
            "prepared": PREPARED,
            "sender": {"id": AGENCY, "name": "Planwatch sample server"},
            "test": True,
        },
        "structure": _structure(flow, values),
        "dataSets": [
            {
                "action": "Information",
                "observations": {
                    ":".join(str(index[name][row[name]]) for name in dimensions): [
                        _number(row["OBS_VALUE"]),
                        *(index[name].get(row[name]) for name in attributes),
                    ]
                    for row in rows
                },
            }
        ],
    }
    return json.dumps(message, ensure_ascii=False, indent=1).encode() + b"\n"


def _structure(flow: str, values: dict[str, list[str]]) -> dict[str, object]:
    return {
        "name": flow,
        "links": [
            {
                "rel": "dataflow",
                "urn": "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow="
                f"{AGENCY}:{flow}({VERSION})",
            }
        ],
        "dimensions": {
            "dataSet": [],
            "series": [],
            "observation": [
                {
                    "id": name,
                    "name": title,
                    "keyPosition": position,
                    "values": [{"id": v, "name": v} for v in values[name]],
                }
                for position, (name, title) in enumerate(dimensions_of(flow).items())
            ],
        },
        "attributes": {
            "dataSet": [],
            "series": [],
            "observation": [
                *_attributes(CODED_ATTRIBUTES, values, coded=True),
                *_attributes(TEXT_ATTRIBUTES, values, coded=False),
            ],
        },
    }


def _attributes(names: dict[str, str], values, coded: bool) -> list[dict[str, object]]:
    return [
        {
            "id": name,
            "name": title,
            "values": [{"id": v, "name": v} if coded else {"name": v} for v in found],
        }
        for name, title in names.items()
        if (found := values[name])
    ]


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _rows(flow: str) -> list[dict[str, str]]:
    with dataflows()[flow].open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))
