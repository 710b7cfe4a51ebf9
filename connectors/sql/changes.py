"""Reading only what changed since the last delivery, where a SELECT gives `updated_at`.

What is delivered is still everything: the rows of the last delivery, with those that changed since
put in their places. Rows that went are noticed by their number; where the numbers do not agree, or
anything else is not as it was, everything is read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.protocol import EXTRAS
from connectors.sql.columns import together
from connectors.sql.reader import read
from okr.errors import SourceError
from schemas import TABLES

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from connectors.protocol import Delivery
    from connectors.sql.engines import Access

_MARK = "updated_at"
_OVERLAP = timedelta(hours=1)
"""A change is seen when it is committed, which may be long after the time that it bears."""


@dataclass(frozen=True)
class Table:
    """One canonical table and what is asked for it."""

    name: str
    sql: str

    @property
    def digest(self) -> str:
        """Equal as long as the same is asked."""
        return hashlib.sha256(self.sql.encode("utf-8")).hexdigest()


def memo(table: Table, read_at: datetime) -> dict[str, Any]:
    """What the next pull has to know after a full read of a table."""
    return {table.name: {"sql": table.digest, "full_at": read_at.isoformat()}}


def changed(connection: Connection, access: Access, table: Table, previous: Delivery) -> pl.DataFrame | None:
    """Read a table by its changes; None where all of it has to be read.

    Raises:
        SourceError: as `read`.
    """
    before = previous.frames[table.name]
    before = before.drop([name for name in EXTRAS if name in before.columns])
    mark = _mark(before, connection.dialect.name)
    key = list(TABLES[table.name].key)
    if mark is None or not _keyed(before, key):
        return None
    new = _since(connection, access, table, mark)
    if new is None or new.columns != before.columns or not _keyed(new, key):
        return None
    new, before = _alike(new, before)
    merged = pl.concat([before.join(new, on=key, how="anti", maintain_order="left"), new])
    counting = f"SELECT count(*) AS n FROM (\n{table.sql}\n) AS counted"  # noqa: S608
    count = read(connection, access, counting, table.name)
    return merged if count.item() == merged.height else None


def may_be_changed(table: Table, previous: Delivery, read_at: datetime, full_every: timedelta) -> bool:
    """Whether the last delivery has the table, asked alike, and was read in full not long ago."""
    last: Any = previous.memo.get(table.name)
    if table.name not in previous.frames or not isinstance(last, dict):
        return False
    if last.get("sql") != table.digest:
        return False
    return timedelta(0) <= read_at - datetime.fromisoformat(last["full_at"]) < full_every


def _keyed(frame: pl.DataFrame, key: list[str]) -> bool:
    """Whether each row has a key of its own."""
    if not set(key) <= set(frame.columns):
        return False
    keys = frame.select(key)
    return not any(keys.null_count().row(0)) and keys.n_unique() == frame.height


def _mark(frame: pl.DataFrame, dialect: str) -> str | None:
    """The time behind which changes are sought, as SQL; None where there is none to be had."""
    if _MARK not in frame.columns or frame.height == 0:
        return None
    latest = frame[_MARK].max()
    match latest:
        case datetime():
            early = latest - _OVERLAP
            zone = "+00" if early.tzinfo is not None and dialect == "postgresql" else ""
            kind = "TIMESTAMPTZ" if zone else "TIMESTAMP"
            return f"{kind} '{early.replace(tzinfo=None).isoformat(sep=' ')}{zone}'"
        case date():
            return f"DATE '{latest - timedelta(days=1)}'"
        case str() if dialect == "sqlite":
            # SQLite keeps times as text, and orders texts as polars does: byte by byte.
            return "'" + latest.replace("'", "''") + "'"
        case _:
            return None


def _since(connection: Connection, access: Access, table: Table, mark: str) -> pl.DataFrame | None:
    sql = (
        f"SELECT * FROM (\n{table.sql}\n) AS changed "  # noqa: S608 - as given in the settings
        f"WHERE {_MARK} >= {mark} OR {_MARK} IS NULL"
    )
    try:
        return read(connection, access, sql, table.name)
    except SourceError as error:
        if error.code in {"sql_syntax", "sql_failed", "sql_no_column"}:
            return None  # what cannot stand within another SELECT is read whole
        raise


def _alike(new: pl.DataFrame, before: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give both frames the same types."""
    both = together([before, new])
    return both[before.height :], both[: before.height]
