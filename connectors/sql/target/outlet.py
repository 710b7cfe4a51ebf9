"""Writes views into a database, so that a reader sees the old state or the new one.

Rows are exchanged within one transaction: only those that differ, so that other people's views, rights and
indexes on our tables stay, and nobody has to wait. Nothing but tables of ours is touched: a table with one of our
names that does not bear our mark is refused.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy.exc import SQLAlchemyError

from connectors.outgoing import PREFIX, Outgoing, Stamp, TableChange, compared, digest, shape
from connectors.protocol import CheckLine
from connectors.sql.target.faults import target_fault
from connectors.sql.target.opening import database
from okr.errors import OkrError, RunError
from okr.settings.urls import database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sqlalchemy.engine import URL

    from connectors.sql.target.base import Database

ABOUT = f"{PREFIX}about"
_ABOUT_KEY = ("table_name",)
_ABOUT: dict[str, Any] = {
    "table_name": pl.String,
    "rows": pl.Int64,
    "run_id": pl.String,
    "run_at": pl.Datetime("us", "UTC"),
    "written_at": pl.Datetime("us", "UTC"),
    "digest": pl.String,
    "structure": pl.String,
}


class SqlOutlet:
    """A database that views are written to; see `Outlet`."""

    def __init__(
        self,
        name: str,
        settings: Any,  # noqa: ANN401 - one of a discriminated union, told apart by `kind`
        *,
        secrets: Callable[[Any], str],
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = secrets

    @property
    def local(self) -> bool:
        """Whether the database is a file, a socket, or on loopback."""
        return on_this_machine(database_url(self._settings.url))

    def compare(self, views: Sequence[Outgoing]) -> list[TableChange]:
        """Read what stands there and compare."""
        with self._open() as base, self._told(base), base.reading():
            return _Session(self.name, base).compare(views)

    @contextmanager
    def writing(self) -> Iterator[_Session]:
        """Take the place in the database that only one writer can have."""
        with self._open() as base, self._told(base), base.writing():
            yield _Session(self.name, base)

    def check(self, names: Collection[str]) -> Iterator[CheckLine]:
        """Log in, look whose tables stand there and what we may do."""
        try:
            with self._open() as base, self._told(base):
                with base.reading():
                    _Session(self.name, base).owned(names)
                yield CheckLine(ok=True, code="check_target_database", values={"database": base.kind})
                missing = base.missing_rights()
        except OkrError as error:
            yield CheckLine(ok=False, code=error.code, values=error.values)
            return
        if missing:
            yield CheckLine(ok=False, code="target_rights_missing", values={"target": self.name, "rights": missing})
        else:
            yield CheckLine(ok=True, code="check_target_writable")

    @contextmanager
    def _open(self) -> Iterator[Database]:
        password = self._settings.password
        secret = None if password is None else self._secrets(password)
        base = database(self.name, self._settings.url, secret)
        try:
            yield base
        finally:
            base.close()

    @contextmanager
    def _told(self, base: Database) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, *base.errors, OSError) as error:
            raise target_fault(error, base.password, self.name) from None


class _Session:
    """One database, as one transaction sees it."""

    def __init__(self, name: str, base: Database) -> None:
        self._name = name
        self._base = base

    def owned(self, names: Collection[str]) -> set[str]:
        """Which of the tables for these views are there.

        Raises:
            RunError: `target_table_not_ours`: a table has one of our names and not our mark.
        """
        marked = self._base.marked([ABOUT, *(PREFIX + name for name in names)])
        foreign = sorted(name for name, ours in marked.items() if not ours)
        if foreign:
            raise RunError("target_table_not_ours", target=self._name, tables=foreign)
        return set(marked)

    def compare(self, views: Sequence[Outgoing]) -> list[TableChange]:
        """See `Session.compare`."""
        about = self._about(self.owned([view.name for view in views]))
        found = []
        for view in views:
            table = PREFIX + view.name
            known = about.get(table, {})
            before = self._before(table, known)

            def present(columns: Mapping[str, str], table: str = table) -> pl.DataFrame:
                return self._base.read(table, columns)

            change = compared(view, known.get("digest"), before, present)
            if change is not None:
                found.append(change)
        return found

    def write(self, views: Sequence[Outgoing], changes: Sequence[TableChange], stamp: Stamp) -> None:
        """See `Session.write`."""
        if not changes:
            return
        about = self._about(self.owned([view.name for view in views])) | {
            PREFIX + change.view.name: {
                "table_name": PREFIX + change.view.name,
                "rows": change.view.frame.height,
                "run_id": stamp.run_id,
                "run_at": stamp.run_at,
                "written_at": stamp.written_at,
                "digest": change.digest,
                "structure": json.dumps(shape(change.view)),
            }
            for change in changes
        }
        wanted = {PREFIX + view.name for view in views}
        rows = pl.DataFrame([row for name, row in about.items() if name in wanted], schema=_ABOUT, orient="row")
        self._base.exchange(changes, self._about_change(Outgoing("about", _ABOUT_KEY, rows)))

    def _about(self, owned: set[str]) -> dict[str, dict[str, Any]]:
        """What we wrote last, by table; nothing where our own notes are not as we know them."""
        if ABOUT not in owned or set(self._base.columns(ABOUT)) != set(_ABOUT):
            return {}
        notes = Outgoing("about", _ABOUT_KEY, pl.DataFrame(schema=_ABOUT))
        rows = self._base.read(ABOUT, notes.structure()).cast(_ABOUT)  # pyright: ignore[reportArgumentType]
        return {row["table_name"]: row for row in rows.iter_rows(named=True)}

    def _about_change(self, about: Outgoing) -> TableChange:
        """The notes, exchanged as a whole; their columns are those that stand there, or they are made anew."""
        rows = about.flat()
        there = set(self._base.columns(ABOUT)) == set(_ABOUT)
        nothing = rows.clear()
        before = shape(about) if there else None
        return TableChange(about, digest(rows), before, rows, nothing, nothing, nothing)

    def _before(self, table: str, known: Mapping[str, Any]) -> dict[str, str] | None:
        """The columns of a table that stands there, by kind; of one that others changed: other kinds."""
        names = self._base.columns(table)
        if not names:
            return None
        told = json.loads(known.get("structure") or "{}")
        return {name: told.get(name, "unknown") for name in names}


def on_this_machine(url: URL) -> bool:
    """Whether an address can only lead to a file, a socket or a server on loopback."""
    if url.get_backend_name() == "sqlite":
        return True
    told = [url.host, *(url.query.get(name) for name in ("host", "hostaddr"))]
    hosts = [host for host in told if host is not None]
    if url.get_backend_name() == "postgresql":
        # Without a host its library asks the environment, and a service may name any.
        hosts = hosts or [os.environ[name] for name in ("PGHOST", "PGHOSTADDR") if name in os.environ]
        hosts += [told for told in (url.query.get("service"), os.environ.get("PGSERVICE")) if told is not None]
    return all(_loopback(host) for host in hosts)


def _loopback(host: object) -> bool:
    if not isinstance(host, str):
        return False
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
