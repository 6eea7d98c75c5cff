"""Publish: an immutable release beside the old ones, then one atomic swap."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from ingestion.clock import now, stamp
from ingestion.durable import machine_faults, sync_folder, write_json
from ingestion.errors import Busy, SiteError
from ingestion.landing import ledger
from ingestion.retention import cited_batches
from ingestion.settings import Settings
from ingestion.site import Site
from warehouse.content_hash import content_hash
from warehouse.database import transaction, writer
from warehouse.models_page import PAGE, models_page
from warehouse.version import VERSION

TABLES = ("core", "marts")
VIEWS = "published"
VIEWS_OF_RELEASE = f"release.{VIEWS}"
FILE = "planwatch.duckdb"
# Logs differ with every run over the same content, so they are no part of it.
LOGS = ("core.fct_fetch_outcome",)


@dataclass(frozen=True)
class Release:
    """A finished release; `changed` is false when `current` already was it."""

    release_id: str
    content_hash: str
    as_of: str
    built_at: str
    path: str
    site: str
    rule_set_versions: tuple[str, ...]
    software_version: str
    source_batches: tuple[str, ...]
    tables: dict[str, int]
    changed: bool = True

    @property
    def file(self) -> Path:
        return Path(self.path) / FILE


def publish(settings: Settings, site: Site) -> Release:
    """Write the release of what is built now and point `current` at it.

    The same rows give the same release id, so publishing twice changes
    nothing. A reader that holds the old release keeps it. Raises Busy between
    two builds: no state of the models must be published that is no build's.
    """
    with writer(settings) as connection:
        if not _tables(connection, VIEWS):
            raise SiteError(
                "There is nothing built to publish.", "run `planwatch build` first."
            )
    # dbt opens the warehouse itself, so before this does.
    page = models_page(settings)
    with writer(settings) as connection:
        tables = [
            ("planwatch", schema, table)
            for schema, table in _all(connection)
            if f"{schema}.{table}" not in LOGS
        ]
        digest, counts = content_hash(connection, tables)
        release = _describe(settings, site, connection, digest, counts)
        folder = Path(release.path)
        if not (folder / "manifest.json").exists():
            _write(settings, connection, release, page)
        # Under the lock: else a newer release could be swapped for this one.
        changed = _point_current(settings, release.release_id)
    return release if changed else Release(**{**asdict(release), "changed": False})


def current(settings: Settings) -> dict | None:
    """Manifest of the release that readers see, or None."""
    path = settings.releases / "current" / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def unreleased(settings: Settings) -> set[str]:
    """Loaded batches that no release cites yet: the next one may."""
    if not settings.warehouse.exists():
        return set()
    with writer(settings) as connection:
        loaded = connection.execute(
            "select distinct batch_id from raw.batch where status = 'loaded'"
        ).fetchall()
    cited = cited_batches(settings, list(ledger(settings)))
    return {batch_id for (batch_id,) in loaded} - cited


def _tables(connection, schema: str) -> list[str]:
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = ?"
        " and table_catalog = current_database() order by all",
        [schema],
    ).fetchall()
    return [name for (name,) in rows]


def _all(connection) -> list[tuple[str, str]]:
    return [
        (schema, table) for schema in TABLES for table in _tables(connection, schema)
    ]


def _describe(settings, site, connection, digest, counts) -> Release:
    load_seq, as_of = _finished(connection)
    batches, rules = connection.execute(
        """
        select
            coalesce(list(distinct batch_id order by batch_id), []),
            coalesce(list(distinct rule_set_version order by rule_set_version), [])
        from raw.batch
        where status = 'loaded' and load_seq <= ?
        """,
        [load_seq],
    ).fetchone()
    release_id = f"{as_of:%Y%m%dT%H%M%SZ}-{digest[:12]}"
    return Release(
        release_id=release_id,
        content_hash=digest,
        as_of=f"{as_of.isoformat()}Z",
        built_at=stamp(now(settings)),
        path=str(settings.releases / release_id),
        site=site.name,
        rule_set_versions=tuple(rules),
        software_version=VERSION,
        source_batches=tuple(batches),
        tables=counts,
    )


def _finished(connection) -> tuple[int, datetime]:
    """Load and clock up to which the last build read; Busy in the midst of one.

    A build moves the clock of the models first and is on record at its end: in
    between some tables are those of the new wave, or a check has failed.
    """
    built = connection.execute(
        "select load_seq, as_of from ops.build order by rowid desc limit 1"
    ).fetchone()
    models = connection.execute("select load_seq, as_of from staging.stg_clock")
    if built is None or built != models.fetchone():
        raise Busy(
            "The last build has not finished: what stands is no state of its own.",
            "run `planwatch build`, or wait for the one that is running.",
        )
    return built


def _write(settings: Settings, connection, release: Release, page: Path) -> None:
    building = settings.releases / f".building-{os.getpid()}"
    with machine_faults(building):
        # The writer lock is held, so what stands there is of a killed run.
        for left in settings.releases.glob(".building-*"):
            shutil.rmtree(left)
        building.mkdir(parents=True)
    _copy(connection, building / FILE, release)
    manifest = {
        k: v for k, v in asdict(release).items() if k not in ("path", "changed")
    }
    manifest["models_page"] = PAGE
    with machine_faults(building):
        shutil.copyfile(page, building / PAGE)
    write_json(building / "manifest.json", manifest)
    with machine_faults(building):
        for path in building.iterdir():
            path.chmod(0o444)
        # Left by a run that was killed between the rename and its return.
        shutil.rmtree(release.path, ignore_errors=True)
        building.rename(release.path)
        sync_folder(settings.releases)


def _copy(connection, file: Path, release: Release) -> None:
    connection.execute(f"attach '{_escaped(str(file))}' as release")
    try:
        for schema in (*TABLES, VIEWS):
            connection.execute(f"create schema release.{schema}")
        for schema, table in _all(connection):
            connection.execute(
                f'create table release."{schema}"."{table}" as'
                f' from planwatch."{schema}"."{table}"'
            )
        _create_release_info(connection, release)
        _create_views(connection)
        _create_macros(connection)
        _copy_comments(connection)
        connection.execute("checkpoint release")
    finally:
        connection.execute("use planwatch")
        connection.execute("detach release")


RELEASE_INFO = {
    "release_id": "Clock and content of the release; the name of its folder.",
    "built_at": "When the release was written (UTC).",
    "as_of": "The model's clock: the newest event that the release knows of (UTC).",
    "content_hash": "SHA-256 over all rows of core and marts.",
    "rule_set": "Versions of the gate's rule sets that judged the loaded batches.",
    "software_version": "Version of Planwatch that built the release.",
    "site": "Name of the site.",
    "source_batches": "Ids of the landed batches that the release is made of.",
}


def _create_release_info(connection, release: Release) -> None:
    facts = asdict(release) | {
        "rule_set": ", ".join(release.rule_set_versions),
        "source_batches": list(release.source_batches),
    }
    cells = [
        f"${name}::timestamptz at time zone 'UTC' as {name}"
        if name in ("built_at", "as_of")
        else f"${name} as {name}"
        for name in RELEASE_INFO
    ]
    connection.execute(
        f"create table {VIEWS_OF_RELEASE}.release_info as select {', '.join(cells)}",
        {name: facts[name] for name in RELEASE_INFO},
    )
    connection.execute(
        f"comment on table {VIEWS_OF_RELEASE}.release_info is"
        " 'What this release is and what it is made of; one row.'"
    )
    for name, text in RELEASE_INFO.items():
        connection.execute(
            f"comment on column {VIEWS_OF_RELEASE}.release_info.{name}"
            f" is '{_escaped(text)}'"
        )


def _create_views(connection) -> None:
    """Views of `published`, again, with names that hold in any catalog.

    dbt writes "planwatch"."marts"."x"; a reader may attach the release under
    another name, so the catalog is left out.
    """
    views = connection.execute(
        "select view_name, sql from duckdb_views() where schema_name = ?"
        " and database_name = 'planwatch'",
        [VIEWS],
    ).fetchall()
    waiting = [_without_catalog(sql) for _, sql in views]
    connection.execute("use release")
    while waiting:
        # A view comes after those that it reads; DuckDB keeps no such order.
        later = [sql for sql in waiting if not _created(connection, sql)]
        if len(later) == len(waiting):
            connection.execute(later[0])
        waiting = later
    connection.execute("use planwatch")


def _create_macros(connection) -> None:
    """Macros of core, such as core.observation_as_of, again."""
    macros = connection.execute(
        "select function_type, schema_name, function_name, parameters,"
        " macro_definition from duckdb_functions()"
        " where database_name = 'planwatch'"
        " and function_type in ('macro', 'table_macro')"
        " and schema_name in ('core', 'marts') order by all"
    ).fetchall()
    connection.execute("use release")
    for kind, schema, name, parameters, body in macros:
        is_table = kind == "table_macro"
        given = _signature(parameters) if is_table else ", ".join(parameters)
        connection.execute(
            f'create macro "{schema}"."{name}"({given})'
            f" as {'table ' if is_table else ''}{_without_catalog(body)}"
        )
    connection.execute("use planwatch")


def _signature(parameters: list[str]) -> str:
    """The first parameter must be given; DuckDB does not tell the defaults of
    the others, which are all null (see dbt_project/macros/as_of.sql)."""
    first, *others = parameters
    return ", ".join([first, *(f"{name} := null" for name in others)])


def _created(connection, sql: str) -> bool:
    try:
        connection.execute(sql)
    except duckdb.CatalogException:
        return False
    return True


def _without_catalog(sql: str) -> str:
    return sql.replace('"planwatch".', "").replace("planwatch.", "")


def _copy_comments(connection) -> None:
    """dbt keeps descriptions as comments; a copied table has lost them."""
    tables = connection.execute(
        "select 'table', schema_name, table_name, null, comment from duckdb_tables()"
        " where database_name = 'planwatch' and comment is not null"
        " union all select 'view', schema_name, view_name, null, comment"
        " from duckdb_views()"
        " where database_name = 'planwatch' and comment is not null"
        " union all select 'column', schema_name, table_name, column_name, comment"
        " from duckdb_columns()"
        " where database_name = 'planwatch' and comment is not null"
    ).fetchall()
    # Each by itself would be written through to the disk: there are some thousand.
    with transaction(connection):
        for kind, schema, table, column, comment in tables:
            if schema in (*TABLES, VIEWS):
                # A view over what moves is a table once it is published.
                stands_as = "table" if kind == "view" and schema in TABLES else kind
                name = f'release."{schema}"."{table}"'
                name += f'."{column}"' if column else ""
                text = _escaped(comment)
                connection.execute(f"comment on {stands_as} {name} is '{text}'")


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _point_current(settings: Settings, release_id: str) -> bool:
    """Swap the symlink in one rename; readers see the old or the new release."""
    link = settings.releases / "current"
    if link.is_symlink() and os.readlink(link) == release_id:
        return False
    temporary = settings.releases / f".current-{os.getpid()}"
    with machine_faults(link):
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(release_id)
        temporary.replace(link)
        sync_folder(settings.releases)
    return True
