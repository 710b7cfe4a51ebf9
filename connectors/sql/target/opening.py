"""Logs in to a database that views are written to."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from connectors.sql.target.faults import target_fault
from connectors.sql.target.mariadb import Mariadb
from connectors.sql.target.postgresql import Postgresql
from connectors.sql.target.sqlite import Sqlite
from okr.errors import RunError
from okr.settings.urls import database_url

if TYPE_CHECKING:
    from connectors.sql.target.base import Database

_KINDS: dict[str, type[Database]] = {
    "postgresql": Postgresql,
    "sqlite": Sqlite,
    "mariadb": Mariadb,
    "mysql": Mariadb,
}


def database(target: str, address: str, password: str | None) -> Database:
    """Log in to a database that views are written to.

    Raises:
        RunError: `target_kind_of_database`, `target_no_driver`, or why it does not let us in.
    """
    try:
        url = database_url(address)
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
