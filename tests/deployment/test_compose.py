"""docker-compose.yml is valid, holds no secret and keeps step with the code."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest
import yaml

from ingestion.settings import Settings
from warehouse.airflow_home import WRITER_POOL, airflow_environment

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SECRETS = (
    "POSTGRES_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_JWT_SECRET",
    "AIRFLOW_API_SECRET_KEY", "PLANWATCH_SAMPLES_TOKEN",
)  # fmt: skip


def docker_compose() -> Path:
    """The real docker-compose, from its package; it needs no daemon to check."""
    found = importlib.util.find_spec("compose")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the docker-compose package exists for Linux on x86-64 only")
    return Path(found.submodule_search_locations[0]) / "docker-compose"


def config(
    environment: dict[str, str],
    env_file: Path = Path("/dev/null"),
    compose: Path = COMPOSE,
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [docker_compose(), "--env-file", env_file, "-f", compose,
         "--profile", "samples", "config"],
        env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def resolved() -> dict:
    done = config({name: f"value-of-{name}" for name in SECRETS})
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def test_compose_accepts_the_file(resolved):
    assert set(resolved["services"]) == {
        "postgres", "migrate", "api-server", "scheduler", "dag-processor",
        "triggerer", "samples",
    }  # fmt: skip


@pytest.mark.parametrize("missing", SECRETS)
def test_each_secret_must_come_from_outside(missing: str):
    done = config({name: "x" for name in SECRETS if name != missing})
    assert done.returncode != 0
    assert missing in done.stderr


def test_a_wrong_file_would_be_refused(tmp_path: Path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:", 1))
    done = subprocess.run(
        [docker_compose(), "-f", wrong, "config"], capture_output=True, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": "/tmp"} | dict.fromkeys(SECRETS, "x"),
    )  # fmt: skip
    assert done.returncode != 0


def test_services_are_pinned_healthy_and_not_root(resolved):
    for name, service in resolved["services"].items():
        tag = service["image"].rsplit(":", 1)[-1]
        assert tag[0].isdigit(), f"{name} has no pinned image"
        assert service["user"] not in ("", "root", "0", "0:0"), name
        if name != "migrate":
            assert service["healthcheck"]["test"], name


def test_images_and_settings_keep_step_with_the_code(resolved):
    service = resolved["services"]["scheduler"]
    lock = (ROOT / "requirements.lock").read_text()
    inline = service["build"]["dockerfile_inline"]
    version = inline.split("apache/airflow:")[1].split("-")[0]
    assert f"apache-airflow=={version} " in lock
    environment = service["environment"]
    local = airflow_environment(Settings(home=Path("/nowhere")))
    shared = {
        "AIRFLOW__CORE__LOAD_EXAMPLES", "AIRFLOW__CORE__PARALLELISM",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE", "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED",
    }  # fmt: skip
    assert {k: environment[k] for k in shared} == {k: local[k] for k in shared}
    assert WRITER_POOL in str(resolved["services"]["migrate"]["command"])
    settings = {f"PLANWATCH_{name.upper()}" for name in Settings.model_fields}
    used = {name for name in environment if name.startswith("PLANWATCH_")}
    assert used == settings - {"PLANWATCH_NOW"}


def test_the_example_of_env_names_every_setting_and_secret():
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.split("=")[0] for line in lines if line and line[0] != "#"}
    settings = {f"PLANWATCH_{name.upper()}" for name in Settings.model_fields}
    assert named == settings | set(SECRETS) | {"AIRFLOW_PORT"}
    values = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    assert all(values[name] == "" for name in SECRETS)


def test_the_filled_example_leads_to_the_sample_service(tmp_path: Path):
    text = (ROOT / ".env.example").read_text()
    for name in SECRETS:
        text = text.replace(f"\n{name}=\n", f"\n{name}=filled\n")
    filled = tmp_path / ".env"
    filled.write_text(text)
    done = config({}, env_file=filled)
    assert done.returncode == 0, done.stderr
    for service in planwatch_services(yaml.safe_load(done.stdout)):
        assert service["environment"]["PLANWATCH_SAMPLES_URL"] == "http://samples:8765"


def planwatch_services(resolved: dict) -> list[dict]:
    return [s for s in resolved["services"].values() if "PYTHONPATH" in str(s)]


def test_secrets_of_sources_and_recipients_reach_airflow_and_nobody_else(
    tmp_path: Path,
):
    copy = tmp_path / "docker-compose.yml"
    copy.write_text(COMPOSE.read_text())
    (tmp_path / "secrets.env").write_text(
        "OFFICE_TOKEN='a$b c'\nPLANWATCH_HOME=/elsewhere\n"
    )
    done = config(dict.fromkeys(SECRETS, "x"), compose=copy)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    told = {n for n, s in services.items() if "OFFICE_TOKEN" in s["environment"]}
    assert told == set(services) - {"postgres", "samples"}
    environment = services["scheduler"]["environment"]
    # `config` writes $ as $$, so that its answer can be read by compose again.
    assert environment["OFFICE_TOKEN"] == "a$$b c"
    assert environment["PLANWATCH_HOME"] == "/var/lib/planwatch"


def test_files_with_secrets_are_not_tracked():
    for name in (".gitignore", ".dockerignore"):
        ignored = (ROOT / name).read_text().splitlines()
        assert {".env", "secrets.env"} <= set(ignored)
