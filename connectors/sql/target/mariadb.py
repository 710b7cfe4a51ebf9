"""MariaDB and MySQL: rows change within one transaction, columns by an exchange of tables."""

from __future__ import annotations

import re
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from connectors.outgoing import MARK, PREFIX
from connectors.sql.target import base
from connectors.sql.target.base import Database, table_of
from okr.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import polars as pl
    from sqlalchemy.engine import URL, Engine

    from connectors.outgoing import Outgoing, TableChange

_KEYS = 200
"""Keys in one statement; more make MariaDB read the whole table."""


class Mariadb(Database):
    """Rows change within one transaction; columns cannot.

    So where a table's columns change, the tables that differ are built beside the present ones and exchanged
    by one RENAME. What an attempt that was killed left beside them is removed by the next.
    """

    kind = "mariadb"
    types = {  # noqa: RUF012
        "text": "mediumtext",
        "list": "mediumtext",
        "whole": "bigint",
        "fraction": "double",
        "flag": "boolean",
        "date": "date",
        "time": "datetime(6)",
    }
    _NEXT, _PAST = f"{PREFIX}next_", f"{PREFIX}past_"
    _RIGHTS = ("SELECT", "INSERT", "DELETE", "CREATE", "DROP", "ALTER")

    @staticmethod
    def engine(url: URL) -> Engine:
        """Text in full Unicode."""
        if url.get_driver_name() not in {"pymysql", ""}:
            arguments: dict[str, Any] = {}
        else:
            arguments = {"connect_timeout": base.CONNECTING, "charset": "utf8mb4"}
        return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)

    def _take(self) -> None:
        self._run(
            f"SET SESSION sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00', "
            f"lock_wait_timeout = {base.PATIENCE}, innodb_lock_wait_timeout = {base.PATIENCE}"
        )
        got = self._run("SELECT get_lock(concat('okr-handshake:', md5(database())), %s)", base.PATIENCE).scalar_one()
        if got != 1:
            raise RunError("target_busy", target=self.target)
        self._connection.commit()  # what is read from here on is what stood there when we got the place

    def marked(self, names: Collection[str]) -> dict[str, bool]:
        """The mark is the table's comment, which CREATE TABLE makes."""
        found = self._run(
            "SELECT table_name, table_type = 'BASE TABLE' AND table_comment = %s FROM information_schema.tables "
            f"WHERE table_schema = database() AND table_name IN ({self._marks(names)})",
            MARK,
            *names,
        )
        return {row[0]: bool(row[1]) for row in found}

    def columns(self, table: str) -> list[str]:
        """See `Database`."""
        found = self._run(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = database() AND table_name = %s "
            "ORDER BY ordinal_position",
            table,
        )
        return [name for (name,) in found]

    def missing_rights(self) -> list[str]:
        """What SHOW GRANTS does not list for the user or for a role of theirs."""
        has: set[str] = set()
        for (line,) in self._run("SHOW GRANTS"):
            granted = re.match(r"GRANT (.+?) ON (?:TABLE )?(\S+?)\.\* TO ", line)
            if granted and self._meant(granted[2]):
                has |= {word.strip() for word in granted[1].split(",")}
        if "ALL PRIVILEGES" in has:
            return []
        return [right for right in self._RIGHTS if right not in has]

    def _meant(self, schema: str) -> bool:
        """Whether a grant on this schema is one on ours; `_` and `%` stand for other letters there."""
        if schema == "*":
            return True
        told = schema.strip("`").replace("\\_", "\x00").replace("_", "?").replace("%", "*").replace("\x00", "_")
        return fnmatchcase(str(self.url.database), told)

    def exchange(self, changes: Sequence[TableChange], about: TableChange) -> None:
        """Rows by a transaction; where columns change, tables by one RENAME."""
        self._drop(self._left())
        if not any(change.reshaped for change in (*changes, about)):
            super().exchange(changes, about)
            return
        try:
            self._exchange_tables([*changes, about])
        except BaseException:
            with suppress(SQLAlchemyError, *self.errors):
                self._drop(self._left())
            raise

    def _exchange_tables(self, everything: Sequence[TableChange]) -> None:
        for change in everything:
            self._create(self._NEXT + change.view.name, change.view)
            self._load(self._NEXT + change.view.name, change.view.flat())
        self._connection.commit()
        there = self.marked([table_of(change.view) for change in everything])
        moves, past = [], []
        for change in everything:
            table = table_of(change.view)
            if table in there:
                past.append(self._PAST + change.view.name)
                moves.append(f"{self._quoted(table)} TO {self._quoted(past[-1])}")
            moves.append(f"{self._quoted(self._NEXT + change.view.name)} TO {self._quoted(table)}")
        self._run(f"RENAME TABLE {', '.join(moves)}")
        self._drop(past)

    def _left(self) -> list[str]:
        """Tables that an attempt which did not end has left beside ours."""
        found = self._run(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_comment = %s "
            "AND (left(table_name, %s) = %s OR left(table_name, %s) = %s)",
            MARK,
            *(part for beside in (self._NEXT, self._PAST) for part in (len(beside), beside)),
        )
        return [name for (name,) in found]

    def _drop(self, tables: Sequence[str]) -> None:
        if tables:
            self._run(f"DROP TABLE IF EXISTS {self._names(tables)}")

    def _create(self, table: str, view: Outgoing) -> None:
        self._run(
            f"CREATE TABLE {self._quoted(table)} ({self._declared(view)}) ENGINE=InnoDB "
            f"DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT='{MARK}'"
        )

    def _type(self, kind: str, *, key: bool) -> str:
        return "varchar(200) NOT NULL" if key else super()._type(kind, key=False)

    def _remove(self, table: str, keys: pl.DataFrame) -> None:
        one = " AND ".join(f"{self._quoted(name)} = %s" for name in keys.columns)
        for part in keys.iter_slices(_KEYS):
            told = " OR ".join([f"({one})"] * part.height)
            self._run(f"DELETE FROM {self._quoted(table)} WHERE {told}", *(v for row in part.rows() for v in row))
