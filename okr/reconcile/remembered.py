"""What rows without ids were called in earlier runs, and what they are called now.

What earlier runs said stands in `history.said`: a row for each thing as it was said last. Whoever does not speak in a
run (a workbook that is away for a night, a unit that nobody knew) keeps its rows there and is known again later, also
with edits. Which row is which thing is found out in `naming`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import polars as pl

from okr.reconcile.naming import Earlier, Holder, Known, Saying, name_rows
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from okr.reconcile.warehouse import Warehouse

MOST_PLACES = 5
"""So many places are named of rows that state one id, however many there are."""

_TABLE = {"objective": "objectives", "kr": "key_results", "handshake": "handshakes"}
_HOME = {"objective": "coalesce(person_id, '')", "kr": "objective_id", "handshake": "kr_id"}
_GROUP = {"handshake": ["source", "home"]}
"""Within what rows are compared; else within a source's rows of a unit and period."""

_HOLDER = list(Holder._fields)
_SAYING = [*_HOLDER, "home", "scope", "words", "text", "otherwise"]
_NAMES = {"id": pl.String, "source_id": pl.String, "how": pl.String}


class Refused(TypedDict):
    """Why a row is refused: another one of its source states the same id and differs."""

    places: list[str]
    count: int


class Remembered:
    """The names of one run's rows, and the memory that later runs find them by."""

    def __init__(self, house: Warehouse) -> None:
        self._house = house
        self._holders: pl.DataFrame = pl.DataFrame(schema=dict.fromkeys(_HOLDER, pl.String))
        self._said: list[pl.DataFrame] = []
        self._earlier_said = "prev.history.said"
        # A warehouse of an earlier program has no such memory; its identities still hold all words.
        self._earlier = bool(
            house.value(
                "select count(*) from duckdb_tables() "
                "where database_name = 'prev' and schema_name = 'history' and table_name = 'said'"
            )
        )

        if self._earlier and house.value("select 1 from renamed where kind in ('unit', 'period', 'person') limit 1"):
            self._earlier_said = "said_before"
            _say_again(house)

    def name(self, kind: str, said: pl.DataFrame, values: pl.DataFrame) -> tuple[pl.DataFrame, dict[int, Refused]]:
        """Return what rows are called: `id` (null: refused), `source_id`, `how`; and by number those refused.

        Args:
            kind: `objective`, then `kr`, then `handshake`.
            said: what they say: the columns of a `Saying`, in the order of their sheets.
            values: the same rows as they are in their table, where equal rows state one id.
        """
        said = said.with_row_index("at")
        if kind == "objective":
            self._holders = said.select(_HOLDER).unique()
        before = self._before(kind)
        known = _unchanged(kind, said, before)
        rest = said.join(known, on="at", how="anti", maintain_order="left")
        group = _GROUP.get(kind, _HOLDER[:3])
        before = before.join(rest.select(group).unique(), on=group, how="semi", maintain_order="left")
        named, refused = [known.with_columns(how=pl.lit("words"))], {}
        by_source = before.partition_by("source", as_dict=True, maintain_order=True)
        for (source,), rows in rest.partition_by("source", as_dict=True, maintain_order=True).items():
            used = known.join(said.select("at", "source").filter(pl.col("source") == source), on="at", how="semi")
            of_source = _Source(self, kind, str(source), used.get_column("id"))
            earlier = by_source.get((source,), before.clear())
            names, wrong = of_source.name(rows, earlier, values)
            named.append(names)
            refused |= wrong
        names = said.select("at").join(pl.concat(named), on="at", how="left", maintain_order="left")
        told = said.with_columns(names.select("id", "source_id")).filter(pl.col("id").is_not_null())
        self._said.append(
            told.unique(["source", "id"], keep="first", maintain_order=True).select(
                "id",
                "source_id",
                *_SAYING,
                kind=pl.lit(kind),
                stated=pl.col("stated").is_not_null(),
                position=pl.col("at").cast(pl.Int64),
                fresh=pl.lit(value=True),
            )
        )
        return names.select("id", "source_id", "how"), refused

    def finish(self) -> None:
        """Write what this run said beside what those said last who did not speak."""
        for said in self._said:
            self._house.add("history.said", said)
        if not self._earlier:
            return
        with self._house.lent(speaking=self._holders):
            self._house.run(
                f"insert into history.said by name select * replace (false as fresh) from {self._earlier_said} p "
                "anti join speaking s on s.source = p.source and s.unit_id = p.unit_id "
                "and s.period_id = p.period_id and s.person_id = p.person_id "
                "anti join (select kind, source, id from history.said) n "
                "on n.kind = p.kind and n.source = p.source and n.id = p.id"
            )

    # -- earlier runs ---------------------------------------------------------------------------------

    def _before(self, kind: str) -> pl.DataFrame:
        """Return the things of the last run, and of those who speak again all that they said last."""
        if not self._earlier:
            schema = dict.fromkeys(["id", "source_id", *_SAYING], pl.String) | {"stated": pl.Boolean}
            return pl.DataFrame(schema=schema)
        with self._house.lent(speaking=self._holders):
            return self._house.frame(
                "select p.* exclude (kind, fresh, position) replace (coalesce(p.text, '') as text) "
                f"from {self._earlier_said} p left join speaking s "
                "on s.source = p.source and s.unit_id = p.unit_id and s.period_id = p.period_id "
                "and s.person_id = p.person_id where kind = $kind and (fresh or s.source is not null) "
                "order by p.source, fresh desc, position, id",
                kind=kind,
            )

    def known(self, kind: str, source: str) -> Known:
        """Return what a source's ids stand for."""
        ids = self._house.rows(
            "select source_id, own_id from history.identities where kind = $kind and source = $source",
            kind=kind,
            source=source,
        )
        return Known(dict(ids), lambda ids: self._homes(kind, ids))

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

    def meant(self, kind: str, source: str, said: set[str]) -> dict[str, str]:
        """Return which of these ids are known, and of which things: as this source's own, else as anybody's."""
        table = TABLES[_TABLE[kind]]
        asked = pl.DataFrame({"said": sorted(said)}, schema={"said": pl.String})
        with self._house.lent(asked=asked):
            return dict(
                self._house.rows(
                    "select a.said, coalesce(o.id, a.said) from asked a left join ("
                    "  select source_id, own_id as id from history.identities where kind = $kind and source = $source"
                    ") o on o.source_id = a.said where o.id is not null "
                    "or exists (select 1 from prev.okr.identities i where i.kind = $kind and i.id = a.said) "
                    f"or exists (select 1 from store.{table.name} s where s.{table.key[0]} = a.said "
                    "  and s.source <> $source and s.row is null)",
                    kind=kind,
                    source=source,
                )
            )


