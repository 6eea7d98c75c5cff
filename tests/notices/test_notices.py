"""Notices over real HTTP and SMTP: once each, within the budget, no secret."""

from __future__ import annotations

import email
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from email import policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from ingestion.errors import SiteError, SourceRefused, SourceUnavailable

ROOT = Path(__file__).resolve().parents[2]


def notices(office) -> list[dict]:
    lines = office.journal.read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return [n for e in entries if e["what"] == "intent" for n in e["digest"]["notices"]]


def only(office, count: int) -> None:
    """Leave `count` open warnings on plans in the release."""
    office.change(
        "delete from marts.early_warning where warning_id not in ("
        " select warning_id from marts.early_warning where state = 'open'"
        f" and rule_id = 'EW_OFF_TRACK' order by severity, warning_id limit {count})"
    )


def test_each_change_is_told_once_through_a_warnings_life(office, receiver):
    only(office, 1)
    office.declare(min_severity="yellow")
    office.change("update marts.early_warning set severity = 'yellow'")
    assert [t.outcome for t in office.notify()] == ["sent"]
    assert office.notify() == []
    for change in (
        "severity = 'red'",
        "escalation_level = escalation_level + 1",
        "state = 'acknowledged'",
        "state = 'open'",
        "severity = 'orange'",
        "state = 'resolved'",
        "state = 'open'",
    ):
        office.change(f"update marts.early_warning set {change}")
        assert [t.outcome for t in office.notify()] == ["sent"], change
        office.settings = office.settings.model_copy(
            update={"now": office.settings.now.replace(day=len(receiver.came) + 1)}
        )
    assert office.notify() == []
    assert [n["change"] for n in notices(office)] == [
        "raised", "worse", "escalated", "acknowledged", "reopened", "better",
        "resolved", "raised_again",
    ]  # fmt: skip
    assert len({n["notice_id"] for n in notices(office)}) == 8
    assert len(set(receiver.keys)) == len(receiver.keys) == 8


def test_what_ended_before_it_was_told_is_no_news(office, receiver):
    only(office, 2)
    office.declare()
    office.change("update marts.early_warning set state = 'resolved'")
    assert office.notify() == []
    assert receiver.came == []


