"""What a registry's rows say of each other, and cells that are read as numbers.

Each fact is a column of judged_registry that is empty where all is well, so
that a rule can name the row and what it collides with.
"""

from __future__ import annotations

from expectations.catalogue import quoted
from expectations.duckdb_dialect import Bench
from expectations.parameters import DATED, DECLARATIONS, NUMBER, numbers
from ingestion.registry import Reference, RegistryShape

FIRST, LAST = "0001-01-01", "9999-12-31"
UPWARD = ("parent_", "predecessor_")
# Numbers that days or digits are counted by: greater ones fit no calendar and
# no whole number of a database.
BOUNDS = {
    "forms": {"due_days": (-3660, 3660)},
    "indicators": {"decimals": (-28, 28)},
}


def trees(shape: RegistryShape) -> list[Reference]:
    """References by which a registry builds a tree of itself."""
    return [
        reference
        for reference in shape.references
        if reference.registry == shape.name and reference.columns[0].startswith(UPWARD)
    ]


def has_slices(shape: RegistryShape) -> bool:
    """May one code have several rows, each valid in its own time?"""
    return "valid_from" in shape.key


def has_shares(shape: RegistryShape) -> bool:
    return shape.name == "region_successions"


def has_parameters(shape: RegistryShape) -> bool:
    return shape.name == "rules"


def bounds(shape: RegistryShape) -> dict[str, tuple[int, int]]:
    """Least and greatest number that a column may hold."""
    return BOUNDS.get(shape.name, {})


def add_relations(bench: Bench, shape: RegistryShape) -> None:
    """Add to judged_registry what its rows say of each other.

    <parent column>__circle: codes of the circle that a row closes;
    valid_from__overlap: the slice of the same code that has not ended yet;
    weight__shares: what the parts of an old region come to;
    <exclusive column>__others: the cells of which only one may be filled;
    <bounded column>__beyond: a number out of its bounds;
    value__unread: what should be a number of a rule and is none;
    value__undated: what should be a day of a rule and is none.
    """
    for reference in trees(shape):
        _add_circles(bench, shape, reference)
    if has_slices(shape):
        _add_overlaps(bench, shape)
    if has_shares(shape):
        _add_shares(bench)
    if shape.exclusive:
        _add_others(bench, shape)
    for name, (least, greatest) in bounds(shape).items():
        fits = f'try_cast("{name}" as decimal(38, 10)) between {least} and {greatest}'
        _add_fact(bench, name, f"{name}__beyond", f"not ({fits})")
    if has_parameters(shape):
        listed = ", ".join(f"({quoted(r)}, {quoted(name)})" for r, name in numbers())
        is_number = f"regexp_full_match(value, {quoted(NUMBER)})"
        wrong = f"(rule_id, parameter) in ({listed}) and not {is_number}"
        _add_fact(bench, "value", "value__unread", wrong)
        names = [f"parameter like '{side}.%'" for side in DECLARATIONS[DATED]]
        wrong = f"""rule_id = '{DATED}' and ({" or ".join(names)})
            and value is distinct from {iso_day("value")}"""
        _add_fact(bench, "value", "value__undated", wrong)


def iso_day(cell: str) -> str:
    """SQL of the text of a day as ISO 8601 has it; null where it is none."""
    # DuckDB knows days without end and years of five digits; models do not.
    day = f"case when length({cell}) = 10 then try_cast({cell} as date) end"
    return f"strftime({day}, '%Y-%m-%d')"


def _cell(shape: RegistryShape, name: str, missing: str) -> str:
    column = f'"{name}"' if name in shape.allowed else "null"
    return f"coalesce({column}, '{missing}')"


def _everywhere(shape: RegistryShape, columns: str) -> str:
    """Rows of the file and of the other sources in force."""
    return (
        f"select {columns} from registry_latest"
        f" union all select {columns} from registry_{shape.name}"
    )


