"""Literal cases of the HS rules."""

from __future__ import annotations

from datetime import date

from tests.rules.cases import Case, asks, at, carries, kr, needs, o, period, person, unit

A = [o("A", "a"), kr("A1", "A")]
B = [o("B", "b"), kr("B1", "B", owner_ids=["w-b"])]
NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)
YES = {"response": "accepted"}

TITLES = {  # and the units that they name
    "与市场部共建": "b",
    "与市场共建": "c",
    "市场部和市场一起": "bc",
    "MARKETING 支持": "b",
    "ＩＴ系统": "d",
    "HRIT系统": "",
    "IT2系统": "",
    "ITé系统": "",
    "支持IT": "d",
    "IT支持IT2": "d",
    "市民": "",
    "数据平台": "",
    "集团支持": "",
    "Old IT 系统": "d",
}


def party(name: str, text: str | None, means: str | None, *rows: tuple) -> Case:
    """A request of `a` to a party that means a unit, or nobody."""
    found = ("HS205", "h", "a", None, "w-a") if means is None else ("HS201", "h", means, "a", f"l-{means}")
    named = unit("b", "top", leader_id="l-b", name="市场部", aliases=["Marketing", "MKT"])
    return Case(name, "HS201 HS205", [*A, named, *rows, asks("h", "A1", text)], [found])


