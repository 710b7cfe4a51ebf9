"""Parts the rows that go on from those that do not, and tells the quarantine why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from schemas import quarantine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.duplicates import Duplicates
    from schemas.tables import Table

REFUSED = pl.List(pl.String)


@dataclass(frozen=True)
class Validated:
    """What came of a frame.

    Every row of the frame is one of `rows`, one of `refused_rows` or one of `merged`.

    Attributes:
        rows: in the order of the frame: all columns of the table in their canonical types, then
            `source`, `scope`, `part`, `place`, `row` and `stated_id` where the frame has them, and
            `refused`, the columns whose values were refused (null: none).
        quarantine: as in `QUARANTINE`.
        refused_rows: how many rows were refused whole.
        merged: how many rows are not there because they equal another one.
    """

    rows: pl.DataFrame
    quarantine: pl.DataFrame
    refused_rows: int = 0
    merged: int = 0


def sort_out(
    table: Table,
    typed: pl.DataFrame,
    raw: pl.DataFrame,
    found: Sequence[pl.DataFrame],
    alike: Duplicates,
) -> Validated:
    """Part the rows.

    Args:
        table: of the rows.
        typed: the rows in canonical types, refused values replaced.
        raw: the same rows as they were written.
        found: refused values: `index`, `field`, `code`.
        alike: rows that share their keys.
    """
    findings = _judged(table, found, alike)
    whole = findings.filter("whole").get_column("index").unique()
    stays = pl.select(pl.repeat(value=True, n=typed.height)).to_series()
    stays = stays.scatter(whole, False).scatter(alike.merged, False)  # noqa: FBT003
    typed_rows = typed.with_columns(refused=_refused(table, findings, typed.height))
    return Validated(
        rows=typed_rows if stays.all() else typed_rows.filter(stays),
        quarantine=quarantine.report(table, findings, typed, raw),
        refused_rows=whole.len(),
        merged=alike.merged.len(),
    )


def _judged(table: Table, found: Sequence[pl.DataFrame], alike: Duplicates) -> pl.DataFrame:
    """Say of each finding whether it takes its row; add what follows from the findings."""
    shared = pl.DataFrame({"index": alike.refused, "values": alike.values}).with_columns(
        code=pl.lit("duplicate_key"), whole=pl.lit(value=True)
    )
    values = pl.concat(found) if found else pl.DataFrame(schema=quarantine.VALUE)
    values = values.with_columns(whole=pl.col("field").is_in(table.decisive))
    findings = pl.concat([pl.DataFrame(schema=quarantine.FINDINGS), values, shared], how="diagonal")
    for column in table.declared:
        if column.takes is not None:
            findings = pl.concat([findings, _taken(column.name, column.takes, findings)])
    if alike.merged.len():
        merged = alike.merged.alias("index").to_frame()
        findings = findings.join(merged, on="index", how="anti", maintain_order="left")
    return findings


def _taken(name: str, takes: str, findings: pl.DataFrame) -> pl.DataFrame:
    """Find the values that go because the one that gives them their meaning went."""
    gone = findings.filter(pl.col("field") == name)
    already = findings.filter(pl.col("field") == takes)
    return gone.join(already, on="index", how="anti", maintain_order="left").with_columns(
        field=pl.lit(takes), code=pl.lit(quarantine.TAKEN), values=pl.lit(None, dtype=pl.String)
    )


def _refused(table: Table, findings: pl.DataFrame, height: int) -> pl.Series:
    """By row, the columns whose values were refused, in the table's order; null where none was."""
    values = findings.filter(pl.col("field").is_not_null() & ~pl.col("whole"))
    if values.height == 0:
        return pl.Series([None], dtype=REFUSED).new_from_index(0, height)
    order = {name: number for number, name in enumerate((*table.columns, "stated_id"))}
    number = pl.col("field").replace_strict(order, return_dtype=pl.Int32)
    by_row = (
        values.sort(number, maintain_order=True)
        .group_by("index", maintain_order=True)
        .agg(pl.col("field").alias("refused"))
    )
    rows = pl.select(pl.int_range(height, dtype=pl.UInt32).alias("index"))
    return rows.join(by_row, on="index", how="left", maintain_order="left").get_column("refused")
