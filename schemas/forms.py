"""Brings each column of a frame into the canonical type of its form."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from rapidfuzz import process

from okr.errors import SourceError
from schemas import amounts, normal, times
from schemas.moments import moments
from schemas.tables import ALWAYS, DTYPES, EXTRAS, Column, Form, Table

if TYPE_CHECKING:
    from collections.abc import Collection
    from zoneinfo import ZoneInfo

FEW_ROWS = 20_000
"""Below, threads cost more than they bring."""

UNREAD = {
    Form.ID: "not_text",
    Form.IDS: "not_text",
    Form.TEXT: "not_text",
    Form.TEXTS: "not_text",
    Form.CHOICE: "not_one_of",
    Form.SHARE: "not_a_number",
    Form.PROGRESS: "not_a_number",
    Form.NUMBER: "not_a_number",
    Form.WHOLE: "not_a_whole_number",
    Form.DATE: "not_a_date",
    Form.TIME: "not_a_time",
    Form.FLAG: "not_yes_or_no",
}
"""By form, the code of a value that cannot be read at all."""

AS_TEXT = {
    Form.ID: normal.ids,
    Form.IDS: normal.id_lists,
    Form.TEXT: normal.text,
    Form.TEXTS: normal.text_lists,
    Form.CHOICE: normal.trimmed,
}

AS_NUMBER = {
    Form.SHARE: amounts.fractions,
    Form.PROGRESS: amounts.fractions,
    Form.NUMBER: amounts.numbers,
    Form.WHOLE: amounts.whole_numbers,
}

TRUE, FALSE = ("true", "1", "yes", "是"), ("false", "0", "no", "否")


class TableRefused(SourceError):  # noqa: N818 - it says what happened to the table
    """A table is refused whole: an unknown column, or a needed one missing or of an unreadable type."""


@dataclass(frozen=True)
class Reading:
    """A column in its canonical type.

    Attributes:
        values: the values; null where nothing stood or it could not be read.
        unread: where something stood that could not be read (None: nowhere).
        ahead: of times, minutes that local time was ahead of UTC.
    """

    values: pl.Series
    unread: pl.Series | None = None
    ahead: pl.Series | None = None


def examine(table: Table, frame: pl.DataFrame, spoken: Collection[str]) -> None:
    """See that a frame can be read at all.

    Raises:
        TableRefused: `unknown_column`, `missing_column` or `unreadable_type`.
        ValueError: `place`, `scope` or `part` is missing, which no source is to blame for.
    """
    missing = [name for name in ALWAYS if name not in frame.columns]
    if missing:
        raise ValueError(missing)
    unknown = [n for n in frame.columns if n not in table.column and n not in (*EXTRAS, "cells")]
    if unknown:
        nearest = [process.extractOne(name.lower(), table.columns)[0] for name in unknown]
        raise TableRefused("unknown_column", table=table.name, columns=unknown, nearest=nearest)
    missing = [n for n in table.needed_columns if n not in frame.columns and n not in spoken]
    if missing:
        raise TableRefused("missing_column", table=table.name, columns=missing)
    for name in table.decisive:
        if name in frame.columns and not _readable(table.column[name].form, frame.schema[name]):
            dtype = str(frame.schema[name])
            raise TableRefused("unreadable_type", table=table.name, column=name, type=dtype)


def read(table: Table, frame: pl.DataFrame, zone: ZoneInfo) -> dict[str, Reading]:
    """Bring every column of the table that the frame has into its canonical type."""
    columns = [table.column[name] for name in frame.columns if name in table.column]

    def one(column: Column) -> Reading:
        series = frame.get_column(column.name)
        if not _readable(column.form, series.dtype):
            # The row can do without: each value is refused by itself.
            nothing = pl.Series([None], dtype=DTYPES[column.form]).new_from_index(0, series.len())
            return Reading(nothing, series.is_not_null())
        return _read(column.form, series, zone)

    if frame.height < FEW_ROWS:
        return {column.name: one(column) for column in columns}
    # Each column is one thread's work in polars, so several columns run side by side.
    with ThreadPoolExecutor(min(pl.thread_pool_size(), os.cpu_count() or 1)) as pool:
        return dict(zip((c.name for c in columns), pool.map(one, columns), strict=True))


def _readable(form: Form, dtype: pl.DataType) -> bool:
    text = dtype in {pl.Null, pl.String, pl.Categorical} or isinstance(dtype, pl.Enum)
    if text:
        return True
    if form in {Form.IDS, Form.TEXTS}:
        if isinstance(dtype, pl.List | pl.Array):
            return _readable(Form.TEXT, dtype.inner)  # type: ignore[arg-type]
        return _readable(Form.TEXT, dtype)
    if form in {Form.DATE, Form.TIME}:
        return dtype.is_temporal() and isinstance(dtype, pl.Date | pl.Datetime)
    if form in {Form.ID, Form.TEXT, Form.CHOICE}:
        temporal = isinstance(dtype, pl.Date | pl.Datetime)
        return temporal or dtype.is_numeric() or (form is not Form.ID and dtype == pl.Boolean)
    return dtype.is_numeric() or (form is Form.FLAG and dtype == pl.Boolean)


def _read(form: Form, series: pl.Series, zone: ZoneInfo) -> Reading:
    if series.dtype == pl.Null or isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    if form in AS_TEXT:
        return Reading(AS_TEXT[form](normal.as_text(series)))
    match form:
        case Form.DATE:
            return Reading(*times.dates(series, zone))
        case Form.TIME:
            found = moments(series, zone)
            return Reading(found.values, found.unread, found.ahead)
        case Form.FLAG:
            return _flags(series)
    return Reading(*AS_NUMBER[form](series))


def _flags(series: pl.Series) -> Reading:
    if series.dtype == pl.Boolean:
        return Reading(series)
    said = normal.fold(normal.as_text(series))
    values = said.replace_strict(
        pl.Series([*TRUE, *FALSE]),
        pl.Series([True] * len(TRUE) + [False] * len(FALSE)),
        default=None,
        return_dtype=pl.Boolean,
    )
    return Reading(values, times.unread(values, said))
