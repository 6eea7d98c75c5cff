"""The main job on the sample world: real sources, real DAGs, a release."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from ingestion.errors import Damaged
from ingestion.settings import ROOT, Settings
from ingestion.site import Site
from warehouse.airflow_home import airflow_environment, prepare_airflow
from warehouse.cli.options import print_json, print_table, remarks
from warehouse.database import reader, writer
from warehouse.ports import refuse_used_port
from warehouse.project import read_project
from warehouse.publish import current
from warehouse.warnings import worst_warnings


def demo(settings: Settings, *, as_json: bool = False) -> None:
    """Simulate, serve, run the DAGs, then tell what came of it.

    A second run finds nothing new and publishes the same release.
    """
    from ingestion.samples.network import simulate

    started = time.monotonic()
    Site.load(settings.site)
    before = current(settings)
    if not (settings.simulation / "simulation.json").exists():
        _say("Simulating a reporting network (3,300 units, 24 months) …")
        simulate(settings.simulation)
    with _project_read_beside(settings), _sample_server(settings) as url:
        _say(f"Sample sources answer at {url}.")
        _say("Preparing Airflow …")
        prepare_airflow(settings)
        _run_dags(settings)
    summary = _summary(settings, before, round(time.monotonic() - started, 1))
    if as_json:
        print_json(summary)
    else:
        _tell(settings, summary)


@contextmanager
def _project_read_beside(settings: Settings) -> Iterator[None]:
    """dbt reads its project on the other core: nothing needs it before the build."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        reading = beside.submit(read_project, settings)
        yield
        reading.result()


@contextmanager
def _sample_server(settings: Settings) -> Iterator[str]:
    from ingestion.samples.server import serving
    from warehouse.cli.samples import samples_port

    port = samples_port(settings)
    refuse_used_port(port, "PLANWATCH_SAMPLES_URL=http://127.0.0.1:PORT")
    token = settings.samples_token.get_secret_value()
    with serving(settings.simulation, port=port, token=token) as url:
        yield url


def _run_dags(settings: Settings) -> None:
    """The four DAGs in one process of their own, in the order of their assets."""
    log = settings.home / "airflow" / "demo.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "dags" / "local_runner.py")],
            env=airflow_environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for line in process.stdout or ():
            if line.startswith("DAG "):
                _say(line.strip())
            else:
                errors.write(line)
    if process.wait():
        tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-15:])
        raise Damaged(f"A DAG failed:\n{tail}\n", f"read {log} and run again.")


_COUNTS = """
select
    source_code,
    simulated,
    count(distinct batch_id) as batches,
    sum(rows_received)::bigint as received,
    sum(rows_accepted)::bigint as accepted,
    sum(rows_rejected)::bigint as rejected
from raw.batch
group by source_code, simulated
order by source_code
"""

_REASONS = """
select rule_id, severity, count(*) as rows, any_value(how_to_fix_en) as how_to_fix
from raw.rejection
group by rule_id, severity
order by severity, rows desc, rule_id
"""


def _summary(settings: Settings, before: dict | None, seconds: float) -> dict:
    after = current(settings)
    if after is None:
        raise Damaged("The DAGs ended without a release.", "read airflow/demo.log.")
    with writer(settings) as connection:
        counts = connection.execute(_COUNTS).fetchall()
        reasons = connection.execute(_REASONS).fetchall()
    with reader(settings) as connection:
        worst = worst_warnings(connection, "open", None, 10)
        states = connection.execute(
            "select severity, state, count(*) from published.early_warning"
            " group by all order by all"
        ).fetchall()
    return {
        "seconds": seconds,
        "release_id": after["release_id"],
        "content_hash": after["content_hash"],
        "changed": before is None or before["content_hash"] != after["content_hash"],
        "sources": counts,
        "rejections": reasons,
        "warnings": states,
        "worst": worst,
        "tables": after["tables"],
    }


def _tell(settings: Settings, summary: dict) -> None:
    print("\nWhat was fetched and judged (simulated sources are invented data):")
    print_table(
        ("source", "simulated", "batches", "rows", "accepted", "rejected"),
        summary["sources"],
    )
    print("\nWhy rows were rejected, or only remarked upon (warning):")
    print_table(("rule", "severity", "rows", "how to fix"), summary["rejections"])
    print("\nEarly warnings:")
    print_table(("severity", "state", "warnings"), summary["warnings"])
    print("\nThe ten worst open ones:")
    for warning in summary["worst"]:
        print(f"  {warning['severity']:<6} {warning['warning_id']}")
        print(f"         {warning['headline_en']}")
        print(f"         {warning['headline_zh']}")
    state = "new" if summary["changed"] else "unchanged: nothing new came"
    print(f"\nRelease {summary['release_id']} ({state})")
    print(f"  content hash {summary['content_hash']}, {summary['seconds']} s")
    print("\nAsk it:")
    print('  ./planwatch sql "select * from published.indicator_progress limit 5"')
    print("  ./planwatch warnings --severity red")
    if summary["worst"]:
        print(f"  ./planwatch explain {summary['worst'][0]['warning_id']}")
    file = settings.releases / "current" / "planwatch.duckdb"
    print(f"  duckdb -readonly {shlex.quote(str(file))}")


def _say(text: str) -> None:
    remarks.print(text, markup=False, highlight=False, soft_wrap=True)
