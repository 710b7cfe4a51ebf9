"""From pairs that may be the same to what is joined and what is in doubt. Plain data, whatever the things are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime


@dataclass
class Thing:
    """A thing as it is known so far.

    Attributes:
        id: its canonical id.
        first: when it was first seen.
        known: it was seen in an earlier run.
        rank: of the source first in precedence that states it now; of the one that stated it last.
        sources: who states it in this run.
        former: who stated it last, where nobody does now.
    """

    id: str
    first: datetime
    known: bool
    rank: int
    sources: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)

    @property
    def order(self) -> tuple[datetime, int, str]:
        """The first of several gives the canonical id: first seen, then first in precedence."""
        return self.first, self.rank, self.id


class Pair(NamedTuple):
    """Two things that may be the same. `contrary`: something else that they say speaks against it."""

    a: str
    b: str
    how: str
    contrary: bool = False


class Joined(NamedTuple):
    """A thing that is another one: from now on its id means that one's."""

    id: str
    to: str
    how: str


class Doubt(NamedTuple):
    """A thing that may be one of several. `case`: `several`, `later` (both were known before), `contrary`."""

    id: str
    candidates: tuple[str, ...]
    how: str
    case: str


class Clusters:
    """Joins things step by step; a step that is surer comes first, and what it leaves in doubt stays so."""

    def __init__(self, things: Mapping[str, Thing], allowed: Callable[[str, str], bool]) -> None:
        """Begin with every thing by itself; `allowed` says whether two may be joined at all."""
        self.things = dict(things)
        self.allowed = allowed
        self._to: dict[str, str] = {}
        self.joined: list[Joined] = []
        self.doubts: dict[str, Doubt] = {}

    def find(self, thing: str) -> str:
        """Return what a thing is by now."""
        while thing in self._to:
            thing = self._to[thing]
        return thing

    def together(self, a: str, b: str) -> bool:
        """Whether one source states both: then it states them apart."""
        one, other = self.things[a], self.things[b]
        return not one.sources.isdisjoint(other.sources)

    def step(self, pairs: Iterable[Pair]) -> int:
        """Join what the pairs leave no doubt about; returns how many were joined."""
        neighbours: dict[str, dict[str, Pair]] = {}
        for pair in pairs:
            a, b = self.find(pair.a), self.find(pair.b)
            if a == b or a in self.doubts or b in self.doubts or self.together(a, b) or not self.allowed(a, b):
                continue
            for one, other in ((a, b), (b, a)):
                was = neighbours.setdefault(one, {}).get(other)
                if was is None or (pair.contrary and not was.contrary):
                    neighbours[one][other] = pair._replace(a=one, b=other)
        count = 0
        seen: set[str] = set()
        for start in sorted(neighbours):
            if start not in seen:
                members = _reach(start, neighbours)
                seen |= members
                count += self._settle(members, neighbours)
        return count

    def join(self, thing: str, to: str, how: str) -> None:
        """Join two things that were found to be one by other means."""
        a, b = sorted((self.things[self.find(thing)], self.things[self.find(to)]), key=lambda one: one.order)
        if a is not b:
            self._join(b, a, how)

    def _settle(self, members: set[str], neighbours: Mapping[str, Mapping[str, Pair]]) -> int:
        things = sorted((self.things[member] for member in members), key=lambda thing: thing.order)
        case = self._unclear(things, neighbours)
        if case is None:
            first = things[0]
            for thing in things[1:]:
                near = neighbours[thing.id]
                self._join(thing, first, (near.get(first.id) or next(iter(near.values()))).how)
            return len(things) - 1
        place = {thing.id: number for number, thing in enumerate(things)}
        for thing in things:
            near = neighbours[thing.id]
            candidates = sorted((other for other in near if place[other] < place[thing.id]), key=place.__getitem__)
            if candidates:
                how = near[candidates[0]].how
                mine = "later" if case == "several" and thing.known and len(candidates) == 1 else case
                self.doubts[thing.id] = Doubt(thing.id, tuple(candidates), how, mine)
        return 0

    def _unclear(self, things: list[Thing], neighbours: Mapping[str, Mapping[str, Pair]]) -> str | None:
        """Return why these things cannot be joined: one source states two of them, or they were known apart."""
        if any(pair.contrary for thing in things for pair in neighbours[thing.id].values()):
            return "contrary"
        sources: set[str] = set()
        for thing in things:
            if not sources.isdisjoint(thing.sources):
                return "several"
            sources |= thing.sources
        if any(not self.allowed(a.id, b.id) for a in things for b in things if a.id < b.id):
            return "several"
        return "later" if sum(thing.known for thing in things) > 1 else None

    def _join(self, thing: Thing, first: Thing, how: str) -> None:
        self._to[thing.id] = first.id
        first.sources |= thing.sources
        self.joined.append(Joined(thing.id, first.id, how))


def _reach(start: str, neighbours: Mapping[str, Mapping[str, Pair]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for other in neighbours[waiting.pop()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
