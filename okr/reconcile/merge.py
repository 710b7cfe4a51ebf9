"""From what each source says to one row for each thing.

A thing that one source alone speaks of is that source's row. Where several speak of it, each value is that of the
source which stands first for that column (see `precedence`) and says anything; among equals the newest; unless
somebody decided otherwise (see `conflicts`). Null says nothing.

`merged.rows_<table>` is what was merged: the rows of all sources under canonical ids. Where several sources speak of
one thing, `merged.standing_<table>` tells for each of its values the source that it is from and why it stands:
`only`, `first`, `fields`, `newest`, `decided`, or `default`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.reconcile import conflicts
from okr.reconcile.precedence import ANSWERS, LEDGER
from okr.reconcile.warehouse import columns, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr.ledger import Decision
    from okr.reconcile.precedence import Precedence
    from okr.reconcile.warehouse import Warehouse
    from okr.settings import Settings
    from schemas import Table

DEFAULTS = {
    "active": "true",
    "state": "'published'",
    "visibility": "'public'",
}
"""What null means where no source says anything; `locale` has one of the settings (see `_default`)."""

KNOWN = {
    "objectives": ("title", "owner_ids", "confidence"),
    "key_results": ("title", "owner_ids", "due_on", "target", "confidence"),
}
"""Columns of which rules ask whether null means missing. `<column>_held`: a source of the row can hold
it; `<column>_known`: and did not have its value refused."""


class Merging:
    """What the merge of all tables goes by: whose word stands, and what was decided."""

    def __init__(
        self, house: Warehouse, settings: Settings, precedence: Precedence, decisions: Sequence[Decision] = ()
    ) -> None:
        self._house = house
        self._precedence = precedence
        self._decided = conflicts.by_thing(decisions)
        self._locale = settings.language or "zh"
        self._locales = {name: source.locale for name, source in settings.sources.items() if source.locale}
        precedence.write(house)

    def merge(self, table: Table, rows: str) -> None:
        """Make `merged.<table>` and `okr.<table>` out of the relation `rows`, laid out like `store.<table>`.

        The relation has to stay in the file: `merged.rows_<table>` shows it to those who ask later.
        """
        house = self._house
        _make_holds(house, table)
        house.run(f"create or replace view merged.rows_{table.name} as select * from {rows}")
        key = columns(table.key)
        house.run(f"create or replace temp table several as select {key} from {rows} group by all having count(*) > 1")
        alone = self._alone(table, rows)
        if not house.value("select count(*) from several"):
            # One row a thing already: nothing to choose, and nothing to copy.
            house.run(f"create or replace view merged.{table.name} as {alone}")
        else:
            self._choose(table, rows, alone)
        shown = columns(table.columns)
        house.run(f"create or replace view okr.{table.name} as select {shown}, source from merged.{table.name}")

    def _choose(self, table: Table, rows: str, alone: str) -> None:
        """Merge a table in which several rows speak of one thing."""
        house, key = self._house, columns(table.key)
        house.run(f"create or replace temp table together as {self._together(table, rows)}")
        chosen = [self._value(name) for name in _chosen(table)]
        further = [name for known in KNOWN.get(table.name, ()) for name in (f"{known}_held", f"{known}_known")]
        house.run(
            f"create or replace table merged.{table.name} as "
            f"select * from ({alone}) a anti join several using ({key}) "
            f"union all by name select {', '.join([key, *chosen, 'source', 'place', *further])} from together"
        )
        standing = ", ".join([key, *(self._standing(name) for name in _chosen(table))])
        house.run(f"create or replace table merged.standing_{table.name} as select {standing} from together")
        conflicts.settle(house, table, self._precedence, self._decided)
        house.run("drop table together")

    def _alone(self, table: Table, rows: str) -> str:
        """Return the query for things of which one source speaks."""
        parts = []
        for name in table.dtypes:
            default = self._default(name)
            value = f"s.{quoted(name)}"
            parts.append(f"coalesce({value}, {default}) as {quoted(name)}" if default else value)
        parts += ["s.source", "s.place"]
        known = KNOWN.get(table.name, ())
        for name in known:
            parts.append(f"coalesce(h.holds_{name}, false) as {name}_held")
            parts.append(
                f"coalesce(h.holds_{name}, false) and (s.refused is null or not list_contains(s.refused, '{name}'))"
                f" as {name}_known"
            )
        joined = f" left join store.{table.name}_holds h using (source, part)" if known else ""
        return f"select {', '.join(parts)} from {rows} s{joined}"

    def _together(self, table: Table, rows: str) -> str:
        """Return the query for things of which several rows speak: by column whose word stands, and what differs."""
        key = columns(table.key)
        parts = [part for name in _chosen(table) for part in self._said(name)]
        if "locale" in table.dtypes:
            of_source = self._of_source()
            parts.append(f"arg_min({of_source}, s.o_0) filter (where {of_source} is not null) as d_locale")
        parts += ["arg_min(s.source, s.o_0) as source", "arg_min(s.place, s.o_0) as place"]
        for name in KNOWN.get(table.name, ()):
            parts.append(f"coalesce(bool_or(h.holds_{name}), false) as {name}_held")
            # One source that was refused the value leaves it unknown, unless another one says it.
            parts.append(
                f"coalesce(bool_or(h.holds_{name}), false) and "
                f"(bool_or(s.{quoted(name)} is not null) "
                f"or not bool_or(coalesce(list_contains(s.refused, '{name}'), false)))"
                f" as {name}_known"
            )
        differing = [_differs(name) for name in conflicts.fields(table)]
        parts.append(f"list_filter([{', '.join(differing)}]::varchar[], lambda x: x is not null) as differing")
        holds = f" left join store.{table.name}_holds h on h.source = s.source and h.part = s.part"
        places = ", ".join(
            f"row_number() over (partition by {key} order by {order}) as o_{number}"
            for number, order in self._orders(table).items()
        )
        ranked = f"(select r.*, {places} from {rows} r semi join several using ({key})) s"
        return (
            f"select {columns(table.key, 's')}, {', '.join(parts)} from {ranked}"
            f"{holds if table.name in KNOWN else ''} group by all"
        )

    def _said(self, name: str) -> list[str]:
        """Return what is gathered of a column: value and source that stand, and whether it is more than one's word."""
        says = f"filter (where s.{quoted(name)} is not null)"
        ranks = self._precedence.of(name)
        place = self._precedence.orders.index(ranks)
        found = [
            f"arg_min({{'value': s.{quoted(name)}, 'source': s.source}}, s.o_{place}) {says} as c_{name}",
            f"coalesce(min(s.source) {says} <> max(s.source) {says}, false) as m_{name}",
        ]
        if self._precedence.ties(name):
            rank = self._precedence.sql(ranks)
            found.append(f"list({{'rank': {rank}, 'source': s.source}}) {says} as t_{name}")
        return found

    def _orders(self, table: Table) -> dict[int, str]:
        """Return SQL for the orders of the rows of one thing: by the sources' ranks, then the newest, then by place."""
        newest = "updated_at desc nulls last, " if "updated_at" in table.dtypes else ""
        place = self._precedence.sql(self._precedence.place, "source")
        orders = self._precedence.orders
        numbers = sorted({0, *(orders.index(self._precedence.of(name)) for name in _chosen(table))})
        return {
            number: f"{self._precedence.sql(orders[number], 'source')} nulls last, {newest}{place} nulls last, "
            "source, place"
            for number in numbers
        }

    def _value(self, name: str) -> str:
        default = self._default(name, "d_locale")
        value = f"c_{name}.value"
        return f"coalesce({value}, {default}) as {quoted(name)}" if default else f"{value} as {quoted(name)}"

    def _standing(self, name: str) -> str:
        """Return a struct of the source that a value is from and why it stands; null where nobody says anything."""
        first = "'fields'" if name in self._precedence.fields else "'first'"
        if self._precedence.ties(name):
            least = f"list_min(list_transform(t_{name}, lambda x: x.rank))"
            tied = f"len(list_distinct(list_filter(t_{name}, lambda x: x.rank = {least}))) > 1"
            first = f"case when {tied} then 'newest' else {first} end"
        reason = f"case when m_{name} then {first} else 'only' end"
        nobody = "{'source': null::varchar, 'reason': 'default'}" if self._default(name) else "null"
        return (
            f"case when c_{name} is null then {nobody} "
            f"else {{'source': c_{name}.source, 'reason': {reason}}} end as {quoted(name)}"
        )

    def _default(self, name: str, of_source: str | None = None) -> str | None:
        """Return SQL for what null means in a column, None where it means nothing."""
        if name == "locale":
            return f"coalesce({of_source or self._of_source()}, {literal(self._locale)})"
        return DEFAULTS.get(name)

    def _of_source(self) -> str:
        """Return SQL for the language of people whose source tells none: as the settings say of that source."""
        if not self._locales:
            return "null::varchar"
        cases = " ".join(f"when {literal(name)} then {literal(locale)}" for name, locale in self._locales.items())
        return f"case s.source {cases} end"


def _chosen(table: Table) -> list[str]:
    return [name for name in table.dtypes if name not in table.key]


def _differs(name: str) -> str:
    """Return SQL for the name of a column where several sources say something else as it stands, else null."""
    value = f"s.{quoted(name)}"
    says = f"{value} is not null"
    if name == "state":
        # What a refused value became is nobody's word.
        says += " and not coalesce(list_contains(s.refused, 'state'), false)"
    says = f"filter (where {says})"
    differs = f"min({value}) {says} <> max({value}) {says}"
    if name in ANSWERS:
        # Who answers with this program has said the last word.
        differs += f" and not bool_or(s.source = {literal(LEDGER)} and {value} is not null)"
    return f"case when {differs} then {literal(name)} end"


def _make_holds(house: Warehouse, table: Table) -> None:
    """Make `store.<table>_holds`: a row a part, a column for each that rules ask about."""
    asked = KNOWN.get(table.name, ())
    if not asked:
        return
    parts = ", ".join(f"bool_or(\"column\" = '{name}') as holds_{name}" for name in asked)
    house.run(
        f"create or replace table store.{table.name}_holds as select source, part, {parts} "
        f"from store.holds where \"table\" = '{table.name}' group by all"
    )
