"""DAG: notices of what has changed in the newest release (Airflow)."""

from __future__ import annotations

import pendulum
from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException
from policy import DEFAULT_ARGS, RELEASE, transient_only


@task
@transient_only
def send_notices() -> int:
    """One digest for each recipient of the site for whom something changed."""
    from ingestion.settings import Settings
    from ingestion.site import Site
    from warehouse.notices.notify import notify as tell

    settings = Settings.load()
    told = tell(settings, Site.load(settings.site))
    for digest in told:
        if digest.error:
            raise digest.error
    if not told:
        raise AirflowSkipException("Nobody is to be told of anything.")
    return len(told)


@dag(
    dag_id="notify",
    schedule=[RELEASE],
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["planwatch", "notices"],
    doc_md="""
### Notices

Sends each recipient of `recipients.yml` one digest of the warnings that were
raised, changed or resolved since it was last told, through Apprise.

* Works on **the release that readers see**; **re-run** any time: what was told
  is not told again, what failed is sent again with the same id.
""",
)
def notify() -> None:
    send_notices()


notify()
