"""Wrong input at every door: one clear message, the remedy, the exit code."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.settings import SAMPLE_SITE
from warehouse.cli.__main__ import main
from warehouse.publish import current


@pytest.fixture
def planwatch(monkeypatch, capsys):
    """Run the command line in this process; gives exit code and messages."""

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["planwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        streams = capsys.readouterr()
        assert "Traceback" not in streams.out + streams.err
        return int(stopped.value.code or 0), streams.out + streams.err

    return run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the sample site to break."""
    return Path(shutil.copytree(SAMPLE_SITE, tmp_path / "site"))


@pytest.fixture
def environment(monkeypatch, samples_url):
    monkeypatch.setenv("PLANWATCH_SAMPLES_URL", samples_url)
    monkeypatch.setenv("PLANWATCH_NOW", "2026-03-01T00:00:00Z")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_missing_site(planwatch, tmp_path):
    code, told = planwatch("run", "--site", tmp_path / "none", "--home", tmp_path)
    assert code == 3
    assert "site.yml is missing" in told
    assert "--site DIR" in told


def test_broken_yaml(planwatch, site, tmp_path):
    (site / "sources" / "national_annual.yml").write_text("code: [unclosed\n")
    code, told = planwatch("run", "--site", site, "--home", tmp_path / "home")
    assert code == 3
    assert "national_annual.yml" in told
    assert "line" in told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("connector: http", "conector: http", "conector"),
        ("kind: statistical_release", "kind: gossip", "kind"),
        ("format: sdmx-csv", "format: papyrus", "format"),
    ],
)
def test_a_wrong_declaration_names_file_and_field(
    planwatch, site, tmp_path, old, new, said
):
    edit(site / "sources" / "national_annual.yml", old, new)
    code, told = planwatch("run", "--site", site, "--home", tmp_path / "home")
    assert code == 3
    assert "national_annual.yml" in told
    assert said in told


def test_a_token_written_into_a_declaration_is_refused(planwatch, site, tmp_path):
    edit(
        site / "sources" / "sim_submissions.yml",
        '"${PLANWATCH_SAMPLES_TOKEN}"',
        "s3cr3t",
    )
    code, told = planwatch("run", "--site", site, "--home", tmp_path / "home")
    assert code == 3
    assert "never a secret" in told


def changed_site_run(planwatch, settings, site: Path) -> tuple[int, str]:
    before = current(settings)
    code, told = planwatch("run", "--site", site, "--home", settings.home)
    assert current(settings) == before, "the last good release was touched"
    return code, told


def test_an_unknown_column_in_a_registry(planwatch, environment, published_copy, site):
    edit(site / "registry" / "regions.csv", "area_km2", "area_sqkm")
    code, told = changed_site_run(planwatch, published_copy, site)
    assert code == 1
    assert "regions" in told
    assert "area_sqkm" in told


def test_a_target_for_an_unknown_indicator(
    planwatch, environment, published_copy, site
):
    edit(site / "registry" / "targets.csv", ",URBAN_RATE,", ",URBAN_RATIO,")
    code, told = changed_site_run(planwatch, published_copy, site)
    assert code == 1
    assert "targets" in told
    assert "URBAN_RATIO" in told
    assert "row " in told


def test_a_wrong_token(planwatch, environment, published_copy, monkeypatch):
    monkeypatch.setenv("PLANWATCH_SAMPLES_TOKEN", "wrong-token")
    before = current(published_copy)
    code, told = planwatch("run", "--home", published_copy.home)
    assert code == 4
    assert "sim_submissions refuses our credentials (401)" in told
    assert "wrong-token" not in told
    assert current(published_copy) == before


def test_an_unreachable_source(planwatch, published_copy, monkeypatch, site):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("PLANWATCH_SAMPLES_URL", f"http://127.0.0.1:{port}")
    for declaration in (site / "sources").glob("*.yml"):
        with declaration.open("a", encoding="utf-8") as handle:
            handle.write("limits: {attempts: 1}\n")
    code, told = changed_site_run(planwatch, published_copy, site)
    assert code == 4
    assert "cannot be reached" in told
    assert "serve-samples" in told


def test_a_port_in_use(planwatch, tmp_path, monkeypatch, network):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PLANWATCH_SAMPLES_URL", f"http://127.0.0.1:{port}")
        shutil.copytree(network, tmp_path / "simulation")
        for command in ("demo", "serve-samples"):
            code, told = planwatch(command, "--home", tmp_path)
            assert code == 6, command
            assert str(port) in told
            assert "PLANWATCH_SAMPLES_URL" in told


