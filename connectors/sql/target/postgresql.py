"""PostgreSQL: rows and columns change within one transaction; rows come and go by COPY."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from connectors.outgoing import MARK, shape
from connectors.sql.copying import blocks
from connectors.sql.target import base
from connectors.sql.target.base import Database, table_of
from connectors.sql.target.kinds import parsed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.engine import URL, Engine

    from connectors.outgoing import Outgoing, TableChange


class Postgresql(Database):
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
        """Times in UTC, whatever the server's zone; a connection that is lost is noticed."""
        settings = "-c timezone=UTC -c datestyle=ISO -c client_encoding=UTF8"
        given = url.query.get("options")
        arguments: dict[str, Any] = {
            "options": f"{given} {settings}" if isinstance(given, str) else settings,
            "connect_timeout": base.CONNECTING,
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
        self._run(f"SET LOCAL lock_timeout = '{base.PATIENCE}s'")
        self._run("SELECT pg_advisory_xact_lock(%s)", self._LOCK)

    def marked(self, names: Collection[str]) -> dict[str, bool]:
        """The mark is the table's comment, made in the same transaction."""
        found = self._run(
            "SELECT c.relname, c.relkind = 'r' AND coalesce(obj_description(c.oid, 'pg_class'), '') = %s "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND c.relname = ANY(%s) AND c.relkind <> 'i'",
            MARK,
            list(names),
        )
        return {row[0]: bool(row[1]) for row in found}

    def columns(self, table: str) -> list[str]:
        """See `Database`."""
        found = self._run(
            "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relname = %s "
            "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            table,
        )
        return [name for (name,) in found]

    def missing_rights(self) -> list[str]:
        """See `Database`."""
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
        """By COPY, so that rows never become Python objects."""
        statement = f"COPY (SELECT {self._names(columns)} FROM {self._quoted(table)}) TO STDOUT (FORMAT csv)"
        schema = dict.fromkeys(columns, pl.String)
        with self._driver.cursor() as cursor:
            batches = [
                pl.read_csv(block, has_header=False, schema=schema) for block in blocks(cursor, statement.encode())
            ]
        frame = pl.concat(batches) if batches else pl.DataFrame(schema=schema)
        return frame.select(parsed(name, kind) for name, kind in columns.items())

    def _replace(self, change: TableChange) -> None:
        table, key = table_of(change.view), list(change.view.key)
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
            for part in rows.iter_slices(base.BATCH):
                # Every text in quotation marks, so that null alone is empty.
                copy.write(
                    part.write_csv(include_header=False, quote_style="non_numeric", datetime_format=base.TIME + "+00")
                )

    def _reshape(self, change: TableChange) -> None:
        """Change the columns of the table that is there, so that other people's views and rights stay."""
        table, before, wanted = table_of(change.view), change.before, shape(change.view)
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


def _keys(shape: Mapping[str, str]) -> set[str]:
    return {name for name, kind in shape.items() if kind.endswith(" key")}
