"""Whose word stands, and where sources differ: the rule SY601 on literal cases, in the program and in the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from okr import pipeline
from okr import settings as okr_settings
from okr.reconcile import why
from okr.reconcile.reading import Reader
from okr.report import Listing
from tests.rules.cases import NOW, Case, Placed, apart, at, key_of, mark, tables_of
from tests.rules.cases_conflicts import CASES, FIRST, FURTHER
from tests.rules.oracle import Enterprise, Rules, Table, judge
from tests.rules.program import sync
from tests.rules.writing import write

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [name for name, _, _ in CASES]


def second(rows: list[Placed]) -> dict[str, Table]:
    """The second source's tables, each with just the columns that its rows have."""
    made = {}
    for table in {table for table, _ in rows}:
        own = [
            {name: value for name, value in row.items() if value is not None} for name_, row in rows if name_ == table
        ]
        columns = dict.fromkeys(column for name_, row in rows if name_ == table for column in row)
        made[table] = Table(tuple(columns), tuple(own))
    return made


def enterprise(rows: list[Placed], **rules: Any) -> Enterprise:
    case = Case("", "SY601", [*FIRST, *FURTHER])
    whole = tables_of(case.placed())
    return Enterprise({"plan": whole, "other": second(rows)}, Rules(now=NOW, period="Q4", **rules))


@pytest.mark.parametrize(("name", "rows", "expected"), CASES, ids=NAMES)
def test_oracle(name: str, rows: list[Placed], expected: list[Any]) -> None:
    assert Case(name, "SY601", []).picked(judge(enterprise(rows)).gaps["Q4"]) == expected


ALONE = ("a period",)
"""Cases about what all of them share."""


