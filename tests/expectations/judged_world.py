"""A small world: registries in force, and batches made by the stated schema."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.gate import judge_batch
from expectations.submission_file import Envelope
from expectations.verdict import Verdict
from ingestion.canonical import (
    OBSERVATION_COLUMNS,
    SUBMISSION_COLUMNS,
    CanonicalBatch,
)
from ingestion.landing import LandedBatch, LandedFile
from ingestion.registry import REGISTRIES
from ingestion.settings import Settings
from ingestion.site import Site

RECEIVED = datetime(2025, 8, 5, 9, 30, tzinfo=UTC)
TIMES = ("received_at", "known_from")
ASKED = Envelope("U1", "F1", "2025-07")
NUMBERS = ("row_number", "rows_received")
# Units like U1, for cases that are judged side by side.
ASIDE = tuple(f"U{number}" for number in range(10, 40))

REGISTRY_ROWS = {
    "regions": [
        {"region_code": "100000", "name_en": "China", "level": "0"},
        {
            "region_code": "110000",
            "name_en": "Beijing",
            "level": "1",
            "parent_region_code": "100000",
        },
        {
            "region_code": "130000",
            "name_en": "Hebei",
            "level": "1",
            "parent_region_code": "100000",
        },
    ],
    "indicators": [
        {
            "indicator_code": code,
            "definition_version": "1",
            "name_en": code.title(),
            "domain": "economy",
            "unit_measure": unit,
            "direction": "higher",
            "frequency": frequency,
            "aggregation": "sum",
            "min_value": low,
            "max_value": high,
            "decimals": decimals,
            "known_from": "2024-01-01",
        }
        for code, unit, frequency, low, high, decimals in (
            ("JOBS", "PERSONS", "M", "0", "100000", "0"),
            ("GROWTH", "PERCENT", "M", "-50", "50", "1"),
            ("HOUSES", "UNITS", "M", "0", None, "0"),
            ("GDP", "CNY_100M", "A", "0", None, "2"),
        )
    ],
    "units": [
        {
            "unit_code": "U1",
            "name_en": "Office 1",
            "unit_kind": "office",
            "level": "3",
            "region_code": "110000",
        },
        {
            "unit_code": "U2",
            "name_en": "Office 2",
            "unit_kind": "office",
            "level": "3",
            "region_code": "130000",
            "valid_from": "2024-01-01",
            "valid_to": "2025-03-31",
        },
        {"unit_code": "U3", "name_en": "Bureau", "unit_kind": "bureau", "level": "2"},
        *(
            {
                "unit_code": code,
                "name_en": f"Office {code[1:]}",
                "unit_kind": "office",
                "level": "3",
                "region_code": "110000",
            }
            for code in ASIDE
        ),
    ],
    "forms": [
        {
            "form_code": "F1",
            "name_en": "Monthly form",
            "frequency": "M",
            "due_days": "10",
            "unit_kind": "office",
            "unit_level": "3",
            "valid_from": "2024-01-01",
        }
    ],
    "form_items": [
        {"form_code": "F1", "indicator_code": "JOBS"},
        {"form_code": "F1", "indicator_code": "GROWTH"},
    ],
}


# A parameter that is a number; its value here is none.
FACTOR = {
    "rule_id": "OBS_JUMP_OWN",
    "rule_version": "1",
    "parameter": "factor",
    "value": "FEMALE,MALE",
}


@dataclass
class World:
    """Settings, a site, and makers of batches."""

    settings: Settings
    folder: Path
    counter: itertools.count = field(default_factory=itertools.count)

    @property
    def site(self) -> Site:
        return Site.load(self.settings.site)

    def table(self, columns, rows) -> Path:
        path = self.folder / f"{next(self.counter)}.parquet"
        kinds = {
            **dict.fromkeys(TIMES, pa.timestamp("us")),
            **dict.fromkeys(NUMBERS, pa.int64()),
        }
        arrays = {
            name: pa.array(
                [row.get(name) for row in rows],
                pa.string()
                if name == "known_from" and "row_key" not in columns
                else kinds.get(name, pa.string()),
            )
            for name in columns
        }
        pq.write_table(pa.table(arrays), path)
        return path

    def batch(self, source_code, kind, content, registry="", received=RECEIVED):
        digest = hashlib.sha256(
            json.dumps([source_code, content], default=str, sort_keys=True).encode()
        ).hexdigest()
        file = LandedFile(digest, "inbox", 1, "text/csv", received.isoformat())
        return LandedBatch(
            batch_id=f"{source_code}-{digest[:16]}",
            source_code=source_code,
            kind=kind,
            source_kind="self_reported" if kind == "submission" else "official",
            registry=registry,
            licence="test",
            simulated=False,
            sha256=digest,
            received_at=received.isoformat(),
            files=(file,),
        )

    def registry(self, name, rows, columns=None, source=None, received=RECEIVED):
        """Judge a registry file with `rows`; columns default to those used."""
        source = source or f"site_{name}"
        columns = columns or list(dict.fromkeys(key for row in rows for key in row))
        batch = self.batch(source, "registry", [columns, rows], name, received)
        numbered = [{"row_number": n, **row} for n, row in enumerate(rows, 1)]
        path = self.table(("row_number", *columns), numbered)
        canonical = CanonicalBatch(registry_rows=path)
        return judge_batch(self.settings, batch, canonical, self.site)

    def release(self, rows, **batch):
        """Judge a statistical release."""
        landed = self.batch("stats", "statistical_release", rows, **batch)
        sent = [self._row(landed, n, row) for n, row in enumerate(rows, 1)]
        canonical = CanonicalBatch(observations=self.table(OBSERVATION_COLUMNS, sent))
        return judge_batch(self.settings, landed, canonical, self.site)

    def submissions(self, *sent, order=1) -> Verdict:
        """Judge a batch of `(envelope, rows)`."""
        landed = self.batch("unit_reports", "submission", sent)
        return self.judge_submissions(landed, sent, order)

    def side_by_side(self, *cases, received=RECEIVED) -> list[Share]:
        """Judge cases that have nothing to do with each other as one batch.

        Each is what `submissions` takes, of a unit of its own: the first case
        always of the first. Of each is told what would be told of it alone.
        """
        sent, named = [], []
        for unit, case in zip(ASIDE[: len(cases)], cases, strict=True):
            ids = {}
            for envelope, cells in case:
                given = {"unit_code": unit, "submission_id": "S1", **envelope}
                name = given["submission_id"]
                given["submission_id"] = name and f"{unit}-{name}"
                ids[given["submission_id"]] = name
                sent.append((given, cells))
            named.append((unit, ids))
        landed = self.batch("unit_reports", "submission", sent, received=received)
        verdict = self.judge_submissions(landed, sent)
        shares = [Share(verdict, *of) for of in named]
        for table in ("rejections", "accepted", "quarantine"):
            told = sum(len(rows_of(share, table)) for share in shares)
            assert told == len(rows_of(verdict, table)), "nobody's rows"
        return shares

    def judge_submissions(self, landed, sent, order=1) -> Verdict:
        envelopes, rows = [], []
        for given, cells in sent:
            envelope = {
                "submission_id": "S1",
                "unit_code": "U1",
                "form_code": "F1",
                "period": "2025-07",
                "received_at": RECEIVED.replace(tzinfo=None),
                "batch_id": landed.batch_id,
                "file_sha256": landed.sha256,
                "sha256": hashlib.sha256(repr(cells).encode()).hexdigest(),
                "rows_received": len(cells),
                **given,
            }
            envelopes.append(envelope)
            shared = {k: envelope[k] for k in ("submission_id", *ENVELOPE)}
            # As of a source whose rows are known from the envelope's receipt.
            shared["known_from"] = envelope["received_at"]
            rows += [
                self._row(landed, n, {**shared, **cell})
                for n, cell in enumerate(cells, 1)
            ]
        canonical = CanonicalBatch(
            observations=self.table(OBSERVATION_COLUMNS, rows[::order]),
            submissions=self.table(SUBMISSION_COLUMNS, envelopes[::order]),
        )
        return judge_batch(self.settings, landed, canonical, self.site)

    def _row(self, landed, number, cells):
        return {
            "source_kind": landed.source_kind,
            "source_code": landed.source_code,
            "batch_id": landed.batch_id,
            "file_sha256": landed.sha256,
            "row_number": number,
            "row_key": str(number),
            "known_from": landed.received.replace(tzinfo=None),
            "definition_version": "1",
            "breakdown": "_T",
            "obs_status": "A",
            "conf_status": "F",
            **cells,
        }


ENVELOPE = ("unit_code", "form_code", "period")


@dataclass(frozen=True)
class Share:
    """What a verdict says of one of the cases that were judged side by side."""

    verdict: Verdict
    unit: str
    # Ids of the case's submissions in the batch, and in the case.
    ids: dict[str | None, str | None]

    def rows(self, name: str) -> list[dict]:
        # One that was sent without an id was named by its file.
        unnamed = f"unnamed-{self.verdict.batch_sha256[:16]}"
        ids = {own or unnamed: name or unnamed for own, name in self.ids.items()}
        return [
            {**row, "submission_id": ids[row["submission_id"]]}
            for row in rows_of(self.verdict, name)
            if row["submission_id"] in ids
        ]

    @property
    def rows_received(self) -> int:
        return self.rows_accepted + self.rows_rejected

    @property
    def rows_accepted(self) -> int:
        return len(self.rows("accepted"))

    @property
    def rows_rejected(self) -> int:
        return len(self.rows("quarantine"))


def copy_of(judged_home: World, folder: Path) -> World:
    made = empty_world(folder)
    shutil.copytree(judged_home.settings.home, made.settings.home)
    return made


def bundle_of(world: World) -> Path:
    return world.folder / "u1.zip"


def rows_of(verdict: Verdict | Share, name: str) -> list[dict]:
    if isinstance(verdict, Share):
        return verdict.rows(name)
    return pq.read_table(verdict.path(name)).to_pylist()


def reasons_of(verdict: Verdict | Share) -> list[tuple]:
    """(row_number, field, rule_id) of each reason."""
    return [
        (row["row_number"], row["field"], row["rule_id"])
        for row in rows_of(verdict, "rejections")
    ]


def empty_world(folder: Path) -> World:
    site = folder / "site"
    (site / "sources").mkdir(parents=True)
    (site / "registry").mkdir()
    (site / "site.yml").write_text("name: test\ntime_zone: Asia/Shanghai\n")
    for name in REGISTRIES:
        (site / "registry" / f"{name}.csv").write_text("declared\n")
    for code, kind in (
        ("stats", "statistical_release"),
        ("unit_reports", "submission"),
        ("other_units", "registry\nregistry: units"),
    ):
        (site / "sources" / f"{code}.yml").write_text(
            f"code: {code}\nkind: {kind}\nconnector: inbox\n"
            "location: nowhere\nformat: csv\n"
        )
    made = folder / "canonical"
    made.mkdir()
    return World(Settings(home=folder / "home", site=site), made)


JOBS = {
    "indicator_code": "JOBS",
    "region_code": "110000",
    "value": "120",
    "unit_measure": "PERSONS",
}
GROWTH = {
    "indicator_code": "GROWTH",
    "region_code": "110000",
    "value": "-1.5",
    "unit_measure": "PERCENT",
}
GDP = {
    "indicator_code": "GDP",
    "region_code": "110000",
    "period": "2024",
    "value": "49843.1",
    "unit_measure": "CNY_100M",
}
