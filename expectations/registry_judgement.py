"""Judgement of a registry file: accepted whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from expectations import reasons
from expectations.catalogue import Check, Facts, Rule, bind, quoted, rules_for
from expectations.chunks import write_parquet
from expectations.duckdb_dialect import Bench
from expectations.judgement import Judgement
from expectations.observation_judgement import Tally
from expectations.plan_life import add_steps, has_life
from expectations.registries import Registries, consulted, latest_vintage
from expectations.registry_relations import (
    add_relations,
    bounds,
    has_parameters,
    has_shares,
    has_slices,
    iso_day,
    trees,
)
from expectations.suites import Finding, judge
from ingestion.canonical import CanonicalBatch
from ingestion.landing import LandedBatch
from ingestion.registry import REGISTRIES, Reference, RegistryShape

# An end and its beginning, and what the end has to be.
SPANS = (
    ("valid_from", "valid_to", "ge", "on or after"),
    ("started_on", "done_on", "ge", "on or after"),
    ("period_start", "period_end", "gt", "after"),
)


def judge_registry(
    judgement: Judgement, bench: Bench, canonical: CanonicalBatch
) -> Tally:
    """Judge one registry file against its shape and the registries in force."""
    batch, registries = judgement.batch, judgement.registries
    facts = judgement.facts
    shape = REGISTRIES[batch.registry]
    registries.attach(bench, consulted(shape.name), without=batch.source_code)
    sent = _attach(bench, batch, canonical, registries)
    _prepare(bench, shape, sent)
    add_relations(bench, shape)
    if has_life(shape):
        add_steps(bench)
    facts = replace(
        facts,
        words={
            **facts.words,
            "registry": shape.name,
            "required_columns": ", ".join(shape.required),
            "allowed_columns": ", ".join(shape.allowed),
            "key_columns": ", ".join(shape.key),
            "exclusive_columns": ", ".join(shape.exclusive),
        },
        shape={"allowed": shape.allowed},
    )
    findings = []
    for judges, table in (
        ("columns", "judged_column"),
        ("file", "judged_file"),
        ("rows", "judged_registry"),
    ):
        checks = list(_checks(judges, shape, sent, facts))
        findings += _judged(bench, batch, table, checks)
    received = bench.value("select count(*) from judged_registry")
    accepted = not bench.value("select count(*) from reason where severity = 'error'")
    return Tally(accepted, received, received if accepted else 0, 0, findings)


def write_registry(bench: Bench, shape: RegistryShape, folder: Path) -> None:
    """Write the accepted rows: row_number and all columns of the registry."""
    columns = ", ".join(f'"{name}"' for name in ("row_number", *shape.allowed))
    write_parquet(
        bench,
        f"select {columns} from judged_registry order by row_number nulls first",
        folder / "registry_rows.parquet",
    )


def _judged(
    bench: Bench, batch: LandedBatch, table: str, checks: list[Check]
) -> list[Finding]:
    if not bench.value(f"select count(*) from {table}"):
        return []
    findings = judge(bench, table, checks)
    reasons.collect(bench, table, findings, batch.batch_id)
    return findings


def _checks(
    judges: str, shape: RegistryShape, sent: list[str], facts: Facts
) -> Iterator[Check]:
    for rule in rules_for("registry", "registry", judges):
        for field in rule.fields:
            yield bind(rule, field, facts)
        if rule.each:
            yield from _each(rule, shape, sent, facts)


def _each(
    rule: Rule, shape: RegistryShape, sent: list[str], facts: Facts
) -> Iterator[Check]:
    """The rule for every entry of `rule.each` whose columns were sent."""
    for columns, field, words in _entries(str(rule.each), shape):
        if set(columns) <= set(sent):
            bound = facts.with_words(**words)
            if rule.each == "choices":
                bound = replace(bound, shape={"choices": shape.choices[field]})
            yield bind(rule, field, bound)


def _entries(
    each: str, shape: RegistryShape
) -> list[tuple[tuple[str, ...], str, dict[str, str]]]:
    """Columns that an entry needs, the field it is about, and its words."""
    if each == "references":
        return [
            (
                reference.columns,
                ",".join(reference.columns),
                {
                    "reference_registry": reference.registry,
                    "reference_target": ", ".join(reference.target),
                },
            )
            for reference in shape.references
        ]
    if each == "spans":
        return [
            (
                (start, end),
                end,
                {"span_start": start, "span_operator": operator, "span_word": word},
            )
            for start, end, operator, word in SPANS
        ]
    if each == "trees":
        return [
            (reference.columns, field, {"fact": f"{field}__circle"})
            for reference in trees(shape)
            for field in reference.columns
        ]
    if each == "bounds":
        return [
            ((field,), field, {"least": f"{least}", "greatest": f"{greatest}"})
            for field, (least, greatest) in bounds(shape).items()
        ]
    return [((field,), field, {}) for field in _fields(each, shape)]


def _fields(each: str, shape: RegistryShape) -> tuple[str, ...]:
    return {
        "required": shape.required,
        "numbers": shape.numbers,
        "dates": _dates(shape),
        "choices": tuple(shape.choices),
        "known_from": ("known_from",),
        "slices": ("valid_from",) if has_slices(shape) else (),
        "shares": ("weight",) if has_shares(shape) else (),
        "steps": ("event",) if has_life(shape) else (),
        "exclusive": shape.exclusive,
        "parameters": ("value",) if has_parameters(shape) else (),
    }[each]


def _dates(shape: RegistryShape) -> tuple[str, ...]:
    return (*shape.dates, "known_from")


def _attach(
    bench: Bench, batch: LandedBatch, canonical: CanonicalBatch, registries: Registries
) -> list[str]:
    """Tables of the file itself; returns the columns that were sent."""
    path = quoted(str(canonical.registry_rows))
    bench.execute(f"create view registry_row as from read_parquet({path})")
    sent = [name for name in bench.columns("registry_row") if name != "row_number"]
    shape = REGISTRIES[batch.registry]
    bench.execute(
        "create table judged_column as"
        " select row_number() over () as row_id, * from ("
        "select unnest(?::varchar[]) as column_name, unnest(?::varchar[]) as sent_name"
        ")",
        _columns(shape, sent),
    )
    before = sum(
        entry.rows
        for entry in registries.of(shape.name)
        if entry.source_code == batch.source_code and entry.batch_id != batch.batch_id
    )
    bench.execute(
        "create table judged_file as select 1 as row_id, ? as file,"
        " (select count(*) from registry_row) as rows_received,"
        " ?::bigint as rows_before,"
        " case when rows_before > 0 then 1 end as least_rows",
        [batch.sha256, before],
    )
    return sent


def _columns(shape: RegistryShape, sent: list[str]) -> list[list[str | None]]:
    names = [*sent, *(name for name in shape.required if name not in sent)]
    return [names, [name if name in sent else None for name in names]]


def _prepare(bench: Bench, shape: RegistryShape, sent: list[str]) -> None:
    cells = ", ".join(
        f'"{name}"' if name in sent else f'null::varchar as "{name}"'
        for name in shape.allowed
    )
    bench.execute(
        f"create table registry_text as select row_number, {cells} from registry_row"
    )
    bench.execute(
        "create view registry_latest as"
        f" from registry_text {latest_vintage(_key(shape))}"
    )
    facts = [*_date_facts(shape), *_reference_facts(shape)]
    bench.execute(
        f"""
        create table judged_registry as
        select
            row_number() over () as row_id,
            registry_text.*,
            {_key(shape)} as key,
            {_key(shape)} as row_key,
            count(*) over (partition by {_key(shape)}, known_from) as copies,
            elsewhere.other_source,
            judged_batch.received_on,
            {", ".join(facts)}
        from registry_text
        cross join judged_batch
        left join (
            select {_key(shape)} as other_key, min(source_code) as other_source
            from registry_{shape.name} group by all
        ) as elsewhere on {_key(shape)} = elsewhere.other_key
        {_reference_joins(shape)}
        """
    )


def _key(shape: RegistryShape) -> str:
    return " || '|' || ".join(f"coalesce(\"{name}\", '')" for name in shape.key)


def _date_facts(shape: RegistryShape) -> Iterator[str]:
    """ISO rendering to compare with, and the date for comparisons of two."""
    for name in _dates(shape):
        cell = f'registry_text."{name}"'
        iso = iso_day(cell)
        yield (
            f"case when {cell} is not null then coalesce({iso}, '') end"
            f' as "{name}__iso"'
        )
        yield f'case when {cell} = {iso} then {cell}::date end as "{name}__date"'


def _reference_facts(shape: RegistryShape) -> Iterator[str]:
    for number, reference in enumerate(shape.references):
        name = ",".join(reference.columns)
        filled = " and ".join(
            f'registry_text."{column}" is not null' for column in reference.columns
        )
        yield (
            f"case when {filled} then (target_{number}.target_key is not null)::integer"
            f' end as "{name}__found"'
        )
        if len(reference.columns) > 1:
            cells = ", ".join(f'registry_text."{c}"' for c in reference.columns)
            yield f"concat_ws(',', {cells}) as \"{name}\""


def _reference_joins(shape: RegistryShape) -> str:
    return "\n".join(
        f"left join ({_targets(shape, reference)}) as target_{number}"
        f" on {_joined(reference.columns, 'registry_text.')}"
        f" = target_{number}.target_key"
        for number, reference in enumerate(shape.references)
    )


def _targets(shape: RegistryShape, reference: Reference) -> str:
    """Keys in force; a registry may refer to itself, then the file counts too."""
    key = _joined(reference.target)
    query = f"select {key} as target_key from registry_{reference.registry}"
    if reference.registry == shape.name:
        query += f" union select {key} from registry_text"
    return f"select distinct target_key from ({query})"


def _joined(columns: tuple[str, ...], prefix: str = "") -> str:
    return " || '|' || ".join(f'{prefix}"{column}"' for column in columns)
