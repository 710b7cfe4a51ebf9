"""A conflict from the first sight to the decision, and what happens to both later."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from okr.cli import start
from tests.end_to_end import enterprise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Call = tuple[int, str, str]
SECOND = {
    "key_results": """\
kr_id,objective_id,title,due_on,target,owner_ids
K1,O1,open １２ SHOPS,2026-12-21,12.0,p2
K2,O1,Answer 90% of calls,2026-12-20,91,p2;p3
K4,O3,Sign 2 contracts,,,
""",
    "objectives": """\
objective_id,unit_id,period_id,title,confidence
K1,M,2026Q4,An O with the id of a KR,50%
""",
    "people": "person_id,email\np1,ada@example.org\n",
}


class Home:
    """An enterprise of two sources, and the commands on it."""

    def __init__(self, folder: Path, call: Callable[..., Call] | None = None) -> None:
        self.call = call
        self.settings = enterprise.write(folder)
        text = self.settings.read_text(encoding="utf-8")
        more = '[sources.second]\nkind = "tables"\npath = "second"\n\n[meetings.'
        self.settings.write_text(text.replace("[meetings.", more), encoding="utf-8")
        self.second = folder / "second"
        self.second.mkdir()
        for name, content in SECOND.items():
            (self.second / f"{name}.csv").write_text(content, encoding="utf-8")

    def run(self, *words: str) -> Call:
        assert self.call is not None
        return self.call(*words, "--config", self.settings, "--lang", "en")

    def sync(self) -> None:
        assert self.run("sync")[0] == 1

    def json(self, *words: str) -> list[dict[str, Any]]:
        status, out, err = self.run(*words, "--format", "json")
        assert status == 0, err
        return json.loads(out)

    def conflicts(self) -> set[tuple[str, str]]:
        found = self.json("gaps", "--code", "SY601")
        return {(gap["subject_id"], gap["detail"]["field"]) for gap in found}

    def stands(self, thing: str, field: str) -> tuple[str, str, str]:
        (row,) = [row for row in self.json("why", thing, field, "--kind", "kr") if row["stands"]]
        return row["value"], row["source"], row["reason"]

    def edit(self, table: str, old: str, new: str) -> None:
        file = self.second / f"{table}.csv"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., Call]:
    def run(*words: object) -> Call:
        sys.stdout.flush()
        capfd.readouterr()
        status = start.run([str(word) for word in words])
        sys.stdout.flush()
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def home(tmp_path: Path, call: Callable[..., Call]) -> Home:
    made = Home(tmp_path, call)
    made.sync()
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    one = Home(tmp_path_factory.mktemp("deciding"))
    assert start.run(["sync", "--config", str(one.settings)]) == 1
    return one


@pytest.fixture
def seen(made: Home, call: Callable[..., Call]) -> Home:
    """An enterprise after its first run that tests only look at."""
    made.call = call
    return made


ALL = {("K1", "due_on"), ("K2", "target"), ("K2", "owner_ids"), ("K4", "title"), ("p1@C", "email")}


def test_a_decision_for_a_source_stands_and_is_asked_again_when_a_source_says_something_else(home: Home) -> None:
    assert home.conflicts() == ALL
    assert home.stands("K1", "due_on") == ("2026-12-20", "planning", "first")

    decide = ("decide", "conflict", "K1", "due_on", "second", "--kind", "kr", "--who", "Ada", "--why", "moved")
    assert home.run(*decide)[0] == 0
    home.sync()

    assert home.conflicts() == ALL - {("K1", "due_on")}
    assert home.stands("K1", "due_on") == ("2026-12-21", "second", "decided")
    status, out, _ = home.run("why", "K1", "due_on", "--kind", "kr")
    assert status == 0
    assert "number 1, Ada" in " ".join(out.split())
    home.sync()
    assert ("K1", "due_on") not in home.conflicts(), "it is remembered"

    home.edit("key_results", "2026-12-21", "2026-12-22")
    home.sync()
    assert ("K1", "due_on") in home.conflicts()
    assert home.stands("K1", "due_on") == ("2026-12-20", "planning", "first")

    home.edit("key_results", "2026-12-22", "2026-12-21")
    home.sync()
    assert home.stands("K1", "due_on") == ("2026-12-21", "second", "decided"), "what was decided upon is said again"


def test_a_value_of_their_own_stands_until_it_is_taken_back(home: Home) -> None:
    assert home.run("decide", "conflict", "K2", "target", "--value", "95", "--why", "agreed")[0] == 0
    assert home.run("decide", "conflict", "K2", "owners", "--value", "p3;p4")[0] == 0
    home.sync()
    assert home.conflicts() == ALL - {("K2", "target"), ("K2", "owner_ids")}
    assert home.stands("K2", "target") == ("95", "ledger", "decided")
    assert home.stands("K2", "owner_ids") == ("p3;p4", "ledger", "decided")

    home.edit("key_results", "calls,2026-12-20,91", "calls,2026-12-20,95")
    home.sync()
    assert ("K2", "target") not in home.conflicts(), "a source that now says what was decided is no news"
    assert home.stands("K2", "target")[0] == "95"

    assert home.run("decide", "take-back", "1")[0] == 0
    home.sync()
    assert ("K2", "target") in home.conflicts()
    assert home.stands("K2", "target") == ("90", "planning", "first")


def test_a_conflict_ends_where_the_sources_agree(home: Home) -> None:
    home.edit("key_results", "2026-12-21", "2026/12/20")
    home.sync()
    assert home.conflicts() == ALL - {("K1", "due_on")}
    assert home.run("decide", "conflict", "K1", "due_on", "second", "--kind", "kr")[0] == 2


def test_what_was_decided_last_counts(home: Home) -> None:
    for source in ("second", "planning"):
        assert home.run("decide", "conflict", "K2", "target", source)[0] == 0
    home.sync()
    assert home.stands("K2", "target") == ("90", "planning", "decided")
    assert "waits for a decision" not in home.run("decide", "list")[1]
    assert f"{len(ALL) - 1} fields in which sources differ wait" in home.run("decide", "list")[1]
    listed = home.json("decide", "list")
    assert [(one["subject"], one["decision"], one["details"]["source"]) for one in listed] == [
        ("K2 target", "source", "second"),
        ("K2 target", "source", "planning"),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("why", "K1"), "objective K1, kr K1"),
        (("why", "K1", "--kind", "key_result"), "alignment"),
        (("why", "K7"), "K1"),
        (("why", "K2", "due"), "due_on"),
        (("decide", "conflict", "K2", "target"), "--value"),
        (("decide", "conflict", "K2", "target", "second", "--value", "3"), "--value"),
        (("decide", "conflict", "K2", "title", "second"), "owner_ids, target"),
        (("decide", "conflict", "K2", "target", "secund"), "second"),
        (("decide", "conflict", "K2", "target", "--value", "many"), "many"),
        (("decide", "conflict", "K2", "target", "--value", " "), "target"),
    ],
)
def test_a_wrong_call_says_what_is_right_and_changes_nothing(seen: Home, words: tuple[str, ...], told: str) -> None:
    status, _, err = seen.run(*words)
    assert status == 2
    assert told in err
    assert seen.json("decide", "list") == []


def test_why_as_csv_is_data(seen: Home) -> None:
    status, out, _ = seen.run("why", "p1", "email", "--format", "csv")
    assert status == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["source"], row["value"], row["stands"]) for row in rows] == [
        ("planning", "ada@example.com", "true"),
        ("second", "ada@example.org", "false"),
    ]


def test_of_a_confidential_objective_only_programs_read_the_values(seen: Home, tmp_path: Path) -> None:
    status, out, _ = seen.run("why", "K4")
    assert status == 0
    assert "contract" not in out
    assert {row["value"] for row in seen.json("why", "K4", "title")} == {"Sign 1 contract", "Sign 2 contracts"}
    file = tmp_path / "why.csv"
    assert seen.run("why", "K4", "--output", str(file))[0] == 0
    assert "contract" not in file.read_text(encoding="utf-8-sig")
    (gap,) = [gap for gap in seen.json("gaps", "--code", "SY601") if gap["subject_id"] == "K4"]
    assert "contract" not in json.dumps(gap)
    assert seen.run("decide", "conflict", "K4", "title", "second")[0] == 0
    assert "contract" not in seen.run("decide", "list")[1]
    assert seen.run("decide", "list", "--output", str(tmp_path / "list.json"))[0] == 0
    assert "contract" not in (tmp_path / "list.json").read_text(encoding="utf-8")
