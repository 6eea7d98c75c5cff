"""How far a build says that it came."""

from __future__ import annotations

from datetime import datetime

from warehouse.build import _bounds, _record
from warehouse.database import writer


def test_a_model_that_is_gone_holds_no_build_back(published_copy):
    with writer(published_copy) as connection:
        connection.execute(
            "insert into ops.watermark (model, load_seq, as_of)"
            " values ('was_a_table_once', 0, ?)",
            [datetime(2000, 1, 1)],
        )
    bounds, last = _bounds(published_copy)
    assert last == bounds
    _record(published_copy, bounds)
    assert _bounds(published_copy) == (bounds, bounds)
