"""Cases of SY601: what two sources say, and whether they differ."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.rules.cases import Expected, Placed, asks, at, carries, kr, o, person, unit

FIRST: list[Placed] = [
    o("A", "a"),
    kr("A1", "A", metric="收入", target=0.7),
    o("T", "top"),
    kr("T1", "T"),
    carries("A", "T1", share=0.5),
    asks("h", "A1", "b", response="accepted"),
]
"""What the first source says beside the company."""


def said(table: str, **row: Any) -> Placed:
    """A row of the second source, with only these columns."""
    return table, row


def of_a1(**row: Any) -> Placed:
    return said("key_results", kr_id="A1", objective_id="A", **row)


CASES: list[tuple[str, list[Placed], list[Expected]]] = [
    ("both say the same", [of_a1(due_on=date(2026, 12, 15), target=0.7, title="结果之A1")], []),
    ("another date", [of_a1(due_on=date(2026, 12, 16))], [("SY601", "A1", "a", None, "w-a")]),
    ("null says nothing", [of_a1(due_on=None, title=None, target=None)], []),
    ("only one says it", [of_a1(baseline=3.0)], []),
    ("width, case and space", [of_a1(title="结果 之 ａ1", metric=" 收 入")], []),
    ("another text", [of_a1(title="结果之A2")], [("SY601", "A1", "a", None, "w-a")]),
    ("lists are sets", [said("people", person_id="l-a", aliases=["z", "X", "x"])], []),
    ("other owners", [of_a1(owner_ids=["l-a", "w-a"])], [("SY601", "A1", "a", None, "w-a")]),
    ("the system's own time and link", [of_a1(updated_at=at("11-01"), url="https://example.com")], []),
    ("another state", [said("objectives", objective_id="A", unit_id="a", period_id="Q4", state="draft")], []),
    ("two fields are two gaps", [of_a1(due_on=date(2026, 12, 16), target=0.8)],
     [("SY601", "A1", "a", None, "w-a"), ("SY601", "A1", "a", None, "w-a")]),
    ("an O of another unit", [said("objectives", objective_id="A", unit_id="b", period_id="Q4")],
     [("SY601", "A", "a", None, "l-a")]),
    ("a share", [said("alignments", objective_id="A", parent_kind="kr", parent_id="T1", share=0.6)],
     [("SY601", "A->kr:T1", "a", "top", "l-a")]),
    ("an answer", [said("handshakes", handshake_id="h", kr_id="A1", response="rejected")],
     [("SY601", "h", "a", "b", "w-a")]),
    ("the same party by another name", [said("org_units", unit_id="b", name="乙部"),
                                        said("handshakes", handshake_id="h", kr_id="A1", party="乙部")], []),
    ("another party", [said("handshakes", handshake_id="h", kr_id="A1", party="top")],
     [("SY601", "h", "a", "b", "w-a")]),
    ("a unit's leader", [said("org_units", unit_id="b", leader_id="w-b")], [("SY601", "b", "b", None, "l-b")]),
    ("a person's name", [said("people", person_id="l-a", name="某人")], [("SY601", "l-a@a", "a", None, "l-a")]),
    ("a name that another source has as an alias", [said("people", person_id="l-a", name="Ｘ")], []),
    ("a period", [said("periods", period_id="Q4", starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 30))],
     [("SY601", "Q4", None, None, None)]),
    ("a KR of an O that does not count", [
        said("objectives", objective_id="D", unit_id="a", period_id="Q4"),
        said("key_results", kr_id="D1", objective_id="D", title="另一个"),
    ], [("SY601", "D1", "a", None, "w-a")]),
    ("what is of another period is not in view", [
        said("periods", period_id="N", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31)),
        said("key_results", kr_id="N1", objective_id="N", title="另一个"),
    ], []),
]  # fmt: skip

FURTHER: list[Placed] = [
    person("l-a", "a", aliases=["x", "Z"], name="李A"),
    o("D", "a", state="draft"),
    kr("D1", "D"),
    o("N", "a", period_id="N"),
    kr("N1", "N"),
    unit("b", "top", leader_id="l-b", name="乙部"),
]
