"""Reads a database, a table after another, all at one moment of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from connectors.protocol import CheckLine, Delivery, Failure, combined, nothing_read
from connectors.sql.changes import Table, changed, may_be_changed, memo
from connectors.sql.engines import Access, reading
from connectors.sql.query import placed, statement
from connectors.sql.reader import read
from okr.errors import SourceError
from okr.settings import now
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy.engine import Connection

    from okr.report import Report

_LOST = "sql_connection_lost"


class SqlConnector:
    """A database, in which each canonical table is a table, a view or a SELECT; scopes are tables.

    Tables that the settings do not name are not this source's: they are neither read nor covered.
    """

    kind = "sql"

    def __init__(
        self,
        name: str,
        settings: Any,  # noqa: ANN401 - see `connect`
        *,
        secrets: Callable[[Any], str],
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = secrets

    def pull(self, report: Report) -> Delivery:
        """Read all tables; see `Connector`."""
        return combined(self.name, self.pieces(report, None))

    def pieces(self, report: Report, previous: Delivery | None) -> Iterator[Delivery]:
        """Read a table at a time; see `InPieces`.

        Raises:
            SourceError: why the database did not let us in; why its only table could not be read,
                or `no_table_read` with each table's code.
        """
        access = self._access()
        failures: list[Failure] = []
        with reading(access) as connection:
            for table, asked in self._settings.tables.items():
                if failures and failures[-1].code == _LOST:
                    failures.append(Failure(table, _LOST, {**failures[-1].values, "table": table}))
                    continue
                try:
                    piece = self._piece(connection, access, Table(table, statement(asked)), previous)
                except SourceError as error:
                    failures.append(Failure(table, error.code, error.values))
                    continue
                yield piece
                del piece  # before the next table is read
        if len(failures) == len(self._settings.tables):
            raise nothing_read(failures, report)
        yield Delivery(self.name, {}, {}, not failures, (), failures=tuple(failures))

    def check(self) -> Iterator[CheckLine]:
        """Read everything once, and say of each table how many rows and whether columns fit."""
        began = time.perf_counter()
        try:
            access = self._access()
            with reading(access) as connection:
                yield CheckLine(ok=True, code="check_database", values={"database": connection.dialect.name})
                for table, asked in self._settings.tables.items():
                    yield self._check_table(connection, access, table, asked)
        except SourceError as error:
            yield CheckLine(ok=False, code=error.code, values=error.values)
            return
        seconds = round(time.perf_counter() - began, 1)
        yield CheckLine(ok=True, code="check_full_pull", values={"seconds": seconds})

    def _check_table(self, connection: Connection, access: Access, table: str, asked: str) -> CheckLine:
        try:
            frame = read(connection, access, statement(asked), table)
        except SourceError as error:
            return CheckLine(ok=False, code=error.code, values=error.values)
        unknown = [name for name in frame.columns if name not in TABLES[table].columns]
        if unknown:
            values: dict[str, object] = {"table": table, "columns": unknown}
            return CheckLine(ok=False, code="sql_columns_unknown", values=values)
        missing = [name for name in TABLES[table].needed_columns if name not in frame.columns]
        if missing:
            return CheckLine(ok=False, code="sql_columns_missing", values={"table": table, "columns": missing})
        return CheckLine(ok=True, code="check_query", values={"table": table, "rows": frame.height})

    def _access(self) -> Access:
        settings = self._settings
        return Access(
            url=settings.url,
            password=None if settings.password is None else self._secrets(settings.password),
            connect_timeout=settings.connect_timeout.total_seconds(),
            statement_timeout=settings.statement_timeout.total_seconds(),
        )

    def _piece(self, connection: Connection, access: Access, table: Table, previous: Delivery | None) -> Delivery:
        told: Mapping[str, object] = {}
        frame = None
        if self._settings.incremental:
            at, every = now(), self._settings.full_every
            if previous is not None and may_be_changed(table, previous, at, every):
                frame = changed(connection, access, table, previous)
                told = {table.name: previous.memo[table.name]}
            if frame is None:
                told = memo(table, at)
        if frame is None:
            frame = read(connection, access, table.sql, table.name)
        return Delivery(
            source=self.name,
            frames={table.name: placed(table.name, frame)},
            holds={table.name: {table.name: tuple(frame.columns)}},
            whole=True,
            scopes=(table.name,),
            memo=told,
        )
