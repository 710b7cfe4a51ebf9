"""What rows without ids were called in earlier runs, and what they are called now.

What earlier runs said stands in `history.said`: a row for each thing as it was said last. Whoever does not speak in a
run (a workbook that is away for a night, a unit that nobody knew) keeps its rows there and is known again later, also
with edits. Which row is which thing is found out in `naming`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from okr.reconcile.naming import Earlier, Holder, Known, Named, Saying, name_rows
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from okr.reconcile.warehouse import Warehouse

MOST_PLACES = 5
"""So many places are named of rows that state one id, however many there are."""

_TABLE = {"objective": "objectives", "kr": "key_results", "handshake": "handshakes"}
_HOME = {"objective": "coalesce(person_id, '')", "kr": "objective_id", "handshake": "kr_id"}
_COLUMNS = (
    "kind", "id", "source_id", "stated", "source", "unit_id", "period_id", "person_id", "home", "scope", "words",
    "text", "otherwise", "position", "fresh",
)  # fmt: skip
_FLAGS = {"stated": pl.Boolean, "position": pl.Int64, "fresh": pl.Boolean}


class Refused(NamedTuple):
    """A row that states an id which another row of its source states too, where the two differ."""

    values: dict[str, object]


class Asking(NamedTuple):
    """A row that asks for its name: what it says, where it stands, and its values, to be told from another's."""

    saying: Saying
    place: str | None
    content: tuple[Any, ...]


