"""Values of a database as typed polars columns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALLEST, _GREATEST = -(2**63), 2**63 - 1


def column(name: str, values: Sequence[Any]) -> pl.Series:
    """Make a column of what a driver gave for one batch of rows.

    Whole numbers, fractions, truth values, days and times keep their type; decimals become text,
    so that none is rounded; where kinds are mixed, all become text.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pl.Series(name, [None] * len(values), dtype=pl.Null)
    maker = _MAKERS.get(frozenset(kinds), _mixed)
    return maker(name, values)


def _texts(name: str, values: Sequence[Any]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.String)


def _wholes(name: str, values: Sequence[Any]) -> pl.Series:
    fits = all(value is None or _SMALLEST <= value <= _GREATEST for value in values)
    return pl.Series(name, values, dtype=pl.Int64) if fits else _mixed(name, values)


def _fractions(name: str, values: Sequence[Any]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Float64, strict=False)


def _truths(name: str, values: Sequence[Any]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Boolean)


def _days(name: str, values: Sequence[Any]) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Date)


def _times(name: str, values: Sequence[Any]) -> pl.Series:
    zoned = {value.tzinfo is not None for value in values if value is not None}
    if zoned == {False}:
        return pl.Series(name, values, dtype=pl.Datetime("us"))
    if zoned == {True}:
        there = [None if value is None else value.astimezone(UTC) for value in values]
        return pl.Series(name, there, dtype=pl.Datetime("us", "UTC"))
    return _mixed(name, values)


def _bytes(name: str, values: Sequence[Any]) -> pl.Series:
    """Some databases give text of a binary collation as bytes; what is no text stays bytes."""
    try:
        texts = [None if value is None else bytes(value).decode("utf-8") for value in values]
    except UnicodeDecodeError:
        raw = [None if value is None else bytes(value) for value in values]
        return pl.Series(name, raw, dtype=pl.Binary)
    return _texts(name, texts)


def _lists(name: str, values: Sequence[Any]) -> pl.Series:
    parts = [None if value is None else [None if part is None else text(part) for part in value] for value in values]
    return pl.Series(name, parts, dtype=pl.List(pl.String))


def _mixed(name: str, values: Sequence[Any]) -> pl.Series:
    return _texts(name, [None if value is None else text(value) for value in values])


_MAKERS = {
    frozenset({str}): _texts,
    frozenset({int}): _wholes,
    frozenset({float}): _fractions,
    frozenset({int, float}): _fractions,
    frozenset({bool}): _truths,
    frozenset({date}): _days,
    frozenset({datetime}): _times,
    frozenset({bytes}): _bytes,
    frozenset({bytearray}): _bytes,
    frozenset({memoryview}): _bytes,
    frozenset({list}): _lists,
    frozenset({tuple}): _lists,
}


def text(value: object) -> str:
    """Write one value as a person would: `12.50`, `2026-12-11`, `2026-12-11 08:00:00`."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def together(batches: list[pl.DataFrame]) -> pl.DataFrame:
    """Put batches under each other; a column whose type differs between them becomes text."""
    kinds: dict[str, set[pl.DataType]] = {}
    for batch in batches:
        for name, kind in batch.schema.items():
            kinds.setdefault(name, set()).add(kind)
    chosen = {name: _common(kinds[name] - {pl.Null()}) for name in kinds}
    return pl.concat(
        [batch.with_columns(pl.col(name).cast(kind) for name, kind in chosen.items()) for batch in batches]
    )


def _common(kinds: set[pl.DataType]) -> pl.DataType:
    if len(kinds) <= 1:
        return next(iter(kinds), pl.Null())
    if kinds == {pl.Int64(), pl.Float64()}:
        return pl.Float64()
    return pl.String()
