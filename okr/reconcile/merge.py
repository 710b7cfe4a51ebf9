"""From what each source says to one row for each thing.

A thing that one source alone speaks of is that source's row. Where several speak of it, each value is
that of the source which stands first for that column (`[fields]` in the settings, else the order of
sources) and says anything; among equals the newest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.reconcile.warehouse import columns, quoted

if TYPE_CHECKING:
    from okr.reconcile.warehouse import Warehouse
    from okr.settings import Settings
    from schemas import Table

DEFAULTS = {
    "active": "true",
    "state": "'published'",
    "visibility": "'public'",
}

KNOWN = {
    "objectives": ("title", "owner_ids", "confidence"),
    "key_results": ("title", "owner_ids", "due_on", "target", "confidence"),
}
"""Columns of which rules ask whether null means missing. `<column>_held`: a source of the row can hold
it; `<column>_known`: and did not have its value refused."""


def rank_sources(house: Warehouse, settings: Settings) -> None:
    """Make `source_rank`: which source stands first, in all and for single columns."""
    house.run('create or replace temp table source_rank (source varchar, "column" varchar, rank bigint)')
    order = settings.source_order()
    house.run(
        "insert into source_rank select unnest($names), null, unnest(range(len($names)))",
        names=[*order, "settings"],
    )
    for column, names in settings.fields.items():
        rest = [name for name in order if name not in names]
        house.run(
            "insert into source_rank select unnest($names), $column, unnest(range(len($names)))",
            names=[*names, *rest, "settings"],
            column=column,
        )


def merge_table(house: Warehouse, table: Table, settings: Settings, rows: str) -> None:
    """Make `merged.<table>` and `okr.<table>` out of the relation `rows`, laid out like `store.<table>`."""
    _make_holds(house, table)
    key = columns(table.key)
    shared = house.value(f"select count(*) from (select {key} from {rows} group by all having count(*) > 1)")
    alone = _alone(table, rows)
    if not shared:
        # One row a thing already: nothing to choose, and nothing to copy.
        house.run(f"create or replace view merged.{table.name} as {alone}")
    else:
        names = columns(table.key)
        house.run(
            f"create or replace temp table several as select {names} from {rows} group by all having count(*) > 1"
        )
        house.run(
            f"create or replace table merged.{table.name} as "
            f"select * from ({alone}) where ({key}) not in (select ({key}) from several) "
            f"union all by name {_together(table, settings, rows)}"
        )
    shown = columns(table.columns)
    house.run(f"create or replace view okr.{table.name} as select {shown}, source from merged.{table.name}")


def _make_holds(house: Warehouse, table: Table) -> None:
    """Make `store.<table>_holds`: a row a part, a column for each that rules or defaults ask about."""
    asked = [*KNOWN.get(table.name, ()), *(name for name in DEFAULTS if name in table.dtypes)]
    if not asked:
        return
    parts = ", ".join(f"bool_or(\"column\" = '{name}') as holds_{name}" for name in dict.fromkeys(asked))
    house.run(
        f"create or replace table store.{table.name}_holds as select source, part, {parts} "
        f"from store.holds where \"table\" = '{table.name}' group by all"
    )


def _alone(table: Table, rows: str) -> str:
    """Return the query for things of which one source speaks."""
    parts = [
        f"coalesce(s.{quoted(name)}, {DEFAULTS[name]}) as {quoted(name)}" if name in DEFAULTS else f"s.{quoted(name)}"
        for name in table.dtypes
    ]
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


def _together(table: Table, settings: Settings, rows: str) -> str:
    """Return the query for things of which several sources speak."""
    key = columns(table.key)
    newest = ", s.updated_at desc nulls last" if "updated_at" in table.dtypes else ""
    parts = []
    for name in table.dtypes:
        if name in table.key:
            continue
        rank = f"r_{name}.rank" if name in settings.fields else "r.rank"
        chosen = (
            f"first(s.{quoted(name)} order by {rank}{newest})"
            f" filter (where s.{quoted(name)} is not null {_stated(name)})"
        )
        parts.append(
            f"coalesce({chosen}, {DEFAULTS[name]}) as {quoted(name)}"
            if name in DEFAULTS
            else f"{chosen} as {quoted(name)}"
        )
    parts.append(f"first(s.source order by r.rank{newest}) as source")
    parts.append(f"first(s.place order by r.rank{newest}) as place")
    for name in KNOWN.get(table.name, ()):
        parts.append(f"coalesce(bool_or(h.holds_{name}), false) as {name}_held")
        # One source that was refused the value leaves it unknown, unless another one says it.
        parts.append(
            f"coalesce(bool_or(h.holds_{name}), false) and "
            f"(bool_or(s.{quoted(name)} is not null) "
            f"or not bool_or(coalesce(list_contains(s.refused, '{name}'), false)))"
            f" as {name}_known"
        )
    joins = 'join source_rank r on r.source = s.source and r."column" is null'
    for name in settings.fields:
        if name in table.dtypes:
            joins += f" join source_rank r_{name} on r_{name}.source = s.source and r_{name}.\"column\" = '{name}'"
    if any(name in table.dtypes for name in (*KNOWN.get(table.name, ()), *DEFAULTS)):
        joins += f" left join store.{table.name}_holds h on h.source = s.source and h.part = s.part"
    return (
        f"select {columns(table.key, 's')}, {', '.join(parts)} from {rows} s {joins} "
        f"where ({columns(table.key, 's')}) in (select ({key}) from several) group by all"
    )


def _stated(name: str) -> str:
    """A default that stands for a column which the source cannot hold is no word of that source."""
    return f"and coalesce(h.holds_{name}, false)" if name in DEFAULTS else ""
