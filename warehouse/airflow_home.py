"""Airflow's own files and settings for one home; Airflow is never imported."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from ingestion.errors import Damaged, MachineRefused
from ingestion.settings import ROOT, Settings

WRITER_POOL = "warehouse_writer"


def airflow_environment(settings: Settings) -> dict[str, str]:
    """Environment in which Airflow runs our DAGs on this home."""
    home = settings.home / "airflow"
    return {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PLANWATCH_HOME": str(settings.home),
        "PLANWATCH_SITE": str(settings.site),
        "PLANWATCH_SAMPLES_URL": settings.samples_url,
        "PLANWATCH_SAMPLES_TOKEN": settings.samples_token.get_secret_value(),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "dags")]),
        "PATH": os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        ),
    }


def airflow_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]


def prepare_airflow(settings: Settings) -> None:
    """Migrate Airflow's database once and make the one-slot writer pool."""
    home = settings.home / "airflow"
    marker = home / ".prepared"
    if marker.exists() and marker.read_text(encoding="utf-8") == _version():
        return
    home.mkdir(parents=True, exist_ok=True)
    _prepare_database(settings)
    marker.write_text(_version(), encoding="utf-8")


def page_login(settings: Settings) -> tuple[str, str]:
    """Name and password of Airflow's page; made once, readable by this user only.

    Raises Damaged where the file of them holds none.
    """
    path = settings.home / "airflow" / "simple_auth_manager_passwords.json.generated"
    if not path.exists():
        # Whole or not at all: what a killed start leaves would be read as a login.
        making = path.with_suffix(".making")
        making.unlink(missing_ok=True)
        making.touch(mode=0o600)
        making.write_text(json.dumps({"admin": secrets.token_urlsafe(12)}))
        making.replace(path)
    try:
        user, password = next(iter(json.loads(path.read_text("utf-8")).items()))
    except (AttributeError, StopIteration, ValueError) as wrong:
        raise Damaged(
            f"{path} holds no login to Airflow's page.",
            "remove that file and start again: a new login is made and told.",
        ) from wrong
    return user, password


def _version() -> str:
    from importlib.metadata import version

    return version("apache-airflow-core")


def _prepare_database(settings: Settings) -> None:
    script = ROOT / "dags" / "prepare_database.py"
    done = subprocess.run(
        [sys.executable, script, WRITER_POOL, "Sole writer of the DuckDB file"],
        env=airflow_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MachineRefused(
            f"Airflow could not prepare its database: {done.stderr.strip()[-500:]}",
            f"look into {settings.home / 'airflow'}; remove that folder to start anew.",
        )
