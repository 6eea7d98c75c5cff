"""A judgement: a batch, all that decides about it, and where its files grow.

The gate commits what comes out; a dry run looks at it and lets it go.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from expectations.catalogue import Facts, rule_set_version, site_facts
from expectations.history import History, accepted_before
from expectations.parameters import attach, site_parameters
from expectations.registries import Registries, consulted
from expectations.waivers import Waiver, site_waivers, waivers_version
from ingestion.durable import machine_faults
from ingestion.landing import LandedBatch
from ingestion.settings import Settings
from ingestion.site import Site

if TYPE_CHECKING:
    from expectations.duckdb_dialect import Bench

# Rows judged at a time: what keeps the memory of a judgement under 1.5 GB.
CHUNK_ROWS = 700_000


class Identity(NamedTuple):
    """What a verdict depends on beside the batch and what came before it."""

    rule_set_version: str
    registry_state: str


@dataclass(frozen=True)
class Judgement:
    """Everything that a verdict on `batch` follows from."""

    settings: Settings
    batch: LandedBatch
    site: Site
    registries: Registries
    facts: Facts
    waivers: tuple[Waiver, ...]
    chunk_rows: int
    history: History = field(default_factory=History)

    @property
    def identity(self) -> Identity:
        # A source's own earlier snapshot is replaced, so it decides nothing.
        names = consulted(self.batch.registry)
        state = self.registries.state(names, self.batch.source_code)
        if self.waivers and self.batch.kind != "registry":
            state += "-" + waivers_version(self.waivers)
        return Identity(rule_set_of(self.site, self.facts.declared), state)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder beside the verdict's, gone afterwards."""
        name = f".{self.batch.batch_id}.{os.getpid()}"
        folder = self.settings.verdicts / name
        with machine_faults(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """A database with what every judgement of this batch needs."""
        from expectations import reasons, waivers
        from expectations.duckdb_dialect import open_bench

        with open_bench(self.settings) as bench:
            reasons.create(bench)
            attach(bench, self.facts)
            waivers.attach(bench, self.waivers)
            # A variable is a constant to the planner; a column would be looked
            # up in the time zone tables for every row.
            bench.execute("set variable time_zone = ?", [self.site.time_zone])
            bench.execute(
                "create table judged_batch as select ? as kind, ? as source_kind,"
                " ? as source_code, ? as batch_id, ?::timestamp as received_at,"
                " timezone('UTC', received_at) as moment,"
                " timezone(getvariable('time_zone'), moment)::date as received_on,"
                " ? as rule_set_version",
                [
                    self.batch.kind,
                    self.batch.source_kind,
                    self.batch.source_code,
                    self.batch.batch_id,
                    self.batch.received.replace(tzinfo=None),
                    self.identity.rule_set_version,
                ],
            )
            yield bench


def rule_set_of(site: Site, declared: Mapping[tuple[str, str], str] = {}) -> str:
    """Version of all that a verdict follows from but registries and waivers.

    `declared` are parameters of rules that the site's registry `rules` sets.
    """
    return rule_set_version(
        {
            "error_budget": site.error_budget,
            "time_zone": site.time_zone,
            "declared": {".".join(key): value for key, value in declared.items()},
        }
    )


def prepare(
    settings: Settings,
    batch: LandedBatch,
    site: Site,
    registries: Registries,
    only: frozenset[str] = frozenset(),
) -> Judgement:
    """Collect what a verdict on `batch` follows from; reads no rows yet.

    `only` restricts the rules; for benchmarks.
    """
    day = batch.received.astimezone(ZoneInfo(site.time_zone)).date()
    # A registry is judged by its shape, which no parameter changes; so a file
    # that corrects one always gets in.
    is_registry = batch.kind == "registry"
    facts = replace(
        site_facts(site.error_budget),
        declared={} if is_registry else site_parameters(registries, day),
        only=only,
    )
    return Judgement(
        settings=settings,
        batch=batch,
        site=site,
        registries=registries,
        facts=facts,
        waivers=site_waivers(settings.site),
        chunk_rows=CHUNK_ROWS,
    )


def with_history(judgement: Judgement) -> Judgement:
    """The same, with the files of accepted rows that came before."""
    found = accepted_before(judgement.settings, judgement.batch, judgement.site)
    return replace(judgement, history=found)
