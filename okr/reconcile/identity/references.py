"""Rows under canonical ids: what each source says, with its ids and references replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.reconcile.identity.kinds import KEY, LISTS, REFERENCES
from okr.reconcile.warehouse import quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from okr.reconcile.warehouse import Warehouse


def meaning(kind: str, column: str, alias: str, renamed: Collection[str], row: str = "s") -> tuple[str, str]:
    """Return what a column of a row means, and the join that tells it; the column itself where no id was renamed."""
    said = f"{row}.{quoted(column)}"
    if kind == "party":
        _, of_unit = meaning("unit", column, f"{alias}u", renamed, row)
        _, of_person = meaning("person", column, f"{alias}p", renamed, row)
        both = [f"{alias}{end}.id" for end, join in (("u", of_unit), ("p", of_person)) if join]
        return (f"coalesce({', '.join(both)}, {said})" if both else said), of_unit + of_person
    if kind not in renamed:
        return said, ""
    join = f" left join renamed {alias} on {alias}.kind = '{kind}' and {alias}.source = {row}.source "
    return f"coalesce({alias}.id, {said})", f"{join}and {alias}.said = {said}"


def replaced(house: Warehouse, table: str, rows: str, renamed: Collection[str]) -> str:
    """Return the relation of a table's rows under canonical ids: `rows` itself where there is nothing to replace.

    Args:
        house: with `renamed`.
        table: a canonical table.
        rows: the relation of its rows, laid out like `store.<table>`; a table, no view.
        renamed: the kinds of which `renamed` has ids.
    """
    kinds = {*REFERENCES[table].values()}
    if table == "alignments":
        kinds.add("kr")
    if table == "handshakes":
        kinds.add("unit")
    if kinds.isdisjoint(renamed):
        return rows
    chosen, joins = [], ""
    for number, (column, kind) in enumerate(REFERENCES[table].items()):
        if column in LISTS:
            told, join = _list(house, table, rows, column, kind) if kind in renamed else ("", "")
        else:
            told, join = meaning(kind, column, f"r{number}", renamed)
        if join:
            chosen.append(f"{told} as {column}")
            joins += join
    if table == "alignments":
        chosen.append("coalesce(p.id, s.parent_id) as parent_id")
        joins += (
            " left join renamed p on p.kind = case when s.parent_kind = 'objective' then 'objective' else 'kr' end "
            "and p.source = s.source and p.said = s.parent_id"
        )
    if table == "handshakes":
        told, join = meaning("party", "party", "w", renamed)
        chosen.append(f"{told} as party")
        joins += join
    house.run(
        f"create or replace table merged.known_{table} as select s.* replace ({', '.join(chosen)}) from {rows} s{joins}"
    )
    if table in {"org_units", "people"}:
        _other_names(house, table)
    return f"merged.known_{table}"


def _list(house: Warehouse, table: str, rows: str, column: str, kind: str) -> tuple[str, str]:
    """Make the lists in which an id is renamed, each person once and in their order; return them, and their join."""
    house.run(
        f"create or replace temp table renamed_{table}_{column} as "
        f"with item as (select s.rowid as row_number_, s.source, unnest({column}) as said, "
        f"  generate_subscripts({column}, 1) as place from {rows} s where len({column}) > 0), "
        f"meant as (select i.row_number_, i.place, coalesce(r.id, i.said) as id, r.id is not null as other from item i "
        f"  left join renamed r on r.kind = '{kind}' and r.source = i.source and r.said = i.said), "
        "each_once as (select row_number_, id, min(place) as place from meant "
        "  where row_number_ in (select row_number_ from meant where other) group by row_number_, id) "
        "select row_number_, list(id order by place) as ids from each_once group by row_number_"
    )

    name = f"l_{column}"
    return (
        f"coalesce({name}.ids, s.{column})",
        f" left join renamed_{table}_{column} {name} on {name}.row_number_ = s.rowid",
    )


def _other_names(house: Warehouse, table: str) -> None:
    """Give units and people that were joined all their names: what one source calls them is an alias beside another's.

    Every source's row gets the same list, so that merging takes nothing away.
    """
    kind = {"org_units": "unit", "people": "person"}[table]
    key = KEY[kind]
    house.run(
        f"""create or replace temp table other_name as
        with mine as (
            select {key} as id, name, aliases from merged.known_{table}
            where {key} in (select id from renamed where kind = '{kind}')
        ),
        told as (
            select id, name as said from mine where name is not null
            union select id, unnest(aliases) from mine where aliases is not null
        ),
        shared as (select id, any_value(name) as name from mine group by id having count(distinct name) = 1)
        select t.id, list(t.said order by t.said) filter (where t.said is distinct from s.name) as names
        from told t left join shared s on s.id = t.id
        group by t.id having count(*) > 1"""
    )
    house.run(f"update merged.known_{table} t set aliases = o.names from other_name o where o.id = t.{key}")
