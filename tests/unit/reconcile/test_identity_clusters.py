"""What pairs come to, and what decisions come to, on plain data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from okr.reconcile.identity.clusters import Clusters, Pair, Thing
from okr.reconcile.identity.verdicts import End, Verdict, contradicting, overlay
from okr.report import Listing

NOW = datetime(2026, 11, 2, tzinfo=UTC)
BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
RANK = {"a": 0, "b": 1, "c": 2}


def clusters(different: tuple[str, str] | None = None, **states: str) -> Clusters:
    """Things by `id="sources"`; a `+` behind the sources: known before."""
    things = {}
    for id_, told in states.items():
        sources = set(told.rstrip("+"))
        known = told.endswith("+")
        things[id_] = Thing(id_, BEFORE if known else NOW, known, min(RANK[one] for one in sources), sources)
    return Clusters(things, lambda a, b: different is None or {a, b} != set(different))


def joined(found: Clusters) -> dict[str, str]:
    return {one.id: found.find(one.id) for one in found.joined}


def test_the_first_in_precedence_gives_the_id_and_what_is_known_goes_before() -> None:
    found = clusters(x="c", y="a", z="b")
    found.step([Pair("x", "y", "words"), Pair("y", "z", "words"), Pair("x", "z", "words")])
    assert joined(found) == {"x": "y", "z": "y"}

    found = clusters(x="c+", y="a")
    found.step([Pair("x", "y", "words")])
    assert joined(found) == {"y": "x"}


def test_two_things_of_one_source_are_never_joined_by_way_of_a_third() -> None:
    found = clusters(x="a", y="a", z="b")
    found.step([Pair("x", "z", "name"), Pair("y", "z", "name")])
    assert joined(found) == {}
    assert (found.doubts["z"].candidates, found.doubts["z"].case) == (("x", "y"), "several")
    assert set(found.doubts) == {"z"}

    found = clusters(x="a", y="b", z="b")
    found.step([Pair("x", "y", "name"), Pair("x", "z", "name")])
    assert {one.id: one.candidates for one in found.doubts.values()} == {"y": ("x",), "z": ("x",)}


def test_what_was_known_apart_waits_for_a_person() -> None:
    found = clusters(x="a+", y="b+")
    found.step([Pair("x", "y", "email")])
    assert joined(found) == {}
    assert found.doubts["y"].case == "later"


def test_a_doubt_of_a_surer_step_stays_one() -> None:
    found = clusters(x="a", y="b")
    found.step([Pair("x", "y", "email", contrary=True)])
    found.step([Pair("x", "y", "name")])
    assert joined(found) == {}
    assert found.doubts["y"].case == "contrary"


def test_what_was_decided_to_be_two_is_not_joined_by_way_of_a_third() -> None:
    found = clusters(("x", "y"), x="a", y="b", z="c")
    found.step([Pair("x", "y", "name"), Pair("x", "z", "name"), Pair("y", "z", "name")])
    assert joined(found) == {}
    assert found.doubts["z"].candidates == ("x", "y")


@pytest.mark.parametrize("latest_is_same", [True, False])
def test_the_later_decision_holds(latest_is_same: bool) -> None:
    same = [
        Verdict(End("A"), End("B"), same=True, how="decided"),
        Verdict(End("B"), End("C"), same=True, how="decided"),
    ]
    other = Verdict(End("A"), End("C"), same=False, how="decided")
    report = Listing()
    order = {said: (BEFORE, 0, said) for said in "ABC"}
    made = overlay([*same, other] if latest_is_same else [other, *same], {}, lambda _: order, report)
    assert ("", "B", "A", "decided") in made.renamed
    assert not any(own == "C" for _, own, _, _ in made.renamed)
    assert [code for code, _ in report.notes] == ["identity_contradicted"]


def test_an_id_that_was_joined_is_taken_apart_and_what_nobody_knows_waits() -> None:
    report = Listing()
    found = [
        Verdict(End("A"), End("x"), same=False, how="decided"),
        Verdict(End("A"), End("nobody"), same=True, how="mapping"),
    ]
    made = overlay(found, {"x": "A", "y": "A"}, lambda _: {said: (NOW, 0, said) for said in "Axy"}, report)
    assert made.renamed == [("", "x", "x", "decided")]
    assert made.different == {frozenset("Ax")}
    assert report.notes == [("identity_unknown", {"ids": ["nobody"]})]


def test_which_decisions_a_new_one_contradicts() -> None:
    a, b, c = End("A"), End("B"), End("C")
    standing = [(1, a, b, True), (2, b, c, True)]
    assert contradicting(standing, (a, c), same=False) == [1, 2]
    assert contradicting(standing, (a, c), same=True) == []
    assert contradicting([(1, a, b, True), (2, a, c, False)], (b, c), same=True) == [1, 2]
    assert contradicting([(1, a, b, True)], (a, b), same=False) == []  # of one pair the later one counts
