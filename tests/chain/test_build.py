"""How far a build says that it came."""

from __future__ import annotations

from datetime import datetime

import pytest

from warehouse.build import _bounds, _record, run_dbt
from warehouse.database import writer
from warehouse.project import dbt_environment, manifest_of


def test_a_model_that_is_gone_holds_no_build_back(published_copy):
    with writer(published_copy) as connection:
        connection.execute(
            "insert into ops.watermark (model, load_seq, as_of)"
            " values ('was_a_table_once', 0, ?)",
            [datetime(2000, 1, 1)],
        )
        bounds, last = _bounds(connection, published_copy)
        assert last == bounds
        _record(published_copy, bounds, connection)
        assert _bounds(connection, published_copy) == (bounds, bounds)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_build_takes_as_many_threads_as_it_may(published_copy, monkeypatch, threads):
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager as Manager

    told, close = [], Manager.close_all_connections

    def ask_and_close():
        connection = Manager._ENV.conn
        told.extend(connection.execute("select current_setting('threads')").fetchone())
        close()

    monkeypatch.setattr(Manager, "close_all_connections", ask_and_close)
    settings = published_copy.model_copy(update={"threads": threads})
    for name, value in dbt_environment(settings).items():
        monkeypatch.setenv(name, value)
    with writer(settings) as connection:
        bounds, _ = _bounds(connection, settings)
    run_dbt(["run", "--select", "stg_clock"], bounds, manifest_of(settings))
    assert told == [threads]
