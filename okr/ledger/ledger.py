"""The ledger as the program sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, cast

from sqlalchemy import Row, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from okr.errors import CallError
from okr.ledger.answers import Answers
from okr.ledger.entries import Decision, Ended, Run, State
from okr.ledger.journal import Journal
from okr.ledger.outbox import Outbox
from okr.ledger.signins import SignIns
from okr.ledger.store import Store
from okr.ledger.tables import DECISIONS, METADATA, RUNS, clean, plain
from okr.settings import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from types import TracebackType

    from okr.settings import Block, Settings

TAKEN_BACK = "taken back"
PATIENCE = timedelta(seconds=30)
BATCH = 500  # rows that are copied at once


class Ledger(Answers, Outbox, Journal, SignIns):
    """Entries are added and read, never changed; several programs may do so at once.

    May be used from several threads. Every failure of the database is a `RunError` whose code
    begins with `ledger_`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def open(
        cls, url: str, *, password: str | None = None, patience: timedelta = PATIENCE, as_it_is: bool = False
    ) -> Ledger:
        """Open the ledger, and make it where it is not there yet.

        Args:
            url: `sqlite:////absolute/path` or `postgresql+psycopg://user@host/database`.
            password: for PostgreSQL; never part of the URL.
            patience: how long to wait for others that write.
            as_it_is: to be copied only: tables that it lacks are not made.

        Raises:
            CallError: the URL names no database that the ledger can live in.
            RunError: it cannot be opened or made.
        """
        return cls(Store(url, password, patience, as_it_is=as_it_is))

    @classmethod
    def of(cls, settings: Settings, *, block: Block | None = None, as_it_is: bool = False) -> Ledger:
        """Open the ledger that the settings name; `as_it_is` as in `open`.

        Raises:
            SettingsError: its password is missing.
            RunError: it cannot be opened or made.
        """
        secret = settings.ledger.password
        password = None if secret is None else resolve(secret, block=block)
        return cls.open(settings.ledger.url, password=password, as_it_is=as_it_is)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def copy_to(self, url: str) -> None:
        """Copy all entries into a ledger that is fresh, for rehearsals.

        Raises:
            RunError: either of the two cannot be read or written.
        """
        with (
            Ledger.open(url) as other,
            self._store.reading() as here,
            other._store.writing() as there,
        ):
            known = set(inspect(here).get_table_names())  # one from before there was some table has fewer
            for table in METADATA.sorted_tables:
                if table.name not in known:
                    continue
                rows = here.execution_options(yield_per=BATCH).execute(select(table).order_by(table.c.entry_id))
                for batch in rows.mappings().partitions():
                    there.execute(insert(table), [dict(row) for row in batch])

    def run_started(self, run_id: str, command: str, at: datetime, details: Mapping[str, Any] | None = None) -> None:
        """A run begins."""
        self._run(run_id, "started", command, at, details)

    def run_ended(self, run_id: str, event: Ended, at: datetime, details: Mapping[str, Any] | None = None) -> None:
        """A run ends: it succeeded, failed, or was stopped by a signal."""
        self._run(run_id, event, None, at, details)

    def _run(
        self,
        run_id: str,
        event: State,
        command: str | None,
        at: datetime,
        details: Mapping[str, Any] | None,
    ) -> None:
        entry = {
            "run_id": run_id,
            "event": event,
            "command": command,
            "at": at,
            "details": plain(dict(details or {})),
        }
        with self._store.writing() as connection:
            connection.execute(insert(RUNS), entry)

    def runs(self, limit: int | None = None) -> list[Run]:
        """The latest runs, newest first; None: all."""
        newest = select(RUNS.c.run_id).where(RUNS.c.event == "started")
        newest = newest.order_by(RUNS.c.entry_id.desc()).limit(limit)
        with self._store.reading() as connection:
            ids = list(connection.execute(newest).scalars())
            entries = select(RUNS).order_by(RUNS.c.entry_id)
            if limit is not None:
                entries = entries.where(RUNS.c.run_id.in_(ids))
            by_run: dict[str, list[Row[Any]]] = {run_id: [] for run_id in ids}
            for entry in connection.execute(entries):
                if entry.run_id in by_run:
                    by_run[entry.run_id].append(entry)
        return [_run_of(run_id, entries) for run_id, entries in by_run.items()]

    def decide(
        self,
        kind: str,
        subject: str,
        decision: str,
        who: str,
        why: str,
        at: datetime,
        details: Mapping[str, Any] | None = None,
    ) -> int:
        """Record a person's decision; returns the number by which it can be taken back."""
        entry = {
            "kind": clean(kind),
            "subject": clean(subject),
            "decision": clean(decision),
            "who": clean(who),
            "why": clean(why),
            "at": at,
            "details": plain(dict(details or {})),
        }
        with self._store.writing() as connection:
            return connection.execute(insert(DECISIONS).returning(DECISIONS.c.entry_id), entry).scalar_one()

    def take_back(self, entry_id: int, who: str, why: str, at: datetime) -> int:
        """Take a decision back by an entry of its own; returns that entry's number.

        Raises:
            CallError: there is no such decision, it has been taken back, or it is itself a
                taking back (then decide anew).
        """
        wanted = select(DECISIONS).where(DECISIONS.c.entry_id == entry_id)
        with self._store.writing() as connection:
            found = connection.execute(wanted).one_or_none()
            if found is None:
                raise CallError("decision_unknown", entry=entry_id)
            if found.takes_back is not None:
                raise CallError("decision_takes_back", entry=entry_id, taken_back=found.takes_back)
            entry = {
                "kind": found.kind,
                "subject": found.subject,
                "decision": TAKEN_BACK,
                "who": clean(who),
                "why": clean(why),
                "at": at,
                "takes_back": entry_id,
                "details": {},
            }
            try:
                added = insert(DECISIONS).returning(DECISIONS.c.entry_id)
                return connection.execute(added, entry).scalar_one()
            except IntegrityError:
                raise CallError("decision_already_taken_back", entry=entry_id) from None

    def decisions(self, kind: str | None = None, *, history: bool = False) -> list[Decision]:
        """Decisions, newest last.

        Args:
            kind: only those of this kind.
            history: also those that were taken back, and the entries that took them back. Without
                it all that stand; of two about one thing the later one counts.
        """
        wanted = select(DECISIONS).order_by(DECISIONS.c.entry_id)
        if kind is not None:
            wanted = wanted.where(DECISIONS.c.kind == kind)
        with self._store.reading() as connection:
            found = [Decision(**row._mapping) for row in connection.execute(wanted)]
        if history:
            return found
        gone = {entry.takes_back for entry in found}
        return [e for e in found if e.takes_back is None and e.entry_id not in gone]


def _run_of(run_id: str, entries: list[Row[Any]]) -> Run:
    """One run out of its entries, oldest first."""
    details: dict[str, Any] = {}
    for entry in entries:
        details |= entry.details
    first, last = entries[0], entries[-1]
    return Run(
        run_id=run_id,
        command=first.command,
        started_at=first.at,
        ended_at=None if last.event == "started" else last.at,
        state=cast("State", last.event),
        details=details,
    )
