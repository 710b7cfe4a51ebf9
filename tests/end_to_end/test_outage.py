"""A source that fails, fails in part, shrinks, or never was there: what stands in, and what is told of it."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from okr.cli import start
from okr.pipeline import sync
from okr.reconcile.reading import Reader
from okr.report import Listing
from okr.settings import load, now
from tests.connectors.workbook.making import book
from tests.end_to_end import enterprise

if TYPE_CHECKING:
    from pathlib import Path

    from okr.pipeline import SyncResult

LATER = "2026-11-21T08:00:00+08:00"
HEAD = ["承接", "O", "O责任人", "信心指数", "KR", "KR责任人", "完成日期", "握手方", "详细握手点说明"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An enterprise of tables, a second source of workbooks beside it."""
    settings = enterprise.write(tmp_path)
    text = settings.read_text(encoding="utf-8")
    more = '[sources.units]\nkind = "workbook"\npath = "inbox/*.xlsx"\n\n[meetings.'
    settings.write_text(text.replace("[meetings.", more), encoding="utf-8")
    for unit, person in (("North", "Cy"), ("South", "Di")):
        row = ["", f"O1 {unit} grows", person, 0.7, f"KR1 {unit} 12 shops", person, dt.date(2026, 12, 10), "", ""]
        book(tmp_path / "inbox" / f"{unit}.xlsx", {"OKR": [[unit], [], HEAD, row]})
    return tmp_path


def run(home: Path) -> SyncResult:
    return sync(load(home / "okr.toml"), report=Listing())


def gaps(home: Path, code: str) -> list[dict[str, Any]]:
    settings = load(home / "okr.toml")
    with Reader(settings) as reader:
        return list(reader.gaps(now=now(settings), codes=(code,)))


def titles(home: Path) -> dict[str, str]:
    """Every O with the source that it stands from."""
    with Reader(load(home / "okr.toml")) as reader:
        return dict(reader.house.rows("select title, source from okr.objectives where title is not null"))


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Any:
    def told(*words: object) -> tuple[int, str]:
        sys.stdout.flush()
        capfd.readouterr()
        status = start.run([str(word) for word in words])
        sys.stdout.flush()
        return status, " ".join(capfd.readouterr().out.split())

    return told


def test_the_last_good_rows_of_a_source_that_failed_stand_in_with_their_age(
    home: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home)
    before = titles(home)
    monkeypatch.setenv("OKR_NOW", LATER)
    (home / "planning").rename(home / "away")

    status, out = call("sync", "--config", home / "okr.toml", "--lang", "en")

    assert status == 1
    assert "What it delivered until 2026-11-20 08:00 stands in." in out
    assert titles(home) == before
    (gap,) = gaps(home, "SY602")
    assert gap["subject_id"] == "planning"
    assert "2026-11-20 08:00" in gap["message_en"]
    assert "2026-11-20 08:00" in gap["message_zh"]
    assert not any(found["provisional"] for found in gaps(home, "AL101"))
    told = json_of(call, home, "why", "O1", "title")
    assert [(row["stale_since"], row["delivered_at"]) for row in told] == [
        ("2026-11-21T00:00:00Z", "2026-11-20T00:00:00Z")
    ]


