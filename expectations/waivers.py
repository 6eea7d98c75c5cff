"""Waivers: rows that a person lets through although a rule says no.

`waivers.csv` in the site's folder: who waived which rule for which rows, why
and until when. A row of the file covers batches received on or before `until`.
Patterns may use `*` and `?`; an empty one covers all.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from expectations.catalogue import rules
from ingestion.errors import SiteError

FILE = "waivers.csv"
PATTERNS = ("submission_id", "row_key", "unit_code", "indicator_code", "period")
COLUMNS = ("waiver_id", "rule_id", "who", "why", "until", *PATTERNS)
# Scopes whose reasons name a row of this table.
_ROWS_OF = {
    "submission": ("judged_submission", ("submission_id", "unit_code", "period")),
    "row": ("judged_observation", PATTERNS),
}


@dataclass(frozen=True)
class Waiver:
    """One row of waivers.csv."""

    waiver_id: str
    rule_id: str
    who: str
    why: str
    until: str
    submission_id: str
    row_key: str
    unit_code: str
    indicator_code: str
    period: str

    @property
    def content(self) -> dict[str, str]:
        return asdict(self)


def site_waivers(folder: Path) -> tuple[Waiver, ...]:
    """Read waivers.csv of a site; none when there is no such file.

    SiteError names the line: an unknown rule, one that cannot be waived since
    the row could not be stored, or a waiver that says too little.
    """
    path = folder / FILE
    if not path.exists():
        return ()
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    unknown = sorted(set(reader.fieldnames or ()) ^ set(COLUMNS))
    if unknown:
        raise SiteError(
            f"{path}: columns do not fit: {', '.join(map(str, unknown))}.",
            f"use exactly the columns {', '.join(COLUMNS)}.",
        )
    found = [_checked(path, n, row) for n, row in enumerate(reader, 2)]
    ids = [waiver.waiver_id for waiver in found]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise SiteError(
            f"{path}: waiver_id stands twice: {', '.join(sorted(twice))}.",
            "give every waiver an id of its own.",
        )
    return tuple(found)


def _text(path: Path) -> str:
    body = path.read_bytes()
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SiteError(
            f"{path}, line {line}: it is not UTF-8.", "save the file as CSV UTF-8."
        ) from error


def waivers_version(waivers: tuple[Waiver, ...]) -> str:
    """Short hash: other waivers, another verdict."""
    text = json.dumps([waiver.content for waiver in waivers], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def waivers_csv(waivers: Iterable[Waiver]) -> bytes:
    """The file that `site_waivers` reads."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(waiver.content for waiver in waivers)
    return out.getvalue().encode()


def _checked(path: Path, line: int, row: dict[str, str]) -> Waiver:
    waiver = Waiver(**{name: (row[name] or "").strip() for name in COLUMNS})
    known = {rule.id: rule for rule in rules()}
    rule = known.get(waiver.rule_id)
    problem = ""
    if not all((waiver.waiver_id, waiver.who, waiver.why)):
        problem = "waiver_id, who and why have to be filled"
    elif rule is None:
        problem = f"there is no rule {waiver.rule_id!r}"
    elif not rule.waivable or rule.scope in {"file", "registry"}:
        problem = f"rule {waiver.rule_id} cannot be waived"
    elif not any(getattr(waiver, name) for name in PATTERNS):
        problem = f"at least one of {', '.join(PATTERNS)} has to be filled"
    else:
        problem = _problem_of_date(waiver.until)
    if problem:
        raise SiteError(f"{path}, line {line}: {problem}.", "correct that line.")
    return waiver


def _problem_of_date(until: str) -> str:
    """Python reads 20261231 and 2026-W53-4 as well, DuckDB does not."""
    try:
        if date.fromisoformat(until).isoformat() == until:
            return ""
    except ValueError:
        pass
    return f"until is no date such as 2026-12-31: {until!r}"


def attach(bench: Any, waivers: tuple[Waiver, ...]) -> None:
    """Table `waiver`, empty for a site without waivers, and `waived`."""
    columns = ", ".join(f"{name} varchar" for name in COLUMNS)
    bench.execute(f"create table waiver ({columns})")
    for waiver in waivers:
        cells = [waiver.content[name] for name in COLUMNS]
        marks = ", ".join("?" * len(cells))
        bench.execute(f"insert into waiver values ({marks})", cells)
    bench.execute(
        "create table waived (scope varchar, row_id bigint, rule_id varchar,"
        " field varchar, waiver_id varchar, who varchar, why varchar, until varchar,"
        " submission_id varchar, row_number bigint, row_key varchar)"
    )


def apply(bench: Any, scope: str, waivers: tuple[Waiver, ...]) -> None:
    """Turn errors that a waiver covers into `waived`, and say by which one.

    Reasons of `scope` point to rows of its judged table by row_id.
    """
    if not waivers:
        return
    table, patterns = _ROWS_OF["submission" if scope == "submission" else "row"]
    # A waiver that names a row does not let a whole submission through.
    unused = [name for name in PATTERNS if name not in patterns]
    conditions = [
        *(f"(waiver.{n} = '' or judged.{n} glob waiver.{n})" for n in patterns),
        *(f"waiver.{name} = ''" for name in unused),
    ]
    bench.execute(
        f"""
        insert into waived
        select
            reason.scope, reason.row_id, reason.rule_id, reason.field,
            min(waiver.waiver_id), min_by(waiver.who, waiver.waiver_id),
            min_by(waiver.why, waiver.waiver_id),
            min_by(waiver.until, waiver.waiver_id),
            reason.submission_id, reason.row_number, reason.row_key
        from reason
        inner join {table} as judged using (row_id)
        cross join judged_batch
        inner join waiver
            on reason.rule_id = waiver.rule_id and {" and ".join(conditions)}
        where
            reason.scope = ? and reason.severity = 'error'
            and judged_batch.received_on <= waiver.until::date
        group by all
        """,
        [scope],
    )
    bench.execute(
        """
        update reason
        set
            severity = 'waived',
            expected_from = reason.expected_from || '; waiver ' || waived.waiver_id
            || ' by ' || waived.who || ' until ' || waived.until || ': ' || waived.why
        from waived
        where
            reason.scope = waived.scope and reason.row_id = waived.row_id
            and reason.rule_id = waived.rule_id and reason.field = waived.field
            and reason.severity = 'error'
        """
    )