def _add_circles(bench: Bench, shape: RegistryShape, reference: Reference) -> None:
    """A row counts for the time in which it is valid, and so does a circle."""
    (child,), (parent,) = reference.target, reference.columns
    columns = (
        f'"{child}" as child, "{parent}" as parent,'
        f" {_cell(shape, 'valid_from', FIRST)} as since,"
        f" {_cell(shape, 'valid_to', LAST)} as until"
    )
    bench.execute(
        f"""
        create table circle as
        with recursive

        edges as (
            select * from ({_everywhere(shape, columns)}) where parent is not null
        ),

        above as (
            select child as start, parent as reached, since, until from edges
            union
            select
                above.start,
                edges.parent,
                greatest(above.since, edges.since),
                least(above.until, edges.until)
            from above
            inner join edges on above.reached = edges.child
            where
                above.start <> above.reached
                and greatest(above.since, edges.since)
                <= least(above.until, edges.until)
        ),

        closed as (select distinct start from above where start = reached)

        select
            closed.start,
            string_agg(distinct above.reached, ', ' order by above.reached) as codes
        from closed
        inner join above on closed.start = above.start
        inner join closed as others on above.reached = others.start
        group by closed.start
        """
    )
    _join(bench, f'"{parent}__circle"', "circle", f'judged."{child}" = fact.start')


def _add_overlaps(bench: Bench, shape: RegistryShape) -> None:
    """The later one of a pair is named; a key that stands twice has its own rule."""
    since = _cell(shape, "valid_from", FIRST)
    columns = (
        f"{_code(shape)} as code, {since} as since,"
        f" {_cell(shape, 'valid_to', LAST)} as until"
    )
    bench.execute(
        f"""
        create table overlap as
        with slices as ({_everywhere(shape, columns)})

        select
            slices.code,
            slices.since,
            min(
                case when others.since = '{FIRST}' then 'always'
                else 'from ' || others.since end
                || case when others.until = '{LAST}' then ''
                else ' to ' || others.until end
            ) as codes
        from slices
        inner join slices as others
            on
                slices.code = others.code
                and slices.since > others.since
                and slices.since <= others.until
        group by slices.code, slices.since
        """
    )
    _join(
        bench,
        '"valid_from__overlap"',
        "overlap",
        f"{_code(shape, 'judged.')} = fact.code"
        f" and coalesce(judged.valid_from, '{FIRST}') = fact.since",
    )


def _code(shape: RegistryShape, prefix: str = "") -> str:
    """The key without its slice of time."""
    names = [name for name in shape.key if name != "valid_from"]
    return " || '|' || ".join(f"coalesce({prefix}\"{name}\", '')" for name in names)


def _add_shares(bench: Bench) -> None:
    weight = (
        "coalesce(try_cast(weight as decimal(20, 10)),"
        " case when kind in ('rename', 'merge') then 1 else 0 end)"
    )
    bench.execute(
        f"""
        create table share as
        select
            old_region_code,
            effective_on,
            rtrim(rtrim(sum({weight})::varchar, '0'), '.') as codes
        from registry_latest
        group by old_region_code, effective_on
        having sum({weight}) > 1
        """
    )
    _join(
        bench,
        '"weight__shares"',
        "share",
        "judged.old_region_code = fact.old_region_code"
        " and judged.effective_on = fact.effective_on",
    )


def _add_others(bench: Bench, shape: RegistryShape) -> None:
    """Named at the last filled cell of a row."""
    cells = ", ".join(f'"{name}"' for name in shape.exclusive)
    for number, name in enumerate(shape.exclusive):
        before = [f'"{other}" is not null' for other in shape.exclusive[:number]]
        bench.execute(
            f"""
            create or replace table judged_registry as
            select
                *,
                case
                    when "{name}" is not null and ({" or ".join(before) or "false"})
                        then concat_ws(', ', {cells})
                end as "{name}__others"
            from judged_registry
            """
        )


def _add_fact(bench: Bench, name: str, fact: str, wrong: str) -> None:
    """The cell of `name` where it is wrong."""
    bench.execute(
        f"""
        create or replace table judged_registry as
        select *, case when {wrong} then "{name}" end as "{fact}"
        from judged_registry
        """
    )


def _join(bench: Bench, column: str, table: str, condition: str) -> None:
    bench.execute(
        f"""
        create or replace table judged_registry as
        select judged.*, fact.codes as {column}
        from judged_registry as judged
        left join {table} as fact on {condition}
        """
    )
    bench.execute(f"drop table {table}")