def test_a_delivery_in_part_deletes_nothing_that_it_did_not_reach(
    home: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workbook that cannot be read keeps its rows; one that is new is taken; one that is gone goes."""
    run(home)
    monkeypatch.setenv("OKR_NOW", LATER)
    (home / "inbox" / "North.xlsx").write_text("<html>please log in</html>", encoding="utf-8")
    row = ["", "O1 South shrinks", "Di", 0.7, "KR1 South 3 shops", "Di", dt.date(2026, 12, 10), "", ""]
    book(home / "inbox" / "South.xlsx", {"OKR": [["South"], [], HEAD, row]})

    status, out = call("sync", "--config", home / "okr.toml", "--lang", "en")

    assert status == 1
    assert "(since 2026-11-21 08:00)" in out
    found = titles(home)
    assert found["North grows"] == found["South shrinks"] == "units"
    assert "South grows" not in found
    (gap,) = gaps(home, "SY602")
    assert "North.xlsx" in gap["message_en"]
    assert "2026-11-21 08:00" in gap["message_en"]
    (home / "inbox" / "North.xlsx").unlink()
    run(home)
    assert "North grows" not in titles(home)
    assert gaps(home, "SY602") == []


def test_a_table_that_is_refused_keeps_its_rows(home: Path) -> None:
    run(home)
    (home / "planning" / "objectives.csv").write_text("objective_id,nonsense\nO1,x\n", encoding="utf-8")
    (home / "planning" / "people.csv").write_text("person_id,name\np1,Ada\np9,Zo\n", encoding="utf-8")

    states = {one.name: one.state for one in run(home).sources}

    assert states["planning"] == "partial"
    assert "Be where customers are" in titles(home)
    with Reader(load(home / "okr.toml")) as reader:
        assert {row["person_id"] for row in reader.people()} == {"p1", "p9"}


def test_gaps_that_a_source_could_close_which_never_came_are_provisional(home: Path) -> None:
    for file in (home / "inbox").iterdir():
        file.write_text("<html>please log in</html>", encoding="utf-8")
    run(home)
    assert all(gap["provisional"] for gap in gaps(home, "AL101"))
    assert all(gap["provisional"] for gap in gaps(home, "HS201"))
    assert gaps(home, "AL101")
    assert gaps(home, "HS201")
    assert not any(gap["provisional"] for gap in gaps(home, "SY603"))
    (gap,) = gaps(home, "SY602")
    assert gap["detail"]["case"] == "never"


def json_of(call: Any, home: Path, *words: str) -> list[dict[str, Any]]:
    status, out = call(*words, "--format", "json", "--config", home / "okr.toml", "--lang", "en")
    assert status == 0
    return json.loads(out)


def test_what_would_go_with_a_held_delivery_is_shown(home: Path, call: Any, tmp_path: Path) -> None:
    people = home / "planning" / "people.csv"
    more = "".join(f"q{number},Name {number},M1,\n" for number in range(100))
    people.write_text(people.read_text(encoding="utf-8") + more, encoding="utf-8")
    run(home)
    assert call("decide", "show", "planning", "--config", home / "okr.toml")[0] == 2, "nothing is held back"
    people.write_text(enterprise.TABLES["people"] + "q7,Name 7,M1,\n", encoding="utf-8")
    objectives = home / "planning" / "objectives.csv"
    kept = [line for line in objectives.read_text(encoding="utf-8").splitlines() if not line.startswith("O3,")]
    objectives.write_text("\n".join(kept) + "\n", encoding="utf-8")
    status, out = call("sync", "--config", home / "okr.toml", "--lang", "en")
    assert status == 1
    assert "The delivery of 2026-11-20 08:00 stands in" in out
    assert "okr decide show planning" in out

    rows = json_of(call, home, "decide", "show", "planning")

    gone = {(row["table"], row["record_id"]) for row in rows}
    assert gone == {("objectives", "O3"), *(("people", f"q{number}") for number in range(100) if number != 7)}
    (o3,) = [row for row in rows if row["record_id"] == "O3"]
    assert o3 == {
        "table": "objectives", "record_id": "O3", "title": "A secret merger", "unit_id": "M2", "place": "objectives.csv:4",
    }  # fmt: skip
    status, out = call("decide", "show", "planning", "--config", home / "okr.toml", "--lang", "en")
    assert "people: of 104 rows 99 would go." in out
    assert "A secret merger" not in out
    assert call("decide", "show", "plannin", "--config", home / "okr.toml")[0] == 2


def test_workbooks_that_would_go_are_shown_by_their_rows(home: Path, call: Any) -> None:
    unit = enterprise.TABLES["org_units"] + "".join(f"X{n},Team {n},M,,\n" for n in range(12))
    (home / "planning" / "org_units.csv").write_text(unit, encoding="utf-8")
    for n in range(12):
        row = ["", f"O1 Team {n} grows", "", 0.7, f"KR1 Team {n} 12 shops", "", dt.date(2026, 12, 10), "", ""]
        book(home / "inbox" / f"t{n}.xlsx", {"OKR": [[f"Team {n}"], [], HEAD, row]})
    run(home)
    for n in range(8):
        (home / "inbox" / f"t{n}.xlsx").unlink()
    assert {one.name: one.state for one in run(home).sources}["units"] == "held"

    rows = json_of(call, home, "decide", "show", "units")

    assert {row["title"] for row in rows if row["table"] == "objectives"} == {f"Team {n} grows" for n in range(8)}
    assert "Team 0 grows" in titles(home)

    # What was accepted is taken by the run that reads the folder once more, and by those after it.
    assert call("decide", "delivery", "units", "accept", "--config", home / "okr.toml")[0] == 0
    for _ in range(2):
        assert {one.name: one.state for one in run(home).sources}["units"] == "read"
        assert not {f"Team {n} grows" for n in range(8)} & titles(home).keys()
        assert "Team 8 grows" in titles(home)
