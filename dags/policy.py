"""What all DAGs have in common: owner, retries, failure report, assets."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException

log = logging.getLogger("planwatch")

WRITER_POOL = "warehouse_writer"

RAW = Asset("planwatch://warehouse/raw")
MODELS = Asset("planwatch://warehouse/models")
RELEASE = Asset("planwatch://releases/current")


def report_failure(context: dict[str, Any]) -> None:
    """One line that names the task and what to do; no values, no secrets."""
    instance = context["task_instance"]
    log.error(
        "planwatch task failed: dag=%s task=%s run=%s map_index=%s error=%s",
        instance.dag_id,
        instance.task_id,
        instance.run_id,
        instance.map_index,
        context.get("exception"),
    )


DEFAULT_ARGS = {
    "owner": "planwatch",
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "on_failure_callback": report_failure,
}


def transient_only(function: Callable) -> Callable:
    """Retry what may pass by itself; fail at once what stays wrong."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        from ingestion.errors import Terminal

        try:
            return function(*args, **kwargs)
        except Terminal as error:
            raise AirflowFailException(str(error)) from error

    return call
