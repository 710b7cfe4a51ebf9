"""What changed between runs, on literal histories: each kind of change, who carries it, what it opened or closed."""

from __future__ import annotations

import importlib
import re
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from okr import settings as okr_settings
from okr.errors import CallError
from okr.publish.changed import sides
from okr.reconcile import changes as changed
from okr.reconcile.reading import Reader
from tests.rules.cases import NOW, Placed, asks, carries, kr, needs, o, period, person, unit
from tests.rules.cases import company as company_rows
from tests.rules.changes import Changer
from tests.rules.enterprises import enterprise
from tests.rules.program import sync
from tests.rules.test_memory import DAY, Company

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from okr.reconcile.changes import Changes

Told = tuple[str, str, str, str]
Row = dict[str, Any]
STEM = [
    o("T", "top"), kr("T1", "T"), o("A", "a"), carries("A", "T1"), kr("A1", "A"), o("A2", "a1"), carries("A2", "A1"),
]  # fmt: skip


class Watched(Company):
    """A company of which is asked what changed."""

    def since(self, said: Any = None, **asked: Any) -> Changes:
        """What changed since a time; without one since the run before the last."""
        prepared = asked.pop("prepared", lambda meeting_id: ())
        text = said if isinstance(said, str) else (said or self.now - DAY).isoformat()
        with Reader(okr_settings.load(self.folder / "okr.toml")) as reader:
            return changed.changes(reader, text, now=self.now, prepared=prepared, **asked)


