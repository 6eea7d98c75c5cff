"""DAG: dbt models from raw to published, one task per layer (Airflow)."""

from __future__ import annotations

import pendulum
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from policy import DEFAULT_ARGS, MODELS, RAW, WRITER_POOL, transient_only

LAYERS = ("staging", "intermediate", "core", "marts", "published")


@task(pool=WRITER_POOL)
@transient_only
def build_layer(layer: str) -> int:
    """Run and test the models of one layer."""
    from ingestion.settings import Settings
    from warehouse.build import build

    return build(Settings.load(), layer).models


@task(outlets=[MODELS])
def announce() -> None:
    """Tell publication that all layers stand."""


@dag(
    dag_id="build_warehouse",
    # New rows start it; once a day it also runs without any, because a report
    # that stays away is an event, too.
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("30 5 * * *", timezone="UTC"), assets=[RAW]
    ),
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["planwatch", "dbt"],
    doc_md="""
### Warehouse

Runs `dbt build` layer by layer in the one-slot writer pool. Incremental models
read only what was loaded since they last ran.

* Works on **everything loaded so far**; **re-run** any time: with nothing new
  each layer is skipped.
""",
)
def build_warehouse() -> None:
    previous = None
    for layer in LAYERS:
        step = build_layer.override(task_id=f"build_{layer}")(layer)
        if previous is not None:
            previous >> step
        previous = step
    previous >> announce()


build_warehouse()
