"""The dbt project, and dbt's reading of it, kept for each state of its files.

To read the project takes dbt longer than to take in a small wave. What it read
is kept under the hash of all files: another state is another name, so that no
part of an older reading can slip in.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from ingestion.durable import commit_file, machine_faults
from ingestion.errors import Damaged
from ingestion.settings import ROOT, Settings
from warehouse.dbt_contexts import make_contexts_lightly
from warehouse.dbt_events import leave_out_debug_events
from warehouse.dbt_macros import leave_out_idle_macros

PROJECT = ROOT / "dbt_project"


def project_hash() -> str:
    """Hash of every file of the dbt project: another model is another build."""
    digest = hashlib.sha256()
    for path in sorted(PROJECT.rglob("*")):
        if path.is_file() and path.suffix in {".sql", ".yml", ".csv", ".md"}:
            digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def dbt_environment(settings: Settings) -> dict[str, str]:
    """What profiles.yml and dbt itself read from the environment."""
    return {
        "PLANWATCH_WAREHOUSE": str(settings.warehouse),
        "PLANWATCH_MEMORY_LIMIT": settings.memory_limit,
        "PLANWATCH_THREADS": str(settings.threads),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(settings.home / "dbt" / "target"),
        "DBT_LOG_PATH": str(settings.home / "dbt" / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def hand_to_dbt(variables: dict[str, str]) -> None:
    """dbt and its profiles read the environment of this process, nothing else."""
    os.environ.update(variables)


def invoke(
    arguments: list[str],
    manifest: Any = None,
    finish: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
):
    """Run dbt in this process; gives its dbtRunnerResult.

    When all went well, `finish` gets the connection before it is closed.

    One connection serves all models of the run: opening the file anew for each
    takes longer than most of them. It is closed at the end, or dbt would keep
    the file for the life of the process. A console that nobody reads is left out.
    """
    # dbt takes 3 s to import: only when there is something to build.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    leave_out_debug_events()
    make_contexts_lightly()
    try:
        outcome = dbtRunner(manifest=manifest).invoke(
            ["--log-level", "none", "--log-level-file", "info", *arguments]
        )
        if finish and outcome.success:
            finish(DuckDBConnectionManager.env().handle().cursor())
        return outcome
    finally:
        DuckDBConnectionManager.close_all_connections()


def read_project(settings: Settings) -> None:
    """Let dbt read the project, unless what it read of this state is kept.

    For a process of its own, beside one that needs the reading later.
    """
    hand_to_dbt(dbt_environment(settings))
    _kept(settings.project_cache, project_hash())


def manifest_of(settings: Settings, target: str = "duckdb") -> Any:
    """dbt's manifest of the project as it is now; each caller gets its own.

    `target` is one of profiles.yml.

    Raises Damaged when dbt cannot read the project.
    """
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    kept = _kept(settings.project_cache, project_hash())
    manifest = Manifest.from_msgpack(kept, decoder=extended_mashumuro_decoder)
    # After it is read: what is kept must follow from the project's files alone.
    leave_out_idle_macros(manifest)
    if target == "as_of":
        _read_raw_from(manifest, "kept")
    return manifest


def _read_raw_from(manifest: Any, database: str) -> None:
    """Let the raw tables be those of a database that the target attaches.

    All else in which targets differ is asked for when a model is compiled; to
    read the whole project for each of them takes as long as a small build.
    """
    for source in manifest.sources.values():
        if source.schema == "raw":
            source.database = database
            source.relation_name = f'"{database}"."raw"."{source.identifier}"'


@cache
def _kept(folder: Path, state: str) -> bytes:
    from warehouse.dbt_templates import keep_templates

    keep_templates(folder / "templates")
    path = folder / f"project-{state[:16]}-{version('dbt-core')}.msgpack"
    if not path.exists():
        _parse(path)
    return path.read_bytes()


def _parse(path: Path) -> None:
    from dbt.parser.manifest import extended_mashumaro_encoder

    # dbt's own memory of another state takes moved entries for doubled ones.
    outcome = invoke(["--no-write-json", "parse", "--no-partial-parse"])
    if not outcome.success:
        raise Damaged(
            f"dbt could not read its project: {outcome.exception}",
            "the log in dbt/logs of this home names file and line.",
        )
    with machine_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_bytes(outcome.result.to_msgpack(extended_mashumaro_encoder))
        commit_file(fresh, path)
