"""The identities of one run: kind after kind, units, people and periods first, since items are told apart by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from okr.reconcile.identity import claims, memory, proposals, tokens
from okr.reconcile.identity.clusters import Clusters, Doubt, Pair, Thing
from okr.reconcile.identity.kinds import KEY, TABLE
from okr.reconcile.identity.references import meaning, replaced
from okr.reconcile.identity.renumbered import by_place, renumbered
from okr.reconcile.identity.stated import Stated, numbered_alike, told_apart
from okr.reconcile.identity.verdicts import Decided, Mapped, Overlay, overlay, verdicts
from okr.reconcile.lookup import Directory, Unresolved
from okr.reconcile.precedence import LEDGER
from okr.reconcile.warehouse import literal
from schemas import TABLES
from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from okr.reconcile.identity.tokens import Things
    from okr.reconcile.warehouse import Warehouse
    from okr.report import Report

_FIRST = ("period", "unit", "person")
"""Kinds that are settled before anything is merged."""


class Identities:
    """Which ids mean the same thing, and the rows of each table under canonical ids."""

    def __init__(
        self,
        house: Warehouse,
        report: Report,
        at: datetime,
        sources: Sequence[str],
        decisions: Sequence[Decided] = (),
        mapping: Sequence[Mapped] = (),
    ) -> None:
        """Bring over what earlier runs knew.

        Args:
            house: with what the sources said.
            report: told of sources that changed their ids, and of decisions that cannot hold.
            at: the time of the run.
            sources: all of them, the first in precedence first.
            decisions: those of people that stand, of whatever kind.
            mapping: the settings' table.
        """
        self._house, self._report, self._at = house, report, at
        self._sources = list(sources)
        self._rank = {source: number for number, source in enumerate(self._sources)}
        self._verdicts = verdicts(decisions, mapping, self._sources)
        self._renamed: set[str] = set()
        self._directory: Directory | None = None
        self._clashing: set[str] = set()
        self._counts = {"joined": 0, "doubts": 0, "proposals": 0}
        memory.carry_on(house)
        ranks = pl.DataFrame(list(self._rank.items()), schema={"source": pl.String, "rank": pl.Int64}, orient="row")
        house.make("source_place", ranks)

    def begin(self) -> None:
        """Settle periods, units and people; they come with ids from every source that has them."""
        for kind in _FIRST:
            self._settle(kind, f"store.{TABLE[kind]}")

    def relation(self, table: str, rows: str) -> str:
        """Return the relation of a table's rows under canonical ids.

        Args:
            table: a canonical table, in the order of `TABLES`.
            rows: what the sources say: `store.<table>`, or with words resolved.
        """
        kind = TABLES[table].kind
        if kind in KEY and kind not in _FIRST:
            self._settle(kind, rows)
        return replaced(self._house, table, rows, self._renamed)

    def now(self, kind: str, said: str) -> str:
        """Return the canonical id where a text of the settings is another id of a thing, else the text."""
        if kind not in self._renamed:
            return said
        found = self._house.value(
            "select any_value(id) from renamed where kind = $kind and said = $said having count(distinct id) = 1",
            kind=kind,
            said=said,
        )
        return found or said

    def finish(self) -> None:
        """Say what was found."""
        if any(self._counts.values()):
            self._report.note("identities_found", **self._counts)

    # -- one kind -------------------------------------------------------------------------------------

    def _settle(self, kind: str, relation: str) -> None:
        # Answers are about things that others state; by themselves they state none.
        rows = f"(select * from {relation} where source <> {literal(LEDGER)})"
        joined = memory.joined(self._house, kind)
        decided = self._verdicts.get(kind, [])
        made = Overlay()
        if decided:
            made = overlay(decided, joined, lambda ids: self._order_of(kind, rows, ids), self._report)
        if joined or decided:
            self._lay_over(kind, made)
        stated = Stated(self._house, kind, rows, self._renamed)
        self._clashing = {own for source, own, _, _ in made.renamed if source}
        if len(stated.sources) > 1:
            self._claims(kind, rows, made)
        changed = renumbered(self._house, kind, stated.counted)
        if not stated.choose(changed):
            return
        apart = {said for source, _, said, _ in made.renamed if source}
        clusters = Clusters(
            self._things(stated, apart), lambda a, b: _allowed(clusters.things, made, set(changed), a, b)
        )
        things = stated.things()
        self._steps(kind, rows, things, clusters)
        for source, before in changed.items():
            by_place(kind, source, things, clusters)
            found = sum(source in clusters.things[one.to].former for one in clusters.joined)
            self._report.note("source_renumbered", source=source, table=TABLE[kind], found=found, before=before)
        if clusters.joined:
            memory.keep(
                self._house, kind, [(one.id, clusters.find(one.id), one.how) for one in clusters.joined], self._at
            )
            self._lay_over(kind, made)
            self._counts["joined"] += len(clusters.joined)
        self._doubts(kind, rows, list(clusters.doubts.values()))
        self._propose(kind, rows, things, clusters)

    def _lay_over(self, kind: str, made: Overlay) -> None:
        if memory.lay_over(self._house, kind, made.renamed, self._sources, self._at):
            self._renamed.add(kind)

    def _order_of(self, kind: str, rows: str, ids: list[str]) -> dict[str, tuple[Any, ...]]:
        """Return by which the first of these is found: since when it is known, by whom it is stated."""
        first = memory.first_seen(self._house, kind, ids)
        with self._house.lent(asked=pl.DataFrame({"id": ids}, schema={"id": pl.String})):
            stating = dict(
                self._house.rows(
                    f"select {KEY[kind]}, min(r.rank) from {rows} s join source_place r on r.source = s.source "
                    f"where {KEY[kind]} in (select id from asked) group by all"
                )
            )
        # An id that was given to one of two things of one id is known by that other one.
        apart = {said for said in ids if said.partition(":")[0] in self._rank}
        last = len(self._sources)
        return {
            said: (first.get(said, self._at), stating.get(said, last), said)
            for said in ids
            if said in first or said in stating or said in apart
        }

    def _things(self, stated: Stated, apart: Iterable[str]) -> dict[str, Thing]:
        sources, former = stated.sources_of(), stated.former_of()
        first = memory.first_seen(self._house, stated.kind, [*sources, *former])
        first = dict.fromkeys(apart, self._at) | first  # decided to be a thing of its own, so known
        last = len(self._sources)
        return {
            id_: Thing(
                id_,
                first.get(id_, self._at),
                id_ in first,
                min((self._rank.get(source, last) for source in (*stating, *was)), default=last),
                set(stating),
                set(was),
            )
            for id_, stating, was in (
                *((id_, stating, ()) for id_, stating in sources.items()),
                *((id_, (), was) for id_, was in former.items()),
            )
        }

    # -- steps, the surest first ----------------------------------------------------------------------

    def _steps(self, kind: str, rows: str, things: Things, clusters: Clusters) -> None:
        if kind == "period":
            for named in (True, False):
                clusters.step(self._not_side_by_side(kind, rows, tokens.periods(things, named=named)))
        elif kind == "meeting":
            clusters.step(tokens.meetings(things))
        elif kind == "unit":
            self._units(rows, things, clusters)
        elif kind == "person":
            clusters.step(tokens.people_by_key(things))
            named = tokens.people_by_name(things, _homes(things))
            clusters.step(self._not_apart(kind, rows, named, clusters))
        else:
            same = tokens.by_words(kind, things, self._party)
            clusters.step(self._not_apart(kind, rows, same, clusters))

    def _units(self, rows: str, things: Things, clusters: Clusters) -> None:
        clusters.step(tokens.units_by_id(things))
        flat: set[str | None] = {
            source
            for (source,) in self._house.rows(
                f"select source from {rows} group by source having count(parent_id) = 0 and count(*) > 1"
            )
        }
        for anywhere in (False, True):
            if anywhere and not flat:
                return
            while True:  # what is under one parent is known once the parents are
                named = tokens.units_by_name(things, clusters.find, flat, anywhere=anywhere)
                if not clusters.step(self._not_apart("unit", rows, named, clusters)):
                    break

    def _not_apart(self, kind: str, rows: str, pairs: Iterable[Pair], clusters: Clusters) -> Iterator[Pair]:
        """Leave out pairs of sources that use each other's ids: there another id is another thing."""
        alike: set[frozenset[str]] | None = None
        for pair in pairs:
            if alike is None:
                alike = numbered_alike(self._house, kind, rows, self._clashing)
            if not _numbered(alike, clusters.things[clusters.find(pair.a)], clusters.things[clusters.find(pair.b)]):
                yield pair

    def _not_side_by_side(self, kind: str, rows: str, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Leave out pairs of ids that one source uses side by side, though it states only one of the two, or none."""
        few = list(pairs)
        apart = told_apart(self._house, kind, rows) if few else set()
        return (pair for pair in few if frozenset((pair.a, pair.b)) not in apart)

    def _party(self, said: str) -> str:
        """Return which unit a handshake asks, else the text as names are compared."""
        if self._directory is None:
            self._directory = Directory.of(self._house)
        try:
            return self._directory.unit([said])
        except Unresolved:
            return fold_text(said)

    # -- what is left open ----------------------------------------------------------------------------

    def _claims(self, kind: str, rows: str, made: Overlay) -> None:
        found = [
            Doubt(one, (one,), "id", "claimed")
            for one in claims.claimed(self._house, kind, rows, self._renamed)
            if one not in made.confirmed
        ]
        self._doubts(kind, rows, [doubt for doubt in found if doubt.id not in self._clashing])
        self._clashing |= {doubt.id for doubt in found}

    def _doubts(self, kind: str, rows: str, doubts: list[Doubt]) -> None:
        """Keep each doubt with the row that it is about: that of the source last in precedence."""
        if not doubts:
            return
        key = KEY[kind]
        frame = pl.DataFrame(
            [(doubt.id, list(doubt.candidates), doubt.how, doubt.case) for doubt in doubts],
            schema={"id": pl.String, "candidates": pl.List(pl.String), "how": pl.String, "case": pl.String},
            orient="row",
        )
        unit, join = _UNIT.get(kind, ("null", ""))
        told, renamed = meaning(kind, key, "r0", self._renamed)
        home, at_home = meaning("unit", "unit_id", "r1", self._renamed) if unit == "s.unit_id" else (unit, "")
        with self._house.lent(doubt=frame):
            self._house.run(
                f"insert into judged.identity_doubts select distinct on (d.id) '{kind}', s.source, "
                f"""case when s."row" is null then s.{key} else s.stated_id end, d.id, {home}, s.place, """
                f'd.candidates, d.how, d."case" from {rows} s{renamed}{at_home} join doubt d on d.id = {told} '
                f"join source_place k on k.source = s.source {join} "
                f"order by d.id, k.rank desc, s.place"
            )
        self._counts["doubts"] += len(doubts)

    def _propose(self, kind: str, rows: str, things: Things, clusters: Clusters) -> None:
        """Keep what is only alike: of what is new in this run, and what was proposed before and is still open."""
        fresh = {one.id for one in clusters.things.values() if not one.known and clusters.find(one.id) == one.id}
        fresh -= clusters.doubts.keys()
        before = {(a, b): (how, score, since) for a, b, how, score, since in memory.proposals_before(self._house, kind)}
        found = [proposals.Proposal(a, b, how, score) for (a, b), (how, score, _) in before.items()]
        if fresh:
            found += proposals.proposals(kind, things, fresh, self._party)
        kept: dict[tuple[str, str], tuple[str, str, str, float, datetime]] = {}
        alike: set[frozenset[str]] | None = None
        for one in found:
            if one.a not in clusters.things or one.b not in clusters.things:
                continue
            a, b = clusters.find(one.a), clusters.find(one.b)
            mine, theirs = clusters.things[a], clusters.things[b]
            if a == b or not (mine.sources and theirs.sources) or clusters.together(a, b):
                continue
            if not clusters.allowed(a, b) or a in clusters.doubts or b in clusters.doubts:
                continue
            if alike is None:
                alike = numbered_alike(self._house, kind, rows, self._clashing)
            if _numbered(alike, mine, theirs):
                continue
            first, second = sorted((mine, theirs), key=lambda thing: thing.order)
            since = before.get((second.id, first.id), (None, None, self._at))[2]
            kept.setdefault((second.id, first.id), (second.id, first.id, one.how, one.score, since))
        if kept:
            self._house.add(
                "judged.identity_proposals",
                pl.DataFrame(
                    list(kept.values()), schema=["id", "candidate", "how", "score", "since"], orient="row"
                ).with_columns(pl.lit(kind).alias("kind")),
            )
            self._counts["proposals"] += len(kept)


_UNIT = {
    "unit": ("d.id", ""),
    "person": ("s.unit_id", ""),
    "objective": ("s.unit_id", ""),
    "meeting": ("s.unit_id", ""),
    "kr": ("o.unit_id", "left join merged.objectives o on o.objective_id = s.objective_id"),
    "handshake": (
        "o.unit_id",
        """left join merged.key_results q on q.kr_id = s.kr_id
        left join merged.objectives o on o.objective_id = q.objective_id""",
    ),
}
"""By kind how the unit of a row is found."""


def _homes(things: Things) -> dict[str, set[str]]:
    return {one.id: set(one.values("unit_id")) for one in things.values()}


def _numbered(alike: set[frozenset[str]], a: Thing, b: Thing) -> bool:
    return any(
        frozenset((one, other)) in alike
        for one in a.sources | a.former
        for other in b.sources | b.former
        if one != other
    )


def _allowed(things: dict[str, Thing], made: Overlay, changed: set[str], a: str, b: str) -> bool:
    """Whether two things may be joined at all: nobody said otherwise, and what is gone is not called back lightly."""
    if frozenset((a, b)) in made.different:
        return False
    one, other = things[a], things[b]
    if one.sources and other.sources:
        return True
    gone, new = (one, other) if other.sources else (other, one)
    # A source that dropped a thing and states another one with its words states another thing.
    return bool(new.sources) and not new.known and not (new.sources & gone.former) - changed
