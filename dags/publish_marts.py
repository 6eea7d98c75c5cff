"""DAG: the immutable release for readers (Airflow)."""

from __future__ import annotations

import pendulum
from airflow.sdk import dag, task
from policy import DEFAULT_ARGS, MODELS, RELEASE, WRITER_POOL, transient_only


@task(pool=WRITER_POOL, outlets=[RELEASE])
@transient_only
def publish() -> str:
    """Write the release and point `current` at it."""
    from ingestion.settings import Settings
    from ingestion.site import Site
    from warehouse.publish import publish as publish_release

    settings = Settings.load()
    return publish_release(settings, Site.load(settings.site)).release_id


@dag(
    dag_id="publish_marts",
    schedule=[MODELS],
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["planwatch", "release"],
    doc_md="""
### Release

Writes `releases/<release_id>/planwatch.duckdb` and swaps `current` to it in
one rename. Readers that hold the old release keep it.

* Works on **what is built now**; **re-run** any time: the same rows give the
  same release.
""",
)
def publish_marts() -> None:
    publish()


publish_marts()
