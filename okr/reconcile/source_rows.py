"""The rows of one source as they stand, as a person knows them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.reconcile.warehouse import columns

if TYPE_CHECKING:
    import polars as pl

    from okr.reconcile.warehouse import Warehouse
    from schemas import Table

CALLED = {
    "org_units": "name",
    "people": "name",
    "periods": "name",
    "objectives": "title",
    "key_results": "title",
    "handshakes": "point",
    "meetings": "title",
}
"""The column by which a person knows a row again."""

_OF_OBJECTIVE = ("objectives", "key_results", "alignments")
_OF_KR = ("handshakes", "dependencies")


def rows_of_source(house: Warehouse, table: Table, source: str) -> pl.DataFrame:
    """Return a source's rows of a table: its key, `title`, `unit_id`, `place`, `scope`.

    `hidden`: its title is of an O whose content is not for everybody.
    """
    called = f"s.{CALLED[table.name]}" if table.name in CALLED else "null::varchar"
    unit = "s.unit_id" if "unit_id" in table.dtypes and "unit_id" not in table.key else "null::varchar"
    hidden, join = "false", ""
    if table.name in (*_OF_OBJECTIVE, *_OF_KR):
        # What is of an O that nobody knows may be anything.
        hidden = "coalesce(o.visibility <> 'public' or o.state = 'masked', true)"
        of = "k.objective_id" if table.name in _OF_KR else "s.objective_id"
        join = "left join merged.key_results k on k.kr_id = s.kr_id " if table.name in _OF_KR else ""
        join += f"left join merged.objectives o on o.objective_id = {of}"
    return house.frame(
        f"select {columns(table.key, 's')}, {called} as title, {unit} as unit_id, s.place, s.scope, "
        f"{hidden} as hidden from store.{table.name} s {join} where s.source = $source "
        f"order by s.scope, s.place, {columns(table.key, 's')}",
        source=source,
    )
