"""Parameters of rules: the catalogue's defaults and what the site declares.

Registry `rules` overrides a number (`OBS_JUMP_OWN, factor, 6`) or declares what
no registry says: `OBS_PARTS_TOTAL, parts.JOBS, "FEMALE,MALE"`. Which prefixes a
rule reads stands in `DECLARATIONS`; see the comments in `judged/*.sql`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import duckdb

from expectations.catalogue import Facts, quoted, rules
from expectations.registries import Registries, latest_vintage
from ingestion.errors import SiteError
from ingestion.registry import REGISTRIES

# The rule whose parameters are days.
DATED = "OBS_DEFINITION_NOT_IN_FORCE"
# Parameters named `<prefix>.<indicator …>`, and the rule that reads them.
DECLARATIONS = {
    "OBS_PARTS_TOTAL": ("parts",),
    "OBS_INDICATORS_SUM": ("sum",),
    "OBS_INDICATOR_EXCEEDS": ("at_most",),
    "OBS_STOCK_FLOW": ("flow",),
    "OBS_VALUE_TYPE": ("type",),
    "OBS_CUMULATIVE_FALLS": ("cumulative",),
    DATED: ("from", "until"),
}
# What Python and DuckDB both read, to the same finite number.
NUMBER = " *[+-]?([0-9]{1,28}([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})? *"
_IN_FORCE = f"""
select rule_id, parameter, value
from (
    from read_parquet(?)
    {latest_vintage(", ".join(REGISTRIES["rules"].key))}
)
where
    coalesce(try_cast(valid_from as date), date '0001-01-01') <= ?
    and coalesce(try_cast(valid_to as date), date '9999-12-31') >= ?
order by
    valid_from asc nulls first,
    known_from asc nulls last,
    row_number asc nulls first
"""


def numbers() -> list[tuple[str, str]]:
    """Rule and name of each parameter that is a number."""
    return [(rule.id, name) for rule in rules() for name in rule.parameters]


def site_parameters(registries: Registries, on: date) -> dict[tuple[str, str], str]:
    """What registry `rules` says on a day about rules of the gate.

    Rules of other stages stand in the same registry and are left alone, and
    so is a parameter that the rule does not have. SiteError for a number that
    cannot be read: what the site meant must not be guessed. No such row gets
    in; an earlier version may have let it.
    """
    known = {rule.id: rule for rule in rules()}
    found = {}
    with duckdb.connect() as connection:
        for entry in registries.of("rules"):
            path = str(registries.rows(entry))
            for row in connection.execute(_IN_FORCE, [path, on, on]).fetchall():
                rule_id, name, value = row
                if rule_id in known and _reads(known[rule_id], name):
                    found[rule_id, name] = value
    for key in numbers():
        if not re.fullmatch(NUMBER, found.get(key, "0"), re.ASCII):
            raise SiteError(
                f"Registry rules: {', '.join(key)} is no number: {found[key]!r}.",
                "correct the value and take the registry in again.",
            )
    return found


def _reads(rule: Any, name: str) -> bool:
    prefix, dot, _ = name.partition(".")
    declared = dot and prefix in DECLARATIONS.get(rule.id, ())
    return bool(declared) or name in rule.parameters


def attach(bench: Any, facts: Facts) -> None:
    """Table `rule_parameter`, and a variable `<rule>_<parameter>` a number."""
    bench.execute(
        "create table rule_parameter (rule_id varchar, parameter varchar,"
        " value varchar)"
    )
    cells = [
        (rule, name, value)
        for rule in rules()
        for name, value in facts.of_rule(rule).items()
    ]
    bench.execute(
        "insert into rule_parameter select unnest(?), unnest(?), unnest(?)",
        [
            [rule.id for rule, _, _ in cells],
            [name for _, name, _ in cells],
            [value for _, _, value in cells],
        ],
    )
    numbers = [
        f"set variable {rule.id.lower()}_{name} = {quoted(value)}::double"
        for rule, name, value in cells
        if name in rule.parameters
    ]
    bench.execute("; ".join(numbers))
