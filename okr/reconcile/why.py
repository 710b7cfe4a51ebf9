"""Where a value comes from: who says what of a thing, whose word stands, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from okr.errors import CallError
from okr.reconcile.conflicts import shown, thing_id
from okr.reconcile.likeness import nearest
from okr.reconcile.warehouse import quoted
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr.ledger import Decision
    from okr.reconcile.warehouse import Warehouse
    from schemas import Table

Row = dict[str, Any]

OF_KIND: dict[str, Table] = {table.kind: table for table in TABLES.values()}

OPEN = ("unit_id", "person_id", "period_id", "objective_id", "kr_id", "ordinal", "state", "visibility")
"""Fields that are for everybody also of an O whose content is not."""


class Found(NamedTuple):
    """A thing: its table and the values of its key."""

    table: Table
    key: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its id as a gap's subject."""
        return thing_id(self.table, self.key)


def find(house: Warehouse, said: str, kind: str | None = None) -> Found:
    """Return the thing that an id names: a canonical id, else one by which a source knows it.

    Args:
        house: opened for reading.
        said: an id; an alignment's `O1->kr:K2`, a dependency's `K1->K2`; a person's may have its unit behind `@`.
        kind: only a thing of this kind.

    Raises:
        CallError: `thing_unknown`, `thing_ambiguous`, `kind_unknown`.
    """
    if kind is not None and kind not in OF_KIND:
        raise CallError("kind_unknown", kind=kind, known=list(OF_KIND))
    tables = [OF_KIND[kind]] if kind else list(OF_KIND.values())
    found = [Found(table, key) for table in tables for key in _keys(table, said) if _is_there(house, table, key)]
    if not found and "@" in said and kind in {None, "person"}:
        people, name = OF_KIND["person"], said.rpartition("@")[0]
        found = [Found(people, (name,))] if _is_there(house, people, (name,)) else []
    if not found:
        kinds = [table.kind for table in tables]
        meant = house.rows(
            "select distinct kind, id from okr.identities where source_id = $said and list_contains($kinds, kind) "
            "order by all",
            said=said,
            kinds=kinds,
        )
        found = [one for name, id_ in meant if _is_there(house, (one := Found(OF_KIND[name], (id_,))).table, one.key)]
    if len(found) > 1:
        same = len({one.table.kind for one in found}) == 1
        told = [one.id if same else f"{one.table.kind} {one.id}" for one in found]
        raise CallError("thing_ambiguous_of_kind" if same else "thing_ambiguous", said=said, candidates=told)
    if not found:
        raise CallError("thing_unknown", said=said, nearest=_nearest(house, tables, said))
    return found[0]


def _keys(table: Table, said: str) -> list[tuple[str, ...]]:
    """Return the keys that a text may be in a table: one, or none."""
    if len(table.key) == 1:
        return [(said,)]
    first, arrow, rest = said.partition("->")
    if not arrow:
        return []
    if table.kind == "alignment":
        kind, colon, parent = rest.partition(":")
        return [(first, kind, parent)] if colon else []
    return [(first, rest)]


def _is_there(house: Warehouse, table: Table, key: Sequence[str]) -> bool:
    where, values = _where(table, key)
    return bool(house.value(f"select count(*) from merged.{table.name} s where {where}", **values))


def _where(table: Table, key: Sequence[str]) -> tuple[str, dict[str, object]]:
    where = " and ".join(f"s.{quoted(name)} = $key{at}" for at, name in enumerate(table.key))
    return where, {f"key{at}": value for at, value in enumerate(key)}


def _nearest(house: Warehouse, tables: Sequence[Table], said: str) -> list[str]:
    ids = " union ".join(
        f"select {table.key[0]} as id from merged.{table.name}" for table in tables if len(table.key) == 1
    )
    known = [id_ for (id_,) in house.rows(ids)] if ids else []
    return nearest([said], known, always=True)[said] if known else []


def field_of(table: Table, said: str) -> str:
    """Return a column of a table by its name.

    Raises:
        CallError: `field_unknown`.
    """
    known = [name for name in table.columns if name not in table.key]
    if said not in known:
        near = nearest([said], known, always=True)[said]
        raise CallError("field_unknown", field=said, kind=table.kind, nearest=near)
    return said


