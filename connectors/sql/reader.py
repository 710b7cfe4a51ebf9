"""Runs one SELECT and takes its columns, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from connectors.protocol import EXTRAS
from connectors.sql.columns import column, together
from okr.errors import SourceError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_BATCH = 50_000


def read(connection: Connection, sql: str, table: str) -> pl.DataFrame:
    """Run a SELECT and return its columns, typed.

    Raises:
        SourceError: `sql_column_twice`, `sql_column_reserved`, `sql_no_rows_at_all` where the
            statement is none that gives rows.
        SQLAlchemyError: what the database says.
    """
    streaming = connection.execution_options(stream_results=True, no_parameters=True)
    with streaming.exec_driver_sql(sql) as result:
        if not result.returns_rows or result.cursor is None:
            raise SourceError("sql_not_a_select", table=table)
        cursor = result.cursor
        batches: list[pl.DataFrame] = []
        names: list[str] = []
        while rows := cursor.fetchmany(_BATCH):
            names = names or legal_names([each[0] for each in cursor.description], table)
            columns = zip(names, zip(*rows, strict=True), strict=True)
            batches.append(pl.DataFrame([column(name, values) for name, values in columns]))
        names = names or legal_names([each[0] for each in cursor.description], table)
    return together(batches) if batches else pl.DataFrame(schema=dict.fromkeys(names, pl.Null))


def legal_names(names: list[str], table: str) -> list[str]:
    """Refuse names of columns that do not name them one by one."""
    for name in names:
        if names.count(name) > 1:
            raise SourceError("sql_column_twice", table=table, column=name)
        if name in EXTRAS:
            # They stand beside a table's own columns and would be overwritten without a word.
            raise SourceError("sql_column_reserved", table=table, column=name)
    return names
