"""Places that views are written to, each read back by a program that is not ours."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import polars as pl
import psycopg
import pymysql

from connectors import outlet
from tests import servers

DRIVERS = {"postgresql": "psycopg", "mariadb": "pymysql"}


@dataclass
class Place:
    """One place: how its target is set up, and what stands in it."""

    kind: str
    url: str = ""
    path: Path = Path()
    password: str | None = None
    server: servers.Server | None = None
    database: str = ""

    def settings(self, **changes):
        known = {"kind": "folder", "path": self.path}
        if self.kind != "folder":
            known = {"kind": "sql", "url": self.url, "password": self.password}
        return SimpleNamespace(**known | {"enabled": True} | changes)

    def outlet(self, **changes):
        return outlet("views", self.settings(**changes), secrets=lambda secret: secret)

    @contextmanager
    def open(self):
        """One moment of the place: a function from a table's name to its rows as dicts."""
        if self.kind == "folder":
            there = (self.path / "latest").resolve()
            yield lambda table: pl.read_parquet(there / f"{table}.parquet").to_dicts()
            return
        with closing(self.connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(
                {
                    "sqlite": "BEGIN",
                    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ",
                    "mariadb": "START TRANSACTION WITH CONSISTENT SNAPSHOT",
                }[self.kind]
            )

            def rows(table):
                cursor.execute(f"SELECT * FROM okr_{table}")
                names = [told[0] for told in cursor.description]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

            yield rows

    def connection(self):
        if self.kind == "sqlite":
            return sqlite3.connect(self.path, isolation_level=None, timeout=30)
        login = {"host": "127.0.0.1", "port": self.server.port, "user": self.server.user}
        if self.kind == "postgresql":
            return psycopg.connect(dbname=self.database, password=self.server.password, autocommit=True, **login)
        return pymysql.connect(database=self.database, password=self.server.password, autocommit=True, **login)

    def run(self, *statements):
        with closing(self.connection()) as connection:
            cursor = connection.cursor()
            for one in statements:
                cursor.execute(one)
            return cursor.fetchall() if cursor.description else []

    def rows(self, table):
        with self.open() as read:
            return read(table)

    def names(self):
        """Every table that is there; of a folder every file and link."""
        if self.kind == "folder":
            return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*"))
        asked = {
            "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
            "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
            "mariadb": "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
        }
        return sorted(name for (name,) in self.run(asked[self.kind]))


@contextmanager
def server_of(kind):
    with getattr(servers, kind)() as running:
        yield running


def on_server(server, *, user=None) -> Place:
    """A fresh database on a server."""
    name = f"views_{uuid4().hex[:12]}"
    admin = Place(server.kind, server=server, database=server.database)
    admin.run(f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if server.kind == "mariadb" else ""))
    url = f"{server.kind}+{DRIVERS[server.kind]}://{user or server.user}@127.0.0.1:{server.port}/{name}"
    return Place(server.kind, url=url, password=server.password, server=server, database=name)


def on_disk(kind, folder) -> Place:
    path = folder / ("views.sqlite" if kind == "sqlite" else "views")
    return Place(kind, url=f"sqlite:///{path}", path=path)
