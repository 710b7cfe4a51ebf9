"""What is offered for a text that nobody knows."""

from __future__ import annotations

import pytest

from okr.reconcile.likeness import FEW, nearest

UNITS = ["Marketing", "市场部", "市场二部", "Sales"]


@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ("marketting", "Marketing"),
        ("MARKETIGN", "Marketing"),
        ("ｓａｌｅ", "Sales"),
        ("市场一部", "市场部"),
        ("qqq", None),
    ],
)
def test_case_and_width_do_not_matter(said: str, offered: str | None) -> None:
    assert (nearest([said], UNITS)[said] or [None])[0] == offered


def test_somebody_who_types_is_always_offered_something() -> None:
    assert len(nearest(["qqq"], UNITS, always=True)["qqq"]) == 1
    assert nearest(["qqq"], [], always=True)["qqq"] == []


def test_of_many_only_neighbours_are_looked_at_and_the_near_one_is_among_them() -> None:
    known = [f"unit-{number:05}" for number in range(2 * FEW)]
    found = nearest(["UNIT-01234x", "xunit-01234"], known)
    assert [near[0] for near in found.values()] == ["unit-01234", "unit-01234"]
    assert all(len(near) == 3 for near in found.values())
