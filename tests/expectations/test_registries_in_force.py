"""Which registry is in force, and what of it counts on a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from judged_world import FACTOR, JOBS, REGISTRY_ROWS

from expectations.parameters import site_parameters
from expectations.registries import current_registries
from ingestion.errors import SiteError
from ingestion.registry import REGISTRIES


def test_a_refused_registry_leaves_the_earlier_one_in_force(world):
    before = current_registries(world.settings, world.site)
    later = datetime(2025, 8, 6, tzinfo=UTC)
    bad = [*REGISTRY_ROWS["units"], {"unit_code": "U7", "unit_kind": "office"}]
    assert not world.registry("units", bad, received=later).accepted
    after = current_registries(world.settings, world.site)
    assert after == before
    assert world.submissions(({}, [JOBS])).rows_accepted == 1


def test_an_older_snapshot_does_not_replace_a_newer_one(world):
    newest = current_registries(world.settings, world.site)
    earlier = datetime(2025, 8, 1, tzinfo=UTC)
    units = REGISTRY_ROWS["units"][:1]
    assert world.registry("units", units, received=earlier).accepted
    assert current_registries(world.settings, world.site) == newest


def test_registries_in_force_are_tables_of_all_columns(world):
    with duckdb.connect() as connection:
        current_registries(world.settings, world.site).attach(connection)
        for name, shape in REGISTRIES.items():
            table = connection.table(f"registry_{name}")
            assert table.columns == ["source_code", *shape.allowed]
            assert len(table) == len(REGISTRY_ROWS.get(name, []))
        assert connection.sql("select distinct source_code from registry_units")


def test_a_parameter_of_old_that_is_no_number_names_itself_and_can_be_mended(world):
    """An earlier version let it in, so the file in force is made as it was."""
    later = datetime(2025, 8, 6, tzinfo=UTC)
    assert world.registry("rules", [{**FACTOR, "value": "6"}]).accepted
    (entry,) = current_registries(world.settings, world.site).of("rules")
    path = current_registries(world.settings, world.site).path(entry)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace ('six' as value) from read_parquet('{path}'))"
            f" to '{path}.new' (format parquet)"
        )
    Path(f"{path}.new").replace(path)
    with pytest.raises(SiteError, match="OBS_JUMP_OWN, factor is no number: 'six'"):
        world.submissions(({}, [JOBS]))
    assert world.registry("rules", [{**FACTOR, "value": "7"}], received=later).accepted
    assert world.submissions(({}, [JOBS])).rows_accepted == 1


@pytest.mark.parametrize("order", [1, -1])
def test_the_parameter_known_last_is_in_force_whatever_the_order(world, order):
    dated = [
        {**FACTOR, "value": value, "known_from": known}
        for value, known in (("8", "2025-01-01"), ("6", "2025-06-01"))
    ]
    assert world.registry("rules", dated[::order]).accepted
    registries = current_registries(world.settings, world.site)
    assert site_parameters(registries, date(2025, 8, 5)) == {
        ("OBS_JUMP_OWN", "factor"): "6"
    }
