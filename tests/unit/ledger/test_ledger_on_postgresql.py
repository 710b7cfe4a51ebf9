"""The ledger in PostgreSQL does what it does in a file."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from okr.errors import CallError, RunError
from okr.ledger import Ledger
from tests import servers

pytestmark = pytest.mark.server

AT = datetime(2026, 12, 11, 0, 0, 0, 123456, tzinfo=UTC)
ROOT = Path(__file__).parents[3]

WRITER = """
import sys
from datetime import UTC, datetime
from okr.ledger import Ledger
with Ledger.open(sys.argv[1], password=sys.argv[2]) as ledger:
    for number in range(20):
        ledger.decide("delivery", sys.argv[3], "accept", "li", str(number), datetime.now(UTC))
"""


def dsn(server: servers.Server, database: str | None = None) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "dbname": database or server.database,
    }


@pytest.fixture(scope="module")
def postgresql():
    """A server for the tests of this file."""
    with servers.postgresql() as server:
        yield server


@pytest.fixture
def database(postgresql):
    """The URL of an empty database of the test's own, and its name."""
    name = f"ledger_{uuid4().hex}"
    with psycopg.connect(**dsn(postgresql), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://{postgresql.user}@127.0.0.1:{postgresql.port}/{name}", name


@pytest.fixture
def ledger(postgresql, database):
    with Ledger.open(database[0], password=postgresql.password) as opened:
        yield opened


def test_runs_and_decisions(ledger):
    there = AT.astimezone(timezone(timedelta(hours=8)))
    ledger.run_started("r1", "sync", there, {"sources": ["人事"], "odd": [float("nan"), "a\x00"]})
    ledger.run_ended("r1", "stopped", AT)
    (run,) = ledger.runs(5)
    assert (run.started_at, run.state) == (AT, "stopped")
    assert run.started_at.tzinfo is UTC
    assert run.details == {"sources": ["人事"], "odd": [None, "a"]}
    entry = ledger.decide("delivery", "hr", "accept", "li", "a\x00\ud800", AT, {"delivery": "d1"})
    (kept,) = ledger.decisions("delivery")
    assert (kept.entry_id, kept.why, kept.details) == (entry, "a?", {"delivery": "d1"})
    ledger.take_back(entry, "li", "", AT)
    assert ledger.decisions() == []
    with pytest.raises(CallError) as caught:
        ledger.take_back(entry, "li", "", AT)
    assert caught.value.code == "decision_already_taken_back"
    assert len(ledger.decisions(history=True)) == 2


def test_several_programs_make_it_and_write_at_once(postgresql, database):
    command = [sys.executable, "-c", WRITER, database[0], postgresql.password]
    writers = [subprocess.Popen([*command, str(number)], cwd=ROOT) for number in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    with Ledger.open(database[0], password=postgresql.password) as ledger:
        kept = ledger.decisions()
    for name in "012":
        assert [d.why for d in kept if d.subject == name] == [str(n) for n in range(20)]


def test_a_table_that_another_program_holds(postgresql, database):
    Ledger.open(database[0], password=postgresql.password).close()
    patience = timedelta(seconds=0.2)
    with (
        psycopg.connect(**dsn(postgresql, database[1])) as holder,
        Ledger.open(database[0], password=postgresql.password, patience=patience) as ledger,
    ):
        holder.execute("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(RunError) as caught:
            ledger.decide("delivery", "hr", "accept", "li", "", AT)
    assert caught.value.code == "ledger_locked"


def test_a_wrong_password(database):
    with pytest.raises(RunError) as caught:
        Ledger.open(database[0], password="not sesame")
    assert caught.value.code == "ledger_unreachable"
    assert "not sesame" not in str(caught.value)


def test_a_user_who_may_not_make_tables(postgresql, database):
    user = f"reader_{uuid4().hex[:8]}"
    with psycopg.connect(**dsn(postgresql, database[1]), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'sesame'")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    url = f"postgresql+psycopg://{user}@127.0.0.1:{postgresql.port}/{database[1]}"
    with pytest.raises(RunError) as caught:
        Ledger.open(url, password="sesame")
    assert caught.value.code == "ledger_not_writable"
    assert "sesame" not in str(caught.value.values["ledger"])
