"""Runs one SELECT and takes its columns, batch by batch."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy.exc import SQLAlchemyError

from connectors.protocol import EXTRAS
from connectors.sql.columns import column, together
from connectors.sql.engines import deadline
from connectors.sql.faults import understood
from okr.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, CursorResult

    from connectors.sql.engines import Access

_BATCH = 50_000
_GUARDED = {"sqlite", "postgresql"}
"""Databases that keep a read-only transaction from every writing; others let DROP through."""

_SELECT = re.compile(
    r"(?:\s|--[^\n]*\n|#[^\n]*\n|/\*(?!!).*?\*/|\()*(?:select|with|values|table)\b", re.IGNORECASE | re.DOTALL
)

_STREAMING = {
    "stream_results": True,
    "max_row_buffer": _BATCH,
    "no_parameters": True,  # a % in a SELECT is a %
}


def read(connection: Connection, access: Access, sql: str, table: str) -> pl.DataFrame:
    """Run a SELECT and return its columns, typed; the connection is as good as before.

    Raises:
        SourceError: `sql_column_twice`, `sql_column_reserved`, `sql_not_a_select`, and what the
            database says, as one of our codes.
    """
    deadline(connection, access)
    faults = (SQLAlchemyError, connection.dialect.loaded_dbapi.Error, OSError)
    try:
        with _apart(connection):
            if connection.dialect.driver == "psycopg":
                return _copied(connection, sql, table)
            return _fetched(connection, sql, table)
    except faults as error:
        raise understood(error, access.password, table=table) from None


@contextmanager
def _apart(connection: Connection) -> Iterator[None]:
    """Keep one statement's failure from the others, where it ends the whole transaction."""
    if connection.dialect.name != "postgresql":
        yield
        return
    nested = connection.begin_nested()
    try:
        yield
    except BaseException:
        with suppress(SQLAlchemyError, connection.dialect.loaded_dbapi.Error):
            nested.rollback()
        raise
    nested.commit()


def _copied(connection: Connection, sql: str, table: str) -> pl.DataFrame:
    from connectors.sql import copying  # noqa: PLC0415 - psycopg is for PostgreSQL alone

    driver = connection.connection.driver_connection
    columns = copying.described(driver, sql)  # pyright: ignore[reportArgumentType]
    if not columns:
        raise SourceError("sql_not_a_select", table=table)
    legal_names([name for name, _ in columns], table)
    if len(columns) == 1:
        return _fetched(connection, sql, table)  # a row without a value would be no line at all
    return copying.read(driver, sql, columns, table)  # pyright: ignore[reportArgumentType]


def _fetched(connection: Connection, sql: str, table: str) -> pl.DataFrame:
    if connection.dialect.name not in _GUARDED and not _SELECT.match(sql):
        raise SourceError("sql_not_a_select", table=table)
    with connection.exec_driver_sql(sql, execution_options=_STREAMING) as result:
        if not result.returns_rows:
            raise SourceError("sql_not_a_select", table=table)
        names = legal_names(list(result.keys()), table)
        batches: list[pl.DataFrame] = []
        with _left_alone(result):
            while rows := result.fetchmany(_BATCH):
                columns = zip(names, zip(*rows, strict=True), strict=True)
                batches.append(pl.DataFrame([column(name, values) for name, values in columns]))
    return together(batches) if batches else pl.DataFrame(schema=dict.fromkeys(names, pl.Null))


@contextmanager
def _left_alone(result: CursorResult[Any]) -> Iterator[None]:
    """Keep pymysql from reading a broken stream to its end when it tidies up."""
    try:
        yield
    except BaseException:
        stream = getattr(result.cursor, "_result", None)
        if stream is not None and hasattr(stream, "unbuffered_active"):
            stream.unbuffered_active = False
        raise


def legal_names(names: list[str], table: str) -> list[str]:
    """Refuse names of columns that do not name them one by one."""
    for name in names:
        if names.count(name) > 1:
            raise SourceError("sql_column_twice", table=table, column=name)
        if name in EXTRAS:
            # They stand beside a table's own columns and would be overwritten without a word.
            raise SourceError("sql_column_reserved", table=table, column=name)
    return names
