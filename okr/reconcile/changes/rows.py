"""The things that changed, row by row, with who carries them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from okr.reconcile.changes import queries
from okr.reconcile.changes.kinds import ORDER, TOLD_BELOW, WHOLE, changes_of
from okr.reconcile.reading import utc
from okr.reconcile.relations.trees import plant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from okr.reconcile.warehouse import Warehouse

Row = dict[str, Any]

PEOPLE_FIELDS = ("owner_ids", "leader_id", "person_id")
UNIT_FIELDS = ("unit_id", "parent_id")
_INTERNAL = ("units", "parents", "was_label")


def things(house: Warehouse, base: int, period_id: str, chain: list[str]) -> list[Row]:
    """Return what differs between run `base` and now in the view of some periods, upper units first."""
    house.run_file("changes/compare.sql", base=base, periods=chain)
    touched = {(kind, thing): (utc(at), run_id) for kind, thing, at, run_id in house.rows(queries.TOUCHED, base=base)}
    found: list[Row] = []
    for kind, query in queries.BY_KIND.items():
        values: dict[str, object] = {"base": base, "periods": chain}
        asked = {name: value for name, value in values.items() if f"${name}" in query}
        for row in house.frame(query, **asked).iter_rows(named=True):
            found.extend(_rows(kind, row, touched))
    _name(house, found)
    found.sort(key=_order(house))
    _carriers(house, base, period_id, found)
    return found


def told(row: Row) -> Row:
    """Return a row without what only this room needs."""
    return {name: value for name, value in row.items() if name not in _INTERNAL}


def _rows(kind: str, row: Mapping[str, Any], touched: Mapping[tuple[str, str], tuple[str, str]]) -> Iterable[Row]:
    was, now = _there(row["was"]), _there(row["now"])
    ends = [end for end in (was, now) if end is not None]
    hidden = not all(end["public"] for end in ends)
    present = now if now is not None and (now["counts"] or was is None) else was
    assert present is not None  # noqa: S101 - one of both is there
    changed_at, run_id = _when(kind, row["id"], ends, touched)
    for change, fields in changes_of(kind, was, now, earlier=row["earlier"]):
        before = {name: _value(was, name) for name in fields} if change not in {"added", "restored"} else {}
        after = {name: _value(now, name) for name in fields} if change != "withdrawn" else {}
        detail = {name: {"before": before.get(name), "after": after.get(name)} for name in fields}
        yield {
            "kind": change,
            "subject_kind": kind,
            "subject_id": row["id"],
            "label": present["label"],
            "unit_id": row["id"] if kind == "unit" else present["unit_id"],
            "counterparty_unit_id": present.get("party_unit_id") or present.get("target_unit_id"),
            "fields": [name for name in fields if change in WHOLE or before.get(name) != after.get(name)],
            "detail": {} if hidden else detail,
            "hidden": hidden,
            "changed_at": changed_at,
            "run_id": run_id,
            "carriers": [],
            "opened": [],
            "closed": [],
            "units": {
                unit
                for end in ends
                for unit in (end.get("unit_id"), end.get("party_unit_id"), end.get("target_unit_id"))
                if unit
            },
            "parents": _parents(kind, ends),
        }


def _there(end: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return one end of a thing; a struct of nulls is one that is not there."""
    return None if end is None or end.get("label") is None else end


