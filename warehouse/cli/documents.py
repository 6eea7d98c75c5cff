"""Command for those who write the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warehouse.cli.options import HomeOption, settings_of


def docs(
    folder: Annotated[
        Path | None, typer.Option(help="Where to write (default: docs/).")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(help="Also write dbt's own page of all models, one HTML file."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write the data dictionary and the diagram from the models' descriptions."""
    from warehouse.dictionary import write_documents, write_page
    from warehouse.project import dbt_environment, hand_to_dbt, manifest_of

    settings = settings_of(home)
    hand_to_dbt(dbt_environment(settings))
    for path in write_documents(manifest_of(settings), folder):
        print(path)
    if page:
        print(write_page(settings, page))
