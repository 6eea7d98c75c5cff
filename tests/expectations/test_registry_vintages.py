"""A registry that dates what it knew: several vintages of a key in one file."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest
from judged_world import JOBS, REGISTRY_ROWS, reasons_of

from expectations.registries import current_registries
from warehouse.database import writer
from warehouse.load import load

REGIONS = REGISTRY_ROWS["regions"]
HEBEI = {**REGIONS[2], "known_from": "1997-03-14"}
RENAMED = {**HEBEI, "name_en": "Hebei Province", "known_from": "2010-06-01"}


def test_rows_of_one_key_that_are_dated_apart_are_vintages(world):
    verdict = world.registry("regions", [*REGIONS[:2], RENAMED, HEBEI])
    assert verdict.accepted, reasons_of(verdict)
    with duckdb.connect() as connection:
        current_registries(world.settings, world.site).attach(connection)
        assert connection.sql(
            "select name_en from registry_regions where region_code = '130000'"
        ).fetchall() == [("Hebei Province",)]
    # The gate joins rows to registries: none may count twice.
    assert world.submissions(({}, [JOBS])).rows_accepted == 1


def test_rows_of_one_key_and_day_still_stand_twice(world):
    verdict = world.registry("regions", [*REGIONS[:2], HEBEI, HEBEI])
    assert {reason[2] for reason in reasons_of(verdict)} == {"REG_KEY_TWICE"}


@pytest.mark.parametrize("known", ["2010-6-1", "soon", "2010-06-31"])
def test_a_date_of_knowledge_is_a_day_in_full(world, known):
    verdict = world.registry("regions", [*REGIONS[:2], {**HEBEI, "known_from": known}])
    assert reasons_of(verdict) == [(3, "known_from", "REG_DATE")]


def day(number: int) -> datetime:
    return datetime(2025, 8, number, tzinfo=UTC)


def take_in(world, received: datetime, *rows: dict) -> int:
    """Judge and load a file of regions; how many rows raw gained."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    verdict = world.registry("regions", list(rows), columns, received=received)
    assert verdict.accepted, reasons_of(verdict)
    content = [columns, list(rows)]
    batch = world.batch("site_regions", "registry", content, "regions", received)
    return load(world.settings, batch, verdict).rows_loaded


def told(world, on: str) -> str | None:
    """Name of Hebei as the models read raw on a day; None: not known or gone."""
    with writer(world.settings) as connection:
        row = connection.execute(
            "select name_en, is_deleted from raw.registry_regions"
            " where region_code = '130000' and known_from <= ?"
            " order by known_from desc, load_seq desc limit 1",
            [datetime.fromisoformat(on)],
        ).fetchone()
    return row[0] if row and not row[1] else None


def test_each_vintage_counts_from_its_own_day_and_loads_once(world):
    assert take_in(world, day(6), *REGIONS[:2], HEBEI, RENAMED) == 4
    assert [told(world, on) for on in ("1997-03-13", "1997-03-14", "2010-06-01")] == [
        None, "Hebei", "Hebei Province",
    ]  # fmt: skip
    # Two rows more to say, in another order: what stands is not loaded again.
    again = {**RENAMED, "name_en": "Ji", "known_from": "2015-01-01"}
    assert take_in(world, day(7), again, RENAMED, HEBEI, *REGIONS[:2]) == 1
    assert told(world, "2014-12-31") == "Hebei Province"
    assert told(world, "2025-08-08") == "Ji"


def test_dating_a_row_that_had_no_date_gives_it_a_past_and_no_other_present(world):
    assert take_in(world, day(6), *REGIONS) == 3
    assert told(world, "2020-01-01") is None
    assert take_in(world, day(7), *REGIONS[:2], HEBEI) == 1
    assert told(world, "2020-01-01") == told(world, "2025-08-08") == "Hebei"
    # Dated before something that still stands, it is overruled from today on.
    assert take_in(world, day(8), *REGIONS[:2], HEBEI, RENAMED) == 2
    assert told(world, "2011-01-01") == "Hebei Province"
    assert told(world, "2025-08-06T12:00:00") == "Hebei"
    assert told(world, "2025-08-08T12:00:00") == "Hebei Province"
    assert take_in(world, day(9), *REGIONS[:2], HEBEI, RENAMED, REGIONS[2]) == 1
    assert told(world, "2025-08-09T12:00:00") == "Hebei"


def test_what_the_file_no_longer_says_ends_on_the_day_of_receipt(world):
    take_in(world, day(6), *REGIONS[:2], HEBEI, RENAMED)
    assert take_in(world, day(7), *REGIONS[:2], HEBEI) == 1
    assert told(world, "2025-08-06T12:00:00") == "Hebei Province"
    assert told(world, "2025-08-07T12:00:00") == "Hebei"
    assert take_in(world, day(8), *REGIONS[:2]) == 1
    assert told(world, "2025-08-08T12:00:00") is None
    # It comes back as it was: an old date alone would leave it gone.
    assert take_in(world, day(9), HEBEI, *REGIONS[:2]) == 1
    assert told(world, "2025-08-09T12:00:00") == "Hebei"
    assert told(world, "2025-08-08T12:00:00") is None
