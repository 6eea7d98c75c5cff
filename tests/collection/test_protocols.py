"""SDMX, World Bank and DHIS2: the right questions, and errors seen as errors."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ingestion import connectors
from ingestion.connectors.sdmx import data_url, structure_url
from ingestion.errors import SiteError, SourceRefused, SourceUnavailable
from ingestion.ingest import ingest, shards
from tests.collection.answering import in_turn, saying

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def sdmx(declare, world, **query):
    keys = {"flow": "EXR", "agency": "ECB"} | query
    return declare(
        connector="sdmx", location=f"{world.url}/rest/", format="sdmx-ml", sdmx=keys
    )


@pytest.mark.parametrize(
    ("query", "path"),
    # From the specification: sdmx-rest 1.5 and 2.0, "Data queries".
    [
        ({"key": "M.USD.EUR"}, "/data/ECB,EXR/M.USD.EUR"),
        (
            {"version": "1.0", "key": "M..", "start": "2020", "end": "2021-06"},
            "/data/ECB,EXR,1.0/M..?startPeriod=2020&endPeriod=2021-06",
        ),
        ({"last_observations": 1}, "/data/ECB,EXR?lastNObservations=1"),
        (
            {"api": "3.0", "key": "M.USD.*"},
            "/data/dataflow/ECB/EXR/*/M.USD.*",
        ),
        (
            {"api": "3.0", "version": "1.0.0", "start": "2020", "end": "2021"},
            "/data/dataflow/ECB/EXR/1.0.0?c[TIME_PERIOD]=ge:2020+le:2021",
        ),
    ],
)
def test_sdmx_addresses(declare, world, query, path):
    assert data_url(sdmx(declare, world, **query), "") == path


def test_sdmx_structure_addresses(declare, world):
    assert structure_url(sdmx(declare, world), "") == (
        "/dataflow/ECB/EXR?references=descendants"
    )
    assert structure_url(sdmx(declare, world, api="3.0"), "") == (
        "/structure/dataflow/ECB/EXR?references=descendants"
    )


def test_an_impossible_sdmx_query_is_named(declare, world):
    with pytest.raises(SiteError, match="valid query"):
        data_url(sdmx(declare, world, flow="*"), "")


def test_the_structure_lands_as_attachment_of_every_batch(world, settings, declare):
    """Also when it has not changed: a batch can be read by itself."""
    structure = b"<Structure/>"
    world.answers["/rest/dataflow/ECB/EXR"] = saying(200, structure)
    world.answers["/rest/data/ECB,EXR"] = in_turn(
        saying(200, b"<a/>"), saying(200, b"<b/>")
    )
    source = sdmx(declare, world, structure=True)
    batches = [ingest(settings, source) for _ in range(2)]
    for batch in batches:
        assert [f.role for f in batch.attachments] == ["structure"]
        assert len(batch.files) == 1
    assert batches[0].attachments[0].sha256 == batches[1].attachments[0].sha256
    accept = [a.headers["accept"] for a in world.asked]
    assert accept[:2] == [
        "application/vnd.sdmx.structure+xml;version=2.1",
        "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
    ]


@pytest.mark.parametrize("name", ["footer.xml", "footer2.xml"])
def test_come_back_later_is_tried_again_and_never_an_empty_success(
    world, settings, declare, told, name
):
    path = SHARED / "sdmx-khaeru" / "ESTAT" / name
    if not path.exists():
        pytest.skip("the shared test data are not here")
    world.answers["/rest/data/ECB,EXR"] = in_turn(
        saying(200, path.read_bytes()), saying(200, b"<data/>")
    )
    source = sdmx(declare, world).model_copy(
        update={"limits": declare(limits={"attempts": 2}).limits}
    )
    (file,) = ingest(settings, source).files
    assert file.size_bytes == len(b"<data/>")
    first, second = told()
    assert (first.error_class, first.result) == ("come_back_later", "failed")
    assert "large query" in first.message
    assert second.result == "landed"


def test_an_sdmx_error_message_lands_nothing(world, settings, declare):
    body = b"""<mes:Error xmlns:mes="x"><mes:ErrorMessage code="140">
        <com:Text xmlns:com="y">Syntax error in key</com:Text></mes:ErrorMessage>
        </mes:Error>"""
    world.answers["/rest/data/ECB,EXR"] = saying(200, body)
    with pytest.raises(SourceRefused, match="Syntax error in key"):
        ingest(settings, sdmx(declare, world))


def worldbank(declare, world, **query):
    keys = {"indicators": ["SP.POP.TOTL"], "per_page": 2} | query
    return declare(
        connector="worldbank", location=f"{world.url}/v2",
        format="worldbank-json", worldbank=keys,
    )  # fmt: skip


def world_bank_page(handler) -> None:
    page = int(parse_qs(urlsplit(handler.path).query)["page"][0])
    rows = [{"date": str(2000 + page), "value": page}]
    head = {"page": page, "pages": 3, "per_page": "2", "total": 5}
    handler.say(200, json.dumps([head, rows]).encode())


def test_all_pages_of_all_indicators(world, settings, declare):
    world.answers["*"] = world_bank_page
    source = worldbank(
        declare, world, indicators=["A", "B"], countries=["CN", "US"], date="2000:2004"
    )
    assert len(ingest(settings, source).files) == 6
    assert world.paths()[:2] == [
        "/v2/country/CN;US/indicator/A?format=json&per_page=2&page=1&date=2000:2004",
        "/v2/country/CN;US/indicator/A?format=json&per_page=2&page=2&date=2000:2004",
    ]


@pytest.mark.parametrize(
    ("page", "pages", "match", "requests"),
    [
        (lambda _: 1, 2, "own successor", 2),
        (lambda asked: 3 - asked, 3, "own successor", 2),
        (lambda asked: asked, 10**9, "more than 5 pages", 5),
    ],
    ids=["always the first", "to and fro", "without end"],
)
def test_world_bank_pages_end(
    world, settings, declare, monkeypatch, page, pages, match, requests
):
    monkeypatch.setattr(connectors.worldbank, "MAX_PAGES", 5)

    def answer(handler) -> None:
        asked = int(parse_qs(urlsplit(handler.path).query)["page"][0])
        head = {"page": page(asked), "pages": pages, "per_page": "2", "total": 5}
        handler.say(200, json.dumps([head, [{"value": asked}]]).encode())

    world.answers["*"] = answer
    with pytest.raises(SourceRefused, match=match):
        ingest(settings, worldbank(declare, world))
    assert len(world.asked) == requests
    assert not (settings.landing / "ledger.jsonl").exists()


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        (
            # As the API answers, with status 200, to an indicator it does not know.
            [{"message": [{"id": "120", "key": "Invalid value",
                           "value": "The provided parameter value is not valid"}]}],
            SourceRefused, "120 Invalid value",
        ),
        (
            [{"message": [{"id": "105", "key": "Service currently unavailable",
                           "value": "The requested service is unavailable"}]}],
            SourceUnavailable, "105",
        ),
        ([{"page": 0, "pages": 0, "per_page": 0, "total": 0}, None],
         SourceRefused, "no data"),
        ([], SourceRefused, "envelope"),
        ({"page": 1}, SourceRefused, "envelope"),
        (["text", []], SourceRefused, "envelope"),
    ],
)  # fmt: skip
def test_a_world_bank_error_is_an_error(
    world, settings, declare, told, body, error, text
):
    world.answers["*"] = saying(200, json.dumps(body).encode())
    with pytest.raises(error, match=text):
        ingest(settings, worldbank(declare, world))
    assert told()[0].result == "failed"
    assert not (settings.landing / "ledger.jsonl").exists()
    assert not list((settings.landing / "incoming").glob("*/*"))


def dhis2(declare, world, **keys):
    query = {"data_sets": ["DS1"], "org_units": ["OU1", "OU2", "OU3"]}
    return declare(
        connector="dhis2", location=world.url, format="dhis2-json",
        dhis2=query | keys.pop("dhis2", {}), **keys,
    )  # fmt: skip


VALUES = b'{"dataValues": [{"dataElement": "D", "value": "1"}]}'


def test_data_value_sets_are_asked_in_batches_of_units(world, settings, declare):
    world.answers["/api/dataValueSets.json"] = lambda h: h.say(
        200, VALUES.replace(b'"1"', h.path[-1:].encode())
    )
    source = dhis2(declare, world, dhis2={"batch": 2, "periods": ["202501", "202502"]})
    assert len(ingest(settings, source).files) == 2
    shared = (
        "/api/dataValueSets.json?dataSet=DS1&period=202501&period=202502"
        "&includeDeleted=true"
    )
    assert world.paths() == [
        f"{shared}&orgUnit=OU1&orgUnit=OU2",
        f"{shared}&orgUnit=OU3",
    ]


def test_shards_share_the_units(world, settings, declare):
    world.answers["/api/dataValueSets.json"] = saying(200, VALUES)
    source = dhis2(declare, world, shards={"count": 2})
    for shard in shards(source):
        ingest(settings, source, shard)
    units = [parse_qs(urlsplit(path).query)["orgUnit"] for path in world.paths()]
    assert units == [["OU1", "OU3"], ["OU2"]]


def test_maps_land_as_attachments(world, settings, declare):
    world.answers["/api/dataValueSets.json"] = saying(200, VALUES)
    world.answers["/api/organisationUnits.json"] = saying(200, b'{"x": 1}')
    source = dhis2(declare, world, dhis2={"metadata": ["organisationUnits"]})
    (attachment,) = ingest(settings, source).attachments
    assert (attachment.role, attachment.series) == ("metadata", "organisationUnits")


def test_only_what_changed_since_is_asked_for(world, settings, declare):
    world.answers["/api/dataValueSets.json"] = in_turn(
        saying(200, VALUES), saying(200, b"{}")
    )
    source = dhis2(declare, world, incremental={"parameter": "lastUpdated"})
    assert ingest(settings, source)
    assert ingest(settings, source) is None
    first, second = (parse_qs(urlsplit(p).query) for p in world.paths())
    assert "lastUpdated" not in first
    assert second["lastUpdated"][0].endswith("Z")


def test_a_login_page_or_message_is_no_value_set(world, settings, declare):
    world.answers["/api/dataValueSets.json"] = saying(302, Location="/login")
    world.answers["/login"] = saying(
        200, b"<!doctype html><form>", Content_Type="text/html"
    )
    with pytest.raises(SourceRefused, match="web page"):
        ingest(settings, dhis2(declare, world))
    world.answers["/api/dataValueSets.json"] = saying(
        200, b'{"status": "ERROR", "message": "No such data set"}'
    )
    with pytest.raises(SourceRefused, match="No such data set"):
        ingest(settings, dhis2(declare, world))
