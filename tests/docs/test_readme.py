"""The README's commands are run, and what it names exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.settings import Settings
from warehouse.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)
    assert found, f"README has no {language} block"
    return found


def commands() -> list[str]:
    """Each `./planwatch …` line of the shell blocks, without its comment."""
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    found = [shlex.join(shlex.split(x, comments=True)) for x in lines]
    return [x for x in found if x.startswith("./planwatch ")]


def test_the_two_commands_stand_there():
    assert {"./planwatch demo", "./planwatch test"} <= set(commands())


def test_every_command_of_the_command_line_is_named():
    for command in app.registered_commands:
        assert f"`{command.name}`" in README or f"./planwatch {command.name}" in README


def test_every_command_that_is_named_exists():
    names = {command.name for command in app.registered_commands}
    for line in commands():
        assert line.split()[1] in names | {"test", "lint", "--help"}, line


def test_every_setting_is_documented():
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"PLANWATCH_{name.upper()}" in text


@pytest.mark.parametrize(
    "line",
    [c for c in commands() if c.split()[1] in ("sql", "warnings", "verify")],
)
def test_reading_commands_run_as_they_stand(line, published):
    done = subprocess.run(
        [sys.executable, "-m", "warehouse.cli", *shlex.split(line)[1:],
         "--home", str(published.home)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_python_examples_run(published, tmp_path):
    for code in blocks("python"):
        here = tmp_path / "var"
        if not here.exists():
            here.symlink_to(published.home)
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


def test_sql_examples_run(published):
    from warehouse.database import reader

    with reader(published) as connection:
        for block in blocks("sql"):
            for statement in connection.extract_statements(block):
                connection.execute(statement).fetchall()


def test_yaml_examples_are_valid_declarations():
    import yaml

    from ingestion.source import Source

    for block in blocks("yaml"):
        content = yaml.safe_load(block)
        assert Source.model_validate(content).code == content["code"]


def test_files_and_folders_that_are_named_exist():
    named = re.findall(r"`((?:[a-z_.]+/)+[a-zA-Z_.-]*)`", README)
    assert named
    for path in named:
        if not path.startswith(("var/", "releases/", "sources/", "registry/")):
            assert (ROOT / path).exists(), path


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
