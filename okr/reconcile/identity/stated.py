"""Which things of a kind the sources state, and what they say of those that may be joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.reconcile.identity.kinds import KEY, LISTS, REFERENCES, TABLE
from okr.reconcile.identity.references import meaning
from okr.reconcile.identity.tokens import FIELDS, Said

if TYPE_CHECKING:
    from collections.abc import Collection

    from okr.reconcile.identity.tokens import Things
    from okr.reconcile.warehouse import Warehouse

_HOME = {
    "objective": "unit_id, period_id",
    "kr": "objective_id",
    "handshake": "kr_id",
    "meeting": "unit_id, period_id",
}
"""Within what items are compared: where one source alone speaks there is nothing to compare."""


A_FEW = 20


class Stated:
    """What the sources state of one kind.

    Attributes:
        sources: those that state any.
        counted: by source how many ids it states, and how many of them it has ever stated.
    """

    def __init__(self, house: Warehouse, kind: str, rows: str, renamed: Collection[str]) -> None:
        self._house, self.kind, self._rows, self._renamed = house, kind, rows, renamed
        self._key = KEY[kind]
        self.sources = [source for (source,) in house.rows(f"select distinct source from {rows} order by 1")]
        self.counted: list[tuple[str, int, int]] = []
        if self.sources and not self._alone_as_before():
            self.counted = house.rows(
                "select s.source, count(*), count(i.own_id) "
                f"from (select distinct source, {self._key} as id from {rows}) s "
                "left join (select distinct source, own_id from history.identities where kind = $kind) i "
                "on i.source = s.source and i.own_id = s.id group by all order by all",
                kind=kind,
            )

    def _alone_as_before(self) -> bool:
        """Whether one source alone has ever spoken of such things, and calls them as it did; a look at a few tells."""
        former = [
            source
            for (source,) in self._house.rows(
                "select distinct source from history.identities where kind = $kind", kind=self.kind
            )
        ]
        if not former:
            return True
        if len({*self.sources, *former}) > 1:
            return False
        return bool(
            self._house.value(
                f"select 1 from history.identities where kind = $kind and own_id in "
                f"(select {self._key} from {self._rows} limit {A_FEW}) limit 1",
                kind=self.kind,
            )
        )

    def choose(self, changed: Collection[str]) -> bool:
        """Make `candidate`: the ids of things that may be joined; whether there are any.

        Things that every source states cannot be joined with anything. Things that nobody states any more can where
        another source, or one that changed its ids, states new ones.
        """
        house = self._house
        new = sum(now - known for _, now, known in self.counted)
        former = new and (
            changed
            or house.value(
                "select 1 from history.identities where kind = $kind and not list_contains($sources, source) limit 1",
                kind=self.kind,
                sources=self.sources,
            )
            or len(self.sources) > 1
        )
        if len(self.sources) < 2 and not former:
            return False
        told, join = meaning(self.kind, self._key, "r", self._renamed)
        house.run(
            f"create or replace temp table stated as select distinct {told} as id, s.source from {self._rows} s{join}"
        )
        some = "count(*) < $count"
        if len(self.sources) == 1:  # nothing to compare but what is new with what is gone
            some = "$count = 1 and id not in (select own_id from history.identities where kind = $kind)"
        house.run(
            f"create or replace temp table candidate as select id, true as here from stated group by id having {some}",
            count=len(self.sources),
            **({"kind": self.kind} if "$kind" in some else {}),
        )
        if former:
            house.run(
                f"insert into candidate select {self._key}, false from prev.history.{TABLE[self.kind]} "
                f"where to_run is null and {self._key} not in (select id from stated)"
            )
        if not house.value("select count(*) from candidate where here"):
            return False
        self._say()
        return bool(house.value("select count(*) from said_thing"))

    def _say(self) -> None:
        """Make `said_thing`: what is said of candidates, references under canonical ids."""
        told, joins = meaning(self.kind, self._key, "r", self._renamed)
        chosen = [f"{told} as id", "s.source"]
        for number, (column, of) in enumerate(FIELDS[self.kind]):
            what, join = meaning(of, column, f"r{number}", self._renamed) if of else (f"s.{column}", "")
            chosen.append(f"{what} as {column}")
            joins += join
        names = ", ".join(column for column, _ in FIELDS[self.kind])
        self._house.run(
            f"create or replace temp table said_thing as "
            f"select {', '.join(chosen)} from {self._rows} s{joins} "
            f"where {told} in (select id from candidate where here) "
            f"union all select {self._key}, null, {names} from prev.history.{TABLE[self.kind]} "
            f"where to_run is null and {self._key} in (select id from candidate where not here)"
        )
        if self.kind in _HOME:
            home = _HOME[self.kind]
            self._house.run(
                f"delete from said_thing where ({home}) in (select ({home}) from said_thing "
                f"group by {home} having count(distinct coalesce(source, '')) < 2)"
            )

    def things(self) -> Things:
        """Return what is said of each candidate."""
        names = [column for column, _ in FIELDS[self.kind]]
        found: Things = {}
        for id_, source, *values in self._house.rows(
            f"select id, source, {', '.join(names)} from said_thing order by id, source"
        ):
            found.setdefault(id_, Said(id_)).rows.append((source, dict(zip(names, values, strict=True))))
        return found

    def sources_of(self) -> dict[str, list[str]]:
        """Return who states each candidate."""
        return dict(
            self._house.rows(
                "select id, list(distinct source) from stated where id in (select id from said_thing) group by id"
            )
        )

    def former_of(self) -> dict[str, list[str]]:
        """Return who has stated each candidate that nobody states now."""
        return dict(
            self._house.rows(
                "select c.id, coalesce(list(distinct i.source) filter (where i.source is not null), []) "
                "from candidate c left join okr.identities i on i.kind = $kind and i.id = c.id "
                "where not c.here and c.id in (select id from said_thing) group by c.id",
                kind=self.kind,
            )
        )


def numbered_alike(house: Warehouse, kind: str, rows: str, clashing: Collection[str] = ()) -> set[frozenset[str]]:
    """Return the pairs of sources of which one uses ids of this kind that the other states.

    RULES, Ids: one id means one thing in every source. Who uses another's ids numbers things as that one does, and
    means another thing by another id. Rows without ids of their own number nothing; ids that are `clashing`, used
    by chance for different things, tell of no common numbering.
    """
    found = house.rows(
        f"with used as ({_used(kind, rows)}) "
        "select distinct a.source, b.source from used a join used b on b.id = a.id and b.source <> a.source "
        "where a.states and not list_contains($clashing::varchar[], a.id)",
        clashing=list(clashing),
    )
    return {frozenset(pair) for pair in found}


def told_apart(house: Warehouse, kind: str, rows: str) -> set[frozenset[str]]:
    """Return the pairs of ids that one source uses side by side: by two ids it means two things."""
    found = house.rows(
        f"with used as (select distinct source, id from ({_used(kind, rows)})) "
        "select distinct a.id, b.id from used a join used b on b.source = a.source and b.id > a.id"
    )
    return {frozenset(pair) for pair in found}


def _used(kind: str, rows: str) -> str:
    """Return the query for the ids of a kind that sources use: `source`, `id`, and whether it `states` that thing."""
    key = KEY[kind]
    used = [f'select source, {key} as id, true as states from {rows} where "row" is null']
    for table, columns in REFERENCES.items():
        for column, of in columns.items():
            if of != kind or (column == key and table == TABLE[kind]):
                continue
            said = f"unnest({column})" if column in LISTS else column
            used.append(f'select source, {said} as id, false as states from store.{table} where "row" is null')
    if kind in {"objective", "kr"}:
        of_kind = "parent_kind = 'objective'" if kind == "objective" else "coalesce(parent_kind, 'kr') = 'kr'"
        used.append(
            f'select source, parent_id as id, false as states from store.alignments where "row" is null and {of_kind}'
        )
    return f"select distinct * from ({' union all '.join(used)}) where id is not null"
