"""Who may see what, against a plain reading of the contract on enterprises made by chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from okr import pipeline
from okr import settings as okr_settings
from okr.publish.audience import Audience, Viewer
from okr.reconcile.reading import Reader
from okr.report import Listing
from tests.rules.enterprises import enterprise
from tests.rules.oracle import Enterprise, Table, World
from tests.rules.oracle.view import View
from tests.rules.program import sync

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SEEDS = (7, 19, 33)
HRBP = "p3"
MIXED = ("private", "unit", "public", "unit", None)

LEFT_OUT = {
    "AL109": "what the carriers come to, where only their sum was withheld",
    "HS205": "whom an unknown party may mean",
    "SY603": "why a row was refused",
}
"""What stays withheld also from readers who may see the thing itself."""


def plainly(world: World, view: View, person_id: str, objective_id: str) -> bool:
    """RULES, Visibility, sentence by sentence."""
    row = view.objectives[objective_id]
    unit = row["unit_id"]
    above = set(world.above(unit))
    below = {other for other in world.units if world.is_above(unit, other)}
    if row["visibility"] == "public":
        return True
    person = world.people.get(person_id)
    if person is not None and not person["active"]:
        return False
    private = person_id in view.owners(objective_id) or any(
        world.units[led]["leader_id"] == person_id for led in {unit, *above}
    )
    if row["visibility"] == "private":
        return private
    of_these = person is not None and person["unit_id"] in {unit, *above, *below}
    return private or of_these or person_id == HRBP


def views(folder: Path, made: Enterprise) -> Iterator[tuple[Audience, list[dict[str, Any]], View]]:
    """Every judged view: its audience, its gaps, and the oracle's reading of it."""
    settings = okr_settings.load(folder / "okr.toml")
    world = World(made)
    with Reader(settings) as reader:
        for period in world.judged():
            gaps = list(reader.gaps(period=period, now=made.rules.now))
            yield Audience.of(reader, period, hrbps={HRBP}), gaps, View(world, period)


def seen_by(made: Enterprise, visibilities: Sequence[str | None]) -> Enterprise:
    """The enterprise with its Os visible as given, in turn; None: nothing is said, so public."""
    turn = cycle(visibilities)

    def shown(table: Table) -> Table:
        columns = tuple(dict.fromkeys((*table.columns, "visibility")))
        return replace(table, columns=columns, rows=tuple({**row, "visibility": next(turn)} for row in table.rows))

    sources = {
        source: {name: shown(table) if name == "objectives" else table for name, table in tables.items()}
        for source, tables in made.sources.items()
    }
    return replace(made, sources=sources)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_may_see_what(seed: int, tmp_path: Path) -> None:
    made = seen_by(enterprise(seed), MIXED)
    sync(tmp_path, made)
    answers = set()
    for audience, _, view in views(tmp_path, made):
        for objective_id, row in view.objectives.items():
            for person_id in [*view.world.people, "p99", *row["owner_ids"]]:
                expected = plainly(view.world, view, person_id, objective_id)
                assert audience.may_see(person_id, objective_id) == expected, (person_id, row)
                answers.add(expected)
            assert audience.may_see(None, objective_id) == (row["visibility"] == "public")
            assert not audience.may_see(HRBP, objective_id + "?")
    assert answers == {True, False}


@pytest.mark.parametrize("seed", SEEDS)
def test_messages_hide_and_show(seed: int, tmp_path: Path) -> None:
    """Who sees nothing reads what stands in the gap; who sees all reads what it would be if all were public."""
    made = seen_by(enterprise(seed), MIXED)
    sync(tmp_path / "as it is", made)
    public = seen_by(made, [None])
    sync(tmp_path / "public", public)
    open_gaps = {gap["fingerprint"]: gap for _, gaps, _ in views(tmp_path / "public", public) for gap in gaps}
    shown = 0
    for audience, gaps, _ in views(tmp_path / "as it is", made):
        everything = Viewer(audience.view, lambda _: True)
        for gap in gaps:
            for language in ("zh", "en"):
                assert audience.message(gap, language, None) == gap[f"message_{language}"]
                if gap["code"] not in LEFT_OUT and not ambiguous(audience, gap):
                    told = everything.message(gap, language)
                    assert told == open_gaps[gap["fingerprint"]][f"message_{language}"], gap
                    shown += told != gap[f"message_{language}"]
    assert shown


def ambiguous(audience: Audience, gap: dict[str, Any]) -> bool:
    """Whether the gap names a masked thing, or one only by what several are called."""
    labels = [value.get("label") for value in gap["detail"].values() if isinstance(value, dict)]
    if any(row["masked"] for label in labels for row in audience.view.labelled.get(label, ())):
        return True
    return gap["subject_kind"] not in {"alignment", "handshake", "kr", "objective"} and any(
        len(audience.view.labelled.get(label, ())) != 1 for label in labels
    )


def test_a_name_that_two_things_share_shows_neither(tmp_path: Path) -> None:
    """A pair is known by what its two things are called; where another is called the same, nothing is shown."""
    made = seen_by(enterprise(SEEDS[0]), MIXED)
    sync(tmp_path, made)
    audience, _, _ = next(views(tmp_path, made))
    row = next(row for row in audience.view.things if row["visibility"] != "public" and row["title"])
    gap = {
        "code": "AL107",
        "subject_kind": "pair",
        "subject_id": "a|b",
        "unit_id": None,
        "counterparty_unit_id": None,
        "detail": {"subject": {"label": row["label"], "title": None, "hidden": True}, "target": {"label": "x"}},
    }
    everything = Viewer(audience.view, lambda _: True)
    audience.view.labelled[row["label"]][:] = [row]
    assert row["title"] in everything.message(gap, "zh")
    audience.view.labelled[row["label"]][:] = [row, {**row, "id": "another"}]
    assert row["title"] not in everything.message(gap, "zh")


DIFFERING = """
timezone = "UTC"
now = 2026-11-15T08:00:00Z
[warehouse]
path = "warehouse.duckdb"
[sources.one]
kind = "tables"
path = "one"
[sources.two]
kind = "tables"
path = "two"
"""


@pytest.mark.parametrize(("state", "shown"), [("published", True), ("masked", False)])
def test_of_what_is_masked_no_source_is_quoted(state: str, shown: bool, tmp_path: Path) -> None:
    """Who may see everything reads what the sources say differently; of what is masked that is nobody."""
    (tmp_path / "okr.toml").write_text(DIFFERING, encoding="utf-8")
    for source in ("one", "two"):
        (tmp_path / source).mkdir()
        objectives = f"objective_id,unit_id,period_id,title,state,visibility\nO,u,q,said by {source},{state},unit\n"
        (tmp_path / source / "objectives.csv").write_text(objectives, encoding="utf-8")
    (tmp_path / "one" / "org_units.csv").write_text("unit_id,name\nu,U\n", encoding="utf-8")
    (tmp_path / "one" / "periods.csv").write_text(
        "period_id,starts_on,ends_on\nq,2026-10-01,2026-12-31\n", encoding="utf-8"
    )
    settings = okr_settings.load(tmp_path / "okr.toml")
    pipeline.sync(settings, report=Listing(), sources=None)
    with Reader(settings) as reader:
        (gap,) = reader.gaps(codes=["SY601"], now=datetime(2026, 11, 15, 8, tzinfo=UTC))
        view = Audience.of(reader, "q").view
    assert "said by" not in gap["message_en"]
    assert ("said by two" in Viewer(view, lambda _: True).message(gap, "en")) == shown
