"""The outbox, the audit and the plans, in a file and in PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from okr.ledger import Ledger, Message
from tests import servers

AT = datetime(2026, 12, 11, 0, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
ROOT = Path(__file__).parents[3]
MESSAGE = Message(
    key="k1",
    kind="digest",
    recipient="cy@example.com",
    person_id="p3",
    meeting_id="m1",
    due_at=AT,
    gaps=("aa", "bb"),
    content={"language": "zh", "subject": "市场部", "text": "a\x00b", "html": "<p>", "attachments": ["/a.xlsx"]},
)
DYING = """
import os, sys
from datetime import UTC, datetime
from okr.ledger import Ledger
with Ledger.open(sys.argv[1], password=sys.argv[2] or None) as ledger, ledger.delivering() as alone:
    assert alone and ledger.claim("k1", datetime.now(UTC))
    print("claimed", flush=True)
    os._exit(9)
"""


@pytest.fixture(scope="module")
def postgresql():
    with servers.postgresql() as server:
        yield server


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.server)])
def place(request, tmp_path):
    """The URL of an empty ledger, and its password."""
    if request.param == "file":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}", None
    server = request.getfixturevalue("postgresql")
    name = f"outbox_{uuid4().hex}"
    login = {"host": "127.0.0.1", "port": server.port, "user": server.user, "password": server.password}
    with psycopg.connect(dbname=server.database, autocommit=True, **login) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://{server.user}@127.0.0.1:{server.port}/{name}", server.password


@pytest.fixture
def ledger(place):
    with Ledger.open(place[0], password=place[1]) as opened:
        yield opened


def test_many_are_queued_at_once_and_those_that_were_there_are_left_out(place):
    url, password = place
    with Ledger.open(url, password=password) as ledger:
        assert ledger.queue(MESSAGE, AT)
        made = ledger.queue_all([MESSAGE, replace(MESSAGE, key="k2"), replace(MESSAGE, key="k2")], AT)
        assert [one.key for one in made] == ["k2"]
        assert [one.key for one in ledger.messages()] == ["k1", "k2"]


def test_what_messages_tell_is_found_by_their_keys_and_by_their_state(place):
    url, password = place
    with Ledger.open(url, password=password) as ledger:
        ledger.queue_all([replace(MESSAGE, key=f"k{number}") for number in range(1200)], AT)
        ledger.claim("k7", AT)
        ledger.message_event("k7", "sent", AT, sent_to="me@example.com")
        found = ledger.told_by([*(f"k{number}" for number in range(1, 1101)), "nobody's"])
        assert len(found) == 1100
        assert (found["k7"].state, found["k7"].sent_to) == ("sent", "me@example.com")
        assert (found["k8"].state, found["k8"].sent_to) == ("waiting", None)
        assert [one.key for one in ledger.told(state="sent")] == ["k7"]
        assert len(ledger.told(state="waiting")) == 1199


def test_a_message_is_queued_once_and_kept_as_it_is(ledger):
    assert ledger.queue(MESSAGE, AT)
    assert not ledger.queue(replace(MESSAGE, due_at=LATER, gaps=()), LATER)
    (kept,) = ledger.messages()
    assert kept == replace(MESSAGE, content={**MESSAGE.content, "text": "ab"}, at=AT)


def test_messages_by_state_and_by_when_they_are_due(ledger):
    for key, due in (("late", LATER), ("k2", AT), ("k1", AT)):
        ledger.queue(replace(MESSAGE, key=key, due_at=due), AT)
    assert [one.key for one in ledger.messages()] == ["k2", "k1", "late"]
    assert [one.key for one in ledger.messages("waiting", AT)] == ["k2", "k1"]
    assert [one.key for one in ledger.messages(key="late")] == ["late"]
    ledger.message_event("k1", "cancelled", LATER)
    assert [one.key for one in ledger.messages("waiting")] == ["k2", "late"]
    assert [(one.key, one.state) for one in ledger.told(due_until=LATER)] == [("k2", "waiting"), ("k1", "cancelled")]
    assert [one.key for one in ledger.told(due_from=LATER, meeting_id="m1")] == ["late"]
    assert ledger.told(meeting_id="m2") == []


def test_the_state_is_what_happened_last(ledger):
    ledger.queue(MESSAGE, AT)
    assert ledger.claim("k1", AT)
    assert not ledger.claim("k1", AT), "it is being sent"
    assert [one.key for one in ledger.messages("sending")] == ["k1"]
    ledger.message_event("k1", "deferred", LATER, {"code": "mail_later"})
    (waiting,) = ledger.messages("waiting")
    assert (waiting.state_at, waiting.details) == (LATER, {"code": "mail_later"})
    assert ledger.claim("k1", LATER)
    ledger.message_event("k1", "uncertain", LATER)
    assert not ledger.claim("k1", LATER), "what is uncertain is never sent again"
    assert not ledger.claim("unknown", LATER)
    assert [event["event"] for event in ledger.message_events("k1")] == ["sending", "deferred", "sending", "uncertain"]


def test_a_rehearsal_writes_to_nobody(ledger):
    ledger.queue(MESSAGE, AT)
    ledger.queue(replace(MESSAGE, key="k2"), AT)
    ledger.message_event("k1", "sent", AT, sent_to="rehearsal@example.com")
    assert not ledger.people_were_written_to()
    ledger.message_event("k2", "sent", AT, sent_to=MESSAGE.recipient)
    assert ledger.people_were_written_to()


def test_of_many_who_claim_a_message_one_gets_it(place, ledger):
    ledger.queue(MESSAGE, AT)

    def claim(_number: int) -> bool:
        with Ledger.open(place[0], password=place[1]) as other:
            return other.claim("k1", AT)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1


def test_one_delivers_at_a_time_and_a_dead_one_lets_go(place, ledger):
    ledger.queue(MESSAGE, AT)
    with ledger.delivering() as alone, Ledger.open(place[0], password=place[1]) as other:
        assert alone
        with other.delivering(wait=False) as entered:
            assert not entered
    call = [sys.executable, "-c", DYING, place[0], place[1] or ""]
    died = subprocess.run(call, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    assert (died.returncode, died.stdout) == (9, b"claimed\n")
    with ledger.delivering() as alone:
        assert alone
        assert [one.key for one in ledger.messages("sending")] == ["k1"]


def test_the_audit_and_the_plans(ledger):
    row = {"at": AT, "who": "li", "action": "change", "thing": "K1", "old": None, "new": "0.5", "key": "w1"}
    ledger.audit(target="views", outcome="written", **row)
    ledger.audit(target="mail", outcome="conflict", **row)
    assert [(one.target, one.outcome, one.old, one.new) for one in ledger.audited()] == [
        ("mail", "conflict", None, "0.5"),
        ("views", "written", None, "0.5"),
    ]
    assert [one.thing for one in ledger.audited("views", 1)] == ["K1"]
    ledger.plan_shown("p1", AT, "li", ["mail", "views"])
    ledger.plan_shown("p2", LATER, "li", ["views"])
    assert [(one.plan_id, one.targets) for one in ledger.plans(LATER)] == [("p2", ("views",))]
    assert len(ledger.plans(AT)) == 2


def test_a_copy_holds_everything_and_is_a_ledger_of_its_own(ledger, tmp_path):
    entry = ledger.decide("delivery", "hr", "accept", "li", "", AT)
    ledger.take_back(entry, "li", "", AT)
    ledger.run_started("r1", "sync", AT)
    ledger.queue(MESSAGE, AT)
    ledger.claim("k1", AT)
    ledger.plan_shown("p1", AT, "li", ["mail"])
    url = f"sqlite:///{tmp_path / 'copy.sqlite'}"
    ledger.copy_to(url)
    with Ledger.open(url) as copy:
        assert copy.messages() == ledger.messages()
        assert copy.decisions(history=True) == ledger.decisions(history=True)
        assert (copy.runs(), copy.plans(AT)) == (ledger.runs(), ledger.plans(AT))
        copy.queue(replace(MESSAGE, key="k2"), AT)
    assert len(ledger.messages()) == 1


def test_a_ledger_from_before_there_was_an_outbox_is_extended(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.run_started("r1", "sync", AT)
    with sqlite3.connect(path) as connection:
        for table in ("outbox_events", "outbox", "audit", "plans"):
            connection.execute(f"DROP TABLE {table}")
    connection.close()
    with Ledger.open(f"sqlite:///{path}") as ledger:
        assert [run.run_id for run in ledger.runs()] == ["r1"]
        assert ledger.queue(MESSAGE, AT)


def test_a_ledger_that_is_only_copied_is_not_extended(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.run_started("r1", "sync", AT)
    with sqlite3.connect(path) as connection:
        for table in ("sign_ins", "answers"):
            connection.execute(f"DROP TABLE {table}")
    connection.close()
    before = path.read_bytes()
    with Ledger.open(f"sqlite:///{path}", as_it_is=True) as ledger:
        ledger.copy_to(f"sqlite:///{tmp_path}/copy.sqlite")
    assert path.read_bytes() == before
    with Ledger.open(f"sqlite:///{tmp_path}/copy.sqlite") as copy:
        assert [run.run_id for run in copy.runs()] == ["r1"]
        assert copy.answers() == []
