"""What is only alike: proposals for people to decide, never joined by themselves."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from okr.reconcile.identity import forms, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from okr.reconcile.identity.tokens import Things

ALIKE = 80.0
"""So alike, of 100, are titles that may be one: one wrong character of five (see `matching.NEAR`)."""

MOST_PAIRS = 40_000
"""So many pairs of one home are all compared; where more than so many stand side by side nobody reads proposals."""


class Proposal(NamedTuple):
    """Two things that may be one: by what they are alike, and how much, of 100."""

    a: str
    b: str
    how: str
    score: float


def proposals(kind: str, things: Things, fresh: set[str], party: Callable[[str], str]) -> Iterator[Proposal]:
    """Return what may be the same, one side of it among `fresh`."""
    if kind == "person":
        found = ((pair.a, pair.b) for pair in tokens.people_by_name(things, None))
        yield from (Proposal(a, b, "name_elsewhere", 100.0) for a, b in found if a in fresh or b in fresh)
    elif kind == "unit":
        names = ((one.id, said) for one in things.values() for text in one.names if (said := forms.folded(text)))
        found = tokens.grouped((thing, said) for thing, said in names if len(said) > 1)
        yield from (Proposal(a, b, "name_elsewhere", 100.0) for a, b in found if a in fresh or b in fresh)
    elif kind == "meeting":
        whose = ((one.id, (row["unit_id"], row["period_id"])) for one in things.values() for _, row in one.rows)
        yield from (
            Proposal(a, b, "unit_and_period", 50.0) for a, b in tokens.grouped(whose) if a in fresh or b in fresh
        )
    elif kind in {"objective", "kr", "handshake"}:
        yield from _alike(kind, things, fresh, party)


def _alike(kind: str, things: Things, fresh: set[str], party: Callable[[str], str]) -> Iterator[Proposal]:
    from rapidfuzz import fuzz  # noqa: PLC0415 (only what could not be joined pays for it)

    for said in _side_by_side(kind, things, party):
        new = [one for one in said if one in fresh]
        if not new or len(new) * len(said) > MOST_PAIRS:
            continue
        pairs = ((a, b) for a in new for b in said if a != b and not (b in fresh and b < a))
        for a, b in pairs:
            unsaid = kind == "handshake" and not (said[a] and said[b])
            score = 100.0 if unsaid else fuzz.ratio(said[a], said[b])
            if score >= ALIKE:
                yield Proposal(a, b, "likeness", round(score, 1))


def _side_by_side(kind: str, things: Things, party: Callable[[str], str]) -> Iterable[dict[str, str]]:
    """Return what things say that stand in one place: a unit's Os, an O's KRs, what a KR asks of one party."""
    homes: dict[Hashable, dict[str, str]] = defaultdict(dict)
    for one in things.values():
        for _, row in one.rows:
            if kind == "handshake":
                asked = party(row["party"]) if row["party"] else ""
                homes[tokens.home(kind, row), asked].setdefault(one.id, forms.titled(row["point"] or ""))
            elif row["title"]:
                # A person's O may stand as the unit's in another source.
                where = (row["unit_id"], row["period_id"]) if kind == "objective" else row["objective_id"]
                homes[where].setdefault(one.id, forms.titled(row["title"]))
    return homes.values()
