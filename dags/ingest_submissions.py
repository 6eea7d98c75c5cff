"""DAG: unit submissions from collection platforms into raw (Airflow)."""

from __future__ import annotations

import pendulum
from airflow.sdk import dag
from policy import DEFAULT_ARGS
from stage_tasks import ingest_kind


@dag(
    dag_id="ingest_submissions",
    schedule="0 * * * *",
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["planwatch", "ingest", "self-reported"],
    doc_md="""
### Unit submissions

Fetches every declared `submission` source (one mapped task per shard),
lets the gate judge what is new, writes the receipts and loads accepted rows.

* A **scheduled** run asks the sources whose own `schedule` has come since they
  last answered; one that you start asks all.
* Works on **what the sources offer now**; the manifest keeps when it came.
* **Re-run** any time: unchanged answers (304) land nothing, loaded batches are
  skipped. A failing source fails the run at the end, after all others.
""",
)
def ingest_submissions() -> None:
    ingest_kind("submission")


ingest_submissions()