@pytest.fixture
def company(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def told(found: Changes) -> list[Told]:
    """Kind, thing and both texts of each change."""
    return [told_row(row) for row in found.things]


def told_row(row: Row) -> Told:
    return row["kind"], row["subject_id"], *sides(row, "en")


CASES: list[tuple[str, list[Placed], list[Placed], list[Told]]] = [
    ("nothing", [], [], []),
    ("an O is added", [], [o("N", "b", title="新目标")], [("added", "N", "", "新目标")]),
    ("an O is withdrawn", [o("N", "b", title="旧目标")], [], [("withdrawn", "N", "旧目标", "")]),
    (
        "an O is withdrawn by its state, and its KR with it",
        [o("N", "b"), kr("N1", "N")],
        [o("N", "b", state="withdrawn"), kr("N1", "N")],
        [("withdrawn", "N", "目标之N", ""), ("withdrawn", "N1", "结果之N1", "")],
    ),
    ("a draft is none yet", [], [o("N", "b", state="draft")], []),
    (
        "a draft is published",
        [o("N", "b", state="draft"), asks("h", "N1", "a"), kr("N1", "N")],
        [o("N", "b"), asks("h", "N1", "a"), kr("N1", "N")],
        [
            ("added", "N", "", "目标之N"),
            ("added", "N1", "", "结果之N1"),
            ("added", "h", "", "a; 要人"),
        ],
    ),
    ("an O is reworded", [o("N", "b", title="甲")], [o("N", "b", title="乙")], [("reworded", "N", "甲", "乙")]),
    (
        "an O has another owner",
        [o("N", "b", owner_ids=["w-b"])],
        [o("N", "b", owner_ids=["w-b", "w-a"]), person("w-a", "a", name="王")],
        [("re-owned", "N", "w-b", "w-b, 王")],
    ),
    ("owners in another order are the same", [o("N", "b", owner_ids=["w-b", "w-a"])], [o("N", "b", owner_ids=["w-a", "w-b"])], []),
    ("an O moves", [o("N", "b", owner_ids=["w-b"])], [o("N", "b1", owner_ids=["w-b"])], [("moved", "N", "b", "b1")]),
    (
        "a KR is re-targeted, and read as a whole",
        [o("N", "b"), kr("N1", "N", metric="收入", comparator=">=", target=30.0, measure_unit="万元")],
        [o("N", "b"), kr("N1", "N", metric="收入", comparator=">=", target=25.0, measure_unit="万元")],
        [("re-targeted", "N1", "收入 >= 30 万元", "收入 >= 25 万元")],
    ),
    (
        "a KR gets a target",
        [o("N", "b"), kr("N1", "N")],
        [o("N", "b"), kr("N1", "N", target=25.0, baseline=10.0)],
        [("re-targeted", "N1", "none", "25 (from 10)")],
    ),
    (
        "a KR is re-dated and reworded at once",
        [o("N", "b"), kr("N1", "N", title="甲 1")],
        [o("N", "b"), kr("N1", "N", title="甲 2", due_on=date(2026, 12, 30))],
        [("reworded", "N1", "甲 1", "甲 2"), ("re-dated", "N1", "2026-12-15", "2026-12-30")],
    ),
    (
        "a KR moves to another O",
        [o("N", "b"), o("M", "b"), kr("N1", "N")],
        [o("N", "b"), o("M", "b"), kr("N1", "M")],
        [("moved", "N1", "b O2", "b O1")],
    ),
    ("progress and confidence are no change", [o("N", "b"), kr("N1", "N", progress=0.1)], [o("N", "b", confidence=0.9), kr("N1", "N", progress=0.9)], []),
    ("a link is made", [o("N", "b")], [o("N", "b"), carries("N", "T1", share=0.5)], [("added", "N->kr:T1", "", "top O1-KR1 “结果之T1”; 50%")]),
    ("a link goes", [o("N", "b"), carries("N", "T1")], [o("N", "b")], [("withdrawn", "N->kr:T1", "top O1-KR1 “结果之T1”", "")]),
    (
        "a link has another share",
        [o("N", "b"), carries("N", "T1", share=0.5)],
        [o("N", "b"), carries("N", "T1", share=0.25)],
        [("re-shared", "N->kr:T1", "50%", "25%")],
    ),
    ("a request is made", [], [asks("h", "A1", "b", point="要人")], [("added", "h", "", "b; 要人")]),
    (
        "a request is reworded and re-dated",
        [asks("h", "A1", "b", point="要人")],
        [asks("h", "A1", "b", point="要三个人", needed_by=date(2026, 12, 1))],
        [("reworded", "h", "要人", "要三个人"), ("re-dated", "h", "none", "2026-12-01")],
    ),
    ("a request asks another unit", [asks("h", "A1", "b")], [asks("h", "A1", "b1")], [("re-addressed", "h", "b", "b1")]),
    (
        "a request is answered",
        [asks("h", "A1", "b")],
        [asks("h", "A1", "b", response="rejected", response_reason="没有人")],
        [("answered", "h", "none", "rejected; 没有人")],
    ),
    (
        "a refusal is decided",
        [asks("h", "A1", "b", response="rejected")],
        [asks("h", "A1", "b", response="rejected", decision="invest")],
        [("decided", "h", "none", "put in resources")],
    ),
    ("a dependency is stated", [], [o("N", "b"), kr("N1", "N"), needs("A1", "N1")], [
        ("added", "A1->N1", "", "b O1-KR1 “结果之N1”"), ("added", "N", "", "目标之N"), ("added", "N1", "", "结果之N1"),
    ]),
    (
        "a unit is renamed, moved and led by another",
        [unit("n", "a", name="旧", leader_id="w-a")],
        [unit("n", "b", name="新", leader_id="w-b")],
        [("renamed", "n", "旧", "新"), ("re-owned", "n", "w-a", "w-b"), ("moved", "n", "a", "b")],
    ),
    (
        "a unit is closed down with its Os",
        [unit("n", "a", name="旧"), o("N", "n")],
        [unit("n", "a", name="旧", active=False), o("N", "n")],
        [("withdrawn", "n", "旧; a", ""), ("withdrawn", "N", "目标之N", "")],
    ),
]  # fmt: skip


SECRET = [kr("N1", "N", title="机密一"), asks("h", "N1", "a", point="机密二")]
SECRET_NOW = [
    kr("N1", "N", title="机密三", owner_ids=["w-b"]),
    asks("h", "N1", "a", point="机密四", response="rejected", response_reason="机密五"),
]
BELOW = [
    o("P", "a1", person_id="w-a"), carries("P", "X1"), kr("X1", "A2"), o("B", "b", owner_ids=["gone"]),
    carries("B", "T1"), person("w-a", "a", name="王"),
]  # fmt: skip
SCENES: dict[str, tuple[list[Placed], list[Placed]]] = {
    **{name: ([*STEM, *before], [*STEM, *after]) for name, before, after, _ in CASES},
    "below": ([*STEM, *BELOW], [*STEM, *BELOW, kr("T1", "T", title="新")]),
    "words": (
        [o("T", "top"), o("A", "a", title="同样的一句话"), kr("T1", "T", title="同样的一句话")],
        [o("T", "top"), o("A", "a", title="同样的一句话"), kr("T1", "T", title="另外的一句话")],
    ),
    "withdrawn": (STEM, [STEM[0], *STEM[2:]]),
    "owners": (STEM, [*STEM, kr("T1", "T", owner_ids=["w-b"])]),
    "gaps": (
        [*STEM, asks("h", "A1", "b")],
        [*STEM[:3], *STEM[4:], kr("A1", "A", title="别的 1"), asks("h", "A1", "b", response="clarify")],
    ),
    "secret before": (
        [*STEM, o("N", "b", visibility="private"), *SECRET], [*STEM, o("N", "b"), *SECRET_NOW]
    ),
    "secret after": (
        [*STEM, o("N", "b"), *SECRET], [*STEM, o("N", "b", visibility="private"), *SECRET_NOW]
    ),
    "masked": (STEM, [*STEM, o("N", "b", title="机密", state="masked"), carries("N", "T1")]),
    "units": (
        [*STEM, o("B", "b"), kr("B1", "B"), unit("c", "top"), o("C", "c"), asks("h", "A1", "b")],
        [
            *STEM, kr("T1", "T", title="改"), o("B", "b"), kr("B1", "B", title="改"), unit("c", "top"),
            o("C", "c", title="改"), asks("h", "A1", "b", point="改"), carries("B", "T1"),
        ],
    ),
}  # fmt: skip
"""Before and after, of companies that live side by side in one enterprise: two runs are enough for all of them."""

_IDS = re.compile(r"\b(top|gone|[abc]1?|n|h|[TABCMNPX][0-9]?)\b")


class Scenes:
    """All scenes after their two runs; each is asked as if it were alone."""

    def __init__(self, folder: Path) -> None:
        self.watched = Watched(folder)
        for at in (0, 1):
            rows = [
                _numbered(placed, number)
                for number, scene in enumerate(SCENES.values())
                for placed in [*company_rows(), *scene[at]]
            ]
            self.watched.run(*rows)
        self.all = self.watched.since()

    def number(self, name: str) -> int:
        return list(SCENES).index(name)

    def things(self, name: str, found: Changes | None = None) -> list[Row]:
        ending = re.compile(rf"_{self.number(name)}\b")
        return [_plain(row) for row in (found or self.all).things if ending.search(row["subject_id"])]

    def gaps(self, name: str) -> list[Row]:
        ending = re.compile(rf"_{self.number(name)}\b")
        return [
            _plain({**gap, "causes": [self.all.things[at] for at in gap["causes"]]})
            for gap in self.all.gaps
            if ending.search(gap["subject_id"])
        ]


def _numbered(placed: Placed, number: int) -> Placed:
    table, row = placed
    return table, _mapped(row, lambda text: _IDS.sub(rf"\1_{number}", text))


def _plain(row: Row) -> Row:
    return _mapped(row, lambda text: re.sub(r"_[0-9]+\b", "", text))


def _mapped(value: Any, told: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return told(value)
    if isinstance(value, list):
        return [_mapped(item, told) for item in value]
    if isinstance(value, dict):
        return {name: _mapped(item, told) for name, item in value.items()}
    return value


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    return Scenes(tmp_path_factory.mktemp("scenes"))


@pytest.mark.parametrize(("name", "expected"), [(case[0], case[3]) for case in CASES], ids=[case[0] for case in CASES])
def test_each_kind_of_change(name: str, expected: list[Told], scenes: Scenes) -> None:
    assert [told_row(row) for row in scenes.things(name)] == expected


def test_who_carries_a_changed_kr_is_named_at_every_level_below(scenes: Scenes) -> None:
    (row,) = [row for row in scenes.things("below") if row["subject_id"] == "T1"]
    assert [
        (each["level"], each["objective_id"], each["label"], each["person_id"], each["person_name"], each["still"])
        for each in row["carriers"]
    ] == [
        (1, "A", "a O1", "l-a", "l-a", True),
        (1, "B", "b O1", "l-b", "l-b", True),  # whose owner has left: the unit's leader
        (2, "A2", "a1 O1", "l-a1", "l-a1", True),
        (3, "P", "a1 王 O1", "w-a", "王", True),
    ]


def test_who_carried_it_by_its_words_is_told_when_the_words_change(scenes: Scenes) -> None:
    (row,) = scenes.things("words")
    assert [(each["objective_id"], each["still"]) for each in row["carriers"]] == [("A", False)]


def test_who_carries_what_was_withdrawn_is_named(scenes: Scenes) -> None:
    (row,) = scenes.things("withdrawn")
    assert (row["kind"], row["subject_id"]) == ("withdrawn", "T1")
    assert [each["objective_id"] for each in row["carriers"]] == ["A", "A2"]


def test_new_owners_concern_nobody_below(scenes: Scenes) -> None:
    (row,) = scenes.things("owners")
    assert (row["kind"], row["carriers"]) == ("re-owned", [])


def test_gaps_that_opened_and_closed_name_what_did_it(scenes: Scenes) -> None:
    causes = {
        (gap["kind"], gap["code"], gap["subject_id"]): [(row["kind"], row["subject_id"]) for row in gap["causes"]]
        for gap in scenes.gaps("gaps")
    }
    assert causes["opened", "AL101", "T1"] == [("withdrawn", "A->kr:T1")]
    assert causes["opened", "AL104", "A"] == [("withdrawn", "A->kr:T1")]
    assert causes["opened", "AL108", "A2->kr:A1"] == [("reworded", "A1")]
    assert causes["opened", "HS202", "h"] == causes["closed", "HS201", "h"] == [("answered", "h")]
    codes = {gap["fingerprint"]: gap["code"] for gap in scenes.all.gaps}
    (answered,) = [row for row in scenes.things("gaps") if row["kind"] == "answered"]
    assert [codes[each] for each in answered["opened"]] == ["HS202"]
    assert [codes[each] for each in answered["closed"]] == ["HS201"]


@pytest.mark.parametrize("which", ["before", "after"])
def test_what_is_not_for_everybody_is_unit_and_number(which: str, scenes: Scenes) -> None:
    """Confidential at either end: nothing that was or is written there is told."""
    things = scenes.things(f"secret {which}")
    assert {(row["kind"], row["label"], *sides(row, "en")) for row in things} == {
        ("reworded", "b O1-KR1", "(confidential)", "(confidential)"),
        ("re-owned", "b O1-KR1", "(confidential)", "(confidential)"),
        ("answered", "b O1-KR1", "(confidential)", "(confidential)"),
    }
    assert "机密" not in repr(things)
    if which == "after":  # what is public now is told by the gaps of today
        gaps = scenes.gaps("secret after")
        assert {("closed", "HS201"), ("opened", "HS203")} <= {(gap["kind"], gap["code"]) for gap in gaps}
        assert "机密" not in repr(gaps)


def test_a_masked_o_is_unit_and_number(scenes: Scenes) -> None:
    things = scenes.things("masked")
    assert [(row["label"], sides(row, "zh")) for row in things] == [("b O1", ("", "（内容不公开）"))] * 2
    assert "机密" not in repr(things)


def test_a_unit_sees_its_own_what_is_asked_of_it_and_what_it_carries(scenes: Scenes) -> None:
    number = scenes.number("units")

    def seen(unit_id: str) -> set[str]:
        found = scenes.watched.since(unit=f"{unit_id}_{number}")
        whole = {unit_id} | (
            {"top", "a", "b", "c", "a1", "b1"} if unit_id == "top" else {"b1"} if unit_id == "b" else set()
        )
        units = {f"{each}_{number}" for each in whole}
        assert all({gap["unit_id"], gap["counterparty_unit_id"]} & units for gap in found.gaps)
        return {row["subject_id"] for row in scenes.things("units", found)}

    assert seen("top") == {"T1", "B1", "C", "h", "B->kr:T1"}
    assert seen("b") == {"T1", "B1", "h", "B->kr:T1"}
    assert seen("a1") == {"T1"}
    assert seen("c") == {"C"}


def test_what_was_withdrawn_and_is_back_is_no_change_since_before(company: Watched) -> None:
    rows = [*STEM, kr("A9", "A", title="九")]
    company.run(*rows)
    first = company.now
    company.run(*STEM)
    second = company.now
    company.run(*rows)
    assert told(company.since(first)) == []
    assert told(company.since(second)) == [("restored", "A9", "", "九")]
    company.run(*STEM)
    assert told(company.since(first)) == [("withdrawn", "A9", "九", "")]
    assert told(company.since(second)) == []


def test_several_changes_are_one_step_and_the_last_run_that_made_one_is_named(company: Watched) -> None:
    company.run(*STEM, o("N", "b", title="一"))
    first = company.now
    company.run(*STEM, o("N", "b", title="二"))
    company.run(*STEM, o("N", "b", title="三"))
    third = company.now
    company.run(*STEM, o("N", "b", title="三"))
    (row,) = company.since(first).things
    assert sides(row, "zh") == ("一", "三")
    assert datetime.fromisoformat(row["changed_at"]) == third
    assert company.since(third).things == []


def test_gaps_of_a_view_that_was_not_judged_then_are_not_compared(company: Watched) -> None:
    rows = [period("N", "2027-01-01", "2027-03-31"), o("N1", "b", period_id="N", title="一")]
    company.run(*rows)
    company.run(*rows[:1], o("N1", "b", period_id="N", title="二", confidence=None), period="N")
    found = company.since()
    assert (found.period_id, found.compared, found.gaps) == ("N", False, [])
    assert told(found) == [("reworded", "N1", "一", "二")]
    company.run(*rows, period="N")
    assert ("closed", "QL505") in {(gap["kind"], gap["code"]) for gap in company.since().gaps}


def test_only_the_view_is_looked_at(company: Watched) -> None:
    rows = [period("N", "2027-01-01", "2027-03-31")]
    company.run(*rows, o("Y1", "b", period_id="Y"), o("N1", "b", period_id="N"), o("M", "b"))
    company.run(
        *rows,
        o("Y1", "b", period_id="Y", title="年"),
        o("N1", "b", period_id="N", title="下季"),
        o("M", "b", period_id="N"),
    )
    assert told(company.since()) == [
        ("withdrawn", "M", "目标之M", ""),  # it is not of this quarter any more
        ("reworded", "Y1", "目标之Y1", "年"),
    ]


MEETINGS = [
    ("meetings", {"meeting_id": "m0", "unit_id": "a", "period_id": "Q4", "starts_at": NOW + DAY * 1.5, "title": "头一次"}),
    ("meetings", {"meeting_id": "m1", "unit_id": "a", "period_id": "Q4", "starts_at": NOW + DAY * 9, "title": "第二次"}),
    ("meetings", {"meeting_id": "m2", "unit_id": "b", "period_id": "Q4", "starts_at": NOW + DAY * 9, "title": "b 的"}),
]  # fmt: skip


def test_since_a_time_a_run_or_a_meeting(company: Watched) -> None:
    ids = [company.run(*MEETINGS, o("A", "a", title=title)).run_id for title in ("一", "二", "三", "四")]

    def start(said: str, **asked: Any) -> tuple[str, str | None]:
        found = company.since(said, **asked)
        rows = [sides(row, "en")[0] for row in found.things]
        return found.since.how, rows[0] if rows else None

    assert start((NOW + DAY).isoformat()) == ("time", "二")
    assert start("2026-11-21") == ("time", "一")  # a day is its beginning
    assert start("2026-11-21T17:00") == ("time", "二")  # in the company's zone
    assert start(ids[1]) == start(ids[1][:9]) == ("run", "二")
    assert start("m0") == start("头一次") == ("meeting", "二")
    assert start("m1") == start("第二次") == ("previous", "二")
    assert start("m1", prepared=lambda meeting_id: {"m1": ids[:1], "m2": ids}[meeting_id]) == ("prepared", "一")
    assert start("a") == ("previous", "二")  # the unit's next meeting
    for said, code in (
        ("m2", "never_prepared"),
        ("没有", "since_unknown"),
        ("2026-11-01", "no_run_then"),
        (ids[0][:2], "since_unknown"),
    ):
        with pytest.raises(CallError) as refused:
            company.since(said)
        assert refused.value.code == code


def test_a_beginning_that_several_runs_have_is_refused(company: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["abcd1", "abcd2"])
    fixed = SimpleNamespace(uuid4=lambda: SimpleNamespace(hex=next(ids)))
    monkeypatch.setattr(importlib.import_module("okr.pipeline.sync"), "uuid", fixed)
    company.run(o("A", "a"))
    company.run(o("A", "a", title="二"))
    with pytest.raises(CallError) as refused:
        company.since("abcd")
    assert refused.value.values["candidates"] == ["abcd1", "abcd2"]
    assert told(company.since("ABCD1")) == [("reworded", "A", "目标之A", "二")]


@pytest.mark.parametrize("seed", [314, 318])
def test_changes_are_the_difference_of_what_counts(seed: int, tmp_path: Path) -> None:
    """By chance: what came and went is the difference of both views, and so are the gaps."""
    made = enterprise(seed)
    changer, states = Changer(made, seed), []
    for _ in range(3):
        sync(tmp_path, made)
        with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
            judged = reader.last_run()["judged"]
            now = made.rules.now
            states.append(
                (
                    now,
                    {p: {(t["kind"], t["id"]) for t in reader.things(p)} for p in judged},
                    {p: {gap["fingerprint"] for gap in reader.gaps(period=p, now=now)} for p in judged},
                )
            )
        made = changer.next(made)
    last, things, gaps = states[-1]
    compared = 0
    with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
        for then, old_things, old_gaps in states[:-1]:
            for view in things.keys() & old_things.keys():
                said = (then + timedelta(minutes=1)).isoformat()
                found = changed.changes(reader, said, now=last, prepared=lambda _: (), period=view)
                came = {
                    (r["subject_kind"], r["subject_id"]) for r in found.things if r["kind"] in ("added", "restored")
                }
                went = {(r["subject_kind"], r["subject_id"]) for r in found.things if r["kind"] == "withdrawn"}
                kinds = ("objective", "kr")
                assert {each for each in came if each[0] in kinds} == things[view] - old_things[view]
                assert {each for each in went if each[0] in kinds} == old_things[view] - things[view]
                opened = {gap["fingerprint"] for gap in found.gaps if gap["kind"] == "opened"}
                closed = {gap["fingerprint"] for gap in found.gaps if gap["kind"] == "closed"}
                assert opened == gaps[view] - old_gaps[view]
                assert closed == old_gaps[view] - gaps[view]
                compared += 1
    assert compared
