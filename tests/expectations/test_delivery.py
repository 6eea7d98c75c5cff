"""Receipts over real HTTP: once each, through a kill, never into a private net."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import tenacity
from judged_world import GROWTH, JOBS, RECEIVED, REGISTRY_ROWS, World, copy_of

from expectations.addresses import Address
from expectations.delivery import deliver, deliveries
from ingestion.settings import Settings
from ingestion.site import Site

AT_ONCE = tenacity.wait_none()
RECEIVER = Path(__file__).with_name("receiver.py")


@contextmanager
def receiver(log: Path, port: int = 0, dies_at: int = 0):
    process = subprocess.Popen(
        [sys.executable, str(RECEIVER), str(port), str(log), str(dies_at)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def taken(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture(scope="module")
def judged_reports(tmp_path_factory, judged_home) -> World:
    """Five submissions of U1 and a foreign one; tests work on copies."""
    made = copy_of(judged_home, tmp_path_factory.mktemp("reports"))
    sent = [
        ({"submission_id": f"S/{n} 报", "period": f"2025-0{n}"}, [JOBS, GROWTH])
        for n in range(1, 6)
    ]
    foreign = {"submission_id": "other", "unit_code": "U2", "period": "2025-02"}
    made.submissions(*sent, (foreign, [JOBS]))
    return made


@pytest.fixture
def reporting(tmp_path, judged_reports: World):
    """Declares addresses where the submissions are judged."""

    def declare(contact: str | None, **source: object) -> Settings:
        world = copy_of(judged_reports, tmp_path)
        settings = world.settings.model_copy(update={"now": RECEIVED})
        units = [dict(row) for row in REGISTRY_ROWS["units"]]
        units[0]["contact"] = contact
        later = RECEIVED + timedelta(1)
        assert world.registry("units", units, received=later).accepted
        path = settings.site / "sources" / "unit_reports.yml"
        lines = [f"{name}: {json.dumps(value)}\n" for name, value in source.items()]
        path.write_text(path.read_text() + "".join(lines))
        return settings

    return declare


def post(settings: Settings, attempts: int = 2):
    return deliver(settings, Site.load(settings.site), attempts, AT_ONCE)


def test_a_receiver_killed_midway_gets_every_receipt_under_one_key(reporting, tmp_path):
    log = tmp_path / "log"
    with receiver(log, dies_at=3) as port:
        settings = reporting(f"http://127.0.0.1:{port}/receipts", allow_private=True)
        first = post(settings)
    assert Counter(o.outcome for o in first) == {"delivered": 2, "failed": 1}
    assert first[-1].attempts == 2
    with receiver(log, port):
        second = post(settings)
        assert post(settings) == []
    assert Counter(o.outcome for o in second) == {"delivered": 3}
    keys = Counter(entry["key"] for entry in taken(log))
    # The one that was written but not answered came twice, under the same key.
    assert sorted(keys.values()) == [1, 1, 1, 1, 2]
    assert all(key.startswith("S%2F") and key.isascii() for key in keys)
    receipts = [entry["receipt"] for entry in taken(log)]
    assert {receipt["unit_code"] for receipt in receipts} == {"U1"}
    assert {receipt["verdict"] for receipt in receipts} == {"accepted"}
    (batch,) = [path.stem for path in settings.receipts.glob("*.ndjson")]
    told = Counter(entry["outcome"] for entry in deliveries(settings, batch))
    assert told == {"delivered": 5, "failed": 1}


def test_a_private_address_of_a_unit_is_not_asked(reporting, tmp_path):
    log = tmp_path / "log"
    log.touch()
    with receiver(log) as port:
        settings = reporting(f"http://name:secret@localhost:{port}/receipts")
        outcomes = post(settings)
        assert post(settings) == []
    assert Counter(o.outcome for o in outcomes) == {"refused": 5}
    assert "private" in outcomes[0].message
    assert "secret" not in repr(outcomes)
    assert taken(log) == []


MALFORMED = [
    ("https://office.example:99999/r", "port"),
    ("https://office.example:secure/r", "port"),
    ("https://office..example/r", "host"),
    (f"https://{'a' * 64}.example/r", "host"),
    ("https://[office/r", "host"),
    ("https://name:secret@office＃.example/r?secret=1", "host"),
    ("https://:443/r", "no http"),
]


@pytest.mark.parametrize(("contact", "why"), MALFORMED)
def test_a_contact_that_is_no_address_holds_up_nobody_else(
    reporting, tmp_path, contact, why
):
    log = tmp_path / "log"
    with receiver(log) as port:
        settings = reporting(contact, callback=f"http://127.0.0.1:{port}/receipts")
        outcomes = post(settings)
        assert post(settings) == []
    assert Counter((o.unit_code, o.outcome, o.attempts) for o in outcomes) == {
        ("U1", "refused", 1): 5,
        ("U2", "delivered", 1): 1,
    }
    assert {e["receipt"]["unit_code"] for e in taken(log)} == {"U2"}
    (batch,) = [path.stem for path in settings.receipts.glob("*.ndjson")]
    told = [e for e in deliveries(settings, batch) if e["unit_code"] == "U1"]
    assert len(told) == 5
    assert all(why in entry["message"] for entry in told)
    assert "secret" not in repr(told).replace("secure", "")


@pytest.mark.parametrize("address", ["http://127.0.0.1:99999/r", "http://[office/r"])
def test_a_callback_that_is_no_address_is_recorded(reporting, address):
    outcomes = post(reporting(None, callback=address))
    assert Counter(o.outcome for o in outcomes) == {"refused": 6}


def test_what_is_told_of_an_address_has_no_secret_in_it():
    for url, shown in (
        (
            "HTTPS://name:p@ss@office.example:1/a/b?key=1#x",
            "https://office.example:1/a/b",
        ),
        ("https://office.example", "https://office.example"),
        ("https://name:p@[office?key=1", "https://[office"),
        ("office", "://office"),
    ):
        assert Address(url, trusted=False).shown == shown


def test_what_the_source_declares_may_be_private_and_serves_all_units(
    reporting, tmp_path
):
    log = tmp_path / "log"
    with receiver(log) as port:
        settings = reporting(None, callback=f"http://127.0.0.1:{port}/receipts")
        outcomes = post(settings)
    assert Counter(o.outcome for o in outcomes) == {"delivered": 6}
    assert {e["receipt"]["unit_code"] for e in taken(log)} == {"U1", "U2"}
    assert {entry["authorization"] for entry in taken(log)} == {None}


@pytest.mark.parametrize("path", ["moved", "gone"])
def test_a_refusal_and_a_redirect_are_final(reporting, tmp_path, path):
    log = tmp_path / "log"
    with receiver(log) as port:
        settings = reporting(None, callback=f"http://127.0.0.1:{port}/{path}")
        outcomes = post(settings)
    assert {(o.outcome, o.attempts) for o in outcomes} == {("refused", 1)}
    assert len(taken(log)) == 6


def test_without_an_address_nothing_is_sent_or_written(reporting):
    settings = reporting("u1@example.invalid")
    assert post(settings) == []
    assert not (settings.home / "deliveries").exists()


def test_a_record_that_a_kill_cut_off_does_not_count(reporting, tmp_path):
    log = tmp_path / "log"
    with receiver(log) as port:
        settings = reporting(f"http://127.0.0.1:{port}/receipts", allow_private=True)
        assert len(post(settings)) == 5
        (path,) = (settings.home / "deliveries").iterdir()
        whole = path.read_bytes()
        path.write_bytes(whole[:-20])
        assert len(post(settings)) == 1
    assert len(path.read_bytes().splitlines()) == 5
    assert max(Counter(e["key"] for e in taken(log)).values()) == 2
