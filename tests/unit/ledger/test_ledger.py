"""The ledger: entries are added, never changed, and what is committed stays."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from okr.errors import CallError, RunError
from okr.ledger import Ledger
from okr.settings import parse

AT = datetime(2026, 12, 11, 0, 0, 0, 123456, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
def ledger(path):
    with Ledger.open(url(path)) as opened:
        yield opened


def wrong(code: str, ledger_url: str, **how) -> RunError:
    with pytest.raises(RunError) as caught, Ledger.open(ledger_url, **how) as opened:
        opened.decide("delivery", "hr", "accept", "me", "because", AT)
    assert caught.value.code == code
    return caught.value


def test_the_log_of_runs(ledger):
    ledger.run_started("r1", "sync", AT, {"sources": ["hr"]})
    ledger.run_started("r2", "prepare", AT + timedelta(minutes=1))
    ledger.run_ended("r1", "failed", AT + timedelta(minutes=2), {"code": "disk_full"})
    second, first = ledger.runs()
    assert (first.run_id, first.command, first.state) == ("r1", "sync", "failed")
    assert (first.started_at, first.ended_at) == (AT, AT + timedelta(minutes=2))
    assert first.details == {"sources": ["hr"], "code": "disk_full"}
    assert (second.run_id, second.state, second.ended_at) == ("r2", "started", None)
    assert ledger.runs(1) == [second]


def test_decisions_stand_until_they_are_taken_back(ledger):
    first = ledger.decide("delivery", "hr", "accept", "li", "moved house", AT, {"delivery": "d1"})
    second = ledger.decide("conflict", "KR1", "hr", "wang", "they know", AT)
    third = ledger.decide("delivery", "hr", "refuse", "li", "no", AT, {"delivery": "d2"})
    assert [d.entry_id for d in ledger.decisions()] == [first, second, third]
    assert [d.details for d in ledger.decisions("delivery")] == [
        {"delivery": "d1"},
        {"delivery": "d2"},
    ]
    back = ledger.take_back(third, "wang", "a mistake", AT + timedelta(days=1))
    assert [d.entry_id for d in ledger.decisions("delivery")] == [first]
    history = ledger.decisions("delivery", history=True)
    assert [(d.entry_id, d.takes_back) for d in history] == [
        (first, None),
        (third, None),
        (back, third),
    ]
    assert (history[-1].who, history[-1].why, history[-1].subject) == ("wang", "a mistake", "hr")
    assert history[-1].at == AT + timedelta(days=1)


@pytest.mark.parametrize(
    ("which", "code"),
    [(2, "decision_takes_back"), (1, "decision_already_taken_back"), (99, "decision_unknown")],
)
def test_what_cannot_be_taken_back(ledger, which, code):
    entry = ledger.decide("delivery", "hr", "accept", "li", "", AT)
    ledger.take_back(entry, "li", "", AT)
    with pytest.raises(CallError) as caught:
        ledger.take_back(which, "li", "", AT)
    assert (caught.value.code, caught.value.exit_status) == (code, 2)
    assert len(ledger.decisions(history=True)) == 2


def test_whatever_a_person_types_is_kept(ledger):
    odd = {"a\x00": [float("nan"), {1, 2}, AT, Path("x"), "\ud800", None, True, 0.5]}
    ledger.decide("delivery", "人事'; drop table", "accept", "\ud83d", "a\x00b\nc", AT, odd)
    (kept,) = ledger.decisions()
    assert (kept.subject, kept.who, kept.why) == ("人事'; drop table", "?", "ab\nc")
    assert kept.details == {"a": [None, ["1", "2"], AT.isoformat(), "x", "?", None, True, 0.5]}


def test_times_are_utc_whatever_zone_they_came_in(ledger, path):
    there = AT.astimezone(timezone(timedelta(hours=8)))
    ledger.decide("delivery", "hr", "accept", "li", "", there)
    assert ledger.decisions()[0].at.isoformat() == "2026-12-11T00:00:00.123456+00:00"
    with pytest.raises(Exception, match="2026"):
        ledger.decide("delivery", "hr", "accept", "li", "", AT.replace(tzinfo=None))


def test_the_ledger_is_its_owners_alone(ledger, path):
    ledger.decide("delivery", "hr", "accept", "li", "", AT)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_written_is_there_when_it_is_opened_again(path):
    with Ledger.open(url(path)) as ledger:
        ledger.decide("delivery", "hr", "accept", "li", "", AT)
    with Ledger.open(url(path)) as ledger:
        assert [d.subject for d in ledger.decisions()] == ["hr"]


def test_another_reads_and_writes_while_it_is_open(ledger, path):
    ledger.run_started("r1", "sync", AT)
    with Ledger.open(url(path)) as other:
        other.decide("delivery", "hr", "accept", "li", "", AT)
        assert [run.run_id for run in other.runs()] == ["r1"]
    assert len(ledger.decisions()) == 1


def test_many_threads_may_use_one_ledger(ledger):
    def decide(number: int) -> int:
        return ledger.decide("delivery", str(number), "accept", "li", "", AT)

    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(decide, range(80)))
    assert len(set(entries)) == 80
    assert len(ledger.decisions()) == 80


def test_settings_name_the_ledger(tmp_path):
    settings = parse('timezone = "UTC"', tmp_path / "okr.toml")
    with Ledger.of(settings) as ledger:
        assert ledger.runs() == []
    assert (tmp_path / "ledger.sqlite").exists()


# ---- several programs at once, and killed ones ---------------------------------------------------

WRITER = """
import sys
from datetime import UTC, datetime
from okr.ledger import Ledger
url, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Ledger.open(url) as ledger:
    for number in range(count):
        at = datetime.now(UTC)
        entry = ledger.decide("delivery", name, "accept", "li", str(number), at)
        print(entry, flush=True)
