"""Rows that have one key: equal ones are one, ones that differ as written are refused together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from schemas import normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.tables import Table

MOST_PLACES = 5
"""So many places are named of rows that share a key, however many there are."""


@dataclass(frozen=True)
class Duplicates:
    """Rows that share their keys.

    Attributes:
        merged: rows that go because an equal row stays (UInt32, from 0).
        refused: rows whose key another row has that differs (UInt32, from 0).
        values: for each refused one, the places of all rows with its key, as JSON.
    """

    merged: pl.Series
    refused: pl.Series
    values: pl.Series


NONE = Duplicates(pl.Series(dtype=pl.UInt32), pl.Series(dtype=pl.UInt32), pl.Series(dtype=pl.String))


def find(table: Table, typed: pl.DataFrame, raw: pl.DataFrame, key: Sequence[str]) -> Duplicates:
    """Find the rows that share a key.

    Args:
        table: of the rows.
        typed: the rows in canonical types; a key with a null in it is no key.
        raw: the same rows as they were written.
        key: the columns that tell rows apart, of the table or `row`.
    """
    keys = typed.select(key)
    # A hash is not proof that two keys are equal, but that all of them differ; that is the rule.
    if keys.hash_rows().n_unique() == keys.height:
        return NONE
    shared = keys.is_duplicated()
    for name in key:
        shared &= keys.get_column(name).is_not_null()
    rows = shared.arg_true()
    if rows.len() == 0:
        return NONE
    written = [name for name in raw.columns if name in table.column]
    columns = [normal.joined(raw.get_column(name).gather(rows)).alias(f"raw.{name}") for name in written]
    columns += [keys.get_column(name).gather(rows).alias(f"key.{name}") for name in key]
    columns += [raw.get_column("place").gather(rows), rows.alias("index")]
    return _judge(pl.DataFrame(columns))


def _judge(found: pl.DataFrame) -> Duplicates:
    """Tell equal rows from different ones, whatever order they came in."""
    keys = [name for name in found.columns if name.startswith("key.")]
    written = [name for name in found.columns if name.startswith("raw.")]
    # objectives.csv:9 before objectives.csv:12
    in_order = found.sort(pl.col("place").str.len_chars(), "place", "index", nulls_last=True)
    alone = in_order.unique([*keys, *written], keep="first", maintain_order=True)
    differ = alone.filter(pl.len().over(keys) > 1).select(keys).unique()
    places = (
        in_order.join(differ, on=keys, how="semi", maintain_order="left")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("place").head(MOST_PLACES), pl.len().alias("count"))
    )
    told = pl.struct(pl.col("place").alias("places"), "count").struct.json_encode()
    places = places.select(*keys, told.alias("values"))
    refused = found.join(places, on=keys, how="inner", maintain_order="left")
    equal = found.join(differ, on=keys, how="anti", maintain_order="left")
    merged = equal.join(alone, on="index", how="anti", maintain_order="left")
    return Duplicates(merged.get_column("index"), refused.get_column("index"), refused.get_column("values"))
