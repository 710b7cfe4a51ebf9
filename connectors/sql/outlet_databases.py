"""What the three databases that we write to do differently: marks, types, locks, fast loading, new columns."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from connectors.sql.columns import column, together
from connectors.sql.copying import blocks
from connectors.outgoing import MARK, PREFIX, shape
from okr.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy.engine import URL, Connection, CursorResult, Engine

    from connectors.outgoing import TableChange, Outgoing

PATIENCE = 30
"""Seconds to wait for somebody else who writes."""

_CONNECTING = 10
_BATCH = 20_000
_KEYS = 200
"""Keys in one statement of MariaDB; more make it read the whole table."""

_TIME = "%Y-%m-%d %H:%M:%S%.6f"
_ISO_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


def database(target: str, address: str, password: str | None) -> Database:
    """Log in to a database that views are written to.

    Raises:
        RunError: `target_kind_of_database`, `target_no_driver`, or why it does not let us in.
    """
    from connectors.sql.outlet_faults import target_fault  # noqa: PLC0415 - they know each other

    try:
        url = make_url(address)
        kind = _KINDS.get(url.get_backend_name())
        if kind is None:
            raise RunError("target_kind_of_database", target=target, kind=url.get_backend_name())
        engine = kind.engine(url if password is None else url.set(password=password))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        driver = getattr(error, "name", None) or address.partition(":")[0]
        raise RunError("target_no_driver", target=target, driver=driver) from None
    try:
        return kind(target, engine, url, password)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        engine.dispose()
        raise target_fault(error, password, target) from None


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
        while rows := result.fetchmany(_BATCH):
            values = zip(columns, zip(*rows, strict=True), strict=True)
            batches.append(pl.DataFrame([column(name, told) for name, told in values]))
        frame = together(batches) if batches else pl.DataFrame(schema=dict.fromkeys(columns, pl.Null))
        return frame.select(_typed(frame, name, kind) for name, kind in columns.items())

    def exchange(self, changes: Sequence[TableChange], about: TableChange) -> None:
        """Carry out all changes, and write the notes anew."""
        for change in changes:
            self._exchange(change)
        if about.reshaped:
            self._reshape(about)
        self._replace_all(_table(about.view), about.view.flat())

    def _exchange(self, change: TableChange) -> None:
        rows = change.view.flat()
        if change.reshaped:
            self._reshape(change)
        if change.reshaped or change.removed.height + change.later.height > rows.height // 2:
            self._replace_all(_table(change.view), rows)
        else:
            self._replace(change)

    def _replace_all(self, table: str, rows: pl.DataFrame) -> None:
        self._run(f"DELETE FROM {self._quoted(table)}")
        self._load(table, rows)

    def _replace(self, change: TableChange) -> None:
        """Exchange the rows that differ."""
        table, key = _table(change.view), list(change.view.key)
        self._remove(table, change.removed.select(key))
        self._load(table, pl.concat([change.added, change.later]), put="REPLACE")

    def _reshape(self, change: TableChange) -> None:
        """Give a table its columns. What stood in it is written anew afterwards."""
        table = _table(change.view)
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
        for part in plain.iter_slices(_BATCH):
            self._connection.exec_driver_sql(statement, part.rows())

    _mark = "%s"

    def _plain(self, name: str, dtype: pl.DataType) -> pl.Expr:
        """A column as the driver takes it fastest."""
        told = pl.col(name)
        if isinstance(dtype, pl.Datetime):
            return told.dt.strftime(_TIME)
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


class _Postgresql(Database):
    """Rows and columns change within one transaction. Rows come and go by COPY."""

    kind = "postgresql"
    types = {  # noqa: RUF012 - never changed
        "text": "text",
        "list": "text",
        "whole": "bigint",
        "fraction": "double precision",
        "flag": "boolean",
        "date": "date",
        "time": "timestamptz",
    }
    _LOCK = 0x6F6B7276  # "okrv"

    @staticmethod
    def engine(url: URL) -> Engine:
        settings = "-c timezone=UTC -c datestyle=ISO -c client_encoding=UTF8"
        given = url.query.get("options")
        arguments: dict[str, Any] = {
            "options": f"{given} {settings}" if isinstance(given, str) else settings,
            "connect_timeout": _CONNECTING,
            "application_name": MARK,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
        }
        return create_engine(
            url.difference_update_query(["options"]),
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=arguments,
        )

    def _take(self) -> None:
        self._run(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
        self._run("SELECT pg_advisory_xact_lock(%s)", self._LOCK)

    def marked(self, names: Collection[str]) -> dict[str, bool]:
        found = self._run(
            "SELECT c.relname, c.relkind = 'r' AND coalesce(obj_description(c.oid, 'pg_class'), '') = %s "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND c.relname = ANY(%s) AND c.relkind <> 'i'",
            MARK,
            list(names),
        )
        return {name: ours for name, ours in found}

    def columns(self, table: str) -> list[str]:
        found = self._run(
            "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relname = %s "
            "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            table,
        )
        return [name for (name,) in found]

    def missing_rights(self) -> list[str]:
        schema = self._run("SELECT current_schema()").scalar_one()
        if schema is None:
            return ["USAGE, CREATE ON SCHEMA"]
        may = self._run("SELECT has_schema_privilege(%s, 'CREATE')", schema).scalar_one()
        owned = self._run(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND obj_description(c.oid, 'pg_class') = %s "
            "AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1",
            schema,
            MARK,
        )
        return [*([] if may else [f"CREATE ON SCHEMA {schema}"]), *(f"OWNER OF {name}" for (name,) in owned)]

    def read(self, table: str, columns: Mapping[str, str]) -> pl.DataFrame:
        statement = f"COPY (SELECT {self._names(columns)} FROM {self._quoted(table)}) TO STDOUT (FORMAT csv)"
        schema = dict.fromkeys(columns, pl.String)
        with self._driver.cursor() as cursor:
            batches = [
                pl.read_csv(block, has_header=False, schema=schema) for block in blocks(cursor, statement.encode())
            ]
        frame = pl.concat(batches) if batches else pl.DataFrame(schema=schema)
        return frame.select(_parsed(name, kind) for name, kind in columns.items())

    def _replace(self, change: TableChange) -> None:
        table, key = _table(change.view), list(change.view.key)
        self._remove(table, pl.concat([change.removed, change.later]).select(key))
        self._load(table, pl.concat([change.added, change.later]))

    def _remove(self, table: str, keys: pl.DataFrame) -> None:
        if not keys.height:
            return
        parts = ", ".join(["%s::text[]"] * keys.width)
        self._run(
            f"DELETE FROM {self._quoted(table)} WHERE ({self._names(keys.columns)}) IN (SELECT * FROM unnest({parts}))",
            *(keys[name].to_list() for name in keys.columns),
        )

    def _load(self, table: str, rows: pl.DataFrame, *, put: str = "COPY") -> None:  # noqa: ARG002 - as the others
        statement = f"COPY {self._quoted(table)} ({self._names(rows.columns)}) FROM STDIN (FORMAT csv)"
        with self._driver.cursor() as cursor, cursor.copy(statement) as copy:
            for part in rows.iter_slices(_BATCH):
                # Every text in quotation marks, so that null alone is empty.
                copy.write(
                    part.write_csv(include_header=False, quote_style="non_numeric", datetime_format=_TIME + "+00")
                )

    def _reshape(self, change: TableChange) -> None:
        """Change the columns of the table that is there, so that other people's views and rights stay."""
        table, before, wanted = _table(change.view), change.before, shape(change.view)
        if before is None or _keys(before) != _keys(wanted):
            super()._reshape(change)
            return
        gone = [name for name in before if before[name] != wanted.get(name)]
        new = [name for name in wanted if wanted[name] != before.get(name)]
        parts = [f"DROP COLUMN {self._quoted(name)}" for name in gone]
        structure = change.view.structure()
        parts += [f"ADD COLUMN {self._quoted(name)} {self._type(structure[name], key=False)}" for name in new]
        self._run(f"ALTER TABLE {self._quoted(table)} {', '.join(parts)}")

    def _create(self, table: str, view: Outgoing) -> None:
        self._run(f"CREATE TABLE {self._quoted(table)} ({self._declared(view)})")
        self._run(f"COMMENT ON TABLE {self._quoted(table)} IS '{MARK}'")

    @property
    def _driver(self) -> Any:  # noqa: ANN401 - psycopg's connection
        return self._connection.connection.driver_connection


