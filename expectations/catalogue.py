"""The rule catalogue as data, and rules bound to what they judge.

A rule says in YAML what it expects and how to mend a failure. Bound to a field
it becomes a check: one expectation of Great Expectations, and the texts whose
remaining `{column}` marks are filled from each failing row.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

FOLDER = Path(__file__).parent
TEXTS = ("expected", "expected_from", "remedy_en", "remedy_zh")
_MARK = re.compile(r"\{(\w+)\}")


class Rule(BaseModel):
    """One rule; `fields` or `each` says for which fields it is repeated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    version: str
    category: str
    severity: Literal["error", "warning"]
    scope: Literal[
        "file", "submission", "observation", "cross_row", "history",
        "cross_source", "registry",
    ]  # fmt: skip
    kinds: tuple[str, ...]
    judges: Literal["rows", "columns", "file", "content", "reader"] = "rows"
    waivable: bool = True
    needs_others: bool = False
    parameters: dict[str, str] = {}
    fields: tuple[str, ...] = ()
    each: str | None = None
    expectation: dict[str, Any] = {}
    message_en: str
    message_zh: str
    expected: str
    expected_from: str
    remedy_en: str
    remedy_zh: str
    source: str

    @model_validator(mode="after")
    def _fields_or_each(self) -> Rule:
        if bool(self.fields) == bool(self.each):
            raise ValueError(f"rule {self.id}: give either `fields` or `each`")
        return self


@dataclass(frozen=True, eq=False)
class Check:
    """A rule bound to a field: one expectation, with its texts."""

    rule: Rule
    field: str
    type: str
    kwargs: dict[str, Any]
    texts: dict[str, str]

    @property
    def column(self) -> str:
        """Column of the judged table; empty where it judges no column."""
        return self.kwargs.get("column", "")


@dataclass(frozen=True)
class Facts:
    """What rules may refer to: numbers of the site, code lists, shapes, words.

    `declared` are values of registry `rules` by rule and parameter; `only`
    names the rules to judge by, empty for all.
    """

    parameters: Mapping[str, Any]
    shape: Mapping[str, tuple[str, ...]]
    words: Mapping[str, str]
    declared: Mapping[tuple[str, str], str] = field(default_factory=dict)
    only: frozenset[str] = frozenset()

    def with_words(self, **words: str) -> Facts:
        return replace(self, words={**self.words, **words})

    def of_rule(self, rule: Rule) -> dict[str, str]:
        """Parameters of a rule: the catalogue's, overridden by the site's."""
        found = dict(rule.parameters)
        for (rule_id, name), value in self.declared.items():
            if rule_id == rule.id:
                found[name] = value
        return found

    def rules(self, scope: str, kind: str, judges: str = "rows") -> list[Rule]:
        """Rules to judge by; see `rules_for`."""
        return [
            rule
            for rule in rules_for(scope, kind, judges)
            if not self.only or rule.id in self.only
        ]


def site_facts(error_budget: float) -> Facts:
    """Facts that every batch shares."""
    missing = [row["code"] for row in codelist("obs_status") if is_missing(row)]
    return Facts(
        parameters={"error_budget": error_budget},
        shape={},
        words={
            "error_budget": f"{error_budget:g}",
            "missing_statuses": ", ".join(missing),
        },
    )


def is_missing(row: Mapping[str, str]) -> bool:
    return row["value_missing"] == "true"


@cache
def rules() -> tuple[Rule, ...]:
    """All rules; ids are unique."""
    found: list[Rule] = []
    for path in sorted(FOLDER.glob("catalogue/*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = content.pop("rules")
        found += [Rule.model_validate({**content, **entry}) for entry in entries]
    ids = [rule.id for rule in found]
    if len(set(ids)) < len(ids):
        raise ValueError(f"rule ids stand twice: {sorted(ids)}")
    return tuple(found)


def rules_for(scope: str, kind: str, judges: str = "rows") -> list[Rule]:
    return [
        rule
        for rule in rules()
        if (rule.scope, rule.judges) == (scope, judges) and kind in rule.kinds
    ]


@cache
def codelist(name: str) -> tuple[dict[str, str], ...]:
    path = FOLDER / "codelists" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


def bind(rule: Rule, field: str, facts: Facts) -> Check:
    """The check of `rule` on `field`; words of `facts` replace their marks."""
    own = facts.of_rule(rule)
    words = {**facts.words, **own, "field": field}
    numbers = {name: float(own[name]) for name in rule.parameters}
    facts = replace(facts, parameters={**facts.parameters, **numbers})
    kwargs = {
        key: _resolved(value, facts, words) for key, value in rule.expectation.items()
    }
    if "value_set" in kwargs:
        words["codes"] = ", ".join(map(str, kwargs["value_set"]))
    return Check(
        rule=rule,
        field=field,
        type=kwargs.pop("type", ""),
        kwargs=kwargs,
        texts={name: fill(getattr(rule, name), words) for name in TEXTS},
    )


def _resolved(value: Any, facts: Facts, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return fill(value, words)
    if not isinstance(value, dict):
        return value
    ((kind, name),) = value.items()
    if kind == "parameter":
        return facts.parameters[name]
    if kind == "codelist":
        return [row["code"] for row in codelist(name)]
    return list(facts.shape[name])


def fill(text: str, words: Mapping[str, str]) -> str:
    """Replace the `{marks}` that `words` knows; others stay for the row."""
    return _MARK.sub(lambda mark: words.get(mark[1], mark[0]), text)


def marks(text: str) -> set[str]:
    """Names of the `{marks}` in a text."""
    return {mark[1] for mark in _MARK.finditer(text)}


def as_sql(text: str, columns: set[str]) -> str:
    """SQL expression of a text whose marks are columns of the judged table.

    An empty cell reads `(none)`. KeyError names a mark that is no column.
    """
    parts = []
    position = 0
    for mark in _MARK.finditer(text):
        if mark[1] not in columns:
            raise KeyError(f"{mark[0]} in {text!r} is no column of the judged table")
        parts += [quoted(text[position : mark.start()]), _shown(mark[1])]
        position = mark.end()
    parts.append(quoted(text[position:]))
    return " || ".join(parts)


def _shown(column: str) -> str:
    return f"""coalesce("{column}"::varchar, '(none)')"""


def quoted(text: str) -> str:
    """A SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def rule_set_version(parameters: Mapping[str, Any]) -> str:
    """Short hash of everything but registries that a verdict depends on."""
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode())
    for pattern in ("catalogue/*.yml", "codelists/*.csv", "judged/*.sql"):
        for path in sorted(FOLDER.glob(pattern)):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
