"""Tasks that the ingest DAGs share: one public function per task.

Settings and site are read inside the task, so that parsing a DAG file reads
no file, no variable and no connection.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from policy import RAW, WRITER_POOL, transient_only

COLLECTOR_RUN = "{{ dag.dag_id }}.{{ run_id }}"
RUN_TYPE = "{{ dag_run.run_type.value }}"


@task(pool=WRITER_POOL)
@transient_only
def refresh_registries(run_type: str) -> dict[str, Any]:
    """Fetch, judge and load the registries that everything is judged against.

    A scheduled run fetches those whose own `schedule` has come, one that
    somebody started fetches all.

    One that cannot be fetched stays as it was last accepted: its failure is
    handed on and fails the run at the end, after all others.
    """
    from ingestion.settings import Settings
    from ingestion.site import Site
    from warehouse.chain import RunReport, take_in_registries

    settings = Settings.load()
    report = RunReport()
    take_in_registries(
        settings, Site.load(settings.site), report, only_due=run_type == "scheduled"
    )
    return {
        "rows": sum(loaded.rows_loaded for loaded in report.loads),
        "failures": [str(failure) for failure in report.failures],
    }


@task(outlets=[RAW])
def announce_registries(registries: dict[str, Any]) -> int:
    """Tell the warehouse of new registry rows.

    A task of its own: what it skips must not keep the others from fetching,
    and without a new row there is nothing to build.
    """
    if not registries["rows"]:
        raise AirflowSkipException("No registry has changed.")
    return registries["rows"]


@task
@transient_only
def list_shards(kind: str, run_type: str) -> list[list[str | int]]:
    """Shards of the sources of a kind: what the fetch is mapped over.

    In a scheduled run, those whose own `schedule` has come.
    """
    from ingestion.ingest import due_shards, shards
    from ingestion.settings import Settings
    from ingestion.site import Site

    settings = Settings.load()
    return [
        [source.code, shard]
        for source in Site.load(settings.site).of_kind(kind)
        for shard in (
            due_shards(settings, source) if run_type == "scheduled" else shards(source)
        )
    ]


@task(map_index_template="{{ shard }}")
@transient_only
def fetch(shard: list[str | int], collector_run: str) -> str | None:
    """Land what is new in one shard; nothing new is no failure.

    The outcomes of all shards stand under the id of the DAG run.
    """
    from ingestion.ingest import ingest
    from ingestion.settings import Settings
    from ingestion.site import Site

    settings = Settings.load()
    code, number = shard
    source = Site.load(settings.site).source(str(code))
    batch = ingest(settings, source, int(number), run_id=collector_run)
    return batch.batch_id if batch else None


@task(pool=WRITER_POOL, outlets=[RAW])
@transient_only
def release_waived() -> int:
    """Load what a new waiver lets through; without one there is nothing to do."""
    from ingestion.settings import Settings
    from ingestion.site import Site
    from warehouse import chain

    settings = Settings.load()
    loads, failures = chain.release_waived(settings, Site.load(settings.site))
    if failures:
        raise failures[0]
    if not loads:
        raise AirflowSkipException("No waiver releases anything.")
    return sum(report.rows_loaded for report in loads)


@task(trigger_rule="all_done")
@transient_only
def list_waiting(kind: str) -> list[str]:
    """Landed batches that raw has not taken in, also those of a killed run.

    Runs whatever became of the fetches: a failing source blocks no other.
    """
    from ingestion.settings import Settings
    from warehouse.pending import pending

    return [b.batch_id for b in pending(Settings.load()) if b.kind == kind]


@task(map_index_template="{{ batch_id }}")
@transient_only
def judge(batch_id: str) -> str:
    """Give one batch its verdict and its receipts."""
    from expectations.gate import gate
    from ingestion.landing import LandedBatch
    from ingestion.settings import Settings
    from ingestion.site import Site

    settings = Settings.load()
    batch = LandedBatch.open(settings, batch_id)
    return gate(settings, batch, Site.load(settings.site)).batch_id


@task(
    pool=WRITER_POOL,
    map_index_template="{{ batch_id }}",
    outlets=[RAW],
    trigger_rule="all_done",
)
@transient_only
def load(batch_id: str) -> int:
    """Load the accepted rows of one judged batch.

    Mapped over what has a verdict: a batch that cannot be judged blocks no
    other.
    """
    from expectations.verdict import Verdict
    from ingestion.landing import LandedBatch
    from ingestion.settings import Settings
    from warehouse.chain import enter

    settings = Settings.load()
    batch = LandedBatch.open(settings, batch_id)
    report = enter(settings, batch, Verdict.open(settings.verdicts / batch_id))
    if report.already_loaded:
        raise AirflowSkipException(f"{batch_id} is loaded already.")
    return report.rows_loaded


@task(trigger_rule="all_done")
@transient_only
def deliver_receipts() -> int:
    """Post receipts to units that asked for it; nothing waits for this task."""
    from expectations.delivery import deliver
    from ingestion.settings import Settings
    from ingestion.site import Site

    settings = Settings.load()
    return len(deliver(settings, Site.load(settings.site)))


# "none_failed" waits for all before it; "all_success" would be skipped, and so
# hide a failure, as soon as one has nothing to do.
@task(trigger_rule="none_failed")
def nothing_failed(registries: dict[str, Any]) -> None:
    """Fails with the run when a fetch or a verdict has, though others went on."""
    if registries["failures"]:
        raise AirflowFailException("; ".join(registries["failures"]))


def ingest_kind(kind: str) -> None:
    """Registries, then fetch, judge and load every shard of one kind."""
    registries = refresh_registries(RUN_TYPE)
    shards = list_shards(kind, RUN_TYPE)
    fetched = fetch.partial(collector_run=COLLECTOR_RUN).expand(shard=shards)
    waiting = list_waiting(kind)
    announce_registries(registries)
    registries >> [shards, release_waived()]
    fetched >> waiting
    judged = judge.expand(batch_id=waiting)
    load.expand(batch_id=judged)
    [fetched, judged] >> nothing_failed(registries)
    if kind == "submission":
        judged >> deliver_receipts()
