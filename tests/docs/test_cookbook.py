"""Every question of the cookbook has an answer that runs on a release."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from warehouse.database import reader

COOKBOOK = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
FORMULAS = (ROOT / "docs" / "formulas.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"### (\d+\. [^\n]+)\n\n```sql\n(.*?)```", COOKBOOK, flags=re.S)
# The sample site has no row to tell of: no revised target, no second source.
SILENT = {2, 14, 15, 18, 24}


def test_there_are_enough_questions_and_each_has_its_query():
    assert len(QUESTIONS) >= 20
    assert len(QUESTIONS) == COOKBOOK.count("\n### ")
    numbers = [int(title.split(".")[0]) for title, _ in QUESTIONS]
    assert numbers == list(range(1, len(QUESTIONS) + 1))


@pytest.mark.parametrize(
    ("title", "query"), QUESTIONS, ids=[title.split(".")[0] for title, _ in QUESTIONS]
)
def test_the_query_runs_on_a_release(published, title, query):
    with reader(published) as connection:
        rows = connection.execute(query).fetchall()
    if int(title.split(".")[0]) not in SILENT:
        assert rows, title


def test_every_formula_of_a_release_is_listed_with_its_parameters(published):
    with reader(published) as connection:
        macros = connection.execute(
            "select function_name, parameters from duckdb_functions() "
            "where schema_name = 'core' and function_type = 'macro'"
        ).fetchall()
    assert len(macros) >= 15
    told = {
        text.partition("(")[0]: text.partition("(")[2].rstrip(")").split(", ")
        for text in re.findall(r"`(\w+\([\w, ]+\))`", FORMULAS)
    }
    assert told == dict(macros)
