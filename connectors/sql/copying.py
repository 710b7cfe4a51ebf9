"""PostgreSQL's own way out for many rows: COPY as CSV, parsed column by column.

A million rows as Python objects cost ten seconds and a gigabyte; as CSV they never become objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg
from psycopg import pq, sql

from connectors.sql.columns import together
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 1 << 25  # bytes

# Type numbers never change: they are part of PostgreSQL's protocol.
_BOOL, _DATE, _TIMESTAMP, _TIMESTAMPTZ = 16, 1082, 1114, 1184
_WHOLES, _FRACTIONS, _JSON = (20, 21, 23, 26), (700, 701), (114, 3802)
_TEXTS = (18, 19, 25, 1042, 1043, 1700, 2950)
_SCALARS = {_BOOL, _DATE, _TIMESTAMP, _TIMESTAMPTZ, *_WHOLES, *_FRACTIONS, *_JSON, *_TEXTS}
_LIST = -1  # ours: whatever is in the array


def described(driver: psycopg.Connection[Any], asked: str) -> list[tuple[str, int]]:
    """Names and type numbers of a statement's columns; it is not run for that.

    Raises:
        psycopg.Error: what PostgreSQL says of the statement.
    """
    encoded = asked.encode("utf-8")
    prepared = driver.pgconn.prepare(b"", encoded)
    if prepared.status == pq.ExecStatus.FATAL_ERROR:
        raise psycopg.errors.error_from_result(prepared, encoding="utf-8")
    result = driver.pgconn.describe_prepared(b"")
    if result.status == pq.ExecStatus.FATAL_ERROR:
        raise psycopg.errors.error_from_result(result, encoding="utf-8")
    return [((result.fname(index) or b"").decode("utf-8"), result.ftype(index)) for index in range(result.nfields)]


def read(driver: psycopg.Connection[Any], asked: str, columns: list[tuple[str, int]], table: str) -> pl.DataFrame:
    """Run a statement and return its columns, typed.

    Args:
        driver: the connection.
        asked: one statement that gives rows.
        columns: as `described` says, at least two.
        table: the canonical table, for what its lists are.
    """
    kinds = _kinds(driver, columns)
    names = [name for name, _ in columns]
    if _LIST in kinds:
        asked = _with_lists_as_json(asked, names, kinds)
    # On a line of its own, as a remark may end the statement.
    statement = b"COPY (" + asked.encode("utf-8") + b"\n) TO STDOUT (FORMAT csv)"
    schema = dict.fromkeys(names, pl.String)
    batches: list[pl.DataFrame] = []
    with driver.cursor() as cursor:
        for block in blocks(cursor, statement):
            frame = pl.read_csv(block, has_header=False, schema=schema)
            batches.append(_typed(frame, kinds, table))
    return together(batches or [_typed(pl.DataFrame(schema=schema), kinds, table)])


def blocks(cursor: psycopg.Cursor[Any], statement: bytes) -> Iterator[bytes]:
    """Yield the rows in blocks; PostgreSQL sends each row as a message of its own."""
    parts: list[Any] = []
    size = 0
    with cursor.copy(statement) as copy:
        for row in copy:
            parts.append(row)
            size += len(row)
            if size >= _BATCH:
                yield b"".join(parts)
                parts, size = [], 0
    if parts:
        yield b"".join(parts)


def _kinds(driver: psycopg.Connection[Any], columns: list[tuple[str, int]]) -> list[int]:
    """The columns' type numbers; for arrays, of whatever type, ours."""
    others = [kind for _, kind in columns if kind not in _SCALARS]
    if not others:
        return [kind for _, kind in columns]
    arrays = driver.execute("SELECT oid::int8 FROM pg_type WHERE oid = ANY(%s::oid[]) AND typcategory = 'A'", [others])
    lists = {row[0] for row in arrays}
    return [_LIST if kind in lists else kind for _, kind in columns]


def _with_lists_as_json(asked: str, names: list[str], kinds: list[int]) -> str:
    chosen = sql.SQL(", ").join(
        sql.SQL("to_json({0})::text AS {0}" if kind == _LIST else "{0}").format(sql.Identifier(name))
        for name, kind in zip(names, kinds, strict=True)
    )
    return f"SELECT {chosen.as_string(None)} FROM (\n{asked}\n) AS asked"  # noqa: S608


def _typed(frame: pl.DataFrame, kinds: list[int], table: str) -> pl.DataFrame:
    lists = {name for name, kind in TABLES[table].dtypes.items() if isinstance(kind, pl.List)}
    made = []
    for name, kind in zip(frame.columns, kinds, strict=True):
        series = frame[name]
        expression = _expression(name, kind, in_list=name in lists)
        if expression is None:
            made.append(series)
            continue
        try:
            typed = frame.select(expression).to_series()
        except pl.exceptions.PolarsError:
            made.append(series)
            continue
        # What polars cannot hold (a year before Christ, `infinity`) stays text for all.
        made.append(typed if typed.null_count() == series.null_count() else series)
    return pl.DataFrame(made)


def _expression(name: str, kind: int, *, in_list: bool) -> pl.Expr | None:
    """How text of a type becomes values; None: it stays text."""
    text = pl.col(name)
    made = {
        _BOOL: text.eq("t"),
        _DATE: text.str.to_date("%Y-%m-%d", strict=False),
        _TIMESTAMP: text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False),
        _TIMESTAMPTZ: text.str.strip_suffix("+00")
        .str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
        .dt.replace_time_zone("UTC"),
        _LIST: text.str.json_decode(pl.List(pl.String)),
    }
    if kind in _WHOLES:
        return text.cast(pl.Int64, strict=False)
    if kind in _FRACTIONS:
        return text.cast(pl.Float64, strict=False)
    if kind in _JSON and in_list:
        return text.str.json_decode(pl.List(pl.String))
    return made.get(kind)