class _Source:
    """One source's rows of a kind on their way to their names."""

    def __init__(self, memory: Remembered, kind: str, source: str, used: pl.Series) -> None:
        self._memory, self._kind, self._source, self._used = memory, kind, source, used

    def name(
        self, rows: pl.DataFrame, earlier: pl.DataFrame, values: pl.DataFrame
    ) -> tuple[pl.DataFrame, dict[int, Refused]]:
        """Return `at`, `id`, `source_id` and `how` of the rows that have a name, and by `at` those refused."""
        numbers = rows.get_column("at").to_list()
        sayings = [_saying(*told) for told in rows.select([*_SAYING, "stated"]).iter_rows()]
        before = [
            Earlier(thing, source_id, stated, _saying(*told))
            for thing, source_id, stated, *told in earlier.select(["id", "source_id", "stated", *_SAYING]).iter_rows()
        ]
        things, same, refused = self._stated(sayings, numbers, before, values)
        asking = [n for n in range(len(sayings)) if n not in same and n not in refused]
        copies = {n for n, thing in things.items() if thing is None}
        named = name_rows(
            self._kind,
            [sayings[n]._replace(stated=None) if n in copies else sayings[n] for n in asking],
            before,
            lambda: self._memory.known(self._kind, self._source),
            {at: thing for at, n in enumerate(asking) if (thing := things.get(n)) is not None},
            self._used,
        )
        found = dict(zip(asking, named, strict=True))
        found |= {n: found[first] for n, first in same.items()}
        schema: dict[str, Any] = {"at": rows.schema["at"], **_NAMES}
        frame = pl.DataFrame([(numbers[n], *name) for n, name in found.items()], schema=schema, orient="row")
        return frame, {numbers[n]: why for n, why in refused.items()}

    def _stated(
        self,
        sayings: Sequence[Saying],
        numbers: Sequence[int],
        before: Sequence[Earlier],
        values: pl.DataFrame,
    ) -> tuple[dict[int, str | None], dict[int, int], dict[int, Refused]]:
        """Return the ids that rows state: of known things, by number of the row; those that are equal; the refused.

        Of rows that state one id and differ, the one that says what the thing said is the thing, and the others are
        copies that somebody wrote over: None, as if they stated nothing. Where none does, or several, all of them
        are refused.
        """
        stating = {n: saying.stated for n, saying in enumerate(sayings) if saying.stated}
        things: dict[int, str | None] = {}
        same: dict[int, int] = {}
        refused: dict[int, Refused] = {}
        if not stating:
            return things, same, refused
        meant = self._memory.meant(self._kind, self._source, set(stating.values()))
        by_id: dict[str, list[int]] = {}
        for n, said in stating.items():
            by_id.setdefault(meant.get(said, said), []).append(n)
        earlier = {one.id: one.saying for one in before}
        for thing, rows in by_id.items():
            different: dict[tuple[Any, ...], int] = {}
            for n in rows:
                content = _content(self._kind, values, numbers[n]) if len(rows) > 1 else ()
                if (first := different.setdefault(content, n)) != n:
                    same[n] = first
            kept = list(different.values())
            if len(kept) > 1:
                was = earlier.get(thing)
                kept = [n for n in kept if was and _says(sayings[n], was)]
                if len(kept) != 1:
                    places = [str(values.item(numbers[n], "place")) for n in rows]
                    why = Refused(places=places[:MOST_PLACES], count=len(rows))
                    refused |= dict.fromkeys(rows, why)
                    continue
                things |= dict.fromkeys(different.values())
            if stating[kept[0]] in meant:
                things[kept[0]] = thing
        return things, {n: first for n, first in same.items() if n not in refused}, refused


