"""Literal cases of the figures: what the rows of coverage, handshakes and meetings hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tests.rules.cases import (
    Case,
    Placed,
    asks,
    at,
    carries,
    carries_o,
    kr,
    o,
    unit,
)  # fmt: skip

Row = dict[str, Any]

TOP = [o("T", "top"), kr("T1", "T"), kr("T2", "T")]
SOON = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
MEETING = ("meetings", {"meeting_id": "m", "unit_id": "top", "period_id": "Q4", "starts_at": SOON})


@dataclass(frozen=True)
class Figures:
    """What is expected of some rows, by their key: of each the fields that are named."""

    name: str
    rows: list[Placed]
    coverage: dict[str, Row] = field(default_factory=dict)
    handshakes: dict[str, Row] = field(default_factory=dict)
    meetings: dict[str, Row] = field(default_factory=dict)
    rules: Row = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def case(self) -> Case:
        return Case(self.name, "", self.rows, rules=self.rules, without=self.without)


def shares(*given: float | None) -> list[Placed]:
    """Carriers of T1 in leaves, so that each is covered in full."""
    return [
        row
        for place, share in enumerate(given)
        for row in (
            o(f"X{place}", "a1"),
            kr(f"X{place}k", f"X{place}"),
            carries(f"X{place}", "T1", share=share),
        )
    ]


FIGURES = [
    Figures("own KRs, carried and not", [*TOP, kr("T3", "T"), o("A", "a"), carries("A", "T1"), o("P", "top", person_id="w-a"), kr("P1", "P"), kr("P2", "P")],
            {"top": {"krs": 3, "carried": 1, "carried_as_a_whole": 0, "coverage": 0.333333, "objectives": 1,
                     "people_objectives": 1, "people_key_results": 2, "name": None},
             "a1": {"krs": 0, "coverage": None, "effective_coverage": None, "objectives": 0}}),
    Figures("carried as a whole is told apart", [*TOP, o("A", "a"), carries_o("A", "T"), carries("A", "T2")],
            {"top": {"carried": 1, "carried_as_a_whole": 1, "coverage": 0.5}}),
    Figures("a leaf has no coverage, but all of its own", [o("X", "a1"), kr("X1", "X")],
            {"a1": {"krs": 1, "carried": 0, "coverage": None, "effective_coverage": 1.0}}),
    Figures("only active units have rows", [unit("b1", "b", active=False), o("B", "b"), kr("B1", "B")],
            {"b": {"coverage": None, "effective_coverage": 1.0}, "b1": {}}),
    *[
        Figures(f"shares {given} make {effective}", [o("T", "top"), kr("T1", "T"), *shares(*given)],
                {"top": {"effective_coverage": effective}})
        for given, effective in [
            ((), 0.0), ((None,), 1.0), ((0.4,), 0.4), ((0.4, 0.3), 0.7), ((0.4, None), 1.0), ((0.8, 0.7), 1.0),
            ((1.0, 0.5, None), 1.0), ((0.0,), 0.0),
        ]
    ],
    Figures("what is carried below counts by what is covered there",
            [o("T", "top"), kr("T1", "T"), o("A", "a"), kr("A1", "A"), kr("A2", "A"), carries("A", "T1"),
             o("X", "a1"), kr("X1", "X"), carries("X", "A1", share=0.5)],
            {"a": {"effective_coverage": 0.25}, "top": {"effective_coverage": 0.25}}),
    Figures("stated shares above one leave nothing to the others",
            [o("T", "top"), kr("T1", "T"), o("A", "a"), kr("A1", "A"), carries("A", "T1", share=1.0),
             o("X", "a1"), kr("X1", "X"), carries("X", "T1")],
            {"top": {"effective_coverage": 0.0}}),
    Figures("an O without a KR covers nothing, a masked one all",
            [*TOP, o("A", "a"), carries("A", "T1"), o("B", "b", state="masked"), kr("B1", "B"), carries("B", "T2")],
            {"top": {"effective_coverage": 0.5}}),
    Figures("an alignment in a circle is left out, its share with it",
            [o("T", "top"), kr("T1", "T"), o("A", "a1"), kr("A1", "A"), carries("A", "T1", share=0.6), carries("T", "A1"),
             o("B", "b1"), kr("B1", "B"), carries("B", "T1")],
            {"top": {"effective_coverage": 1.0, "carried": 1}}),
    Figures("the kinds of carrying",
            [*TOP, kr("T3", "T"), kr("T4", "T"), o("A1", "a"), carries("A1", "T1"), carries("A1", "T2"), o("A2", "a"), carries("A2", "T3"),
             o("A3", "a"), carries("A3", "T4", share=0.5), o("B1", "b"), carries("B1", "T1"), o("B2", "b"), carries_o("B2", "T"),
             o("B3", "b"), carries("B3", "T3", share=0.0), o("P", "b", person_id="w-b"), carries("P", "T3")],
            {"a": {"polynomial": 1, "equal": 0, "decomposed": 2}, "b": {"polynomial": 0, "equal": 0, "decomposed": 2},
             "top": {"polynomial": 0, "equal": 0, "decomposed": 0}}),
    Figures("equal is alone and in full",
            [*TOP, kr("T3", "T"), o("A1", "a"), carries("A1", "T1"), o("A2", "a"), carries("A2", "T2", share=1.0), o("A3", "a"), carries("A3", "T3", share=0.9)],
            {"a": {"polynomial": 0, "equal": 2, "decomposed": 1}}),
    Figures("sideways is no kind, nor a carrier beside",
            [*TOP, o("A", "a"), kr("A1", "A"), carries("A", "T1"), o("B", "b"), carries("B", "A1"), carries("T", "A1"), carries("T", "T1")],
            {"a": {"equal": 1}, "b": {"polynomial": 0, "equal": 0, "decomposed": 0}}),
    Figures("traced to a root in any direction",
            [*TOP, o("A", "a"), kr("A1", "A"), carries("A", "T1"), o("B", "b"), carries("B", "A1"), o("C", "b"), carries_o("C", "B"),
             o("D", "b"), o("P", "top", person_id="w-a"), o("E", "b"), carries_o("E", "P"), o("F", "b"), carries("F", "nothing")],
            {"top": {"traced": 1}, "a": {"traced": 1}, "b": {"traced": 2, "objectives": 5}}),
    Figures("standings",
            [o("A", "a"), kr("A1", "A", due_on=date(2026, 12, 5), content_updated_at=at("11-10")), o("B", "b"), kr("B1", "B", due_on=date(2026, 12, 10)),
             asks("h1", "A1", "无此部门"), asks("h2", "A1", "top", response="rejected"), asks("h3", "A1", "b"),
             asks("h4", "A1", "b", response="clarify", responded_at=at("11-09")), asks("h5", "A1", "b", response="rejected", response_reason="没人"),
             asks("h6", "A1", "b", response="rejected", decision="invest"), asks("h7", "A1", "b", response="accepted", needed_by=date(2026, 12, 11)),
             asks("h8", "A1", "b", response="accepted", supporting_kr_id="B1"), asks("h9", "none", "b"), asks("ha", "A1", "a", point=None)],
            handshakes={
                "h1": {"standing": "unknown-party", "party": "无此部门", "party_unit_id": None, "unit_id": "a", "stale": False, "late": False},
                "h2": {"standing": "vertical", "party_unit_id": "top"},
                "h3": {"standing": "unanswered", "needed_by": "2026-12-05", "point": "要人"},
                "h4": {"standing": "clarify", "stale": True},
                "h5": {"standing": "refused", "response_reason": "没人"},
                "h6": {"standing": "decided", "decision": "invest"},
                "h7": {"standing": "unplanned", "needed_by": "2026-12-11"},
                "h8": {"standing": "planned", "late": True, "supporting_kr_id": "B1"},
                "h9": {},
                "ha": {"standing": "vertical", "party_unit_id": "a", "point": None},
            }),
    Figures("a meeting in full",
            [MEETING, unit("c", "top", active=False), *TOP, o("A", "a"), kr("A1", "A"), carries("A", "T1"), o("P", "b", person_id="w-b"), kr("P1", "P", due_on=None),
             o("X", "a1"), kr("X1", "X"), o("W", "b", owner_ids=[]),
             asks("h1", "A1", "b", response="accepted"), asks("h2", "A1", "b1"), asks("h3", "P1", "a", response="clarify"),
             asks("h4", "X1", "b", response="rejected"), asks("h5", "T1", "a"), asks("h6", "P1", "a", response="rejected")],
            # in order: A, A1, P, P1 (no due date), W (no owner, no KR): 3 of 5
            meetings={"m": {"unit_id": "top", "period_id": "Q4", "participants": ["a", "b"], "krs": 4, "requests": 4, "accepted": 1, "clarify": 1,
                            "rejected": 1, "unanswered": 1, "planned": 0, "stale": 0, "handshake_density": 0.5, "advice": "hold",
                            "readiness": 40 * 3 / 4 + 40 * 1 / 2 + 20 * 3 / 5, "starts_at": SOON}}),
    Figures("nothing to count counts as full", [MEETING],
            meetings={"m": {"krs": 0, "requests": 0, "handshake_density": None, "advice": None, "readiness": 100.0}}),
    Figures("no source can hold handshakes", [MEETING, *TOP, o("A", "a"), carries("A", "T1"), o("B", "b")],
            # carried 1 of 2; A and B have no KR: 0 of 2; 60 points to be had
            meetings={"m": {"krs": 2, "requests": 0, "handshake_density": None, "advice": None, "readiness": 40 * 0.5 / 60 * 100}},
            without=("handshakes",)),
    Figures("who has not handed in is one thing with a finding", [MEETING, o("A", "a"), kr("A1", "A")],
            meetings={"m": {"krs": 1, "handshake_density": 0.0, "advice": "skip", "readiness": 80 + 20 * 2 / 3}}),
    Figures("a meeting's view is its period's",
            [("meetings", {"meeting_id": "y", "unit_id": "top", "period_id": "Y", "starts_at": SOON}), *TOP, o("U", "top", period_id="Y"), kr("U1", "U")],
            meetings={"y": {"krs": 1, "period_id": "Y"}}),
    Figures("a meeting comes until a day after it has begun",
            [("meetings", {"meeting_id": "old", "unit_id": "top", "period_id": "Q4", "starts_at": datetime(2026, 11, 19, 7, 59, tzinfo=UTC)}),
             ("meetings", {"meeting_id": "just", "unit_id": "top", "period_id": "Q4", "starts_at": datetime(2026, 11, 19, 8, 1, tzinfo=UTC)})],
            meetings={"old": {}, "just": {"krs": 0}}),
    Figures("the least density is a setting", [MEETING, o("A", "a"), kr("A1", "A"), kr("A2", "A"), asks("h", "A1", "b")],
            meetings={"m": {"handshake_density": 0.5, "advice": "skip"}}, rules={"density": 0.6}),
    Figures("a meeting from the settings, its unit by name", [unit("top", None, name="集团")],
            meetings={"s": {"unit_id": "top", "participants": ["a", "b"], "title": "季度握手"}},
            rules={"meetings": ({"meeting_id": "s", "unit": "集团", "period": "Q4", "starts_at": SOON, "title": "季度握手"},)}),
]  # fmt: skip
