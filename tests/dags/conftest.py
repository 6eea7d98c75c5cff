"""Airflow with a migrated database of its own, before anything imports it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def dag_home(tmp_path_factory, make_settings):
    """Settings of a fresh home in whose environment Airflow is imported here.

    Airflow reads its configuration once, at import, so one home serves all
    tests of this folder.
    """
    from warehouse.airflow_home import airflow_environment, prepare_airflow

    settings = make_settings(tmp_path_factory.mktemp("dag-home"))
    prepare_airflow(settings)
    environment = airflow_environment(settings)
    environment["PLANWATCH_NOW"] = settings.now.isoformat()
    before = dict(os.environ)
    os.environ.update(environment)
    yield settings
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def dagbag(dag_home):
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))