@pytest.fixture(scope="module")
def all_gaps(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the program finds in an enterprise of all the cases side by side."""
    plan, other = [], []
    for place, (name, rows, _) in enumerate(CASES):
        if name not in ALONE:
            plan += tagged(place, Case("", "SY601", [*FIRST, *FURTHER]).placed())
            other += tagged(place, rows)
    shared = {key_of(table, row): (table, row) for table, row in plan}
    made = Enterprise({"plan": tables_of(list(shared.values())), "other": second(other)}, Rules(now=NOW, period="Q4"))
    return found(tmp_path_factory.mktemp("conflicts"), made)


def tagged(place: int, rows: list[Placed]) -> list[Placed]:
    return [(t, {name: mark(f"c{place}:", t, name, value) for name, value in row.items()}) for t, row in rows]


@pytest.mark.parametrize("place", [place for place, name in enumerate(NAMES) if name not in ALONE])
def test_program(place: int, all_gaps: list[dict[str, Any]]) -> None:
    name, _, expected = CASES[place]
    assert Case(name, "SY601", []).picked(apart(f"c{place}:", all_gaps)) == expected


@pytest.mark.parametrize("name", ALONE)
def test_program_alone(name: str, tmp_path: Path) -> None:
    rows, expected = next((rows, expected) for known, rows, expected in CASES if known == name)
    assert Case(name, "SY601", []).picked(found(tmp_path, enterprise(rows))) == expected


def found(folder: Path, made: Enterprise) -> list[dict[str, Any]]:
    sync(folder, made)
    with Reader(okr_settings.load(folder / "okr.toml")) as reader:
        return list(reader.gaps(now=NOW))


# -- whose word stands ----------------------------------------------------------------------------------

OLD, NEW = at("11-01"), at("11-02")


def says(objective: str, at_: Any = None, **row: Any) -> dict[str, Table]:
    kept = {"objective_id": objective, "unit_id": "a", "period_id": "Q4", "updated_at": at_, **row}
    return {"objectives": Table(tuple(kept), ({name: value for name, value in kept.items() if value is not None},))}


def stands(folder: Path, first: dict[str, Table], other: dict[str, Table], **rules: Any) -> tuple[Any, ...]:
    """Value, source and reason of the title of O `X`."""
    base = tables_of(Case("", "", []).placed())
    made = Enterprise({"base": base, "one": first, "two": other}, Rules(now=NOW, period="Q4", **rules))
    sync(folder, made)
    with Reader(okr_settings.load(folder / "okr.toml")) as reader:
        house = reader.house
        (row,) = [row for row in why.why(house, why.find(house, "X"), "title") if row["stands"]]
        title = house.value("select title from okr.objectives where objective_id = 'X'")
    assert row["value"] == title
    return title, row["source"], row["reason"]


def test_the_first_source_stands_though_another_is_newer(tmp_path: Path) -> None:
    assert stands(tmp_path, says("X", OLD, title="甲"), says("X", NEW, title="乙")) == ("甲", "one", "first")


def test_who_says_nothing_leaves_it_to_the_next(tmp_path: Path) -> None:
    assert stands(tmp_path, says("X", NEW), says("X", OLD, title="乙")) == ("乙", "two", "only")


def test_a_lower_number_stands_first(tmp_path: Path) -> None:
    told = stands(tmp_path, says("X", NEW, title="甲"), says("X", OLD, title="乙"), precedence={"two": 1})
    assert told == ("乙", "two", "first")


@pytest.mark.parametrize(("one", "two", "expected"), [(OLD, NEW, "乙"), (NEW, OLD, "甲"), (None, OLD, "乙")])
def test_of_equal_numbers_the_newest_stands(one: Any, two: Any, expected: str, tmp_path: Path) -> None:
    first, other = says("X", one, title="甲"), says("X", two, title="乙")
    told = stands(tmp_path, first, other, precedence={"one": 3, "two": 3})
    assert told == (expected, "one" if expected == "甲" else "two", "newest")


def test_a_field_has_an_order_of_its_own(tmp_path: Path) -> None:
    told = stands(tmp_path, says("X", title="甲"), says("X", title="乙"), fields={"title": ("two",)})
    assert told == ("乙", "two", "fields")


def test_what_is_written_once_is_from_its_only_source(tmp_path: Path) -> None:
    assert stands(tmp_path, says("X", title="甲"), says("Y", title="乙")) == ("甲", "one", "only")


def test_a_state_that_a_source_leaves_empty_is_no_word_of_it(tmp_path: Path) -> None:
    """Null means the default only where nobody says anything."""
    base = tables_of(Case("", "", []).placed())
    first = says("X", title="甲")
    first = {"objectives": Table((*first["objectives"].columns, "state"), first["objectives"].rows)}
    made = Enterprise({"base": base, "one": first, "two": says("X", state="draft")}, Rules(now=NOW, period="Q4"))
    assert "SY601" not in {gap["code"] for gap in found(tmp_path, made)}
    with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
        house = reader.house
        rows = why.why(house, why.find(house, "X"))
    told = {row["field"]: (row["value"], row["source"], row["reason"]) for row in rows if row["stands"]}
    assert told["state"] == ("draft", "two", "only")
    assert told["visibility"] == ("public", None, "default")


def test_the_language_of_people_for_whom_none_is_given(tmp_path: Path) -> None:
    """A source's own setting, else the company's; what another source says stands before both."""

    def people(*rows: dict[str, Any]) -> dict[str, Table]:
        return {"people": Table(("person_id", "name", "locale"), rows)}

    base = tables_of(Case("", "", []).placed())
    one = people({"person_id": "q1", "name": "甲"}, {"person_id": "q2"}, {"person_id": "q3", "locale": "zh"})
    two = people({"person_id": "q2", "locale": "zh"}, {"person_id": "q4"})
    path = write(Enterprise({"base": base, "one": one, "two": two}, Rules(now=NOW, period="Q4")), tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('[sources."one"]\n', '[sources."one"]\nlocale = "en"\n'), encoding="utf-8")
    pipeline.sync(okr_settings.load(path), report=Listing())
    with Reader(okr_settings.load(path)) as reader:
        told = {row["person_id"]: row["locale"] for row in reader.people()}
    assert {name: told[name] for name in ("q1", "q2", "q3", "q4")} == {"q1": "en", "q2": "zh", "q3": "zh", "q4": "zh"}