class _Sqlite(Database):
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
        found = self._run(
            f"SELECT name, type = 'table' AND instr(sql, '/* {MARK} */') > 0 FROM sqlite_master "
            f"WHERE type <> 'index' AND name IN ({self._marks(names)})",
            *names,
        )
        return {name: bool(ours) for name, ours in found}

    def columns(self, table: str) -> list[str]:
        return [name for (name,) in self._run("SELECT name FROM pragma_table_info(?)", table)]

    def missing_rights(self) -> list[str]:
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


class _Mariadb(Database):
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
        if url.get_driver_name() not in {"pymysql", ""}:
            arguments: dict[str, Any] = {}
        else:
            arguments = {"connect_timeout": _CONNECTING, "charset": "utf8mb4"}
        return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)

    def _take(self) -> None:
        self._run(
            f"SET SESSION sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00', "
            f"lock_wait_timeout = {PATIENCE}, innodb_lock_wait_timeout = {PATIENCE}"
        )
        got = self._run("SELECT get_lock(concat('okr-handshake:', md5(database())), %s)", PATIENCE).scalar_one()
        if got != 1:
            raise RunError("target_busy", target=self.target)
        self._connection.commit()  # what is read from here on is what stood there when we got the place

    def marked(self, names: Collection[str]) -> dict[str, bool]:
        found = self._run(
            "SELECT table_name, table_type = 'BASE TABLE' AND table_comment = %s FROM information_schema.tables "
            f"WHERE table_schema = database() AND table_name IN ({self._marks(names)})",
            MARK,
            *names,
        )
        return {name: bool(ours) for name, ours in found}

    def columns(self, table: str) -> list[str]:
        found = self._run(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = database() AND table_name = %s "
            "ORDER BY ordinal_position",
            table,
        )
        return [name for (name,) in found]

    def missing_rights(self) -> list[str]:
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
        if not any(change.reshaped for change in (*changes, about)):
            super().exchange(changes, about)
            return
        everything = [*changes, about]
        aside = [
            beside + change.view.name for change in everything for beside in (self._NEXT, self._PAST)
        ]
        self._drop([name for name, ours in self.marked(aside).items() if ours])
        for change in everything:
            self._create(self._NEXT + change.view.name, change.view)
            self._load(self._NEXT + change.view.name, change.view.flat())
        self._connection.commit()
        there = self.marked([_table(change.view) for change in everything])
        moves, past = [], []
        for change in everything:
            table = _table(change.view)
            if table in there:
                past.append(self._PAST + change.view.name)
                moves.append(f"{self._quoted(table)} TO {self._quoted(past[-1])}")
            moves.append(f"{self._quoted(self._NEXT + change.view.name)} TO {self._quoted(table)}")
        self._run(f"RENAME TABLE {', '.join(moves)}")
        self._drop(past)

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