def _unchanged(kind: str, said: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return `at`, `id` and `source_id` of the rows that say what they said, where that is all that is to be known.

    They are those of groups in which every row has its own words and had them before, at the same place in the same
    workbook; a night on which nobody wrote anything is one join. All others are looked at one by one.
    """
    group = _GROUP.get(kind, _HOLDER[:3])
    key = [*dict.fromkeys([*group, "person_id", "home", "scope", "words"]), *(["text"] if kind == "handshake" else [])]
    stating = said.filter(pl.col("stated").is_not_null()).select("source").unique()
    told = said.join(stating, on="source", how="anti").filter((pl.col("words") != "") & ~pl.struct(key).is_duplicated())
    was = before.filter(~pl.struct(key).is_duplicated() & ~pl.col("stated"))
    found = told.join(was.select(*key, "id", "source_id"), on=key)
    busy = said.join(found, on="at", how="anti").select(group).unique()
    return found.join(busy, on=group, how="anti").select("at", "id", "source_id")


def _say_again(house: Warehouse) -> None:
    """Make `said_before`: what was said last, of units, periods and people as they are called by now."""
    house.run(
        "create or replace temp table said_before as select p.* replace (coalesce(u.id, p.unit_id) as unit_id, "
        "coalesce(t.id, p.period_id) as period_id, coalesce(m.id, p.person_id) as person_id) from prev.history.said p "
        "left join renamed u on u.kind = 'unit' and u.source = p.source and u.said = p.unit_id "
        "left join renamed t on t.kind = 'period' and t.source = p.source and t.said = p.period_id "
        "left join renamed m on m.kind = 'person' and m.source = p.source and m.said = p.person_id"
    )


def _saying(*told: Any) -> Saying:  # noqa: ANN401 (texts, in the order of _SAYING and perhaps what is stated)
    return Saying(Holder(*told[:4]), *told[4:])


def _content(kind: str, values: pl.DataFrame, number: int) -> tuple[Any, ...]:
    """Return a row's values but for its name and number, to be compared with those of another row."""
    table = TABLES[_TABLE[kind]]
    told = values.row(number, named=True)
    kept = (told[name] for name in table.dtypes if name not in (*table.key, "ordinal"))
    return tuple(tuple(value) if isinstance(value, list) else value for value in kept)


def _says(saying: Saying, was: Saying) -> bool:
    return saying.words == was.words and saying.holder[:3] == was.holder[:3]
