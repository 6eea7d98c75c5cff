"""The simulated reporting network: offices, their plan and what they send.

Everything follows from the seed, byte for byte, on every machine. Codes carry
SIM, names "Simulated" or 模拟: none of it is a fact about any real office.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ingestion.durable import machine_faults
from ingestion.samples.calendar_months import Months
from ingestion.samples.faults import plan_faults
from ingestion.samples.network_registry import write_registries
from ingestion.samples.performance import draw_traits
from ingestion.samples.submission_log import LogWriter
from ingestion.samples.submissions import Senders, Sent, is_fault
from ingestion.samples.unit_tree import REPORTING, SUPPORT, Unit, assign_roles, plant

REPORT = "simulation.json"


@dataclass(frozen=True)
class SimulationReport:
    """What was simulated; `faults` and `behaviour` count submissions by kind.

    `faults.csv` beside it lists each of them with submission and row.
    """

    seed: int
    units: int
    months: int
    start: str
    reporting_units: int
    silent_units: int
    often_late_units: int
    merged_units: int
    support_units: int
    submissions: int
    rows: int
    late_submissions: int
    missing_submissions: int
    resubmissions: dict[str, int]
    faults: dict[str, int]
    behaviour: dict[str, int]
    registry_rows: dict[str, int]
    submission_bytes: int


def simulate(
    folder: Path,
    units: int = 3300,
    months: int = 24,
    seed: int = 1,
    start: str = "2024-01",
) -> SimulationReport:
    """Write the network into `folder`, replacing what an earlier run wrote.

    Memory is bounded by one month of submissions. Raises UsageError for sizes
    that make no sense, MachineRefused when the disk says no.
    """
    span = Months(start, months)
    tree = plant(units)
    assign_roles(tree, months, seed)
    with machine_faults(folder):
        working = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(working, ignore_errors=True)
        working.mkdir(parents=True)
        report = _write(working, tree, span, seed, start)
        # The folder appears whole: a killed run leaves the old one in place.
        if folder.exists():
            shutil.rmtree(folder)
        working.replace(folder)
    return report


def read_report(folder: Path) -> SimulationReport:
    """Report of the network in `folder`."""
    return SimulationReport(**json.loads((folder / REPORT).read_text("utf-8")))


def _write(
    folder: Path, tree: list[Unit], span: Months, seed: int, start: str
) -> SimulationReport:
    traits = draw_traits(seed, tree)
    schedule = plan_faults(tree, span.count, seed)
    registry_rows = write_registries(folder / "registry", tree, traits, span)
    with (
        (folder / "faults.csv").open("w", encoding="utf-8", newline="") as faults,
        LogWriter(folder / "submissions") as log,
    ):
        senders = Senders(tree, traits, schedule, span, seed, faults)
        submissions = rows = 0
        for sent in _in_order(senders, span):
            log.append(sent.received, sent.position, sent.text)
            submissions += 1
            rows += sent.rows
        size = log.offset
    report = SimulationReport(
        seed=seed,
        units=len(tree),
        months=span.count,
        start=start,
        reporting_units=sum(unit.kind == REPORTING for unit in tree),
        silent_units=sum(unit.silent_from is not None for unit in tree),
        often_late_units=sum(unit.often_late for unit in tree),
        merged_units=sum(unit.closes is not None for unit in tree),
        support_units=sum(unit.kind == SUPPORT for unit in tree),
        submissions=submissions,
        rows=rows,
        late_submissions=senders.counts["late_submissions"],
        missing_submissions=senders.counts["missing_submissions"],
        resubmissions=dict(sorted(senders.resubmissions.items())),
        faults={k: n for k, n in sorted(senders.faults.items()) if is_fault(k)},
        behaviour={k: n for k, n in sorted(senders.faults.items()) if not is_fault(k)},
        registry_rows=registry_rows,
        submission_bytes=size,
    )
    text = json.dumps(asdict(report), indent=2, sort_keys=True) + "\n"
    (folder / REPORT).write_text(text, encoding="utf-8")
    return report


def _in_order(senders: Senders, span: Months) -> Iterator[Sent]:
    """Submissions by arrival; those that arrive later wait for their month."""
    waiting: list[Sent] = []
    for number in range(span.count):
        waiting.extend(senders.month(number))
        waiting.sort()
        # The next month's submissions all arrive after its own end.
        bound = span.epoch(number + 2)
        ready = [sent for sent in waiting if sent.received < bound]
        yield from ready
        waiting = waiting[len(ready) :]
    yield from waiting