_KINDS: dict[str, type[Database]] = {
    "postgresql": _Postgresql,
    "sqlite": _Sqlite,
    "mariadb": _Mariadb,
    "mysql": _Mariadb,
}


def _table(view: Outgoing) -> str:
    return PREFIX + view.name


def _keys(shape: Mapping[str, str]) -> set[str]:
    return {name for name, kind in shape.items() if kind.endswith(" key")}


def _connected(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _typed(frame: pl.DataFrame, name: str, kind: str) -> pl.Expr:
    """A column as a driver gave it, by its kind."""
    told, given = pl.col(name), frame.schema[name]
    if given == pl.String:
        return _parsed(name, kind)
    match kind:
        case "time":
            return told.dt.replace_time_zone("UTC") if given == pl.Datetime("us") else told.cast(_POLARS[kind])
        case "flag":
            return told.cast(pl.Int64).cast(pl.Boolean)
        case _:
            return told.cast(_POLARS[kind])


def _parsed(name: str, kind: str) -> pl.Expr:
    """A column of texts, by its kind."""
    told = pl.col(name)
    match kind:
        case "flag":
            return pl.when(told.is_not_null()).then(told.is_in(["t", "1", "true"]))
        case "date":
            return told.str.to_date("%Y-%m-%d")
        case "time":
            bare = told.str.replace("T", " ", literal=True).str.strip_suffix("+00").str.strip_suffix("Z")
            return bare.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us").dt.replace_time_zone("UTC")
        case _:
            return told.cast(_POLARS[kind])


_POLARS: dict[str, Any] = {
    "text": pl.String,
    "list": pl.String,
    "whole": pl.Int64,
    "fraction": pl.Float64,
    "flag": pl.Boolean,
    "date": pl.Date,
    "time": pl.Datetime("us", "UTC"),
}
