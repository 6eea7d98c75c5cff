"""When a source is asked: the `schedule` of its declaration."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ingestion.errors import SiteError, SourceRefused
from ingestion.ingest import due_shards, ingest
from ingestion.site import Site
from tests.collection.answering import saying


def at(settings, day: int, hour: int):
    moment = datetime(2025, 6, day, hour, 30, tzinfo=UTC)
    return settings.model_copy(update={"now": moment})


@pytest.fixture
def weekly(world, declare):
    """Monday at six; the second of June is a Monday."""
    world.answers["/data"] = saying(200, b"[1]")
    return declare(schedule="0 6 * * 1")


def test_it_is_due_until_it_has_answered_and_again_at_the_next_moment(settings, weekly):
    assert due_shards(at(settings, 3, 7), weekly) == [0]
    ingest(at(settings, 3, 7), weekly)
    assert due_shards(at(settings, 3, 8), weekly) == []
    assert due_shards(at(settings, 9, 5), weekly) == []
    assert due_shards(at(settings, 9, 6), weekly) == [0]
    # Nothing new is an answer, too.
    assert ingest(at(settings, 9, 6), weekly) is None
    assert due_shards(at(settings, 15, 0), weekly) == []


def test_a_failed_fetch_stays_due(settings, world, weekly):
    ingest(at(settings, 3, 7), weekly)
    world.answers["/data"] = saying(403)
    with pytest.raises(SourceRefused):
        ingest(at(settings, 9, 6), weekly)
    assert due_shards(at(settings, 9, 7), weekly) == [0]


@pytest.mark.parametrize("left", ["", "{}", '{"asked_at": "soon"}'])
def test_what_is_damaged_is_asked_again(settings, weekly, left):
    ingest(at(settings, 3, 7), weekly)
    (kept,) = (settings.landing / "asked").iterdir()
    kept.write_text(left)
    assert due_shards(at(settings, 3, 8), weekly) == [0]


def test_each_shard_is_due_by_itself(settings, world, declare):
    source = declare(schedule="0 6 * * 1", shards={"count": 3})
    world.answers["/data"] = saying(200, b"[1]")
    for shard in (0, 2):
        ingest(at(settings, 3, 7), source, shard)
    assert due_shards(at(settings, 3, 8), source) == [1]


def test_without_a_schedule_releases_are_due_daily_and_the_rest_always(
    settings, world, declare
):
    world.answers["/data"] = saying(200, b"[1]")
    for kind, next_hour in (("statistical_release", []), ("submission", [0])):
        source = declare(code=kind, kind=kind)
        ingest(at(settings, 3, 7), source)
        assert due_shards(at(settings, 3, 8), source) == next_hour
        assert due_shards(at(settings, 4, 3), source) == [0]


@pytest.mark.parametrize("text", ["61 * * * *", "daily", "0 0 31 2 *", "* * * * * *"])
def test_what_is_no_schedule_is_refused_where_it_stands(settings, text):
    (settings.site / "sources" / "office.yml").write_text(
        "code: office\nkind: statistical_release\nconnector: http\n"
        f"location: http://127.0.0.1/x\nformat: json\nschedule: '{text}'\n"
    )
    with pytest.raises(SiteError) as refused:
        Site.load(settings.site)
    assert "office.yml" in str(refused.value)
    assert "schedule" in str(refused.value)
    assert "five fields are expected" in str(refused.value)