CASES = [
    # the party
    party("an id", "b", "b"),
    party("a name", "市场部", "b"),
    party("an alias in another case and width", "ｍＫＴ", "b"),
    party("an id is exact", "B", None),
    party("empty", None, None),
    party("unknown", "销售部", None),
    party("two active units of that name", "市场部", None, unit("c", "top", name="市场部")),
    party("an active unit beside an inactive one of that name", "市场部", "b",
          unit("c", "top", name="市场部", active=False)),
    party("a name and an alias of two units", "mkt", None, unit("c", "top", name="MKT")),
    party("an id stands before a name", "b", "b", unit("c", "top", name="b")),
    party("an inactive unit's id that is an active one's name", "old", "c",
          unit("old", "top", active=False), unit("c", "top", name="Old", leader_id="l-c"),
          person("l-c", "c")),
    party("an inactive unit", "old", None, unit("old", "top", active=False)),
    party("an inactive unit's name hides a person's", "老王", None,
          unit("old", "top", name="老王", active=False), person("p", "b", name="老王")),
    party("a person's name", "老王", "b", person("p", "b", name="老王")),
    party("a person's id", "p", "b", person("p", "b")),
    party("a person's id is exact", "P", None, person("p", "b")),
    party("a person's address", "WANG@example.com", "b", person("p", "b", email="wang@Example.com")),
    party("a person's alias", "10086", "b", person("p", "b", aliases=["10086"])),
    party("two persons of that name", "老王", None, person("p", "b", name="老王"),
          person("q", "b", name="老王")),
    party("one of two persons has left", "老王", "b", person("p", "b", name="老王"),
          person("q", "a", name="老王", active=False)),
    party("one person's id is another's alias", "p", None, person("p", "b"), person("q", "b", aliases=["p"])),
    party("a person by name and alias is one", "老王", "b", person("p", "b", name="老王", aliases=["老王"])),
    party("a person without a unit", "老王", None, person("p", None, name="老王")),
    party("a person of an inactive unit", "老王", None, unit("old", "top", active=False),
          person("p", "old", name="老王")),
    # HS201 to HS206, HS210
    Case("asked and not answered", "HS201 HS206", [*A, asks("h", "A1", "b", point=None)],
         [("HS201", "h", "b", "a", "l-b"), ("HS206", "h", "a", "b", "w-a")]),
    Case("to be made clear", "HS201 HS202", [*A, asks("h", "A1", "b", response="clarify")],
         [("HS202", "h", "a", "b", "w-a")]),
    Case("refused", "HS203", [o("X", "a1"), kr("X1", "X"), asks("h", "X1", "b1", response="rejected")],
         [("HS203", "h", "top", "b1", "l-top")]),
    Case("refused and decided", "HS203",
         [*A, asks("h", "A1", "b", response="rejected", decision="drop")]),
    Case("refused across two roots", "HS203",
         [unit("r", None, leader_id="w-b"), *A, asks("h", "A1", "r", response="rejected")],
         [("HS203", "h", None, "r", None)]),
    Case("accepted and planned nowhere", "HS204", [*A, asks("h", "A1", "b", **YES)],
         [("HS204", "h", "b", "a", "l-b")]),
    Case("a supporting KR of theirs", "HS204",
         [*A, *B, asks("h", "A1", "b", supporting_kr_id="B1", **YES)]),
    Case("a supporting KR below them", "HS204",
         [*A, o("X", "b1", person_id="w-b"), kr("X1", "X"), asks("h", "A1", "b", supporting_kr_id="X1", **YES)]),
    Case("a supporting KR of somebody else, of a draft, of none", "HS204",
         [*A, o("T", "top"), kr("T1", "T"), o("D", "b", state="draft"), kr("D1", "D"),
          asks("h1", "A1", "b", supporting_kr_id="T1", **YES),
          asks("h2", "A1", "b", supporting_kr_id="D1", **YES),
          asks("h3", "A1", "b", supporting_kr_id="none", **YES)],
         [("HS204", each, "b", "a", "l-b") for each in ("h1", "h2", "h3")]),
    Case("an O of theirs carries the KR", "HS204", [*A, o("X", "b1"), carries("X", "A1"), asks("h", "A1", "b", **YES)]),
    Case("an O of theirs carries the KR's O as a whole", "HS204",
         [*A, o("X", "b"), ("alignments", {"objective_id": "X", "parent_kind": "objective", "parent_id": "A"}),
          asks("h", "A1", "b", **YES)],
         [("HS204", "h", "b", "a", "l-b")]),
    Case("up, down and to oneself is not sideways", "HS201 HS203 HS204 HS210",
         [*A, asks("h1", "A1", "top"), asks("h2", "A1", "a1", response="rejected"), asks("h3", "A1", "a", **YES)],
         [("HS210", "h1", "a", "top", "w-a"), ("HS210", "h2", "a", "a1", "w-a"),
          ("HS210", "h3", "a", None, "w-a")]),
    Case("without a point, whoever is asked", "HS206",
         [*A, asks("h1", "A1", "top", point=None), asks("h2", "A1", "nobody", point=None),
          asks("h3", "A1", "a", point=None)],
         [("HS206", "h1", "a", "top", "w-a"), ("HS206", "h2", "a", None, "w-a"),
            ("HS206", "h3", "a", None, "w-a")]),
    Case("a draft's request does not count", "HS201 HS205 HS206",
         [o("A", "a", state="draft"), kr("A1", "A"), asks("h", "A1", "b", point=None)]),
    Case("a masked O's request does", "HS201",
         [o("A", "a", state="masked"), kr("A1", "A"), asks("h", "A1", "b")], [("HS201", "h", "b", "a", "l-b")]),
    # HS207
    Case("the units that titles name", "HS207",
         [unit("b", "top", name="市场部", aliases=["Marketing", "市"]), unit("c", "top", name="市场"),
          unit("d", "top", name="IT"), unit("e", "top", name="数据"), unit("f", "top", name="数据"),
          unit("g", "top", name="Old IT", active=False), unit("top", None, name="集团"),
          o("A", "a"), *(kr(title, "A", title=title) for title in TITLES), kr("none", "A", title=None)],
         sorted(("HS207", title, "a", each, "w-a") for title, named in TITLES.items() for each in named)),
    Case("text once matched is used up, by a shared name too", "HS207",
         [unit("b", "top", name="数据平台"), unit("c", "top", name="数据平台"), unit("d", "top", name="平台"),
          o("A", "a"), kr("A1", "A", title="数据平台上线，平台运营")],
         [("HS207", "A1", "a", "d", "w-a")]),
    Case("the longest first, wherever it stands", "HS207",
         [unit("b", "top", name="甲乙"), unit("c", "top", name="乙丙丁"), o("A", "a"), kr("A1", "A", title="甲乙丙丁")],
         [("HS207", "A1", "a", "c", "w-a")]),
    Case("a request to exactly that unit", "HS207",
         [unit("b", "top", name="市场部"), unit("b1", "b", name="品牌组"), o("A", "a"),
          kr("A1", "A", title="市场部品牌组协同"), kr("A2", "A", title="市场部"), asks("h", "A1", "b")],
         [("HS207", "A1", "a", "b1", "w-a"), ("HS207", "A2", "a", "b", "w-a")]),
    Case("own, above and below are not sideways", "HS207",
         [unit("a", "top", name="研发"), unit("a1", "a", name="测试"), unit("top", None, name="公司"),
          o("A", "a"), kr("A1", "A", title="公司研发测试")]),
    # HS208
    *[
        Case(f"support due {due}, needed {needed}, by the KR {own}", "HS208",
             [o("A", "a"), kr("A1", "A", due_on=own), o("T", "top"), kr("T1", "T", due_on=due),
              asks("h", "A1", "b", needed_by=needed, supporting_kr_id="T1", response="rejected")],
             [("HS208", "h", "b", "a", "l-b")] if late else [])
        for due, needed, own, late in [
            (DEC, NOV, None, True),
            (NOV, NOV, None, False),
            (DEC, None, NOV, True),
            (DEC, DEC, NOV, False),
            (None, NOV, NOV, False),
            (DEC, None, None, False),
        ]
    ],
    Case("support that does not count is not late", "HS208",
         [*A, o("D", "b", state="draft"), kr("D1", "D", due_on=DEC),
          asks("h", "A1", "b", needed_by=NOV, supporting_kr_id="D1")]),
    # HS209
    Case("a circle over both kinds of edges", "HS209",
         [*A, *B, needs("B1", "A1"), asks("h", "A1", "nobody", supporting_kr_id="B1", response="rejected")],
         [("HS209", "A1", "a", None, "w-a")]),
    Case("a KR that needs itself", "HS209", [*A, needs("A1", "A1")], [("HS209", "A1", "a", None, "w-a")]),
    Case("a line is no circle", "HS209", [*A, *B, needs("B1", "A1"), asks("h", "B1", "a", supporting_kr_id="A1")]),
    Case("both ends count", "HS209",
         [*A, o("D", "b", state="draft"), kr("D1", "D"), needs("A1", "D1"), needs("D1", "A1")]),
    # HS211
    *[
        Case(f"answered {answered}, KR {of_kr}, request {of_request}, to {asked}", "HS211",
             [o("A", "a"), kr("A1", "A", content_updated_at=of_kr and at(of_kr)),
              asks("h", "A1", asked, responded_at=answered and at(answered),
                   content_updated_at=of_request and at(of_request), response="accepted")],
             [("HS211", "h", "b", "a", "l-b")] if stale else [])
        for answered, of_kr, of_request, asked, stale in [
            ("11-10", "11-11", None, "b", True),
            ("11-10", None, "11-11", "b", True),
            ("11-10", "11-09", "11-11", "b", True),
            ("11-10", "11-10", "11-09", "b", False),
            (None, "11-11", "11-11", "b", False),
            ("11-10", None, None, "b", False),
            ("11-10", "11-11", None, "top", False),
        ]
    ],
    # HS212
    Case("a dependency that nobody was asked for", "HS212",
         [*A, *B, needs("A1", "B1")], [("HS212", "A1", "a", "b", "w-a")]),
    Case("exactly that unit was asked", "HS212", [*A, *B, needs("A1", "B1"), asks("h", "A1", "b")]),
    Case("another unit was asked, or the other KR asks", "HS212",
         [*A, *B, needs("A1", "B1"), asks("h1", "A1", "b1"), asks("h2", "B1", "a")],
         [("HS212", "A1", "a", "b", "w-a")]),
    Case("one gap for each other unit", "HS212",
         [*A, *B, kr("B2", "B"), o("X", "b1"), kr("X1", "X"), needs("A1", "B1"), needs("A1", "B2"), needs("A1", "X1")],
         [("HS212", "A1", "a", "b", "w-a"), ("HS212", "A1", "a", "b1", "w-a")]),
    Case("up and down needs no handshake", "HS212",
         [*A, o("T", "top"), kr("T1", "T"), o("X", "a1"), kr("X1", "X"), needs("A1", "T1"), needs("A1", "X1")]),
    Case("a dependency on what does not count", "HS212 SY603",
         [*A, period("Z", "2026-10-01", "2026-12-31"), o("D", "b", period_id="Z"), kr("D1", "D"), needs("A1", "D1")]),
]  # fmt: skip
