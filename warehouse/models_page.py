"""dbt's page of all models and their lineage: one file, made once per project."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from ingestion.durable import commit_file, machine_faults
from ingestion.errors import Damaged, UsageError
from ingestion.settings import Settings
from warehouse.database import writer_lock
from warehouse.project import (
    dbt_environment,
    hand_to_dbt,
    invoke,
    manifest_of,
    project_hash,
)

PAGE = "models.html"


def models_page(settings: Settings) -> Path:
    """The page of the project as it is, which needs no network.

    It follows from the project alone, so it is kept under the project's hash
    and made again only when the project has changed. Raises UsageError where
    no warehouse has been built.
    """
    kept = settings.project_cache / f"models-{project_hash()[:16]}.html"
    if not kept.exists():
        _make(settings, kept)
    return kept


def _make(settings: Settings, kept: Path) -> None:
    if not settings.warehouse.exists():
        raise UsageError(
            f"There is no warehouse in {settings.home} to describe.",
            "run `planwatch run` (or `planwatch demo`) first.",
        )
    from dbt.flags import set_from_args

    hand_to_dbt(dbt_environment(settings))
    with writer_lock(settings):
        manifest = manifest_of(settings)
        # dbt writes by the flags of a command, and in this process none has run yet
        # where its reading of the project was kept.
        set_from_args(Namespace(), {})
        manifest.write(str(settings.home / "dbt" / "target" / "manifest.json"))
        # The models' own SQL is on the page; compiled, it would be that of one wave.
        outcome = invoke(["docs", "generate", "--static", "--no-compile"], manifest)
    if not outcome.success:
        raise Damaged(
            f"dbt could not write its page: {outcome.exception}",
            "the log in dbt/logs of this home names file and line.",
        )
    page = settings.home / "dbt" / "target" / "static_index.html"
    text = page.read_text(encoding="utf-8")
    temporary = kept.with_name(f".{kept.name}.{os.getpid()}")
    with machine_faults(kept):
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Where a home lies is nobody's business but its owner's.
        temporary.write_text(text.replace(f"{settings.home}/", ""), encoding="utf-8")
    commit_file(temporary, kept)
