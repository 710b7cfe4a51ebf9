"""A table as a CSV file that Excel opens as it is meant, a whole column at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from okr.texts.cells import DANGEROUS

if TYPE_CHECKING:
    from pathlib import Path

PROGRESS = "progress"


def write_csv(frame: pl.DataFrame, file: Path) -> None:
    """Write what `okr … --output` would: a byte order mark, lists joined by `;`, no text as a formula."""
    told = frame.select(_told(name, dtype).alias(name) for name, dtype in frame.schema.items())
    told.write_csv(file, include_bom=True)


def _told(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        return _guarded(column.list.join(";", ignore_nulls=True))
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    if dtype == pl.String:
        return _guarded(column)
    if name == PROGRESS:
        return _progress(column)
    return column


def _guarded(text: pl.Expr) -> pl.Expr:
    dangerous = pl.any_horizontal(text.str.starts_with(sign) for sign in DANGEROUS)
    return pl.when(dangerous).then(pl.format("'{}", text)).when(text != "").then(text)


def _progress(fraction: pl.Expr) -> pl.Expr:
    """A progress above 1 as a percentage: a bare number above 1 would be read as one."""
    percent = (fraction * 100).round(6)
    whole = percent == percent.round(0)
    told = pl.when(whole).then(percent.cast(pl.Int64).cast(pl.String)).otherwise(percent.cast(pl.String))
    return pl.when(fraction > 1).then(pl.format("{}%", told)).otherwise(fraction.cast(pl.String))
