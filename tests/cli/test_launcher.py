"""The root script: from any folder, in a path with spaces, again and again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECKOUT = ("ingestion", "expectations", "warehouse", "dags", "dbt_project")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout in a folder whose name has spaces and quotes."""
    if not (Path(sys.prefix) / ".installed-requirements-dev.lock").exists():
        pytest.skip("these tests run in an environment that ./planwatch did not make")
    folder = tmp_path / "plan watch's copy"
    folder.mkdir()
    for name in CHECKOUT:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("planwatch", "pyproject.toml", *(p.name for p in ROOT.glob("*.lock"))):
        shutil.copy2(ROOT / name, folder / name)
    return folder


def launch(checkout: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(checkout / "planwatch"), *arguments],
        env={**os.environ, "PLANWATCH_VENV": sys.prefix},
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_runs_from_another_folder_in_a_path_with_spaces(checkout, tmp_path):
    done = launch(checkout, "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("planwatch ")


def test_modules_of_the_caller_are_not_taken_for_ours(checkout, tmp_path):
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "__init__.py").write_text("raise SystemExit(99)\n")
    assert launch(checkout, "--version", cwd=tmp_path).returncode == 0


def test_relative_paths_are_those_of_the_caller(checkout, tmp_path):
    done = launch(checkout, "run", "--site", "no site", cwd=tmp_path)
    assert done.returncode == 3
    assert str(tmp_path / "no site") in done.stderr


def test_without_python_it_says_what_is_needed(checkout, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    for tool in ("dirname", "cksum", "cat", "sh"):
        (empty / tool).symlink_to(shutil.which(tool))
    done = subprocess.run(
        [str(checkout / "planwatch"), "--version"],
        env={"PATH": str(empty), "PLANWATCH_VENV": str(tmp_path / "none")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 6
    assert "Python 3.11 is needed" in done.stderr


def test_the_locks_name_hashes_and_no_host():
    locks = list(ROOT.glob("requirements*.lock"))
    assert len(locks) == 3
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")