def test_killed_while_sending_the_same_digest_comes_again_under_the_same_key(
    office, receiver, monkeypatch
):
    only(office, 3)
    office.declare()
    command = [sys.executable, "-m", "warehouse.cli", "notify"]
    homes = ["--home", str(office.settings.home), "--site", str(office.settings.site)]
    process = subprocess.Popen(
        [*command, *homes],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PLANWATCH_NOW": "2026-02-01"},
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    # The receiver has taken it in; its sender dies before it is answered.
    receiver.on_post = lambda: os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stderr.close()
    receiver.on_post = lambda: None
    assert [t.outcome for t in office.notify()] == ["sent"]
    assert office.notify() == []
    first, second = receiver.came
    assert first == second
    assert len(notices(office)) == 3


def test_an_intent_that_a_kill_cut_off_does_not_count(office, receiver):
    only(office, 2)
    office.declare()
    office.notify()
    whole = office.journal.read_bytes()
    office.journal.write_bytes(whole[:200])
    office.notify()
    assert receiver.keys[0] == receiver.keys[1]
    assert office.journal.read_bytes().count(b"\n") == 2


def test_what_passes_is_tried_again_and_what_is_refused_is_kept(office, receiver):
    only(office, 1)
    office.declare()
    receiver.answers = [503, 429]
    assert [t.outcome for t in office.notify()] == ["sent"]
    assert len(receiver.came) == 3
    office.change("update marts.early_warning set escalation_level = 9")
    receiver.answers = [404]
    (refused,) = office.notify()
    assert isinstance(refused.error, SourceRefused)
    assert "404" in refused.error.message
    receiver.answers = [500, 500, 500]
    (failed,) = office.notify()
    assert isinstance(failed.error, SourceUnavailable)
    assert [t.outcome for t in office.notify()] == ["sent"]
    # One digest in three tries, the other in five: two keys in all.
    assert sorted(Counter(receiver.keys).values()) == [3, 5]


def test_a_noise_budget_groups_what_is_many_and_puts_off_what_is_too_much(
    office, receiver
):
    office.declare(most_lines=3, most_digests_per_day=2, group_above=1)
    office.change(
        "update marts.early_warning set severity = 'yellow' where plan_code is null"
    )
    (first,), (second,) = office.notify(), office.notify()
    assert office.notify() == []
    lines = first.digest.body.splitlines()
    assert len(lines) == 5  # three changes, how many wait, the foot
    assert lines[0].startswith("- [red] raised: ")
    assert "further changes follow" in lines[3]
    told = {n.warning_id for n in first.digest.notices}
    assert not told & {n.warning_id for n in second.digest.notices}
    office.settings = office.settings.model_copy(
        update={"now": office.settings.now.replace(day=3)}
    )
    while office.notify():
        office.settings = office.settings.model_copy(
            update={"now": office.settings.now.replace(day=office.settings.now.day + 1)}
        )
    bodies = "\n".join(entry["message"] for entry in receiver.came)
    assert "warnings of rule EW_" in bodies
    ids = [n["warning_id"] for n in notices(office)]
    assert len(ids) == len(set(ids)) > 20


def test_units_rules_topics_and_severity_choose(office, receiver):
    office.declare(units=["SIM-U-110000"], most_lines=500, group_above=500)
    (told,) = office.notify()
    subtree = {n.warning_id for n in told.digest.notices}
    assert subtree
    office.journal.unlink()
    office.declare(most_lines=500, group_above=500)
    (told,) = office.notify()
    assert len(told.digest.notices) > len(subtree)
    office.journal.unlink()
    office.declare(
        rules=["EW_OFF_TRACK"], topics=["green"], min_severity="red", most_lines=500
    )
    asked = office.notify()
    assert {n.severity for t in asked for n in t.digest.notices} <= {"red"}


def test_a_confidential_figure_goes_only_to_whom_may_see_it(office, receiver):
    only(office, 1)
    office.change("update marts.early_warning set conf_status = 'C', headline_en ="
                  " 'Secret 4711'")  # fmt: skip
    office.declare()
    (told,) = office.notify(dry_run=True)
    assert "4711" not in told.digest.body
    assert "confidential" in told.digest.body
    office.declare(may_see=["F", "C"])
    (told,) = office.notify(dry_run=True)
    assert "4711" in told.digest.body


def test_a_dry_run_sends_and_records_nothing(office, receiver):
    office.declare()
    (told,) = office.notify(dry_run=True)
    assert told.outcome == "shown"
    assert receiver.came == []
    assert not office.journal.exists()


@pytest.mark.parametrize("address", [None, "nonsense://s3cret@host", "json://"])
def test_a_bad_address_is_named_by_its_variable_alone(office, monkeypatch, address):
    office.declare()
    monkeypatch.delenv("NOTICES", raising=False)
    if address:
        monkeypatch.setenv("NOTICES", address)
    with pytest.raises(SiteError) as caught:
        office.notify()
    assert "NOTICES" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert not office.journal.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "json://user:s3cret@host"},
        {"min_severity": "purple"},
        {"tpoics": []},
    ],
)
def test_a_wrong_declaration_names_file_and_field(office, fields):
    office.declare(**fields)
    with pytest.raises(SiteError) as caught:
        office.notify()
    assert "recipients.yml" in str(caught.value)
    assert next(iter(fields)) in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("field", ["units", "topics", "rules"])
def test_a_name_that_the_release_does_not_know_is_told(office, receiver, field):
    known = {"units": "SIM-U-110000", "topics": "green", "rules": "EW_OFF_TRACK"}
    office.declare(**{field: [known[field], "NO_SUCH"]})
    for dry_run in (True, False):
        with pytest.raises(SiteError) as caught:
            office.notify(dry_run=dry_run)
        assert f"desk: {field} NO_SUCH." in str(caught.value)
        assert "recipients.yml" in str(caught.value)
    assert not office.journal.exists()


class Mailbox(Message):
    """Keeps what a mail server took in."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[email.message.EmailMessage] = []

    def handle_message(self, message) -> None:
        parsed = email.message_from_bytes(message.as_bytes(), policy=policy.default)
        self.mails.append(parsed)


def test_mail_in_chinese_with_the_digests_id(office, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        monkeypatch.setenv(
            "NOTICES",
            f"mailto://127.0.0.1:{port}?from=planwatch@example.org&to=desk@example.org",
        )
        only(office, 2)
        office.declare(language="zh")
        (told,) = office.notify()
    finally:
        server.stop()
    assert told.outcome == "sent"
    (mail,) = mailbox.mails
    assert mail["Idempotency-Key"] == told.digest.digest_id
    assert mail["To"].addresses[0].addr_spec == "desk@example.org"
    assert "规划监测：2项预警变化" in mail["Subject"]
    body = mail.get_body(("plain",)).get_content()
    assert told.digest.digest_id in body
    assert "新增" in body
