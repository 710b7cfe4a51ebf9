"""Who came in to our pages, and who left: a link works once, because its number stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from okr.ledger.tables import SIGN_INS, clean

if TYPE_CHECKING:
    from datetime import datetime

    from okr.ledger.store import Store


class SignIns:
    """The ledger's part that holds visits to the pages. A visit bears the number of the link that began it."""

    _store: Store

    def sign_in(self, visit: str, who: str, at: datetime) -> bool:
        """Begin a visit; False where one with this number has begun before, so that its link is spent."""
        return self._entry(visit, "in", who, at)

    def sign_out(self, visit: str, who: str, at: datetime) -> None:
        """End a visit: its cookie opens nothing any more, whoever has a copy of it."""
        self._entry(visit, "out", who, at)

    def signed_in(self, visit: str) -> bool:
        """Whether a visit has begun and not ended."""
        with self._store.reading() as connection:
            events = set(connection.execute(select(SIGN_INS.c.event).where(SIGN_INS.c.visit == visit)).scalars())
        return events == {"in"}

    def _entry(self, visit: str, event: str, who: str, at: datetime) -> bool:
        entry = {"at": at, "visit": clean(visit), "event": event, "who": clean(who)}
        dialect = sqlite if self._store.is_file else postgresql
        added = dialect.insert(SIGN_INS).values(entry).on_conflict_do_nothing(index_elements=["visit", "event"])
        with self._store.writing() as connection:
            return connection.execute(added.returning(SIGN_INS.c.entry_id)).first() is not None
