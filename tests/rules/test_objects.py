"""What the contract fixes of a gap beside its rule: marks, order, filters, what stays unsaid."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from okr import pipeline
from okr import settings as okr_settings
from okr.errors import CallError
from okr.reconcile.reading import Reader
from okr.report import Listing
from tests.rules.cases import NOW, Case, Placed, asks, carries, kr, needs, o, period, unit
from tests.rules.enterprises import enterprise
from tests.rules.oracle import Enterprise, Table, World, judge
from tests.rules.oracle.finding import order
from tests.rules.oracle.world import COLUMNS
from tests.rules.program import expected_of, plain, sync
from tests.rules.writing import write

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [
    "code",
    "name",
    "severity",
    "subject_kind",
    "subject_id",
    "period_id",
    "unit_id",
    "counterparty_unit_id",
    "notify_person_id",
    "message_zh",
    "message_en",
    "detail",
    "provisional",
    "first_seen",
    "fingerprint",
]


def gaps(folder: Path, *rows: Placed, **asked: Any) -> list[dict[str, Any]]:
    """The gaps of a small company with these rows."""
    sync(folder, Case("", "", list(rows)).enterprise())
    return read(folder, **asked)


def read(folder: Path, **asked: Any) -> list[dict[str, Any]]:
    with Reader(okr_settings.load(folder / "okr.toml")) as reader:
        return list(reader.gaps(**{"now": NOW, **asked}))


def test_an_object_has_the_contracts_keys_and_marks(tmp_path: Path) -> None:
    found = gaps(tmp_path, o("甲", "a"), kr("甲1", "甲"), asks("h", "甲1", "b"))

    assert [sorted(gap) for gap in found] == [sorted(KEYS)] * len(found)
    marks = {gap["code"]: gap["fingerprint"] for gap in found}
    told = hashlib.sha256(b'["Q4","HS201","handshake","h","a"]').hexdigest()[:16]
    alone = hashlib.sha256('["Q4","AL101","kr","甲1",null]'.encode()).hexdigest()[:16]
    assert (marks["HS201"], marks["AL101"]) == (told, alone)
    assert all(datetime.fromisoformat(gap["first_seen"]) == NOW for gap in found)
    assert all(gap["message_zh"] and gap["message_en"] for gap in found)
    assert json.loads(json.dumps(found, ensure_ascii=False)) == found


def test_a_finding_stated_twice_is_one_gap(tmp_path: Path) -> None:
    found = gaps(
        tmp_path,
        *(o("A", "a"), kr("A1", "A"), o("B", "b"), kr("B1", "B"), kr("B2", "B")),
        *(needs("A1", "B1"), needs("A1", "B2")),
        codes=("HS212",),
    )

    assert len(found) == 1


def test_rules_never_hide_one_another(tmp_path: Path) -> None:
    found = gaps(tmp_path, o("A", "a"), kr("A1", "A"), asks("h", "A1", "b", point=None))

    assert {"HS201", "HS206"} <= {gap["code"] for gap in found if gap["subject_id"] == "h"}


@pytest.mark.parametrize("seed", [5, 23])
def test_filters_pick_from_the_same_gaps(seed: int, tmp_path: Path) -> None:
    made = replace(enterprise(seed), rules=replace(enterprise(seed).rules, period="2026Q4"))
    sync(tmp_path, made)
    everything = [plain(gap) for gap in expected_of(judge(made)).gaps["2026Q4"]]
    now = made.rules.now

    by_code = read(tmp_path, now=now, codes=("OW401", "SY603", "HS205"))
    assert [plain(gap) for gap in by_code] == [gap for gap in everything if gap["code"] in ("OW401", "SY603", "HS205")]
    for row in made.sources[next(iter(made.sources))]["org_units"].rows:
        below = [plain(gap) for gap in read(tmp_path, now=now, unit=row["unit_id"])]
        wanted = units_below(made, row["unit_id"])
        assert below == [gap for gap in everything if gap["unit_id"] in wanted or gap["counterparty_unit_id"] in wanted]


def units_below(made: Enterprise, upper: str) -> set[str]:
    world = World(made)
    return {each for each in world.units if world.within(each, upper)}


def test_a_meetings_gaps_are_those_of_its_units_in_its_view(tmp_path: Path) -> None:
    soon = NOW + timedelta(days=3)
    found = gaps(
        tmp_path,
        ("meetings", {"meeting_id": "m", "unit_id": "a", "period_id": "N", "starts_at": soon}),
        period("N", "2027-01-01", "2027-03-31"),
        *(o("A", "a", period_id="N"), o("X", "a1", period_id="N"), o("B", "b", period_id="N")),
        *(o("T", "top", period_id="N"), kr("T1", "T"), kr("B1", "B"), asks("h", "B1", "a1")),
        o("now", "a"),
        meeting="m",
    )

    assert {gap["period_id"] for gap in found} == {"N"}
    assert ("HS201", "h") in {(gap["code"], gap["subject_id"]) for gap in found}
    assert {gap["subject_id"] for gap in found if gap["code"] == "AL104"} == {"A", "X"}


def test_titles_that_are_not_public_stay_unsaid(tmp_path: Path) -> None:
    """Neither a title, a point, a reason nor a value of such an O stands in a message."""
    secret = "绝密计划"
    hidden = {"title": f"{secret}达到90%", "visibility": "private", "confidence": 0.1}
    found = gaps(
        tmp_path,
        unit("b", "top", leader_id="l-b", name="市场部"),
        o("T", "top", **hidden, owner_ids=[]),
        kr("T1", "T", title=f"{secret}与市场部", target=987654.0, metric="m", measure_unit="u"),
        o("A", "a", visibility="unit", title=f"{secret}甲", owner_ids=["gone", "w-b"]),
        kr("A1", "A", title=f"{secret}与市场部", due_on=None, confidence=0.1),
        kr("A2", "A", title="量", target=123321.0, metric="m", measure_unit="u"),
        carries("A", "T1", share=0.5),
        *(o("B", "b", title="公开"), kr("B1", "B"), carries("B", "T1", share=0.1)),
        asks("h1", "A1", "b", point=f"{secret}要点", response_reason=f"{secret}理由"),
        asks("h2", "A1", "b", response="rejected", response_reason=f"{secret}理由"),
        asks("h3", "A1", f"{secret}部", point=f"{secret}要点"),
        needs("A1", "B1"),
    )

    told = {
        gap["code"]: json.dumps([gap["message_zh"], gap["message_en"], gap["detail"]], ensure_ascii=False)
        for gap in found
    }
    for code, text in told.items():
        if code != "HS205":  # the party is what it is about, and is no point
            assert secret not in text, code
        assert "987654" not in text, code
        assert "123321" not in text, code


def test_the_content_of_what_is_masked_stays_unsaid(tmp_path: Path) -> None:
    found = gaps(
        tmp_path,
        *(o("T", "top"), kr("T1", "T", due_on=date(2026, 11, 30))),
        *(o("A", "a", state="masked", title="并购乙方"), kr("A1", "A", title="并购谈妥", owner_ids=["l-a"])),
        *(carries("A", "T1"), o("B", "b"), carries("B", "A1"), asks("h", "A1", "b", point="并购尽调")),
    )

    told = {gap["code"]: json.dumps(gap, ensure_ascii=False) for gap in found}
    assert {"AL107", "AL110", "AL101", "HS201"} <= set(told)
    assert "并购" not in "".join(told.values())


def test_a_source_that_never_delivered_makes_gaps_provisional(tmp_path: Path) -> None:
    made = Case("", "", [o("A", "a"), kr("A1", "A"), asks("h", "A1", "b")]).enterprise()
    made = replace(made, sources={**made.sources, "other": {}})

    result = sync(tmp_path, made)
    found = {gap["code"]: gap["provisional"] for gap in read(tmp_path)}

    assert result.exit_status == 1
    assert found["AL101"]
    assert found["HS201"]
    assert not found["AL104"]
    stale = [gap for gap in read(tmp_path) if gap["code"] == "SY602"]
    assert [(gap["subject_kind"], gap["subject_id"], gap["unit_id"]) for gap in stale] == [("source", "other", None)]


@pytest.mark.parametrize(
    ("table", "unsure"),
    [("alignments", {"AL101", "HS201", "HS205"}), ("people", {"HS205"}), ("meetings", set())],
)
def test_a_table_that_never_came_makes_gaps_provisional(table: str, unsure: set[str], tmp_path: Path) -> None:
    """A table that is refused whole counts as a failed source for that table."""
    rows = [o("A", "a"), kr("A1", "A"), asks("h", "A1", "b"), asks("i", "A1", "?")]
    made = Case("", "", rows).enterprise()
    broken = replace(made, sources={"other": {table: Table(("wrong",), ({"wrong": "x"},))}, **made.sources})

    assert sync(tmp_path, broken).exit_status == 1
    found = read(tmp_path)
    assert {gap["code"] for gap in found if gap["provisional"]} == unsure
    (stale,) = (gap for gap in found if gap["code"] == "SY602")
    for message in (stale["message_zh"], stale["message_en"]):
        assert "wrong" in message
        assert "{" not in message

    empty = {"other": {table: Table(COLUMNS[table])}}
    sync(tmp_path, replace(made, sources={**empty, **made.sources}))
    sync(tmp_path, broken)
    assert not [gap for gap in read(tmp_path) if gap["provisional"]]


def test_units_of_a_circle_are_not_below_each_other(tmp_path: Path) -> None:
    circle = [unit("x", "y"), unit("y", "x"), unit("x1", "x"), o("Y", "y"), o("X1", "x1")]
    gaps(tmp_path, *circle)

    assert {gap["unit_id"] for gap in read(tmp_path, unit="x")} == {"x", "x1"}
    assert {gap["unit_id"] for gap in read(tmp_path, unit="y")} == {"y"}


def test_rows_refused_whole_are_gaps_of_their_known_unit(tmp_path: Path) -> None:
    rows = [o("A", "a"), o("B", "b", period_id=None), kr("K", "A"), kr("L", None)]
    made = Case("", "", rows).enterprise()
    result = sync(tmp_path, made)

    found = {
        gap["subject_id"]: (gap["unit_id"], gap["notify_person_id"], gap["subject_kind"])
        for gap in read(tmp_path, codes=("SY603",))
    }

    assert result.exit_status == 1
    assert found == {
        "plan/objectives/B": ("b", "l-b", "row"),
        "plan/key_results/L": (None, None, "row"),
    }


def test_the_order_is_the_contracts(tmp_path: Path) -> None:
    made = enterprise(31)
    sync(tmp_path, made)
    for period_id in judge(made).gaps:
        found = read(tmp_path, period=period_id, now=made.rules.now)
        assert found == sorted(found, key=order)


def test_a_period_of_the_settings_that_nobody_knows_is_named(tmp_path: Path) -> None:
    result = sync(tmp_path, Case("", "", [o("A", "a")], rules={"period": "2026Q4"}).enterprise())

    assert (result.current_period, result.judged) == (None, [])
    with pytest.raises(CallError) as refused:
        read(tmp_path)
    assert refused.value.code == "period_of_settings_unknown"
    assert refused.value.values["period"] == "2026Q4"


def test_a_period_that_no_day_falls_in_is_told_and_loses_nothing(tmp_path: Path) -> None:
    turned = period("T", "2027-03-31", "2027-01-01")
    settings = okr_settings.load(write(Case("", "", [turned, o("A", "a", period_id="T")]).enterprise(), tmp_path))
    report = Listing()
    assert pipeline.sync(settings, report=report).exit_status == 0

    assert report.notes == [("periods_without_days", {"periods": ["T"]})]
    assert read(tmp_path) == []


def test_no_period_no_view(tmp_path: Path) -> None:
    """Where no period holds today, only meetings' views are judged."""
    later = datetime(2027, 6, 1, tzinfo=UTC)
    case = Case("", "", [o("A", "a")], rules={"now": later})

    result = sync(tmp_path, case.enterprise())

    assert result.current_period is None
    assert result.judged == []
