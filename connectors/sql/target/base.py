"""A connection to one database that is written to, and what all of them do alike."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy.exc import SQLAlchemyError

from connectors.outgoing import PREFIX
from connectors.sql.columns import column, together
from connectors.sql.target.kinds import typed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy.engine import URL, Connection, CursorResult, Engine

    from connectors.outgoing import Outgoing, TableChange

PATIENCE = 30
"""Seconds to wait for somebody else who writes."""

CONNECTING = 10
"""Seconds to wait for a server to answer."""

BATCH = 20_000
"""Rows that are held as Python objects at once."""

TIME = "%Y-%m-%d %H:%M:%S%.6f"


class Database:
    """A connection to one database, and how things are done there. Names are without quotation marks."""

    kind = ""
    types: Mapping[str, str]
    errors: tuple[type[Exception], ...]

    def __init__(self, target: str, engine: Engine, url: URL, password: str | None) -> None:
        self.target = target
        self.url = url
        self.password = password
        self._engine = engine
        self._connection: Connection = engine.connect()
        self.errors = (self._connection.dialect.loaded_dbapi.Error,)

    @staticmethod
    def engine(url: URL) -> Engine:
        """Make the engine; nothing is opened yet."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go, whatever state the connection is in."""
        try:
            self._connection.rollback()
            self._connection.close()
        except Exception:  # noqa: BLE001 - drivers fail in their own ways on what is broken already
            with suppress(Exception):
                self._connection.invalidate()
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the database; nothing is kept of what is done."""
        try:
            yield
        finally:
            with suppress(SQLAlchemyError, *self.errors):
                self._connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer; what is done is kept as a whole, or not at all."""
        self._take()
        try:
            yield
        except BaseException:
            with suppress(SQLAlchemyError, *self.errors):
                self._connection.rollback()
            raise
        self._connection.commit()

    def _take(self) -> None:
        raise NotImplementedError

    def marked(self, names: Collection[str]) -> dict[str, bool]:
        """Which of these tables are there, and whether they bear our mark."""
        raise NotImplementedError

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns; none: there is no such table."""
        raise NotImplementedError

    def missing_rights(self) -> list[str]:
        """What we should be allowed to do and are not, by the database's own words."""
        raise NotImplementedError

    def read(self, table: str, columns: Mapping[str, str]) -> pl.DataFrame:
        """The rows of a table with these columns, by kind."""
        result = self._run(f"SELECT {self._names(columns)} FROM {self._quoted(table)}")
        batches = []
        while rows := result.fetchmany(BATCH):
            values = zip(columns, zip(*rows, strict=True), strict=True)
            batches.append(pl.DataFrame([column(name, told) for name, told in values]))
        frame = together(batches) if batches else pl.DataFrame(schema=dict.fromkeys(columns, pl.Null))
        return frame.select(typed(frame, name, kind) for name, kind in columns.items())

    def exchange(self, changes: Sequence[TableChange], about: TableChange) -> None:
        """Carry out all changes, and write the notes anew."""
        for change in changes:
            self._exchange(change)
        if about.reshaped:
            self._reshape(about)
        self._replace_all(table_of(about.view), about.view.flat())

    def _exchange(self, change: TableChange) -> None:
        rows = change.view.flat()
        if change.reshaped:
            self._reshape(change)
        if change.reshaped or change.removed.height + change.later.height > rows.height // 2:
            self._replace_all(table_of(change.view), rows)
        else:
            self._replace(change)

    def _replace_all(self, table: str, rows: pl.DataFrame) -> None:
        self._run(f"DELETE FROM {self._quoted(table)}")
        self._load(table, rows)

    def _replace(self, change: TableChange) -> None:
        """Exchange the rows that differ."""
        table, key = table_of(change.view), list(change.view.key)
        self._remove(table, change.removed.select(key))
        self._load(table, pl.concat([change.added, change.later]), put="REPLACE")

    def _reshape(self, change: TableChange) -> None:
        """Give a table its columns. What stood in it is written anew afterwards."""
        table = table_of(change.view)
        self._run(f"DROP TABLE IF EXISTS {self._quoted(table)}")
        self._create(table, change.view)

    def _create(self, table: str, view: Outgoing) -> None:
        raise NotImplementedError

    def _remove(self, table: str, keys: pl.DataFrame) -> None:
        raise NotImplementedError

    def _load(self, table: str, rows: pl.DataFrame, *, put: str = "INSERT") -> None:
        """Add rows; with `REPLACE` in place of those that have their key."""
        marks = ", ".join([self._mark] * rows.width)
        statement = f"{put} INTO {self._quoted(table)} ({self._names(rows.columns)}) VALUES ({marks})"
        plain = rows.select(self._plain(name, dtype) for name, dtype in rows.schema.items())
        for part in plain.iter_slices(BATCH):
            self._connection.exec_driver_sql(statement, part.rows())

    _mark = "%s"

    def _plain(self, name: str, dtype: pl.DataType) -> pl.Expr:
        """A column as the driver takes it fastest."""
        told = pl.col(name)
        if isinstance(dtype, pl.Datetime):
            return told.dt.strftime(TIME)
        if dtype == pl.Date:
            return told.dt.strftime("%Y-%m-%d")
        return told.cast(pl.Int64) if dtype == pl.Boolean else told

    def _declared(self, view: Outgoing) -> str:
        """The columns as CREATE TABLE names them, with the key."""
        told = [
            f"{self._quoted(name)} {self._type(kind, key=name in view.key)}" for name, kind in view.structure().items()
        ]
        return ", ".join([*told, f"PRIMARY KEY ({self._names(view.key)})"])

    def _type(self, kind: str, *, key: bool) -> str:
        return self.types[kind] + (" NOT NULL" if key else "")

    def _run(self, statement: str, *values: object) -> CursorResult[Any]:
        return self._connection.exec_driver_sql(statement, values or None)

    def _quoted(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote_identifier(name)

    def _names(self, names: Collection[str]) -> str:
        return ", ".join(self._quoted(name) for name in names)

    def _marks(self, names: Collection[str]) -> str:
        return ", ".join([self._mark] * len(names))


def table_of(view: Outgoing) -> str:
    """The name of the table in a database."""
    return PREFIX + view.name
