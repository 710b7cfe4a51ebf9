"""One view: what counts in a period and its ancestors, and who carries what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.rules.oracle.graphs import circles, reachable
from tests.rules.oracle.words import same_words

if TYPE_CHECKING:
    from datetime import datetime

    from tests.rules.oracle.world import Row, World

Holder = tuple[str, str | None]  # a unit, or a person in a unit


@dataclass(frozen=True)
class Carry:
    """An O that carries a KR or an O, as stated or by inference."""

    objective: str
    kind: str
    target: str
    share: float | None
    inferred: bool
    updated_at: datetime | None

    @property
    def name(self) -> str:
        return f"{self.objective}->{self.kind}:{self.target}"


class View:
    """What rules and figures see: the things that count, and the terms of the contract."""

    def __init__(self, world: World, period: str) -> None:
        self.world = world
        self.period = period
        self.periods = world.reach(period)
        self.objectives = {key: row for key, row in world.objectives.items() if self._counts(row)}
        self.key_results = {
            key: row for key, row in world.key_results.items() if row["objective_id"] in self.objectives
        }
        self.handshakes = {key: row for key, row in world.handshakes.items() if row["kr_id"] in self.key_results}
        self.dependencies = [row for row in world.tables["dependencies"] if row["kr_id"] in self.key_results]
        self.krs_of: dict[str, list[str]] = {key: [] for key in self.objectives}
        for key, row in self.key_results.items():
            self.krs_of[row["objective_id"]].append(key)
        self._read_alignments()
        self.asked = {key: world.party(row["party"]) for key, row in self.handshakes.items()}
        self.o_circle = circles((carry.objective, self.objective_of(carry)) for carry in self.carries)
        self.kr_circle = circles(self._waits())

    def _counts(self, row: Row) -> bool:
        return (
            row["period_id"] in self.periods
            and row["state"] in ("published", "masked")
            and self.world.active_unit(row["unit_id"])
        )

    # Holders

    def holder(self, objective: str) -> Holder:
        row = self.objectives[objective]
        return row["unit_id"], row["person_id"]

    def kr_holder(self, kr: str) -> Holder:
        return self.holder(self.key_results[kr]["objective_id"])

    def above(self, holder: Holder) -> list[Holder]:
        """The strict ancestors of a holder, the nearest first."""
        unit, person = holder
        units = self.world.above(unit)
        return [(each, None) for each in ([unit, *units] if person is not None else units)]

    def is_below(self, lower: Holder, upper: Holder) -> bool:
        return upper in self.above(lower)

    def has_carriers_to_be(self, holder: Holder) -> bool:
        unit, person = holder
        if person is not None:
            return False
        world = self.world
        if any(world.active_unit(other) and world.is_above(unit, other) for other in world.units):
            return True
        return any(row["unit_id"] == unit and row["person_id"] is not None for row in self.objectives.values())

    # Who carries what

    def _read_alignments(self) -> None:
        self.alignments = [row for row in self.world.tables["alignments"] if row["objective_id"] in self.objectives]
        self.dangling = [row for row in self.alignments if not self._carried(row)]
        self.carries = [
            Carry(
                row["objective_id"],
                row["parent_kind"],
                row["parent_id"],
                row["share"],
                inferred=False,
                updated_at=row["updated_at"],
            )
            for row in self.alignments
            if self._carried(row)
        ]
        if self.world.rules.infer:
            for objective in self.objectives:
                self.carries += self._inferred(objective)

    def _target(self, kind: str, target: str) -> str | None:
        """The O that the target is or belongs to, if it counts."""
        if kind == "objective":
            return target if target in self.objectives else None
        row = self.key_results.get(target)
        return None if row is None else row["objective_id"]

    def _in_reach(self, objective: str, target_objective: str) -> bool:
        reach = self.world.reach(self.objectives[objective]["period_id"])
        return self.objectives[target_objective]["period_id"] in reach

    def _carried(self, row: Row) -> bool:
        target = self._target(row["parent_kind"], row["parent_id"])
        return target is not None and self._in_reach(row["objective_id"], target)

    def _inferred(self, objective: str) -> list[Carry]:
        titles = [self.objectives[objective]["title"]]
        titles += [self.key_results[kr]["title"] for kr in self.krs_of[objective]]
        stated = {row["parent_id"] for row in self.world.tables["alignments"] if row["objective_id"] == objective}
        found = []
        for words in sorted({same_words(title) for title in titles} - {None}):
            kr = self._nearest(objective, words)
            if kr is not None and kr not in stated:
                found.append(Carry(objective, "kr", kr, None, inferred=True, updated_at=None))
        return found

    def _nearest(self, objective: str, words: str) -> str | None:
        for holder in self.above(self.holder(objective)):
            same = [
                kr
                for kr, row in self.key_results.items()
                if self.kr_holder(kr) == holder
                and same_words(row["title"]) == words
                and self._in_reach(objective, row["objective_id"])
            ]
            if same:
                return min(same)
        return None

    def objective_of(self, carry: Carry) -> str:
        """The O that is carried, or whose KR is."""
        if carry.kind == "objective":
            return carry.target
        return self.key_results[carry.target]["objective_id"]

    def is_from_below(self, carry: Carry) -> bool:
        return self.is_below(self.holder(carry.objective), self.holder(self.objective_of(carry)))

    def carriers(self, kr: str) -> list[Carry]:
        """The alignments to this very KR from below its holder; one for each carrier."""
        return [
            carry for carry in self.carries if carry.kind == "kr" and carry.target == kr and self.is_from_below(carry)
        ]

    def carried_as_a_whole(self, objective: str) -> bool:
        return any(
            carry.kind == "objective" and carry.target == objective and self.is_from_below(carry)
            for carry in self.carries
        )

    def traced(self, objective: str) -> bool:
        edges: dict[str, list[str]] = {}
        for carry in self.carries:
            edges.setdefault(carry.objective, []).append(self.objective_of(carry))
        reached = {objective} | reachable(edges, objective)
        return any(not self.above(self.holder(each)) for each in reached)

    # Handshakes

    def kr_unit(self, kr: str) -> str:
        return self.kr_holder(kr)[0]

    def is_sideways(self, handshake: str) -> bool:
        asked = self.asked[handshake]
        asking = self.kr_unit(self.handshakes[handshake]["kr_id"])
        return asked is not None and self.world.sideways(asking, asked)

    def parties(self, kr: str) -> set[str | None]:
        return {self.asked[key] for key, row in self.handshakes.items() if row["kr_id"] == kr}

    def needed_by(self, handshake: str):
        row = self.handshakes[handshake]
        return row["needed_by"] or self.key_results[row["kr_id"]]["due_on"]

    def _waits(self) -> list[tuple[str, str]]:
        pairs = [(row["kr_id"], row["needs_kr_id"]) for row in self.dependencies]
        pairs += [(row["kr_id"], row["supporting_kr_id"]) for row in self.handshakes.values()]
        return [pair for pair in pairs if pair[1] in self.key_results]

    # Owners

    def masked(self, objective: str) -> bool:
        return self.objectives[objective]["state"] == "masked"

    def owners(self, objective: str) -> list[str]:
        """The distinct owners of an O, in order."""
        row = self.objectives[objective]
        stated = list(dict.fromkeys(row["owner_ids"]))
        if not stated and row["person_id"] is not None:
            return [row["person_id"]]
        return stated

    def kr_owners(self, kr: str) -> list[str]:
        """The distinct owners of a KR, inherited ones among them."""
        row = self.key_results[kr]
        objective = row["objective_id"]
        stated = list(dict.fromkeys(row["owner_ids"]))
        if stated:
            return stated
        if self.objectives[objective]["person_id"] is not None:
            return [self.objectives[objective]["person_id"]]
        return [] if can_hold_owners(self.world, row) else self.owners(objective)


def can_hold_owners(world: World, row: Row) -> bool:
    """Whether a source of the KR has a column for owners, whatever became of this row's value."""
    tables = [world.enterprise.sources[source]["key_results"] for source in row["sources"]]
    return any("owner_ids" in table.columns for table in tables)
