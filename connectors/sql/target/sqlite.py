"""SQLite: one file; rows and columns change within one transaction."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import polars as pl
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from connectors.outgoing import MARK
from connectors.sql.target import base
from connectors.sql.target.base import Database

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import URL, Engine

    from connectors.outgoing import Outgoing

_ISO_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


class Sqlite(Database):
    """One file; rows and columns change within one transaction. The mark stands in CREATE TABLE itself."""

    kind = "sqlite"
    types = {  # noqa: RUF012
        "text": "TEXT",
        "list": "TEXT",
        "whole": "INTEGER",
        "fraction": "REAL",
        "flag": "BOOLEAN",
        "date": "DATE",
        "time": "DATETIME",
    }
    _mark = "?"

    def __init__(self, target: str, engine: Engine, url: URL, password: str | None) -> None:
        super().__init__(target, engine, url, password)
        self._path = Path(url.database or "")

    @staticmethod
    def engine(url: URL) -> Engine:
        """A file that is not there yet is empty."""
        path = Path(url.database or "")

        def connect() -> sqlite3.Connection:
            # A file that is not there yet is made by the first writing, not by a look.
            address = f"file:{quote(str(path))}?mode=rw" if path.exists() else ":memory:"
            return _connected(address)

        return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    def _take(self) -> None:
        if not self._path.exists():
            self._connection.close()
            made = create_engine(
                "sqlite://",
                creator=lambda: _connected(f"file:{quote(str(self._path))}?mode=rwc"),
                poolclass=NullPool,
                hide_parameters=True,
            )
            self._engine, self._connection = made, made.connect()
        # Readers are kept out only while what is ready is put in its place.
        self._run("PRAGMA cache_spill = OFF")
        self._run("BEGIN IMMEDIATE")

    def marked(self, names: Collection[str]) -> dict[str, bool]:
        """The mark stands in the words of CREATE TABLE, which SQLite keeps."""
        found = self._run(
            f"SELECT name, type = 'table' AND instr(sql, '/* {MARK} */') > 0 FROM sqlite_master "
            f"WHERE type <> 'index' AND name IN ({self._marks(names)})",
            *names,
        )
        return {row[0]: bool(row[1]) for row in found}

    def columns(self, table: str) -> list[str]:
        """See `Database`."""
        return [name for (name,) in self._run("SELECT name FROM pragma_table_info(?)", table)]

    def missing_rights(self) -> list[str]:
        """The folder too: SQLite puts its journal beside the file."""
        places = [self._path.parent, *([self._path] if self._path.exists() else [])]
        return [str(place) for place in places if not os.access(place, os.W_OK)]

    def _plain(self, name: str, dtype: pl.DataType) -> pl.Expr:
        return pl.col(name).dt.strftime(_ISO_TIME) if isinstance(dtype, pl.Datetime) else super()._plain(name, dtype)

    def _create(self, table: str, view: Outgoing) -> None:
        self._run(f"CREATE TABLE {self._quoted(table)} (/* {MARK} */ {self._declared(view)})")

    def _remove(self, table: str, keys: pl.DataFrame) -> None:
        told = " AND ".join(f"{self._quoted(name)} = ?" for name in keys.columns)
        if keys.height:
            self._connection.exec_driver_sql(f"DELETE FROM {self._quoted(table)} WHERE {told}", keys.rows())


def _connected(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=base.PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = FULL")
    return connection
