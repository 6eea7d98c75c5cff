"""Command for those who write the documentation."""

from __future__ import annotations

import shutil
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
        typer.Option(help="Also write the page of all models that each release holds."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write the data dictionary and the diagram from the models' descriptions."""
    from warehouse.build import (
        dbt_environment,
        hand_to_dbt,
        parsed_project,
        project_hash,
    )
    from warehouse.dictionary import write_documents
    from warehouse.models_page import models_page

    hand_to_dbt(dbt_environment(settings_of(home)))
    for path in write_documents(parsed_project(project_hash()), folder):
        print(path)
    if page:
        page.parent.mkdir(parents=True, exist_ok=True)
        print(shutil.copyfile(models_page(settings_of(home)), page))
