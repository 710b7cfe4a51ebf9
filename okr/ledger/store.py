"""The database under the ledger: opened, readied, and its failures in our words."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from okr.errors import CallError, RunError
from okr.ledger.tables import METADATA, dumps
from okr.settings.urls import database_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

CREATING = 0x6F6B72  # the name of the lock under which PostgreSQL makes the tables ("okr")
TRIES = 50
PAUSE = 0.1  # seconds between two tries to turn on WAL

# The start of SQLite's name for a failure, and our code.
FAILURES = (
    ("SQLITE_BUSY", "ledger_locked"),
    ("SQLITE_LOCKED", "ledger_locked"),
    ("SQLITE_READONLY", "ledger_not_writable"),
    ("SQLITE_CANTOPEN", "ledger_not_writable"),
    ("SQLITE_PERM", "ledger_not_writable"),
    ("SQLITE_AUTH", "ledger_not_writable"),
    ("SQLITE_CORRUPT", "ledger_broken"),
    ("SQLITE_NOTADB", "ledger_broken"),
    ("SQLITE_FULL", "ledger_disk"),
    ("SQLITE_IOERR", "ledger_disk"),
)


def exists(url: str) -> bool:
    """Whether there is a ledger to open: a SQLite file is there, or it is a database on a server."""
    known = _parsed(url)
    return known.get_backend_name() != "sqlite" or Path(known.database or "").exists()


class Store:
    """A SQLite file in WAL mode or a PostgreSQL database, with the ledger's tables in it."""

    def __init__(self, url: str, password: str | None, patience: timedelta, *, as_it_is: bool = False) -> None:
        self.url = _parsed(url)
        self.name = self.url.database if self.is_file else self.url.render_as_string()
        self._patience = patience.total_seconds()
        if self.is_file:
            with self.told():
                _private_file(Path(self.url.database or ""))
        engine = self._engine(password)
        self._reading = engine
        self._writing = engine.execution_options(okr_writes=True)
        if as_it_is:
            return
        try:
            self._ready()
        except BaseException:
            self.close()
            raise

    @property
    def is_file(self) -> bool:
        """Whether it is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that reads one state of the ledger."""
        with self.told(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose writes are committed at the end, and nobody else's between them."""
        with self.told(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def alone(self, name: str, *, wait: bool) -> Iterator[bool]:
        """Hold a lock of that name among all programs at this ledger; a program that dies lets go of it.

        Yields False, without the lock, where another holds it and `wait` is off.
        """
        holding = self._file_lock(name, wait=wait) if self.is_file else self._server_lock(name, wait=wait)
        with holding as entered:
            yield entered

    @contextmanager
    def _file_lock(self, name: str, *, wait: bool) -> Iterator[bool]:
        lock = FileLock(f"{self.url.database}.{name}.lock", mode=0o600)
        with self.told():
            try:
                lock.acquire(timeout=-1 if wait else 0)
            except Timeout:
                lock = None
        if lock is None:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    @contextmanager
    def _server_lock(self, name: str, *, wait: bool) -> Iterator[bool]:
        key = {"key": zlib.crc32(f"okr {name}".encode())}
        how = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        with self.told():
            connection = self._reading.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            with self.told():
                got = connection.execute(text(f"select {how}(:key)"), key).scalar_one()
            yield got is not False
        finally:
            connection.invalidate()  # the lock goes with the session
            connection.close()

    def close(self) -> None:
        """Let go of the database."""
        self._reading.dispose()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what the database says about a failure into our words.

        Raises:
            RunError: `ledger_locked`, `ledger_not_writable`, `ledger_broken`, `ledger_disk`,
                `ledger_unreachable` or `ledger_failed`, each with the ledger's place.
        """
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            code, reason = self._code(cause), _reason(cause)
            raise RunError(code, ledger=self.name, reason=reason) from error
        except SQLAlchemyError as error:
            raise RunError("ledger_failed", ledger=self.name, reason=str(error)) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise RunError("ledger_not_writable", ledger=self.name, reason=reason) from error

    def _code(self, cause: BaseException | None) -> str:
        if self.is_file:
            name = getattr(cause, "sqlite_errorname", "")
            return next((code for start, code in FAILURES if name.startswith(start)), "ledger_failed")
        state = getattr(cause, "sqlstate", None)
        if state is None:
            return "ledger_unreachable"
        by_state = {
            "55P03": "ledger_locked",
            "42501": "ledger_not_writable",
            "53100": "ledger_disk",
        }
        return by_state.get(state, "ledger_unreachable" if state[:2] in {"08", "28"} else "ledger_failed")

    def _engine(self, password: str | None) -> Engine:
        arguments: dict[str, Any] = {"connect_timeout": 10}
        if self.is_file:
            arguments = {"timeout": self._patience}
        url = self.url.set(password=password) if password else self.url
        engine = create_engine(
            url,
            connect_args=arguments,
            json_serializer=dumps,
            pool_pre_ping=not self.is_file,
        )
        if self.is_file:
            event.listen(engine, "connect", _on_connect_to_file)
        event.listen(engine, "begin", self._on_begin)
        return engine

    def _on_begin(self, connection: Connection) -> None:
        """A writer takes the lock before it reads: what it read still holds as it writes."""
        writes = connection.get_execution_options().get("okr_writes", False)
        if self.is_file:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        elif writes:
            milliseconds = int(self._patience * 1000)
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")

    def _ready(self) -> None:
        """WAL, and the tables that are not there yet."""
        with self.told():
            if self.is_file:
                self._wal()
            with self._reading.connect() as connection:
                there = set(inspect(connection).get_table_names())
        if not there >= set(METADATA.tables):
            with self.writing() as connection:
                if not self.is_file:
                    lock = text("select pg_advisory_xact_lock(:key)")
                    connection.execute(lock, {"key": CREATING})
                METADATA.create_all(connection)

    def _wal(self) -> None:
        """Turn on WAL once in a file's life; SQLite does not wait its turn for that, so we do."""
        with self._raw() as cursor:
            for tries_left in range(TRIES, -1, -1):
                try:
                    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                        cursor.execute("PRAGMA journal_mode = WAL").fetchone()
                except sqlite3.OperationalError as error:
                    locked = getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")
                    if not locked or not tries_left:
                        raise
                    time.sleep(PAUSE)
                else:
                    return

    @contextmanager
    def _raw(self) -> Iterator[Any]:
        connection = self._reading.raw_connection()
        try:
            cursor = connection.cursor()
            yield cursor
            cursor.close()
        finally:
            connection.close()


def _parsed(url: str) -> URL:
    """The URL, if it is one of a database that the ledger can live in.

    Raises:
        CallError: it is not.
    """
    try:
        parsed = database_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise CallError("ledger_url_wrong", url=url) from None
    in_memory = parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}
    if parsed.get_backend_name() not in {"sqlite", "postgresql"} or in_memory:
        raise CallError("ledger_url_wrong", url=parsed.render_as_string())
    return parsed


def _private_file(path: Path) -> None:
    """Make the file for its owner alone, if it is not there; SQLite's side files take its mode."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return  # another program was faster, and made it likewise


def _on_connect_to_file(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    connection.isolation_level = None  # we say BEGIN ourselves, of the kind that is needed
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")  # committed is committed, also when the power fails
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _reason(cause: BaseException | None) -> str:
    """The database's own words, first line; they go behind ours."""
    return (str(cause).strip().splitlines() or [""])[0]