class Remembered:
    """The names of one run's rows, and the memory that later runs find them by."""

    def __init__(self, house: Warehouse) -> None:
        self._house = house
        self._holders: set[Holder] = set()
        self._rows: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        # A warehouse of an earlier program has no such memory; its identities still hold all words.
        self._earlier = bool(
            house.value(
                "select count(*) from duckdb_tables() "
                "where database_name = 'prev' and schema_name = 'history' and table_name = 'said'"
            )
        )

    def name(self, kind: str, rows: Sequence[Asking]) -> list[Named | Refused]:
        """Return what rows are called, in their order. Equal rows that state one id are both called by it."""
        if kind == "objective":
            self._holders = {asking.saying.holder for asking in rows}
        by_source: dict[str, list[int]] = {}
        for number, asking in enumerate(rows):
            by_source.setdefault(asking.saying.holder.source, []).append(number)
        before = self._before(kind)
        found: dict[int, Named | Refused] = {}
        for source, numbers in by_source.items():
            named = self._of_source(kind, source, [rows[n] for n in numbers], before.get(source, []))
            found.update(zip(numbers, named, strict=True))
        return [found[number] for number in range(len(rows))]

    def finish(self) -> None:
        """Write what this run said beside what those said last who did not speak."""
        schema: dict[str, Any] = dict.fromkeys(_COLUMNS, pl.String) | _FLAGS
        self._house.add("history.said", pl.DataFrame(self._rows, schema=schema))
        if not self._earlier:
            return
        holders = pl.DataFrame(sorted(self._holders), schema=list(Holder._fields), orient="row")
        with self._house.lent(speaking=holders.cast(pl.String)):
            self._house.run(
                "insert into history.said by name select * replace (false as fresh) from prev.history.said p "
                "anti join speaking s on s.source = p.source and s.unit_id = p.unit_id "
                "and s.period_id = p.period_id and s.person_id = p.person_id "
                "anti join (select kind, source, id from history.said) n "
                "on n.kind = p.kind and n.source = p.source and n.id = p.id"
            )

    # -- one source -----------------------------------------------------------------------------------

    def _of_source(
        self, kind: str, source: str, rows: Sequence[Asking], before: Sequence[Earlier]
    ) -> list[Named | Refused]:
        stated, same, refused = self._stated(kind, source, rows, before)
        asking = [number for number in range(len(rows)) if number not in same and number not in refused]
        sayings = []
        for number in asking:
            saying = rows[number].saying
            copied = saying.stated is not None and stated.get(number, saying.stated) is None
            sayings.append(saying._replace(stated=None) if copied else saying)
        known = {at: thing for at, number in enumerate(asking) if (thing := stated.get(number)) is not None}
        named = name_rows(kind, sayings, before, lambda: self._known(kind, source), known)
        self._keep(kind, sayings, named)
        found: dict[int, Named | Refused] = dict(zip(asking, named, strict=True))
        found |= {number: found[first] for number, first in same.items()}
        found |= refused
        return [found[number] for number in range(len(rows))]

    def _keep(self, kind: str, sayings: Sequence[Saying], named: Sequence[Named]) -> None:
        rows = self._rows
        rows["kind"] += [kind] * len(named)
        rows["fresh"] += [True] * len(named)
        rows["position"] += range(len(named))
        rows["id"] += [name.id for name in named]
        rows["source_id"] += [name.source_id for name in named]
        rows["stated"] += [bool(saying.stated) for saying in sayings]
        for at, name in enumerate(Holder._fields):
            rows[name] += [saying.holder[at] for saying in sayings]
        for name in ("home", "scope", "words", "text", "otherwise"):
            rows[name] += [getattr(saying, name) for saying in sayings]

    # -- ids that stand in a column -------------------------------------------------------------------

    def _stated(
        self, kind: str, source: str, rows: Sequence[Asking], before: Sequence[Earlier]
    ) -> tuple[dict[int, str | None], dict[int, int], dict[int, Refused]]:
        """Return the ids that rows state: of known things, by number of the row; those that are equal; the refused.

        Of rows that state one id and differ, the one that says what the thing said is the thing, and the others are
        copies that somebody wrote over: None, as if they stated nothing. Where none does, or several, all of them
        are refused.
        """
        by_id: dict[str, list[int]] = {}
        stating = [number for number, asking in enumerate(rows) if asking.saying.stated]
        if not stating:
            return {}, {}, {}
        meant = self._meant(kind, source, {str(rows[number].saying.stated) for number in stating})
        for number in stating:
            said = str(rows[number].saying.stated)
            by_id.setdefault(meant.get(said, said), []).append(number)
        earlier = {one.id: one.saying for one in before}
        things: dict[int, str | None] = {}
        same: dict[int, int] = {}
        refused: dict[int, Refused] = {}
        for thing, numbers in by_id.items():
            known = str(rows[numbers[0]].saying.stated) in meant
            different: dict[tuple[Any, ...], int] = {}
            for number in numbers:
                first = different.setdefault(rows[number].content, number)
                if first != number:
                    same[number] = first
            kept = list(different.values())
            if len(kept) > 1:
                was = earlier.get(thing)
                kept = [number for number in kept if was and _says(rows[number].saying, was)]
                if len(kept) != 1:
                    refused |= dict.fromkeys(numbers, _refused(rows[number].place for number in numbers))
                    continue
                things |= dict.fromkeys(different.values())
            if known:
                things[kept[0]] = thing
        return things, {n: first for n, first in same.items() if n not in refused}, refused

    def _meant(self, kind: str, source: str, said: set[str]) -> dict[str, str]:
        """Return which of these ids are known, and of which things: as this source's own, else as anybody's."""
        table = TABLES[_TABLE[kind]]
        asked = pl.DataFrame({"said": sorted(said)}, schema={"said": pl.String})
        with self._house.lent(asked=asked):
            return dict(
                self._house.rows(
                    "select a.said, coalesce(o.id, a.said) from asked a left join ("
                    "  select source_id, id from prev.okr.identities where kind = $kind and source = $source"
                    ") o on o.source_id = a.said where o.id is not null "
                    "or exists (select 1 from prev.okr.identities i where i.kind = $kind and i.id = a.said) "
                    f"or exists (select 1 from store.{table.name} s where s.{table.key[0]} = a.said "
                    "  and s.source <> $source and s.row is null)",
                    kind=kind,
                    source=source,
                )
            )

    # -- earlier runs ---------------------------------------------------------------------------------

    def _before(self, kind: str) -> dict[str, list[Earlier]]:
        """Return by source the things of the last run, and of those who speak again all that they said last."""
        found: dict[str, list[Earlier]] = {}
        if not self._earlier:
            return found
        rows = self._house.frame(
            "select * from prev.history.said where kind = $kind order by source, fresh desc, position, id", kind=kind
        )
        holders: dict[tuple[str, ...], Holder] = {}
        names = [name for name in _COLUMNS if name not in ("kind", "position")]
        for thing, source_id, stated, *whose, home, scope, words, text, otherwise, fresh in rows.select(
            names
        ).iter_rows():
            holder = holders.get(tuple(whose)) or holders.setdefault(tuple(whose), Holder(*whose))
            if fresh or holder in self._holders:
                saying = Saying(holder, home, scope, words, text, otherwise)
                found.setdefault(holder.source, []).append(Earlier(thing, source_id, stated, saying))
        return found

    def _known(self, kind: str, source: str) -> Known:
        ids = self._house.rows(
            "select source_id, id from prev.okr.identities where kind = $kind and source = $source",
            kind=kind,
            source=source,
        )
        return Known({(source, source_id): thing for source_id, thing in ids}, lambda ids: self._homes(kind, ids))

    def _homes(self, kind: str, ids: Sequence[str]) -> Mapping[str, str]:
        table = TABLES[_TABLE[kind]]
        (key,) = table.key
        return dict(
            self._house.rows(
                f"select {key}, arg_max({_HOME[kind]}, from_run) from prev.history.{table.name} "
                f"where list_contains($ids, {key}) group by all",
                ids=list(ids),
            )
        )


def _says(saying: Saying, was: Saying) -> bool:
    return saying.words == was.words and saying.holder[:3] == was.holder[:3]


def _refused(places: Iterable[str | None]) -> Refused:
    told = [place or "" for place in places]
    return Refused({"places": told[:MOST_PLACES], "count": len(told)})
