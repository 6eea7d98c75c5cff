"""The sample world: make it, serve it."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

import typer

from ingestion.settings import Settings
from warehouse.cli.options import HomeOption, JsonOption, print_json, settings_of


def simulate(
    units: Annotated[int, typer.Option(min=40, help="Reporting units.")] = 3300,
    months: Annotated[int, typer.Option(min=1, max=120, help="Months.")] = 24,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write a simulated reporting network for the sample server."""
    from ingestion.samples.network import simulate as make

    settings = settings_of(home)
    report = make(settings.simulation, units=units, months=months, seed=seed)
    if json:
        print_json(report)
    else:
        faults = ", ".join(f"{kind} {n}" for kind, n in sorted(report.faults.items()))
        print(
            f"Simulated network in {settings.simulation}: {report.units:,} units, "
            f"{report.months} months, {report.submissions:,} submissions, "
            f"{report.rows:,} rows (seed {report.seed})."
        )
        print(f"Planted faults, by kind: {faults}.")


def serve_samples(
    home: HomeOption = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Port on loopback (default: PLANWATCH_SAMPLES_URL).",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; loopback unless you mean it.")
    ] = "127.0.0.1",
) -> None:
    """Serve sample releases, simulated submissions and receipts over HTTP."""
    from expectations.receipts import rendered
    from ingestion.samples.server import serve

    settings = settings_of(home)
    if not (settings.simulation / "simulation.json").exists():
        simulate(units=3300, months=24, seed=1, home=home)
    serve(
        settings.simulation,
        host=host,
        port=port or samples_port(settings),
        token=settings.samples_token.get_secret_value(),
        receipts=partial(rendered, settings),
    )


def samples_port(settings: Settings) -> int:
    return urlsplit(settings.samples_url).port or 80