"""


def writer(path: Path, name: str, count: int, *, cwd: Path = ROOT) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=cwd)


def test_several_programs_write_at_once_from_the_first_moment_on(path):
    writers = [writer(path, str(number), 40) for number in range(4)]
    said = [int(line) for one in writers for line in one.communicate()[0].split()]
    assert [one.returncode for one in writers] == [0] * 4
    with Ledger.open(url(path)) as ledger:
        kept = ledger.decisions()
    assert sorted(said) == [d.entry_id for d in kept] == list(range(1, 161))
    for name in "0123":
        assert [d.why for d in kept if d.subject == name] == [str(n) for n in range(40)]


def test_a_killed_writer_loses_nothing_that_it_had_committed(path):
    said: list[int] = []
    for round_ in range(5):
        with writer(path, str(round_), 1_000_000) as doomed:
            assert doomed.stdout is not None
            said += [int(doomed.stdout.readline()) for _ in range(20 + 13 * round_)]
            doomed.send_signal(signal.SIGKILL)
            said += [int(line) for line in doomed.stdout.read().split("\n")[:-1]]
        with Ledger.open(url(path)) as ledger:
            kept = [d.entry_id for d in ledger.decisions()]
        assert set(said) <= set(kept)
        assert len(kept) - len(said) <= round_ + 1  # one each may have been kept and not yet said
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


# ---- what can be wrong with it -------------------------------------------------------------------


def test_a_ledger_that_another_program_holds(path):
    Ledger.open(url(path)).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        wrong("ledger_locked", url(path), patience=timedelta(seconds=0.2))
    finally:
        holder.close()


def test_a_file_that_is_no_ledger(path):
    path.parent.mkdir()
    path.write_text("this is no database " * 100)
    wrong("ledger_broken", url(path))


def test_a_ledger_that_broke(path):
    with Ledger.open(url(path)) as ledger:
        for _ in range(200):
            ledger.decide("delivery", "hr" * 100, "accept", "li", "", AT)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    wrong("ledger_broken", url(path))


def test_a_folder_where_the_ledger_should_be(path):
    path.mkdir(parents=True)
    error = wrong("ledger_not_writable", url(path))
    assert str(path) in str(error.values["ledger"])


def test_a_file_where_its_folder_should_be(tmp_path):
    (tmp_path / "file").touch()
    wrong("ledger_not_writable", url(tmp_path / "file" / "ledger.sqlite"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("there", [False, True])
def test_no_right_to_write(tmp_path, there):
    """Asked for as a user without rights; root may do anything."""
    folder = tmp_path / "state"
    folder.mkdir()
    ledger = folder / "ledger.sqlite"
    if there:
        Ledger.open(url(ledger)).close()
        ledger.chmod(0o644)
    for parent in (folder, tmp_path, tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)
    script = (
        "import os, sys, json, sqlite3, getpass\nfrom datetime import UTC, datetime\n"
        "from okr.errors import RunError\nfrom okr.ledger import Ledger\n"
        "import sqlalchemy.dialects.sqlite\nos.setuid(65534)\n"
        "try:\n  with Ledger.open(sys.argv[1]) as one:\n"
        "    one.decide('delivery', 'hr', 'accept', 'me', '', datetime.now(UTC))\n"
        "except RunError as error: print(json.dumps([error.code, str(error.values['ledger'])]))"
    )
    command = [sys.executable, "-c", script, url(ledger)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.stdout, ran.stderr
    assert json.loads(ran.stdout) == ["ledger_not_writable", str(ledger)]


@pytest.mark.parametrize(
    "ledger_url",
    ["sqlite://", "sqlite:///:memory:", "mysql+pymysql://h/d", "oracle://h/d", "ledger.sqlite", ""],
)
def test_places_where_no_ledger_can_be(ledger_url):
    with pytest.raises(CallError) as caught:
        Ledger.open(ledger_url)
    assert caught.value.code == "ledger_url_wrong"


def test_a_server_that_is_not_there():
    error = wrong("ledger_unreachable", "postgresql+psycopg://okr@127.0.0.1:1/okr", password="sesame")
    assert "sesame" not in str(error)


def test_a_full_disk(path):
    """A limit on the size of files stands for the disk's end."""
    script = (
        "import resource, sys, json\nfrom datetime import UTC, datetime\n"
        "from okr.errors import RunError\nfrom okr.ledger import Ledger\n"
        "said = 0\n"
        "with Ledger.open(sys.argv[1]) as one:\n"
        "  resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "  try:\n"
        "    while True:\n"
        "      one.decide('delivery', 'hr', 'accept', 'me', 'x' * 5000, datetime.now(UTC))\n"
        "      said += 1\n"
        "  except RunError as error: print(json.dumps([error.code, said]))"
    )
    command = [sys.executable, "-c", script, url(path)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.stdout, ran.stderr
    code, said = json.loads(ran.stdout)
    assert code == "ledger_disk"
    with Ledger.open(url(path)) as ledger:
        assert len(ledger.decisions()) == said > 0
