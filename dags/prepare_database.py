"""Make Airflow's database and the one-slot writer pool, in one process.

Two commands of Airflow's own command line: started one by one, each takes
seconds to import Airflow.

    python dags/prepare_database.py POOL "what it is for"
"""

from __future__ import annotations

import sys


def main(pool: str, purpose: str) -> None:
    from airflow.cli.cli_parser import get_parser

    parser = get_parser()
    for words in (["db", "migrate"], ["pools", "set", pool, "1", purpose]):
        command = parser.parse_args(words)
        command.func(command)


if __name__ == "__main__":
    main(*sys.argv[1:])