def why(house: Warehouse, thing: Found, field: str | None = None, decisions: Sequence[Decision] = ()) -> list[Row]:
    """Return who says what of a thing: a row for each value, by field, the standing one first.

    Each with `kind`, `id`, `field`, `value` (text), `source`, `stands`, `reason` (of what stands: `only`, `first`,
    `fields`, `newest`, `decided`, `default`), `delivered_at`, `stale_since` (where the source, or that part of it,
    could not be read since), `place`, `updated_at`, `entry_id`, `decided_by`, `decided_at`, `decided_why`, and
    `hidden`: the value is not for everybody.

    Args:
        house: opened for reading.
        thing: see `find`.
        field: only this column.
        decisions: over conflicts, those that stand.
    """
    table = thing.table
    where, values = _where(table, thing.key)
    names = [field] if field else [name for name in table.columns if name not in table.key]
    texts = ", ".join(f"{shown(table, name, f's.{quoted(name)}')} as {quoted(name)}" for name in names)
    updated = "epoch_us(s.updated_at)" if "updated_at" in table.dtypes else "null"
    said = _dicts(
        house,
        f'select {texts}, s.source as " source", s.place as " place", {updated} as " updated", '
        'epoch_us(o.delivered_at) as " delivered", epoch_us(coalesce(f.since, o.failed_at)) as " stale", '
        f'coalesce(p.rank, 99) as " rank" from merged.rows_{table.name} s '
        "left join store.sources o on o.source = s.source "
        "left join store.failures f on f.source = s.source and f.scope = s.scope "
        'left join merged.precedence p on p.source = s.source and p."column" is null '
        f'where {where} order by " rank", " updated" desc nulls last, " source", " place"',
        **values,
    )
    stands = _dicts(house, f'select {texts}, source as " source" from merged.{table.name} s where {where}', **values)[0]
    chosen = _standing(house, table, names, where, values)
    entries = dict(
        house.rows(
            'select field, entry from judged.conflicts where "table" = $table and id = $id and entry is not null',
            table=table.name,
            id=thing.id,
        )
    )
    by_number = {one.entry_id: one for one in decisions}
    hidden = is_hidden(house, thing)
    rows: list[Row] = []
    for name in names:
        decision = by_number.get(entries.get(name, -1))
        of_field = _of_field(name, said, stands, chosen.get(name), decision)
        for row in of_field:
            row |= {"kind": table.kind, "id": thing.id, "field": name, "hidden": hidden and name not in OPEN}
        rows += of_field
    return rows


def _of_field(name: str, said: Sequence[Row], stands: Row, chosen: Row | None, decision: Decision | None) -> list[Row]:
    """Return what is said of one field, the standing value first."""
    rows = [_saying(row[name], row) for row in said if row[name] is not None]
    reason = chosen["reason"] if chosen else "only"
    source = chosen["source"] if chosen else stands[" source"]
    standing = next((row for row in rows if row["source"] == source and row["value"] == stands[name]), None)
    if standing is None and stands[name] is not None:
        # Nobody's word: what null means, or a value of their own that people decided on.
        standing = {**_saying(stands[name], {}), "source": source if reason == "decided" else None}
        reason = reason if reason == "decided" else "default"
        rows.insert(0, standing)
    if standing is not None:
        standing |= {"stands": True, "reason": reason}
        if reason == "decided" and decision is not None:
            standing |= {
                "entry_id": decision.entry_id,
                "decided_by": decision.who,
                "decided_at": decision.at,
                "decided_why": decision.why,
            }
        rows.sort(key=lambda row: not row["stands"])
    return rows


def _saying(value: str, row: Row) -> Row:
    return {
        "value": value,
        "source": row.get(" source"),
        "stands": False,
        "reason": None,
        "delivered_at": _time(row.get(" delivered")),
        "stale_since": _time(row.get(" stale")),
        "place": row.get(" place"),
        "updated_at": _time(row.get(" updated")),
        "entry_id": None,
        "decided_by": None,
        "decided_at": None,
        "decided_why": None,
    }


def _standing(
    house: Warehouse, table: Table, names: Sequence[str], where: str, values: dict[str, object]
) -> dict[str, Row | None]:
    """Return by field which source's word stands and why; empty where one source alone speaks of the thing."""
    there = house.value(
        "select count(*) from duckdb_tables() where schema_name = 'merged' and table_name = $name "
        "and database_name = current_database()",
        name=f"standing_{table.name}",
    )
    if not there:
        return {}
    chosen = ", ".join(quoted(name) for name in names)
    found = _dicts(house, f"select {chosen} from merged.standing_{table.name} s where {where}", **values)
    return found[0] if found else {}


def is_hidden(house: Warehouse, thing: Found) -> bool:
    """Return whether a thing is of an O whose content is not for everybody."""
    of = {"objective": "t.objective_id", "kr": "t.objective_id", "alignment": "t.objective_id"}.get(thing.table.kind)
    join = ""
    if thing.table.kind in {"handshake", "dependency"}:
        of, join = "k.objective_id", "left join merged.key_results k on k.kr_id = t.kr_id"
    if of is None:
        return False
    where = " and ".join(f"t.{quoted(name)} = $key{at}" for at, name in enumerate(thing.table.key))
    # An O that nobody knows may be anything.
    return house.value(
        "select coalesce(o.visibility <> 'public' or o.state = 'masked', true) "
        f"from merged.{thing.table.name} t {join} left join merged.objectives o on o.objective_id = {of} where {where}",
        **{f"key{at}": value for at, value in enumerate(thing.key)},
    )


def _dicts(house: Warehouse, query: str, **values: object) -> list[Row]:
    return house.frame(query, **values).to_dicts()


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1_000_000, tz=UTC)
