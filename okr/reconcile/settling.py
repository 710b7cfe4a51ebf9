"""What a person may decide about a conflict, and what of it the ledger keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from okr.errors import CallError
from okr.reconcile import conflicts
from okr.reconcile.likeness import nearest
from okr.reconcile.warehouse import quoted
from okr.reconcile.why import OPEN, is_hidden
from schemas import validate

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from okr.reconcile.warehouse import Warehouse
    from okr.reconcile.why import Found

Row = dict[str, Any]


def decided(house: Warehouse, thing: Found, field: str, source: str | None, value: str | None, zone: ZoneInfo) -> Row:
    """Return the details of a decision over a conflict, as the ledger keeps them.

    Args:
        house: opened for reading.
        thing: over which the sources differ.
        field: in which.
        source: whose word is to stand; None where `value` is.
        value: what is to stand though no source says it, as it would be written in a table.
        zone: the company's, for times without one.

    Raises:
        CallError: `no_conflict`, `source_says_nothing`, `value_refused`.
    """
    told = _said(house, thing, field)
    if source is not None:
        chosen = next((one for one in told if one["source"] == source), None)
        if chosen is None:
            known = [one["source"] for one in told]
            near = nearest([source], known, always=True)[source]
            raise CallError("source_says_nothing", source=source, nearest=near, known=known)
        text, norm = chosen["value"], chosen["norm"]
    else:
        text, norm = _legal(house, thing, field, value or "", zone)
    return {
        "kind": thing.table.kind,
        "id": thing.id,
        "field": field,
        "source": source,
        "value": text,
        "norm": norm,
        "said": {one["source"]: one["norm"] for one in told},
        "hidden": is_hidden(house, thing) and field not in OPEN,
    }


def _said(house: Warehouse, thing: Found, field: str) -> list[Row]:
    """Return what the sources say that differ."""
    found = house.frame(
        'select field, said from judged.conflicts where "table" = $table and id = $id',
        table=thing.table.name,
        id=thing.id,
    ).to_dicts()
    by_field = {row["field"]: row["said"] for row in found}
    if field not in by_field:
        raise CallError("no_conflict", kind=thing.table.kind, id=thing.id, field=field, others=sorted(by_field))
    return by_field[field]


def _legal(house: Warehouse, thing: Found, field: str, value: str, zone: ZoneInfo) -> tuple[str, str]:
    """Return a value as text in its normal form, and as it is compared."""
    table = thing.table
    where = " and ".join(f"{quoted(name)} = $key{at}" for at, name in enumerate(table.key))
    needed = [name for name in table.needed if name != field]
    keys = {f"key{at}": part for at, part in enumerate(thing.key)}
    texts = ", ".join(f"{conflicts.shown(table, name, quoted(name))} as {quoted(name)}" for name in needed)
    row = house.frame(f"select {texts} from merged.{table.name} where {where}", **keys).to_dicts()[0]
    said = pl.DataFrame({**row, field: value, "place": "", "scope": "", "part": ""})
    checked = validate(table.name, said, source="", zone=zone)
    refused = checked.quarantine.filter(pl.col("field") == field)
    if refused.height or not checked.rows.height or checked.rows.item(0, field) is None:
        reason = refused.item(0, "code") if refused.height else "empty"
        raise CallError("value_refused", field=field, value=value, reason=reason)
    return conflicts.told(house, table, field, checked.rows)
