"""All commands, gathered under one application."""

from __future__ import annotations

import typer

from warehouse.cli import (
    documents,
    inspect,
    operate,
    read,
    samples,
    stages,
    units,
    warn,
)
from warehouse.version import VERSION

EPILOG = (
    "Exit codes: 0 done; 1 content was rejected; 2 wrong usage; 3 the site or "
    "its declarations are wrong; 4 a source could not be fetched; 5 kept data "
    "are damaged or a build failed; 6 the machine refused (disk, permission, "
    "port, lock)."
)

app = typer.Typer(
    name="planwatch",
    help="Monitor how development plans are carried out.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"planwatch {VERSION}")
        raise typer.Exit


@app.callback()
def _planwatch(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show version."
    ),
) -> None:
    """Monitor how development plans are carried out."""


for command in (
    operate.demo,
    operate.run,
    inspect.inspect,
    stages.ingest,
    stages.gate,
    stages.data_docs,
    stages.load,
    stages.build,
    stages.publish,
    stages.rebuild,
    stages.verify,
    stages.retain,
    read.sql,
    read.warnings,
    read.explain,
    warn.acknowledge,
    warn.notify,
    warn.replay,
    read.receipt,
    units.bundle,
    units.template,
    units.check,
    units.deliver,
    documents.docs,
    samples.simulate,
    samples.serve_samples,
    operate.airflow,
    operate.bench,
):
    app.command(name=command.__name__.replace("_", "-"))(command)
