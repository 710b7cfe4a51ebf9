"""What was refused, told so that a person can find it: place, field, value, code and values."""

from __future__ import annotations

import json

import polars as pl

from schemas import characters, normal
from schemas.tables import LONGEST_ID, QUARANTINE, Form, Table

FINDINGS = {
    "index": pl.UInt32,  # the row in the frame, from 0
    "field": pl.String,
    "code": pl.String,
    "values": pl.String,  # JSON, or null for what follows from field and code
    "whole": pl.Boolean,
}

VALUE = {name: FINDINGS[name] for name in ("index", "field", "code")}

TAKEN = "comparator_refused"
"""Of a target whose comparator was refused: without one nobody knows what it means."""

LONGEST_VALUE = 200  # characters
NO_VALUES = "{}"


def report(table: Table, findings: pl.DataFrame, typed: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    """Tell findings as rows of the quarantine, in the order of the frame and of its columns.

    Args:
        table: of the rows.
        findings: as in FINDINGS; a null field means the row's key.
        typed: the rows in canonical types, refused values null.
        raw: the same rows as they were written.
    """
    told = [pl.DataFrame(schema={"index": pl.UInt32, **QUARANTINE})]
    for name in (*table.columns, "stated_id", None):
        some = findings.filter(pl.col("field").eq_missing(pl.lit(name, dtype=pl.String)))
        if some.height:
            told.append(_of_field(table, name, some, typed, raw))
    found = pl.concat(told)
    return found.sort("index", maintain_order=True).drop("index")


def record_ids(table: Table, typed: pl.DataFrame) -> pl.Series:
    """The keys as texts: `K1`, `O1->kr:K2`, `K1->K2`; null where a part of the key is."""
    keys = [pl.col(name) for name in table.key]
    told = keys[0]
    if len(keys) == 2:
        told = pl.concat_str(keys[0], pl.lit("->"), keys[1])
    elif len(keys) == 3:
        told = pl.concat_str(keys[0], pl.lit("->"), keys[1], pl.lit(":"), keys[2])
    return typed.select(told.alias("record_id")).to_series()


def _of_field(
    table: Table, name: str | None, some: pl.DataFrame, typed: pl.DataFrame, raw: pl.DataFrame
) -> pl.DataFrame:
    rows = some.get_column("index")
    told = typed.select({*table.key, "unit_id", table.parent, "scope", "source"} & set(typed.columns))[rows]
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, rows.len())
    ids = record_ids(table, told)
    said = ids if name is None else nothing
    if name in raw.columns:
        said = normal.joined(raw.get_column(name).gather(rows))
    own_unit = told.get_column("unit_id") if "unit_id" in table.column else nothing
    parent = told.get_column(table.parent) if table.parent else nothing
    found = pl.DataFrame(
        {
            "index": rows,
            "source": told.get_column("source"),
            "scope": told.get_column("scope"),
            "table": pl.Series([table.name]).new_from_index(0, rows.len()),
            "record_id": ids,
            "row_unit": own_unit,
            "parent_id": parent,
            "place": _places(name, rows, raw),
            "field": some.get_column("field"),
            "value": said.str.slice(0, LONGEST_VALUE),
            "code": some.get_column("code"),
            "values": _values(table, name, some, said),
            "whole": some.get_column("whole"),
        },
        schema={"index": pl.UInt32, **QUARANTINE},
    )
    # Where no target stood, none was taken.
    stood = pl.col("value").str.strip_chars() != ""
    return found.filter((pl.col("code") != TAKEN) | stood.fill_null(value=False))


def _places(name: str | None, rows: pl.Series, raw: pl.DataFrame) -> pl.Series:
    """The exact cell of each value where the source knows it, else the row."""
    places = raw.get_column("place").gather(rows).cast(pl.String)
    if name is None or "cells" not in raw.columns:
        return places
    cells = raw.get_column("cells").gather(rows)
    if name not in cells.struct.fields:
        return places
    exact = cells.struct.field(name).cast(pl.String)
    return exact.zip_with(exact.is_not_null(), places)


def _values(table: Table, name: str | None, some: pl.DataFrame, said: pl.Series) -> pl.Series:
    """The values that fill the sentences, as JSON."""
    values = some.get_column("values").fill_null(NO_VALUES)
    codes = some.get_column("code")
    column = table.column.get(name or "")
    if column is not None and column.choices:
        choices = json.dumps({"choices": column.choices}, ensure_ascii=False)
        values = _where(codes == "not_one_of", pl.lit(choices), values)
    values = _where(codes == "too_long", pl.lit(f'{{"limit": {LONGEST_ID}}}'), values)
    rows = (codes == "forbidden_character").arg_true()
    if rows.len():
        listed = column is not None and column.form is Form.IDS
        values = values.scatter(rows, _characters(said.gather(rows), listed=listed))
    return values


def _where(condition: pl.Series, value: pl.Expr, values: pl.Series) -> pl.Series:
    if not condition.any():
        return values
    return pl.select(pl.when(condition).then(value).otherwise(values)).to_series()


def _characters(said: pl.Series, *, listed: bool) -> pl.Series:
    """Name the first forbidden character of each id: as it is where it can be seen."""
    pattern = f"({characters.ILLEGAL_IN_ID})"
    found = (said.str.replace_all(";", "") if listed else said.str.strip_chars()).str.extract(pattern)
    found = found.fill_null(";")
    distinct = found.unique()
    told = [json.dumps({"character": _named(one)}, ensure_ascii=False) for one in distinct]
    return found.replace_strict(distinct, pl.Series(told, dtype=pl.String))


def _named(character: str) -> str:
    return character if character in {";", "|", "->"} else f"U+{ord(character):04X}"
