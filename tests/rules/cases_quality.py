"""Literal cases of the OW, QL and SY rules."""

from __future__ import annotations

from datetime import date

from tests.rules.cases import (
    Case,
    asks,
    carries,
    kr,
    needs,
    o,
    period,
    person,
    unit,
)  # fmt: skip

MANY = [o(f"A{number}", "a") for number in range(6)]


def owned(name: str, owners: list[str], *codes: str, rows: tuple = (), told: str | None = "l-a") -> Case:
    """An O of `a` with these owners, and the OW codes that it gets."""
    return Case(name, "OW401 OW402 OW403 OW404", [*rows, o("A", "a", owner_ids=owners)],
                [(code, "A", "a", None, told) for code in codes])  # fmt: skip


def titled(title: str | None, measurable: bool) -> Case:
    return Case(f"the KR title {title!r}", "QL503", [o("A", "a"), kr("K", "A", title=title)],
                [] if measurable else [("QL503", "K", "a", None, "w-a")])  # fmt: skip


def reads_like_kr(title: str, does: bool) -> Case:
    return Case(f"the O title {title!r}", "QL506", [o("A", "a", title=title)],
                [("QL506", "A", "a", None, "l-a")] if does else [])  # fmt: skip


CASES = [
    # OW
    owned("no owner", [], "OW401"),
    owned("one owner", ["w-a"]),
    owned("two owners", ["w-a", "l-a"], "OW402", told="w-a"),
    owned("one owner twice", ["w-a", "w-a"]),
    owned("an owner who left", ["gone"], "OW403"),
    owned("an owner whom nobody knows", ["who"], "OW403"),
    owned("two owners, one has left", ["gone", "w-a"], "OW403", "OW402", told="w-a"),
    owned("an owner from the side", ["w-b"], "OW404", told="w-b"),
    owned("an owner from below", ["l-a1"]),
    owned("an owner from above who leads nothing", ["w-t"], "OW404", rows=(person("w-t", "top"),), told="w-t"),
    owned("the leader above", ["l-top"]),
    owned("the leader, who belongs elsewhere", ["l-a"], rows=(person("l-a", "b"),)),
    owned("a leader of an inactive unit above leads it", ["l-top"], rows=(unit("top", leader_id="l-top", active=False),)),
    owned("an owner without a unit", ["free"], "OW404", rows=(person("free"),), told="free"),
    owned("an owner of an unknown unit", ["free"], "OW404", rows=(person("free", "nowhere"),), told="free"),
    Case("a person's O is the person's, and so are its KRs", "OW401 OW402 OW403 OW404",
         [o("P", "a", person_id="w-a"), kr("P1", "P", owner_ids=[])]),
    Case("a person who left", "OW401 OW403",
         [o("P", "a", person_id="gone"), kr("P1", "P", owner_ids=[])],
         [("OW403", "P", "a", None, "l-a"), ("OW403", "P1", "a", None, "l-a")]),
    Case("a KR without an owner", "OW401", [o("A", "a"), kr("K", "A", owner_ids=[])],
         [("OW401", "K", "a", None, "l-a")]),
    Case("KR owners that nobody can know are the O's", "OW401 OW402 OW403 OW404",
         [o("A", "a", owner_ids=["w-b", "gone"]), kr("K", "A")],
         [("OW403", "A", "a", None, "w-b"), ("OW403", "K", "a", None, "w-b"),
          ("OW402", "A", "a", None, "w-b"), ("OW404", "A", "a", None, "w-b"), ("OW404", "K", "a", None, "w-b")],
         without=("key_results.owner_ids",)),
    Case("owners that nobody can know are not missing", "OW401 OW402 OW403",
         [o("A", "a"), kr("K", "A")], without=("objectives.owner_ids", "key_results.owner_ids")),
    Case("masked ones are not spoken of", "OW401 OW402 OW403 OW404 QL502 QL503 QL504 QL505 QL506 QL507 QL508",
         [o("A", "a", state="masked", owner_ids=[], confidence=0.1, title="达到90%"),
          o("B", "a", state="masked", owner_ids=["gone", "w-b"], confidence=None),
          *(kr(f"K{number}", "B", owner_ids=[], due_on=None, confidence=0.1) for number in range(5))]),
    # QL501, QL502
    Case("six Os of a unit", "QL501", MANY, [("QL501", "a", "a", None, "l-a")]),
    Case("five Os of a unit", "QL501", MANY[:5]),
    Case("six Os in two periods", "QL501", [*MANY[:5], o("Y1", "a", period_id="Y")]),
    Case("six Os of the year", "QL501", [o(f"A{number}", "a", period_id="Y") for number in range(6)],
         [("QL501", "a", "a", None, "l-a")]),
    Case("the sixth is masked", "QL501", [*MANY[:5], o("M", "a", state="masked")]),
    Case("the sixth is a draft or a person's", "QL501",
         [*MANY[:5], o("M", "a", state="draft"), o("P", "a", person_id="w-a")]),
    Case("six Os of a person", "QL501", [o(f"A{number}", "b", person_id="w-a") for number in range(6)],
         [("QL501", "w-a@b", "b", None, "w-a")]),
    Case("a person who left", "QL501", [o(f"A{number}", "b", person_id="gone") for number in range(6)],
         [("QL501", "gone@b", "b", None, "l-b")]),
    Case("another limit", "QL501", MANY, rules={"limits": {"QL501": 6}}),
    Case("five KRs", "QL502", [o("A", "a"), *(kr(f"K{number}", "A") for number in range(5))],
         [("QL502", "A", "a", None, "l-a")]),
    Case("four KRs", "QL502", [o("A", "a"), *(kr(f"K{number}", "A") for number in range(4))]),
    # QL503
    titled("提升满意度", measurable=False),
    titled("提升满意度到9", measurable=True),
    titled("提升满意度到９", measurable=True),
    titled("الهدف ٣", measurable=True),
    titled("支持IT2团队", measurable=True),
    titled("第①期上线", measurable=False),
    titled("新增一百家客户", measurable=True),
    titled("新增三个客户", measurable=True),
    titled("一些客户", measurable=False),
    titled("百分之三十的客户", measurable=True),
    titled("百分之多少的客户", measurable=True),  # 百 directly before 分
    titled("千分之几", measurable=True),
    titled("半年内", measurable=True),
    titled("两  个", measurable=False),
    titled("统一步调", measurable=True),
    titled("统一标准", measurable=False),
    titled("〇号", measurable=False),
    titled(None, measurable=False),
    Case("a target is enough", "QL503", [o("A", "a"), kr("K", "A", target=0.0)]),
    Case("targets that nobody can know", "QL503", [o("A", "a"), kr("K", "A")], without=("key_results.target",)),
    Case("titles that nobody can know", "QL503", [o("A", "a"), kr("K", "A")], without=("key_results.title",)),
    # QL504, QL505, QL507, QL508
    *[
        Case(f"a KR due {due}", "QL504", [o("A", "a"), kr("K", "A", due_on=due)],
             [("QL504", "K", "a", None, "w-a")] if wrong else [])
        for due, wrong in [
            (None, True), (date(2026, 9, 30), True), (date(2026, 10, 1), False),
            (date(2026, 12, 31), False), (date(2027, 1, 1), True),
        ]
    ],
    Case("due dates that nobody can know", "QL504", [o("A", "a"), kr("K", "A")], without=("key_results.due_on",)),
    Case("the O's own period is meant", "QL504",
         [o("A", "a", period_id="Y"), kr("K", "A", due_on=date(2026, 3, 1))]),
    Case("no confidence", "QL505 QL508", [o("A", "a", confidence=None), kr("K", "A")],
         [("QL505", "A", "a", None, "l-a")]),
    Case("confidence that nobody can know", "QL505", [o("A", "a")], without=("objectives.confidence",)),
    Case("low confidence", "QL508",
         [o("A", "a", confidence=0.49), o("B", "a", confidence=0.5), kr("K", "A", confidence=0.0), kr("L", "A", confidence=0.5)],
         [("QL508", "A", "a", None, "l-a"), ("QL508", "K", "a", None, "w-a")]),
    Case("an O without a KR", "QL507", [o("A", "a"), o("B", "a"), kr("K", "B")],
         [("QL507", "A", "a", None, "l-a")]),
    # QL506
    reads_like_kr("自动化率达到60%", does=True),
    reads_like_kr("自动化率 60 ％", does=True),
    reads_like_kr("新增 100 家客户", does=True),
    reads_like_kr("新增一百家客户", does=False),
    reads_like_kr("2026年成为第一", does=False),
    reads_like_kr("第3期", does=False),
    reads_like_kr("3天", does=True),
    reads_like_kr("提升至 5", does=True),
    reads_like_kr("提升5", does=True),
    reads_like_kr("降到约5", does=False),
    reads_like_kr("REACH 60", does=True),
    reads_like_kr("increases 60", does=False),
    reads_like_kr("质量 ≥ 3", does=True),
    reads_like_kr("质量 > = 3", does=True),
    reads_like_kr("质量 = 3", does=False),
    reads_like_kr("打造 A1 平台", does=False),
    # QL509
    Case("a sibling has handed in", "QL509", [o("A", "a")], [("QL509", "b", "b", None, "l-b")]),
    Case("nobody has handed in", "QL509", [o("T", "top"), o("X", "a1")]),
    Case("of another period, a draft's or a person's does not do", "QL509",
         [o("A", "a"), o("B", "b", period_id="Y"), o("D", "b", state="draft"), o("P", "b", person_id="w-b")],
         [("QL509", "b", "b", None, "l-b")]),
    Case("a masked one does", "QL509", [o("A", "a"), o("B", "b", state="masked")]),
    Case("inactive units hand nothing in", "QL509", [o("A", "a"), unit("b", "top", active=False)]),
    Case("roots have no siblings", "QL509", [o("T", "top"), unit("r", None)]),
    # SY603
    Case("references that nobody knows", "SY603",
         [o("O1", "nowhere"), o("O2", "a", period_id="never"), o("O3", "nowhere", period_id="never"),
          kr("K1", "gone-o"), kr("K2", "O1"), kr("K3", "O2"),
          asks("h", "gone-kr", "b"), asks("g", "K1", "b"),
          needs("K3", "gone-kr"), needs("gone-kr", "K3"), needs("K1", "K3")],
         [("SY603", "plan/dependencies/K3->gone-kr", "a", None, "l-a"),
          ("SY603", "plan/dependencies/gone-kr->K3", None, None, None),
          ("SY603", "plan/handshakes/h", None, None, None),
          ("SY603", "plan/key_results/K1", None, None, None),
          ("SY603", "plan/objectives/O1", None, None, None),
          ("SY603", "plan/objectives/O2", "a", None, "l-a"),
          ("SY603", "plan/objectives/O3", None, None, None)]),
    Case("references that stand and mean nothing", "SY603",
         [unit("a", "top", leader_id="who"), person("w-a", "nowhere", manager_id="who"), o("A", "a"), kr("K", "A"),
          asks("h", "K", "b", supporting_kr_id="gone"), period("Z", "2026-10-01", "2026-12-31", "never"),
          carries("A", "nothing"), period("ZC", "2026-10-01", "2026-12-31", "ZC")]),
    # settings
    Case("a rule that is off", "QL507 QL505", [o("A", "a", confidence=None)], [("QL505", "A", "a", None, "l-a")],
         rules={"disabled": frozenset({"QL507"})}),
]  # fmt: skip
