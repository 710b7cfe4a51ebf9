"""Whom a meeting names is found without reading everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr import settings as okr_settings
from okr.reconcile import view
from okr.reconcile.reading import Reader
from tests.rules.cases import NOW, person
from tests.rules.test_memory import DAY, Company

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = [
    person("p1", "a", name="李雷", email="Li.Lei@example.com", aliases=["E01", "lilei"]),
    person("p2", "a", name="Ａｄａ"),  # full-width letters mean the same
    person("p3", "a", name="ÉLAN"),
    person("p4", "a", name="韩梅梅", active=False),
    person("p5", "a", name="同名"),
    person("p6", "b", name="同名"),
    person("p7", "b", name="ﬁona"),  # a ligature
    person("p8", "b", name="﨑"),  # a character of the compatibility block
    *(person(f"q{n}", "b", name=f"员工{n}", aliases=[f"E9{n}"]) for n in range(30)),
]
SAID = [
    "p1", "p4", "李雷", "li.lei@example.com", "LILEI", "e01", "ada", "élan", "同名", "韩梅梅", "FIONA", "崎", "﨑",
    "nobody@example.com", "谁",
]  # fmt: skip


def test_few_are_asked_and_the_same_are_found(tmp_path: Path) -> None:
    company = Company(tmp_path)
    meeting = {"meeting_id": "m", "unit_id": "top", "period_id": "Q4", "starts_at": NOW + DAY, "hrbp_ids": SAID}
    company.run(*PEOPLE, ("meetings", meeting))
    with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
        everybody = reader.people()
        asked = view.who_may_be_named(reader.house, SAID)
        found = reader.meeting("m", now=company.now)
        assert view.who_may_be_named(reader.house, []) == []
    assert found["hrbps"] == view.named_people(found["hrbp_ids"], everybody)
    names = {each["said"]: each["person_id"] for each in found["hrbps"]}
    assert names["ada"] == "p2"
    assert names["élan"] == "p3"
    assert names["FIONA"] == "p7"
    assert names["同名"] is None
    assert len(asked) < len(everybody) / 2
    assert not any(row["person_id"].startswith("q") for row in asked)