def _value(end: Mapping[str, Any] | None, name: str) -> object:
    if end is None:
        return None
    if name == "target" and "target_label" in end:
        return {"label": end["target_label"], "title": end["target_title"]}
    if name == "starts_at":
        return utc(end[name])
    value = end[name]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _parents(kind: str, ends: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return the things beside it of which a change of this one may open or close a gap."""
    found: set[tuple[str, str]] = set()
    for end in ends:
        if kind in {"kr", "alignment"}:
            found.add(("objective", end["objective_id"]))
        if kind == "alignment":
            found.add((end["parent_kind"], end["parent_id"]))
        if kind in {"handshake", "dependency"}:
            found.add(("kr", end["kr_id"]))
        if kind == "objective":
            found.add(("unit", end["unit_id"]))
            if end["person_id"]:
                found.add(("person", f"{end['person_id']}@{end['unit_id']}"))
    return found


def _when(
    kind: str,
    thing: str,
    ends: Iterable[Mapping[str, Any]],
    touched: Mapping[tuple[str, str], tuple[str, str]],
) -> tuple[str | None, str | None]:
    """Return when a thing last changed: it, else the KR, the O or the unit with which it came or went."""
    keys = [(kind, thing)]
    for end in ends:
        keys += [
            (above, end[name])
            for above, name in (("kr", "kr_id"), ("objective", "objective_id"), ("unit", "unit_id"))
            if end.get(name)
        ]
    return next((touched[key] for key in keys if key in touched), (None, None))


def _name(house: Warehouse, found: Iterable[Row]) -> None:
    """Add `shown`: `detail` with the names of people and units in place of their ids."""
    rows = list(found)
    people: set[str] = set()
    for row in rows:
        for name in PEOPLE_FIELDS:
            for value in row["detail"].get(name, {}).values():
                people.update([value] if isinstance(value, str) else value or ())
    names = {person: name for person, name, _ in house.rows(queries.PEOPLE, ids=list(people))} if people else {}
    units = dict(house.rows("select unit_id, coalesce(now_name, was_name, unit_id) from unit_state"))
    objectives = dict(house.rows(queries.OBJECTIVE_LABELS))
    by_field: dict[str, Mapping[str, str]] = dict.fromkeys(PEOPLE_FIELDS, names)
    by_field |= dict.fromkeys(UNIT_FIELDS, units)
    by_field["objective_id"] = objectives
    for row in rows:
        row["shown"] = {
            name: {end: _named(value, by_field.get(name)) for end, value in both.items()}
            for name, both in row["detail"].items()
        }


def _named(value: object, names: Mapping[str, str] | None) -> object:
    if names is None or value is None:
        return value
    if isinstance(value, list):
        return [names.get(each, each) for each in value]
    return names.get(str(value), value)


def _order(house: Warehouse) -> Any:  # noqa: ANN401 - a key to sort by
    """Sort by the tree of units, upper ones first, then by what things are called."""
    parents = dict(house.rows("select unit_id, coalesce(now_parent, was_parent) from unit_state"))
    place = {unit: at for at, unit in enumerate(plant(parents).order)}
    kinds = {kind: at for at, kind in enumerate(queries.BY_KIND)}

    def key(row: Row) -> tuple:
        return (
            place.get(row["unit_id"], len(place)),
            [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", row["label"])],
            kinds[row["subject_kind"]],
            row["subject_id"],
            ORDER.index(row["kind"]),
        )

    return key


def _carriers(house: Warehouse, base: int, period_id: str, found: list[Row]) -> None:
    """Add who carries what changed, at every level below, each with the person who is told."""
    roots: list[tuple[int, str, str]] = []
    for number, row in enumerate(found):
        if row["subject_kind"] in {"objective", "kr"} and row["kind"] in TOLD_BELOW:
            moved = row["kind"] == "moved" and row["subject_kind"] == "objective"
            roots.append((number, "tree" if moved else row["subject_kind"], row["subject_id"]))
    if not roots:
        return
    house.make(
        "root", pl.DataFrame(roots, schema={"number": pl.Int64, "kind": pl.String, "id": pl.String}, orient="row")
    )
    carriers = house.rows(queries.CARRIERS, base=base, period=period_id)
    ids = {person for *_, owners, leader in carriers for person in (*(owners or ()), leader) if person}
    people = {person: (name, active) for person, name, active in house.rows(queries.PEOPLE, ids=list(ids))}
    for number, objective_id, level, still, label, unit_id, owners, leader in carriers:
        person = next((owner for owner in owners or () if people.get(owner, (None, False))[1]), leader)
        found[number]["carriers"].append(
            {
                "objective_id": objective_id,
                "label": label,
                "unit_id": unit_id,
                "level": level,
                "person_id": person,
                "person_name": people[person][0] if person in people else person,
                "still": still,
            }
        )