def isolated(script: str, *arguments: object, **options) -> subprocess.CompletedProcess:
    """Run in a user and mount namespace of its own, where nothing is ours."""
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this system allows no user namespaces: a full disk cannot be made")
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", *map(str, arguments)],
        capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


@pytest.mark.parametrize("size", ["64k", "600k"])
def test_a_full_disk(command_environment, tmp_path, size):
    done = isolated(
        'mount -t tmpfs -o size="$1" tmpfs "$2"'
        ' && exec "$3" -m warehouse.cli run --home "$2"',
        size, tmp_path, sys.executable, env=command_environment,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert "No space left" in done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_home_that_may_not_be_written(command_environment, tmp_path):
    done = isolated(
        'mount -t tmpfs -o ro tmpfs "$1" && exec "$2" -m warehouse.cli run --home "$1"',
        tmp_path, sys.executable, env=command_environment,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert "Read-only" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage(planwatch, published):
    for arguments, said in (
        (("gate", "no-such-batch", "--home", published.home), "no-such-batch"),
        (("build", "--layer", "attic", "--home", published.home), "attic"),
        (("explain", "EW-none", "--home", published.home), "EW-none"),
        (("warnings", "--state", "odd", "--home", published.home), "odd"),
        (("sql", "selct 1", "--home", published.home), "selct"),
        (("receipt", "none", "--home", published.home), "none"),
        (("ingest", "no_such_source", "--home", published.home), "no_such_source"),
        (("sql", "", "--home", published.home), "no query"),
        (("sql", "/* nothing */", "--home", published.home), "no query"),
        (("sql", "select 1 as a, 2 as a", "--json", "--home", published.home),
         "called a"),
        (("sql", "select 1", "--limit", 10**19, "--home", published.home), "--limit"),
        (("warnings", "--limit", 10**19, "--home", published.home), "--limit"),
        (("airflow", "--port", 99999, "--home", published.home), "--port"),
        (("serve-samples", "--port", 99999, "--home", published.home), "--port"),
        (("retain", "--days", 99999999, "--home", published.home), "--days"),
    ):  # fmt: skip
        code, told = planwatch(*arguments)
        assert code in (2, 3), arguments
        assert said in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLANWATCH_MEMORY_LIMIT", "lots"),
        ("PLANWATCH_MEMORY_LIMIT", "0GB"),
        ("PLANWATCH_MEMORY_LIMIT", "2"),
        ("PLANWATCH_THREADS", "0"),
        ("PLANWATCH_THREADS", "many"),
        ("PLANWATCH_SAMPLES_URL", "http://127.0.0.1:99999"),
        ("PLANWATCH_SAMPLES_URL", "127.0.0.1:8765"),
    ],
)
def test_a_wrong_setting(planwatch, monkeypatch, tmp_path, name, value):
    monkeypatch.setenv(name, value)
    code, told = planwatch("run", "--home", tmp_path)
    assert code == 3
    assert name in told
    assert ".env.example" in told


@pytest.mark.parametrize("days", ["-1", "99999999999"])
def test_days_of_retention_that_are_none(planwatch, tmp_path, days):
    (tmp_path / "site.yml").write_text(f"name: x\nretention_days: {days}\n")
    code, told = planwatch("retain", "--site", tmp_path, "--home", tmp_path / "home")
    assert code == 3
    assert "site.yml" in told
    assert "retention_days" in told


@pytest.mark.parametrize(
    "command",
    ["run", "ingest", "load", "publish", "rebuild", "retain", "simulate", "warnings"],
)
def test_a_file_where_the_home_should_be(planwatch, tmp_path, command):
    home = tmp_path / "home"
    home.write_text("mine")
    code, told = planwatch(command, "--home", home)
    assert code == 2
    assert str(home) in told.replace("\n", "")
    assert home.read_text() == "mine"


def test_a_file_on_the_way_to_the_home(planwatch, tmp_path):
    (tmp_path / "file").write_text("mine")
    for command in ("run", "simulate"):
        code, told = planwatch(command, "--home", tmp_path / "file" / "home")
        assert code == 6
        assert f"{tmp_path / 'file'}" in told
        assert "is no folder" in told


def test_faults_can_be_read_by_a_program(planwatch, tmp_path):
    code, told = planwatch("run", "--json", "--site", tmp_path, "--home", tmp_path)
    fault = json.loads(told)
    assert code == fault["exit_code"] == 3
    assert fault["remedy"]
