"""Run DAGs once in this process, in order, without a scheduler.

`planwatch demo` and the tests use it: the very DAGs, with Airflow's own
`dag.test()`, against a migrated Airflow database.

    python dags/local_runner.py ingest_statistics ingest_submissions …
"""

from __future__ import annotations

import logging
import sys

CHAIN = ("ingest_statistics", "ingest_submissions", "build_warehouse", "publish_marts")


def run_once(dag_id: str) -> str:
    """Run one DAG to its end and return the state of the run."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag()
    if bag.import_errors:
        raise RuntimeError(f"DAG files that do not import: {bag.import_errors}")
    run = bag.dags[dag_id].test()
    return str(run.state)


def main(dag_ids: list[str]) -> int:
    from ingestion.garbage import look_seldom

    logging.getLogger().setLevel(logging.WARNING)
    look_seldom()
    for dag_id in dag_ids or CHAIN:
        state = run_once(dag_id)
        print(f"DAG {dag_id}: {state}", flush=True)
        if state != "success":
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
