"""Normal forms of names: what makes no difference, and what does."""

from __future__ import annotations

import pytest

from okr.reconcile.identity import forms, tokens
from okr.reconcile.identity.tokens import Said


def person(id_: str, *, unit: str = "u", source: str = "a", **said: object) -> Said:
    row = {"name": None, "aliases": None, "email": None, "unit_id": unit, "active": None, **said}
    return Said(id_, [(source, row)])


def alike(a: dict, b: dict) -> bool:
    """Whether two people in one unit may be one by their names."""
    things = {"A": person("A", **a), "B": person("B", source="b", **b)}
    pairs = list(tokens.people_by_name(things, {"A": {"u"}, "B": {"u"}}))
    return any(not pair.contrary for pair in pairs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("張偉", "张伟"),
        ("张伟", "Zhang Wei"),
        ("张伟", "wei zhang"),
        ("张伟", "ZHANGWEI"),
        ("单雷", "Shan Lei"),  # a surname is read otherwise than the word
        ("吕蕾", "Lv Lei"),
        ("吕蕾", "Lü Lei"),
        ("吕蕾", "LYU LEI"),
        ("王磊", "王磊总监"),
        ("王磊", "王磊工程师"),
        ("王磊", "@王磊（C0016）"),
        ("王磊", "王磊02"),
        ("王磊", "王 磊"),
        ("王磊 Wang Lei", "王磊"),
        ("Zoë Müller", "zoe muller"),
        ("Dr. Maria Keller", "Keller, Maria"),
        ("欧阳修", "Ouyang Xiu"),
        ("张伟（已离职）", "张伟"),
    ],
)
def test_one_name_in_two_ways(one: str, other: str) -> None:
    assert alike({"name": one}, {"name": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("李蕾", "李磊"),  # read alike, written otherwise
        ("王磊1", "王磊2"),
        ("王磊", "王雷雷"),
        ("王总", "王工"),
        ("Li Na", "Li Ni"),
        ("李", "Li"),
    ],
)
def test_two_names(one: str, other: str) -> None:
    assert not alike({"name": one}, {"name": other})


def test_what_speaks_against_a_name() -> None:
    assert not alike({"name": "张伟", "email": "a@x"}, {"name": "张伟", "email": "b@x"})
    assert not alike({"name": "张伟", "active": False}, {"name": "张伟"})
    assert alike({"name": "张伟", "email": "A@x"}, {"name": "张伟", "email": "a@x"})


def test_numbers_of_employees() -> None:
    assert forms.numbers(["C0014", "feishu:ou_99123456", "小张", "7"], ["王磊（C0016）", "王磊2"]) == {"c0014", "c0016"}


def test_titles_say_the_same_whatever_stands_around_them() -> None:
    assert forms.titled("KR1：續約率達到 90%") == forms.titled("续约率达到90%。")
    assert forms.titled("续约率达到 90%") != forms.titled("续约率达到 80%")
    assert forms.titled("IPO") == forms.titled("ipo ") != ""
