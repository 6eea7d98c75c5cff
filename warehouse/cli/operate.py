"""Commands that run the whole: demo, run, airflow, bench."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from ingestion.errors import Damaged, UsageError
from ingestion.settings import ROOT
from ingestion.site import Site
from warehouse.cli.options import (
    HomeOption,
    JsonOption,
    SiteOption,
    print_json,
    settings_of,
)
from warehouse.cli.progress import fetching, narrating

BENCHES = ROOT / "tests" / "bench"


def run(
    site: SiteOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Fetch, judge, load, build and publish in one process."""
    from warehouse.chain import Listeners
    from warehouse.chain import run as run_chain

    settings = settings_of(home, site)
    declared = Site.load(settings.site)
    with narrating(json) as event, fetching() as progress:
        report = run_chain(settings, declared, Listeners(event, progress))
    if json:
        print_json(
            {
                "landed": [batch.batch_id for batch in report.landed],
                "loads": [asdict(load) for load in report.loads],
                "build": asdict(report.build),
                "release": asdict(report.release),
                "failures": [str(error) for error in report.failures],
            }
        )
    else:
        rows = sum(load.rows_loaded for load in report.loads)
        rejected = sum(load.rows_rejected for load in report.loads)
        print(
            f"{len(report.landed)} batches landed, {rows:,} rows loaded, "
            f"{rejected:,} rejected."
        )
        state = "new" if report.release.changed else "unchanged"
        print(f"Release {report.release.release_id} ({state}): {report.release.file}")
    if report.failures:
        raise report.failures[0]


def demo(
    home: HomeOption = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Main job: serve the samples, run the real DAGs over them, publish."""
    from warehouse.demo import demo as run_demo

    run_demo(settings_of(home, site), as_json=json)


def airflow(
    site: SiteOption = None,
    home: HomeOption = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the web page.")
    ] = 8080,
) -> None:
    """Start Airflow with these DAGs on this home; ends with Ctrl-C."""
    from warehouse.airflow_home import (
        airflow_command,
        airflow_environment,
        page_login,
        prepare_airflow,
    )
    from warehouse.ports import refuse_used_port

    settings = settings_of(home, site)
    Site.load(settings.site)
    refuse_used_port(port, "--port")
    prepare_airflow(settings)
    user, password = page_login(settings)
    print(f"Airflow:  http://localhost:{port}")
    print(f"Login:    {user} / {password}")
    print("It answers in about a minute. Ctrl-C ends it.", flush=True)
    process = subprocess.Popen(
        airflow_command("standalone"),
        env={
            **airflow_environment(settings),
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
        },
        start_new_session=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        sys.exit(process.wait())
    except KeyboardInterrupt:
        print("Airflow stops.")
    finally:
        # Standalone leaves its children behind unless the group is ended.
        _end_group(process)


def bench(
    name: Annotated[str, typer.Argument(help="fetch, gate, wave or all.")] = "all",
    long: Annotated[
        bool, typer.Option("--long", help="The sizes of a country; takes hours.")
    ] = False,
) -> None:
    """Measure speed and memory against hand-written code, in this very run."""
    found = {path.stem[6:]: path for path in sorted(BENCHES.glob("bench_*.py"))}
    if name != "all" and name not in found:
        raise UsageError(
            f"There is no benchmark {name!r}.",
            f"choose all or one of: {', '.join(found)}.",
        )
    for path in found.values() if name == "all" else [found[name]]:
        print(f"== {path.stem}", flush=True)
        words = [sys.executable, str(path), *(["--long"] if long else [])]
        if subprocess.run(words, check=False).returncode:
            raise Damaged(
                f"{path.name} did not finish.",
                "its output above says where it stopped.",
            )


def _end_group(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
    except ProcessLookupError:
        return
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
