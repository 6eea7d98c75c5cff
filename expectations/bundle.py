"""A bundle: all that one unit needs to judge its own file, without the server.

    bundle.json                     unit, site, versions, registries
    catalogue/*.yml, codelists/*    the rules, for people to read
    registries/<source_code>.parquet
    history/accepted.parquet        what the unit itself reported before
    history/peers.parquet           medians of all who report the same forms
    waivers.csv                     waivers that may cover its rows

Registries are those that decide about observations, and the parameters of
rules, as they are in force; rows about other units and addresses of people
are left out. The same site gives the same bytes.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from expectations.catalogue import FOLDER, quoted
from expectations.history import OWN, PEERS, accepted_until
from expectations.judgement import rule_set_of
from expectations.registries import (
    InForce,
    Registries,
    consulted,
    current_registries,
    promote_entry,
)
from expectations.verdict import FILE
from expectations.waivers import FILE as WAIVERS
from expectations.waivers import site_waivers, waivers_csv
from ingestion.clock import now, stamp
from ingestion.durable import replaced
from ingestion.errors import UsageError
from ingestion.registry import REGISTRIES
from ingestion.settings import Settings
from ingestion.site import Site
from ingestion.source import Source

FORMAT = 1
MANIFEST = "bundle.json"
HISTORY, MEDIANS = "history/accepted.parquet", f"history/{PEERS}"
ABOUT = f"history/{FILE}"
# ZIP knows no time zone; a fixed time keeps equal content equal in bytes.
_TIME = (2020, 1, 1, 0, 0, 0)
_MAX_BYTES = 512 * 2**20
# What reading a damaged or encrypted bundle ends in, or one of other content.
_NO_BUNDLE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError,
    LookupError, TypeError, AttributeError,
)  # fmt: skip
_TOLD = ("unit_code", "rule_set_version")
_CANNOT = "ask the office that runs Planwatch for a new one (`planwatch bundle`)."


class UnitWorld(NamedTuple):
    """What a unit judges by: settings of a scratch home, site, registries."""

    settings: Settings
    site: Site
    registries: Registries
    unit_code: str


def write_bundle(settings: Settings, site: Site, unit_code: str, path: Path) -> Path:
    """Write the bundle of `unit_code` to `path`; UsageError for no such unit."""
    registries = current_registries(settings, site)
    names = sorted({*consulted(""), "rules"})
    entries = [entry for name in names for entry in registries.of(name)]
    manifest = {
        "format": FORMAT,
        "unit_code": unit_code,
        "rule_set_version": rule_set_of(site),
        "site": {
            "name": site.name,
            "time_zone": site.time_zone,
            "default_language": site.default_language,
            "error_budget": site.error_budget,
        },
        "registries": [
            {**asdict(entry), "simulated": site.source(entry.source_code).simulated}
            for entry in sorted(entries)
        ],
    }
    parts = {_member(e): _cut(registries, e, unit_code) for e in entries}
    if not _names_unit(parts, entries, unit_code):
        raise UsageError(
            f"Unit {unit_code!r} is in no registry that is in force.",
            "check the code; registries are taken in by `planwatch run`.",
        )
    parts |= _past(settings, site, registries, unit_code)
    parts |= _waivers(site, unit_code)
    _write(path, manifest, parts)
    return path


def _past(
    settings: Settings, site: Site, registries: Registries, unit: str
) -> dict[str, bytes]:
    """Accepted rows of the unit, what a verdict says of them, and medians.

    Of others nothing but the median of five or more is told.
    """
    moment = now(settings)
    known = accepted_until(settings, site, moment)
    with duckdb.connect() as connection:
        known.attach(connection)
        registries.attach(connection, ("regions",))
        for script in ("region_levels", "peers_wanted_by_form", "peers"):
            connection.execute((FOLDER / "judged" / f"{script}.sql").read_text())
        parts = {MEDIANS: _parquet(connection, "from peer_fact order by all")}
        rows = (
            f"select * from history_observation where unit_code = {quoted(unit)}"
            " order by known_from asc nulls last, submission_id asc nulls last,"
            " indicator_code asc nulls last, breakdown asc nulls last,"
            " region_code asc nulls last, period asc nulls last"
        )
        (count,) = connection.execute(f"select count(*) from ({rows})").fetchone()
        if not count:
            return parts
        (newest,) = connection.execute(
            f"select max(known_from) from ({rows})"
        ).fetchone()
        told = {
            "kind": "submission",
            "source_code": "",
            "rows_accepted": count,
            "received_at": stamp(newest.replace(tzinfo=UTC)),
            OWN: True,
        }
        parts[HISTORY] = _parquet(connection, rows)
        parts[ABOUT] = json.dumps(told, sort_keys=True).encode()
        return parts


def _waivers(site: Site, unit: str) -> dict[str, bytes]:
    """Those that may cover rows of the unit."""
    covering = [
        waiver
        for waiver in site_waivers(site.folder)
        if fnmatchcase(unit, waiver.unit_code or "*")
    ]
    return {WAIVERS: waivers_csv(covering)} if covering else {}


def _parquet(connection: duckdb.DuckDBPyConnection, query: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.parquet"
        connection.execute(
            f"copy ({query}) to {quoted(str(path))} (format parquet, compression zstd)"
        )
        return path.read_bytes()


def _member(entry: InForce) -> str:
    return f"registries/{entry.source_code}.parquet"


def _cut(registries: Registries, entry: InForce, unit_code: str) -> bytes:
    """Snapshot without rows about other units and without addresses."""
    with duckdb.connect() as connection:
        source = f"read_parquet({quoted(str(registries.rows(entry)))})"
        described = connection.execute(f"describe select * from {source}").fetchall()
        columns = [column[0] for column in described]
        where = "true"
        if "unit_code" in columns:
            where = f"unit_code is null or unit_code = {quoted(unit_code)}"
        hidden = " replace (null::varchar as contact)" if "contact" in columns else ""
        return _parquet(
            connection,
            f"select *{hidden} from {source} where {where}"
            " order by row_number asc nulls last",
        )


def _names_unit(parts: dict[str, bytes], entries: list[InForce], unit: str) -> bool:
    import pyarrow.parquet as pq

    return any(
        unit in pq.read_table(io.BytesIO(parts[_member(e)]))["unit_code"].to_pylist()
        for e in entries
        if e.registry == "units"
    )


def _write(path: Path, manifest: dict[str, Any], parts: dict[str, bytes]) -> None:
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    members = {MANIFEST: text.encode(), **parts}
    for pattern in ("catalogue/*.yml", "codelists/*.csv"):
        for rules in FOLDER.glob(pattern):
            members[rules.relative_to(FOLDER).as_posix()] = rules.read_bytes()
    with (
        replaced(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, _TIME), members[name], 8)


@contextmanager
def opened(settings: Settings, path: Path) -> Iterator[UnitWorld]:
    """The world of a bundle in a scratch folder that is gone afterwards.

    UsageError when `path` is no bundle, or was made for other rules than
    those of this program: the verdict would not be that of the server.
    """
    with tempfile.TemporaryDirectory(prefix="planwatch-") as folder:
        home = Path(folder)
        manifest, site = _unpack(path, home)
        if manifest["rule_set_version"] != rule_set_of(site):
            raise UsageError(
                f"{path.name} was made for other rules "
                f"({manifest['rule_set_version']}) than this program has "
                f"({rule_set_of(site)}).",
                _CANNOT,
            )
        scratch = settings.model_copy(update={"home": home, "site": home})
        for entry in manifest["registries"]:
            entry.pop("simulated")
            promote_entry(scratch, InForce(**entry))
        registries = current_registries(scratch, site)
        yield UnitWorld(scratch, site, registries, manifest["unit_code"])


@contextmanager
def unit_world(
    settings: Settings, unit_code: str, bundle: Path | None
) -> Iterator[UnitWorld]:
    """The world of `bundle`, or one made from this installation for the unit."""
    if bundle is not None:
        with opened(settings, bundle) as world:
            if world.unit_code != unit_code:
                raise UsageError(
                    f"{bundle.name} is for unit {world.unit_code}, "
                    f"not for {unit_code}.",
                    "give that unit with --unit, or the bundle of yours.",
                )
            yield world
        return
    with tempfile.TemporaryDirectory(prefix="planwatch-") as folder:
        site = Site.load(settings.site)
        path = write_bundle(settings, site, unit_code, Path(folder) / "bundle.zip")
        with opened(settings, path) as world:
            yield world


def _unpack(path: Path, home: Path) -> tuple[dict[str, Any], Site]:
    """Put each registry where the gate looks for it; the manifest and its site."""
    try:
        manifest = _unpacked(path, home)
        if not all(isinstance(manifest[name], str) for name in _TOLD):
            raise TypeError(f"one of {', '.join(_TOLD)} is no text")
        return manifest, _site(manifest, home)
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path}.", "correct --bundle.") from error
    except _NO_BUNDLE as error:
        raise UsageError(f"{path} is no bundle: {error}.", _CANNOT) from error


def _unpacked(path: Path, home: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > _MAX_BYTES:
            raise ValueError("it is too big")
        manifest = json.loads(archive.read(MANIFEST))
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']}")
        for listed in manifest["registries"]:
            keys = {k: v for k, v in listed.items() if k != "simulated"}
            entry = InForce(**keys)
            if entry.registry not in REGISTRIES:
                raise ValueError(f"registry {entry.registry!r}")
            place = Registries(home / "verdicts", ()).path(entry)
            if not place.resolve().is_relative_to(home.resolve()):
                raise ValueError("a path leads out of it")
            place.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(_member(entry)) as part, place.open("wb") as out:
                shutil.copyfileobj(part, out)
        for name in {HISTORY, MEDIANS, ABOUT, WAIVERS} & set(archive.namelist()):
            place = home / "verdicts" / name
            place = home / name if name == WAIVERS else place
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(archive.read(name))
    return manifest


def _site(manifest: dict[str, Any], home: Path) -> Site:
    sources = {
        entry["source_code"]: Source(
            code=entry["source_code"],
            kind="registry",
            registry=entry["registry"],
            connector="inbox",
            location="bundle",
            format="csv",
            simulated=entry["simulated"],
        )
        for entry in manifest["registries"]
    }
    return Site(folder=home, sources=sources, **manifest["site"])
