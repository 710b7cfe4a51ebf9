"""Columns that a database gave, by the kind of value that they hold."""

from __future__ import annotations

from typing import Any

import polars as pl


def typed(frame: pl.DataFrame, name: str, kind: str) -> pl.Expr:
    """A column as a driver gave it, by its kind."""
    told, given = pl.col(name), frame.schema[name]
    if given == pl.String:
        return parsed(name, kind)
    match kind:
        case "time":
            return told.dt.replace_time_zone("UTC") if given == pl.Datetime("us") else told.cast(_POLARS[kind])
        case "flag":
            return told.cast(pl.Int64).cast(pl.Boolean)
        case _:
            return told.cast(_POLARS[kind])


def parsed(name: str, kind: str) -> pl.Expr:
    """A column of texts, by its kind."""
    told = pl.col(name)
    match kind:
        case "flag":
            return pl.when(told.is_not_null()).then(told.is_in(["t", "1", "true"]))
        case "date":
            return told.str.to_date("%Y-%m-%d")
        case "time":
            bare = told.str.replace("T", " ", literal=True).str.strip_suffix("+00").str.strip_suffix("Z")
            return bare.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us").dt.replace_time_zone("UTC")
        case _:
            return told.cast(_POLARS[kind])


_POLARS: dict[str, Any] = {
    "text": pl.String,
    "list": pl.String,
    "whole": pl.Int64,
    "fraction": pl.Float64,
    "flag": pl.Boolean,
    "date": pl.Date,
    "time": pl.Datetime("us", "UTC"),
}
