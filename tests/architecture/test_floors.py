"""The arrows between the floors point down, and only down."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {
    "ingestion": {"ingestion"},
    "expectations": {"expectations", "ingestion"},
    "warehouse": {"warehouse", "expectations", "ingestion"},
}
FORBIDDEN = {
    "ingestion": {"airflow", "dbt", "great_expectations", "expectations", "warehouse"},
    "expectations": {"airflow", "dbt", "warehouse", "dags"},
    "warehouse": {"airflow", "dags"},
}
FORBIDDEN_IN_DAGS = {
    "pandas", "duckdb", "great_expectations", "dbt", "requests",
    "ingestion", "expectations", "warehouse",
}  # fmt: skip
TOP_LEVEL = {
    "dags", "dbt_project", "ingestion", "expectations", "warehouse", "tests",
    "docs", "docker-compose.yml", "README.md", "CHANGELOG.md", "LICENSE",
    "pyproject.toml", "planwatch", "requirements.lock", "requirements-dev.lock",
    "requirements-uv.lock", ".ci", ".dockerignore", ".env.example", ".gitignore",
    ".pre-commit-config.yaml", ".sqlfluff",
}  # fmt: skip


def modules(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"no module in {folder}"
    return found


def imported(path: Path, *, only_top: bool = False) -> set[str]:
    """First names of all imports of a module, also those inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if only_top else ast.walk(tree)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_imports_only_itself_and_those_below(floor: str):
    ours = set(FLOORS) | {"dags"}
    for path in modules(floor):
        names = imported(path)
        assert not names & FORBIDDEN[floor], path
        assert names & ours <= FLOORS[floor], path


def test_dags_import_nothing_heavy_when_they_are_parsed():
    for path in modules("dags"):
        assert not imported(path, only_top=True) & FORBIDDEN_IN_DAGS, path


def test_an_arrow_upwards_would_be_seen(tmp_path: Path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from warehouse.load import load\n")
    assert imported(wrong) == {"warehouse"}


def test_dbt_project_is_sql_alone_and_no_dag_is_taken_for_a_dbt_module():
    assert list((ROOT / "dbt_project").rglob("*.sql"))
    assert not list((ROOT / "dbt_project").rglob("*.py"))
    assert not [p for p in modules("dags") if p.name.startswith("dbt_")]


def test_the_top_level_is_the_agreed_one():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout: tracked files are unknown")
    assert {line.split("/")[0] for line in tracked.stdout.splitlines()} <= TOP_LEVEL


def test_modules_stay_small_and_are_named_by_a_noun():
    for folder in (*FLOORS, "dags"):
        for path in modules(folder):
            assert path.stem not in {"utils", "helpers", "common", "misc"}, path
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    length = (node.end_lineno or 0) - node.lineno + 1
                    assert length <= 60, f"{path}: {node.name} has {length} lines"


def test_the_environment_is_read_in_one_place():
    """Only settings read it; Airflow's and dbt's own are handed on whole."""
    allowed = {
        "ingestion/settings.py", "warehouse/airflow_home.py", "warehouse/project.py",
    }  # fmt: skip
    readers = {
        path.relative_to(ROOT).as_posix()
        for floor in FLOORS
        for path in modules(floor)
        if "os.environ" in path.read_text(encoding="utf-8")
    }
    assert readers <= allowed
