"""A rebuild that cannot go on leaves what stands."""

from __future__ import annotations

import pytest

from ingestion.errors import SiteError
from ingestion.site import Site
from warehouse.publish import current
from warehouse.rebuild import rebuild


def standing(settings) -> list:
    folders = (settings.warehouse.parent, settings.verdicts, settings.receipts)
    return [sorted(folder.rglob("*")) for folder in folders]


def test_a_source_that_is_not_declared_any_more_stops_it_first(published_copy):
    site = Site.load(published_copy.site)
    left = {k: v for k, v in site.sources.items() if k != "national_annual"}
    before, release = standing(published_copy), current(published_copy)
    with pytest.raises(SiteError, match=r"declare: national_annual\..*sources/"):
        rebuild(published_copy, site.model_copy(update={"sources": left}))
    assert all(before)
    assert standing(published_copy) == before
    assert current(published_copy) == release
