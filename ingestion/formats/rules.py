"""Declared rules on canonical columns: codes, numbers, periods, vintages.

Each rule is worked out once per distinct text and joined back, so that a
column of a million cells costs as much as its different contents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyarrow as pa

from ingestion.errors import SiteError
from ingestion.formats import numbers, periods, vintage
from ingestion.formats.codes import CodeMap, code_maps
from ingestion.formats.intake import Intake, Table, quoted, storable
from ingestion.reading import Codes

_LISTED = 200
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("sent", "given", "status", "note", "expected")]
    + [("skipped", pa.string())]
)


@dataclass(frozen=True)
class Ruling:
    """What becomes of one text: given, or refused (expected), or skipped."""

    given: str | None = None
    status: str | None = None
    note: str | None = None
    expected: str | None = None
    skipped: str | None = None


class Rules:
    """The rules of one source, applied to the mapped rows of its files."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        source = intake.source
        self.maps = code_maps(source, intake.settings.site / "sources")
        self.found: dict[str, set[str]] = {column: set() for column in self.maps}
        self.unmapped: dict[str, set[str]] = {column: set() for column in self.maps}

    def columns(self) -> list[str]:
        """Canonical columns with a rule."""
        source = self.intake.source
        ruled = list(self.maps)
        if source.numbers:
            ruled.append("value")
        if source.periods:
            ruled.append("period")
        if source.vintage and source.vintage.per_period:
            ruled.append("published_at")
        return list(dict.fromkeys(ruled))

    def work_out(self, table: Table) -> None:
        """Make `rule_<file>_<column>` for each ruled column of a file."""
        for column in self.columns():
            asked = self.asked(column)
            plain = self.plain(column)
            others = f" and ({plain}) is not true" if plain else ""
            sent = self.intake.connection.execute(
                f"select distinct {asked} as sent from mapped_{table.number} as mapped"
                f" where {asked} is not null and not (\"#deleted\" and {asked} = '')"
                f"{others} order by sent"
            ).fetchall()
            self._load(table, column, [row[0] for row in sent], self._ruling(column))

    def plain(self, column: str) -> str | None:
        """SQL of what needs no ruling: numbers that are written as we write them."""
        numbers = self.intake.source.numbers
        if column != "value" or numbers is None or numbers.footnotes:
            return None
        fraction = "([.][0-9]+)?" if numbers.decimal == "." else ""
        marks = ", ".join(quoted(mark) for mark in numbers.missing)
        unmarked = f" and mapped.value not in ({marks})" if marks else ""
        return f"regexp_full_match(mapped.value, '-?[0-9]+{fraction}'){unmarked}"

    def given(self, column: str) -> str:
        """SQL of a ruled column's content."""
        given, plain = f"{alias(column)}.given", self.plain(column)
        return (
            f"case when {plain} then mapped.{column} else {given} end"
            if plain
            else given
        )

    def asked(self, column: str) -> str:
        """SQL of the text that the rule of a column reads."""
        if column == "published_at":
            return "period"
        if (
            column == "value"
            and self.intake.source.numbers
            and ("" in self.intake.source.numbers.missing)
        ):
            return "coalesce(value, '')"
        return column

    def stop_if_unknown(self) -> None:
        """SiteError with all codes that the maps lack, or that the files lack."""
        lists = []
        for column, code_map in self.maps.items():
            if code_map.declared.unmapped == "stop" and self.unmapped[column]:
                lists.append((f"{column}: not in the code map", self.unmapped[column]))
            absent = code_map.absent(self.found[column])
            if code_map.declared.missing == "stop" and absent:
                lists.append((f"{column}: in the code map but not in the file", absent))
        if lists:
            words = "; ".join(f"{what}: {_listed(names)}" for what, names in lists)
            raise SiteError(
                f"Source {self.intake.source.code}, batch {self.intake.batch.batch_id}:"
                f" {words}.",
                "complete the code map, or declare what to do with such codes "
                "(`codes.<column>.unmapped`, `missing`).",
            )

    def settle(self, table: Table) -> None:
        """Move rows that a rule skips or refuses into the books."""
        for column in self.columns():
            self._settle_skipped(table, column)
        for column in self.columns():
            self._settle_refused(table, column)

    def _settle_skipped(self, table: Table, column: str) -> None:
        self.intake.connection.execute(
            f"""
            insert into left_out_{table.number}
            select "#id", any_value("#row"), any_value(skipped), any_value(sent)
            from mapped_{table.number} as mapped
            inner join {_name(table, column)} as ruled
                on {self._joined(column)} = ruled.sent
            where ruled.skipped is not null and "#id" not in (
                select record from left_out_{table.number}
            )
            group by "#id"
            """
        )

    def _settle_refused(self, table: Table, column: str) -> None:
        self.intake.connection.execute(
            f"""
            insert into problems by name
            select
                {table.number} as file_number,
                {quoted(table.file.sha256)} as file_sha256,
                {quoted(table.file.url)} as url,
                "#id" as record, "#row" as row_number,
                {quoted(column)} as column_name,
                nullif(ruled.sent, '') as value, ruled.expected
            from mapped_{table.number} as mapped
            inner join {_name(table, column)} as ruled
                on {self._joined(column)} = ruled.sent
            where
                ruled.expected is not null
                and not ("#deleted" and {quoted(column)} = 'value')
                and "#id" not in (select record from left_out_{table.number})
            """
        )

    def joins(self, table: Table) -> str:
        """SQL that brings every ruling to its row."""
        return " ".join(
            f"left join {_name(table, column)} as {alias(column)}"
            f" on {self._joined(column)} = {alias(column)}.sent"
            for column in self.columns()
        )

    def _joined(self, column: str) -> str:
        asked = self.asked(column)
        if asked == column:
            return f"mapped.{column}"
        return asked.replace("(value", "(mapped.value").replace(
            "period", "mapped.period"
        )

    def _ruling(self, column: str) -> Callable[[str], Ruling]:
        source = self.intake.source
        if column in self.maps:
            return lambda sent: self._coded(self.maps[column], sent)
        if column == "value":
            return lambda sent: Ruling(**vars_of(numbers.parse(sent, source.numbers)))
        if column == "period":
            return self._period
        return self._published

    def _coded(self, code_map: CodeMap, sent: str) -> Ruling:
        code = code_map.find(sent)
        if code is not None:
            self.found[code_map.column].add(code)
            return Ruling(given=code)
        self.unmapped[code_map.column].add(sent)
        declared: Codes = code_map.declared
        if declared.unmapped == "skip":
            return Ruling(skipped=declared.reason)
        return Ruling(expected=f"a code of the map of {code_map.column}")

    def _period(self, sent: str) -> Ruling:
        declared = self.intake.source.periods
        found = periods.parse(sent, declared)
        if found is None:
            return Ruling(expected=periods.expectation(declared))
        return Ruling(given=found)

    def _published(self, sent: str) -> Ruling:
        source = self.intake.source
        period = periods.parse(sent, source.periods) if source.periods else sent
        day = vintage.of_period(period, source.vintage)
        if day is None:
            return Ruling(expected="a period with a declared day of publication")
        return Ruling(given=day)

    def _load(self, table: Table, column: str, sent: Iterable[str], rule) -> None:
        rulings = [(text, rule(text)) for text in sent]
        told = [
            [storable(getattr(ruling, name)) for _, ruling in rulings]
            for name in _SCHEMA.names[1:]
        ]
        cells = [[text for text, _ in rulings], *told]
        content = pa.table(
            [pa.array(c, pa.string()) for c in cells], names=_SCHEMA.names
        )
        connection = self.intake.connection
        connection.register("arriving", content)
        connection.execute(
            f"create table {_name(table, column)} as select * from arriving"
        )
        connection.unregister("arriving")


def alias(column: str) -> str:
    """Name of a column's rulings in `joins`."""
    return f"ruled_{column}"


def vars_of(number: numbers.Number) -> dict[str, str | None]:
    return {
        "given": number.value,
        "status": number.status,
        "note": number.note,
        "expected": number.expected,
    }


def _name(table: Table, column: str) -> str:
    return f"rule_{table.number}_{column}"


def _listed(names: Iterable[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
