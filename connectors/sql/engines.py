"""A connection that can only read, sees one moment of the database, and waits for nobody long."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from connectors.sql.faults import understood
from okr.errors import SourceError
from okr.settings.urls import database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import URL, Connection, Engine

_LOCK_WAIT = 30.0


@dataclass(frozen=True)
class Access:
    """Where a database is, and how long to wait: all times in seconds."""

    url: str
    password: str | None
    connect_timeout: float
    statement_timeout: float

    @property
    def database(self) -> str:
        """The database's own name, for messages: the URL's last part, without parameters."""
        return self.url.partition("?")[0].rpartition("/")[2]

    @property
    def lock_timeout(self) -> float:
        """How long to wait for somebody else's lock."""
        return min(_LOCK_WAIT, self.statement_timeout)


@contextmanager
def reading(access: Access) -> Iterator[Connection]:
    """Open a connection within a read-only transaction that sees one moment of the database.

    Raises:
        SourceError: `sql_no_driver`, or why the database does not let us in.
    """
    engine = _engine(access)
    try:
        try:
            connection = engine.connect()
        except (SQLAlchemyError, OSError) as error:
            raise understood(error, access.password, table=access.database) from None
        try:
            try:
                _begin(connection, access)
            except SQLAlchemyError as error:
                raise understood(error, access.password, table=access.database) from None
            yield connection
        finally:
            _leave(connection)
    finally:
        engine.dispose()


def _leave(connection: Connection) -> None:
    """Close, whatever state the connection is in: nothing was written that could be lost."""
    try:
        connection.rollback()
        connection.close()
    except Exception:  # noqa: BLE001 - drivers fail in their own ways on what is broken already
        with suppress(Exception):
            connection.invalidate()
            connection.close()


def _engine(access: Access) -> Engine:
    try:
        url = database_url(access.url)
        if access.password is not None:
            url = url.set(password=access.password)
        return _DIALECTS.get(url.get_backend_name(), _plain)(url, access)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        # Neither text nor cause of these is shown: both may quote the address.
        driver = getattr(error, "name", None) or access.url.partition(":")[0]
        raise SourceError("sql_no_driver", driver=driver) from None


def _plain(url: URL, access: Access) -> Engine:  # noqa: ARG001 - what others need
    return create_engine(url, poolclass=NullPool, hide_parameters=True)


def _sqlite(url: URL, access: Access) -> Engine:
    path = Path(url.database or "")
    if not path.is_file():
        raise SourceError("sql_file_missing", file=str(path))

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            timeout=access.lock_timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


_READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }
)


def _may(action: int, *_: object) -> int:
    """Let SQLite read and nothing else; a file opened read-only can still have others attached."""
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _postgresql(url: URL, access: Access) -> Engine:
    settings = {
        "statement_timeout": f"{access.statement_timeout * 1000:.0f}",
        "lock_timeout": f"{access.lock_timeout * 1000:.0f}",
        "default_transaction_read_only": "on",
        "timezone": "UTC",
        "datestyle": "ISO",
        "intervalstyle": "iso_8601",
        "bytea_output": "hex",
        "client_encoding": "UTF8",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = url.query.get("options")
    arguments: dict[str, Any] = {
        "options": f"{given} {options}" if isinstance(given, str) else options,
        "connect_timeout": max(2, round(access.connect_timeout)),
        "application_name": "okr-handshake",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": round(access.statement_timeout * 1000) + 60_000,
    }
    return create_engine(
        url.difference_update_query(["options"]),
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="REPEATABLE READ",
        connect_args=arguments,
    )


def _mariadb(url: URL, access: Access) -> Engine:
    arguments: dict[str, Any] = {"connect_timeout": max(1, round(access.connect_timeout))}
    if url.get_driver_name() == "pymysql":
        arguments["read_timeout"] = round(access.statement_timeout) + 30
    # Transactions are begun by hand: only the statement itself can say that one only reads.
    return create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
    )


_DIALECTS: dict[str, Callable[[URL, Access], Engine]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mariadb,
    "mariadb": _mariadb,
}


def _begin(connection: Connection, access: Access) -> None:
    match connection.dialect.name:
        case "sqlite":
            deadline(connection, access)
            connection.exec_driver_sql("BEGIN")
            driver = connection.connection.driver_connection
            if isinstance(driver, sqlite3.Connection):
                driver.set_authorizer(_may)
        case "mysql" | "mariadb":
            for statement in _mariadb_limits(connection, access):
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        case "postgresql":
            connection.exec_driver_sql("SELECT 1")
        case _:
            pass


def _mariadb_limits(connection: Connection, access: Access) -> list[str]:
    lock = max(1, round(access.lock_timeout))
    limit = (
        f"max_statement_time = {access.statement_timeout:.3f}"
        if getattr(connection.dialect, "is_mariadb", False)
        else f"max_execution_time = {access.statement_timeout * 1000:.0f}"
    )
    return [
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        f"SET SESSION {limit}, lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}",
        "SET SESSION time_zone = '+00:00'",
    ]


def deadline(connection: Connection, access: Access) -> None:
    """Begin to count a statement's time on SQLite, which has no limit of its own."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        end = time.monotonic() + access.statement_timeout
        driver.set_progress_handler(lambda: int(time.monotonic() > end), 100_000)
