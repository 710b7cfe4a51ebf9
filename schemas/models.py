"""The legality of canonical tables, as pandera models.

What belongs here: whether a value in its canonical type is legal, by itself. Whether raw values can
be brought into that type at all is said by the normal forms; what needs several rows (keys) by
`duplicates`; what needs several tables (references) by the warehouse, after the merge.

Import this late: pandera takes a while.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, config_context

from schemas import characters
from schemas.tables import LONGEST_ID, TABLES, Column, Form, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pandera.api.polars.types import PolarsData

FAILURES = {"index": pl.UInt32, "field": pl.String, "code": pl.String}
"""One illegal value: its row in the frame, from 0, its column, and why."""

EMPTY = "empty"


def legal(table: Table) -> type[pa.DataFrameModel]:
    """The pandera model of a canonical table. The names of its checks are quarantine codes."""
    return _model(table.name)


def failures(table: Table, frame: pl.DataFrame, spoken: Collection[str] = ()) -> pl.DataFrame:
    """Find every illegal value of a frame of canonical types.

    Args:
        table: whose rows the frame holds.
        frame: all columns of the table.
        spoken: columns that may be empty here, because they are said in words elsewhere.

    Returns:
        A frame as in FAILURES, at most one failure for each value.

    Raises:
        pandera.errors.SchemaErrors: a column does not have its canonical type.
    """
    schema = _schema(table.name, frozenset(spoken) & set(table.needed))
    try:
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        if cases.get_column("index").null_count():
            raise  # of the frame, not of a value: our own mistake
        code = pl.when(pl.col("check") == "not_nullable").then(pl.lit(EMPTY)).otherwise("check")
        found = cases.select(pl.col("index").cast(pl.UInt32), pl.col("column").alias("field"), code=code)
        return found.unique(["index", "field"], keep="first", maintain_order=True)
    return pl.DataFrame(schema=FAILURES)


@lru_cache(maxsize=64)
def _schema(name: str, spoken: frozenset[str]) -> pa.DataFrameSchema:
    schema = legal(TABLES[name]).to_schema()
    return schema.update_columns({column: {"nullable": True} for column in spoken})


@lru_cache(maxsize=len(TABLES))
def _model(name: str) -> type[pa.DataFrameModel]:
    """Make the model of a table from its declaration, so that nothing is declared twice."""
    table = TABLES[name]
    body: dict[str, Any] = {
        "__annotations__": dict(table.dtypes),
        "__doc__": f"Legal rows of `{name}`.",
        "__module__": __name__,
    }
    for column_name in table.dtypes:
        column = table.column.get(column_name, Column(column_name))
        body[column_name] = pa.Field(nullable=not column.needed)
        for code, check in _checks(column).items():
            body[f"{column_name}__{code}"] = pa.check(column_name, name=code)(check)
    return type(name.title().replace("_", ""), (pa.DataFrameModel,), body)


def _checks(column: Column) -> dict[str, Callable[..., pl.LazyFrame]]:
    """What has to hold for a column's values, by the code of what is wrong where it does not."""
    match column.form:
        case Form.ID:
            return {"forbidden_character": _each(_clean), "too_long": _each(_short)}
        case Form.IDS:
            return {"forbidden_character": _each_item(_clean), "too_long": _each_item(_short)}
        case Form.CHOICE:
            return {"not_one_of": _each(lambda value: value.is_in(column.choices))}
        case Form.SHARE:
            return {"out_of_range": _each(lambda value: value.is_between(0, 1))}
        case Form.PROGRESS:
            return {"negative": _each(lambda value: value >= 0)}
    return {}


def _clean(said: pl.Expr) -> pl.Expr:
    return ~said.str.contains(characters.ILLEGAL_IN_ID)


def _short(said: pl.Expr) -> pl.Expr:
    return said.str.len_chars().is_between(1, LONGEST_ID)


def _each(holds: Callable[[pl.Expr], pl.Expr]) -> Callable[..., pl.LazyFrame]:
    def check(_model: object, data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(holds(pl.col(data.key)))

    return check


def _each_item(holds: Callable[[pl.Expr], pl.Expr]) -> Callable[..., pl.LazyFrame]:
    """The same for the items of lists, all at once: a look into each list would cost ten times."""

    def check(_model: object, data: PolarsData) -> pl.LazyFrame:
        lists = data.lazyframe.select(pl.col(data.key)).collect().to_series()
        items = pl.DataFrame([lists.explode(empty_as_null=True, keep_nulls=True).alias("item")])
        wrong = items.select(~holds(pl.col("item"))).to_series().fill_null(value=False).arg_true()
        legal_ones = pl.repeat(value=True, n=lists.len(), eager=True)
        if wrong.len():
            # Null and the empty list each make one item, which is null.
            ends = lists.list.len().fill_null(1).clip(lower_bound=1).cum_sum()
            legal_ones = legal_ones.scatter(ends.search_sorted(wrong, side="right"), values=False)
        return pl.LazyFrame({data.key: legal_ones})

    return check
