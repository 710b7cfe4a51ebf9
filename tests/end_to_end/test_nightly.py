"""The night: targets, digests and meetings after the sync, each on its own feet."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime

import pytest

from okr.cli.start import run
from okr.errors import CallError, RunError
from okr.ledger import Ledger
from okr.pipeline.nightly import nightly
from okr.report import Listing
from okr.settings import load

SETTINGS = """
period = "2026Q4"
timezone = "Asia/Shanghai"
language = "en"

[warehouse]
path = "state/warehouse.duckdb"

[ledger]
url = "sqlite:///state/ledger.sqlite"

[sources.planning]
kind = "tables"
path = "planning"

[mail]
enabled = true
host = "127.0.0.1"
port = 25
security = "none"
sender = "okr@example.com"
redirect_to = "rehearsal@example.com"

[alerts]
send_at = "08:30"
reminders = [3]

[meetings.wednesday]
unit = "Company"
period = "2026Q4"
starts_at = 2026-12-16T09:30:00+08:00
hrbp = ["hr@example.com"]

[targets.good]
kind = "folder"
path = "out"
enabled = true
"""

BAD_TARGET = """
[targets.bad]
kind = "folder"
path = "okr.toml"
enabled = true
"""

ANOTHER_MEETING = """
[meetings.another]
unit = "Company"
period = "2026Q4"
starts_at = 2026-12-16T14:00:00+08:00
hrbp = ["hr@example.com"]
"""

FRIDAY = "2026-12-11T03:00:00+08:00"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A company of two units and one beside it, at three on the Friday before the company's meeting."""
    monkeypatch.setenv("OKR_NOW", FRIDAY)
    planning = tmp_path / "planning"
    planning.mkdir()
    rows = {
        "org_units": "unit_id,name,parent_id,leader_id\nC,Company,,p1\nU,Product,C,p2\nX,Elsewhere,,p3\n",
        "people": "person_id,name,unit_id,email\np1,Ada,C,ada@example.com\np2,Bo,U,bo@example.com\np3,Cy,X,cy@example.com\n",
        "periods": "period_id,name,starts_on,ends_on\n2026Q4,Q4,2026-10-01,2026-12-31\n",
        "objectives": "objective_id,unit_id,period_id,title\nO1,C,2026Q4,Grow\nO2,U,2026Q4,Build\nO3,X,2026Q4,Rest\n",
        "key_results": "kr_id,objective_id,title\nK1,O1,Sell 100 machines\nK2,O2,Build 100 machines\n",
    }
    for name, content in rows.items():
        (planning / f"{name}.csv").write_text(content, encoding="utf-8")
    (tmp_path / "okr.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def night(home, **how):
    return nightly(load(home / "okr.toml"), report=Listing(), **how)


def add(home, more):
    with (home / "okr.toml").open("a", encoding="utf-8") as out:
        out.write(more)


def outbox(home):
    with Ledger.of(load(home / "okr.toml")) as ledger:
        return ledger.messages()


def test_a_quiet_night(home):
    result = night(home)

    assert result.exit_status == 0
    assert [(one.target, one.state) for one in result.targets] == [("good", "written")]
    (meeting,) = result.meetings
    assert (meeting.meeting_id, meeting.reminders) == ("wednesday", [3])
    assert meeting.prepared.latest.exists()
    assert (home / "out" / "latest" / "gaps.parquet").exists()


def test_mails_are_due_when_people_are_at_work(home, monkeypatch):
    night(home)
    assert {message.due_at for message in outbox(home)} == {datetime(2026, 12, 11, 0, 30, tzinfo=UTC)}
    assert {("cy@example.com", "digest", ""), ("bo@example.com", "digest", "wednesday")} <= set(told(home))

    before = {message.key for message in outbox(home)}
    (home / "planning" / "key_results.csv").write_text("kr_id,objective_id,title\nK1,O1,Sell more\n", encoding="utf-8")
    monkeypatch.setenv("OKR_NOW", "2026-12-12T03:00:00+08:00")  # a Saturday: Monday is the next workday
    night(home)
    new = [message for message in outbox(home) if message.key not in before]
    assert new
    assert {message.due_at for message in new} == {datetime(2026, 12, 14, 0, 30, tzinfo=UTC)}


def test_the_same_night_twice_tells_nobody_twice(home):
    night(home)
    waiting = told(home)

    again = night(home)

    assert again.exit_status == 0
    assert again.digests.count == 0
    assert told(home) == waiting
    assert len(waiting) == len(set(waiting))


def told(home):
    """To whom what will leave."""
    return sorted(
        (message.recipient, message.kind, message.meeting_id or "")
        for message in outbox(home)
        if message.state == "waiting"
    )


@pytest.mark.parametrize(
    ("today", "holidays", "reminded"),
    [
        ("2026-12-11", "", True),  # three days before Wednesday is Sunday; the workday before it is Friday
        ("2026-12-13", "", False),
        ("2026-12-10", "2026-12-11\n", True),
    ],
)
def test_meetings_are_reminded_of_on_workdays(home, monkeypatch, today, holidays, reminded):
    monkeypatch.setenv("OKR_NOW", f"{today}T23:30:00+08:00")  # in UTC still the same day, in the zone nearly the next
    if holidays:
        (home / "holidays.txt").write_text(holidays, encoding="utf-8")
        content = (home / "okr.toml").read_text(encoding="utf-8")
        content = content.replace("reminders = [3]", 'reminders = [3]\nholidays = "holidays.txt"')
        (home / "okr.toml").write_text(content, encoding="utf-8")

    assert bool(night(home).meetings) is reminded


def test_a_target_and_a_meeting_that_fail_hurt_nothing_else(home, monkeypatch):
    add(home, BAD_TARGET + ANOTHER_MEETING)
    module = importlib.import_module("okr.pipeline.prepare")
    real = module.prepare

    def failing(settings, meeting, **how):
        if meeting == "wednesday":
            raise RunError("pack_disk_full", path="packs")
        return real(settings, meeting, **how)

    monkeypatch.setattr(module, "prepare", failing)
    result = night(home)

    assert result.exit_status == 3
    assert result.unwritten == ["bad"]
    assert result.unprepared == ["wednesday"]
    assert {one.meeting_id: one.error is None for one in result.meetings} == {"wednesday": False, "another": True}
    assert (home / "out" / "latest" / "gaps.parquet").exists()
    assert result.digests is not None
    with Ledger.of(load(home / "okr.toml")) as ledger:
        assert [run.state for run in ledger.runs()] == ["succeeded"]


def test_what_nobody_foresaw_in_one_meeting_hurts_no_other(home, monkeypatch):
    add(home, ANOTHER_MEETING)
    module = importlib.import_module("okr.pipeline.prepare")
    real = module.prepare
    monkeypatch.setattr(
        module, "prepare", lambda s, meeting, **how: {}[meeting] if meeting == "another" else real(s, meeting, **how)
    )

    result = night(home)

    assert result.unprepared == ["another"]
    assert result.failed[0].code == "unexpected"


def test_a_source_that_fails_is_status_1(home):
    night(home)
    for file in (home / "planning").iterdir():
        file.unlink()

    result = night(home)

    assert result.exit_status == 1
    assert [source.state for source in result.sync.sources] == ["failed"]
    assert len(result.meetings) == 1


def test_a_dry_run_makes_the_pack_and_leaves_all_else(home):
    night(home)
    (home / "planning" / "objectives.csv").write_text(
        "objective_id,unit_id,period_id,title\nO1,C,2026Q4,Grow\nO3,X,2026Q4,Rest\n", encoding="utf-8"
    )
    before = kept(home)

    result = night(home, dry_run=True)

    assert kept(home) == before
    assert [(one.target, one.state) for one in result.targets] == [("good", "planned")]
    assert sum(result.targets[0].counts["*"].values()) > 0
    (meeting,) = result.meetings
    assert meeting.prepared.folder.exists()
    assert sorted(path.name for path in (home / "state").iterdir() if "aside" in path.name) == []


def kept(home):
    """What a dry run may not touch: the warehouse's bytes, the ledger's entries, what targets got."""
    with Ledger.of(load(home / "okr.toml")) as ledger:
        entries = (ledger.runs(), ledger.messages(), ledger.audited())
    return (
        (home / "state" / "warehouse.duckdb").read_bytes(),
        entries,
        {path: path.read_bytes() for path in sorted((home / "out").rglob("*")) if path.is_file()},
    )


def test_a_file_of_holidays_that_is_wrong_is_told_before_anything_is_done(home):
    add(home, "")
    content = (home / "okr.toml").read_text(encoding="utf-8")
    (home / "okr.toml").write_text(
        content.replace("reminders = [3]", 'reminders = [3]\nholidays = "holidays.txt"'), encoding="utf-8"
    )
    (home / "holidays.txt").write_text("1 October\n", encoding="utf-8")

    with pytest.raises(CallError, match="holidays_line"):
        night(home)

    assert not (home / "state").exists()
    assert not (home / "landing").exists()


def test_the_command_names_what_was_done_and_what_was_not(home, capsys):
    add(home, BAD_TARGET)

    status = run(["nightly", "--config", str(home / "okr.toml"), "--lang", "en"])

    said = capsys.readouterr().out
    assert status == 3
    assert "good: written." in said
    assert "bad: not written." in said
    assert "put into the outbox, due at 2026-12-11 08:30" in said
    assert "wednesday: prepared (3 days before)" in said


def test_the_command_in_a_dry_run_says_what_would_be(home, capsys):
    status = run(["nightly", "--dry-run", "--config", str(home / "okr.toml"), "--lang", "zh"])

    said = capsys.readouterr().out
    assert status == 0
    assert "good：将会写入。" in said
    assert "封放入发件箱" in said
    assert "试运行" in said
    assert not (home / "state" / "warehouse.duckdb").exists()
    assert not (home / "state" / "ledger.sqlite").exists()
