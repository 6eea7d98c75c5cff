"""What a unit is asked for: the rows of one form, from the registries in force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import duckdb

from expectations.bundle import UnitWorld
from expectations.catalogue import FOLDER, site_facts
from expectations.parameters import attach, site_parameters
from expectations.periods import Period
from ingestion.clock import now
from ingestion.errors import UsageError

_NEEDED = ("units", "forms", "form_items", "indicators", "regions")


@dataclass(frozen=True)
class ExpectedRow:
    """One row to fill in; `lowest` and `highest` bound its value."""

    indicator_code: str
    definition_version: str
    name_en: str
    name_zh: str
    breakdown: str
    unit_measure: str
    lowest: float | None
    highest: float | None
    decimals: int | None
    compulsory: bool


@dataclass(frozen=True)
class Form:
    """A form of a unit and period, with its rows in the order of the registry."""

    form_code: str
    name_en: str
    name_zh: str
    unit_code: str
    unit_name_en: str
    unit_name_zh: str
    region_code: str
    period: str
    due_on: date
    simulated: bool
    rows: tuple[ExpectedRow, ...]


def expected_form(world: UnitWorld, form_code: str, period: str) -> Form:
    """The form as `world`'s unit has to fill it in for `period`.

    UsageError when the form is unknown, asks this unit for nothing, or has
    another frequency than the period.
    """
    span = Period.parse(period)
    with duckdb.connect() as connection:
        world.registries.attach(connection, _NEEDED)
        form = _valid(connection, "forms", "form_code", form_code, span)
        unit = _valid(connection, "units", "unit_code", world.unit_code, span)
        _asked(form, unit, span)
        _dated_definitions(connection, world)
        rows = _rows(connection, form_code, span)
    if not rows:
        raise UsageError(
            f"Form {form_code} has no items for {span.text}.",
            "add them to registry form_items; the definitions of their indicators "
            "must be in force in that period.",
        )
    return Form(
        form_code=form_code,
        name_en=form["name_en"],
        name_zh=form["name_zh"] or form["name_en"],
        unit_code=world.unit_code,
        unit_name_en=unit["name_en"],
        unit_name_zh=unit["name_zh"] or unit["name_en"],
        region_code=unit["region_code"] or "",
        period=period,
        due_on=span.days_after_end(int(float(form["due_days"]))),
        simulated=world.site.source(form["source_code"]).simulated,
        rows=rows,
    )


def _valid(connection, registry: str, key: str, code: str, span: Period) -> dict:
    """The row of a code that is valid in the period; the newest if several are."""
    found = connection.execute(
        f"select * from registry_{registry} where {key} = ?"
        " and coalesce(valid_from::date, date '0001-01-01') <= ?"
        " and coalesce(valid_to::date, date '9999-12-31') >= ?"
        " order by valid_from desc nulls last limit 1",
        [code, span.end, span.start],
    )
    names = [column[0] for column in found.description]
    row = found.fetchone()
    if row is None:
        raise UsageError(
            f"{code!r} is not in registry {registry} for {span.text}.",
            "check the code and the period.",
        )
    return dict(zip(names, row, strict=True))


def _asked(form: dict, unit: dict, span: Period) -> None:
    wrong = ""
    if form["frequency"] != span.frequency:
        wrong = f"has frequency {form['frequency']}; {span.text} has {span.frequency}"
    elif form["unit_kind"] not in (None, unit["unit_kind"]):
        wrong = f"is for units of kind {form['unit_kind']}, not {unit['unit_kind']}"
    elif form["unit_level"] and float(form["unit_level"]) != float(unit["level"]):
        wrong = f"is for units of level {form['unit_level']}, not {unit['level']}"
    if wrong:
        raise UsageError(
            f"Form {form['form_code']} {wrong}.", "choose another form or period."
        )


def _dated_definitions(connection, world: UnitWorld) -> None:
    """Table `definition_span`, as the gate has it on this day."""
    today = now(world.settings).astimezone(ZoneInfo(world.site.time_zone)).date()
    declared = site_parameters(world.registries, today)
    attach(connection, replace(site_facts(world.site.error_budget), declared=declared))
    connection.execute((FOLDER / "judged" / "definitions.sql").read_text("utf-8"))


# Of several definitions in force the newest is asked for.
_ROWS = """
with indicators as (
    select registry_indicators.*
    from registry_indicators
    left join definition_span
        on
            definition_span.definition
            = registry_indicators.indicator_code
            || '.' || registry_indicators.definition_version
    where
        coalesce(in_force_from, date '0001-01-01') <= $span_end
        and coalesce(in_force_until, date '9999-12-31') >= $span_start
    qualify
        row_number() over (
            partition by indicator_code
            order by
                try_cast(definition_version as double) desc nulls last,
                definition_version desc nulls last
        ) = 1
),

items as (
    select
        form_code,
        indicator_code,
        coalesce(breakdown, '_T') as breakdown,
        coalesce(compulsory, 'true') = 'true' as compulsory,
        row_number() over () as position
    from registry_form_items
    where form_code = $form
)

select
    items.indicator_code,
    indicators.definition_version,
    indicators.name_en,
    coalesce(indicators.name_zh, indicators.name_en),
    items.breakdown,
    indicators.unit_measure,
    indicators.min_value::double,
    indicators.max_value::double,
    indicators.decimals::double::integer,
    items.compulsory
from items
inner join indicators on items.indicator_code = indicators.indicator_code
order by items.position asc nulls last
"""


def _rows(connection, form_code: str, span: Period) -> tuple[ExpectedRow, ...]:
    asked = {"form": form_code, "span_start": span.start, "span_end": span.end}
    found = connection.execute(_ROWS, asked).fetchall()
    return tuple(ExpectedRow(*row) for row in found)
