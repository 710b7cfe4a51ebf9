"""The outbox: every message before it leaves, and what happened to it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, exists, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from okr.ledger.entries import Message, MessageEvent, Told
from okr.ledger.tables import OUTBOX, OUTBOX_EVENTS, clean, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from okr.ledger.store import Store

GONE = ("refused", "cancelled")
"""States of messages that have told nobody anything, and will not."""

REHEARSAL = "rehearsal-"
"""How the keys of messages begin that are for a rehearsal and tell nobody anything."""

_EVERY = OUTBOX_EVENTS.alias("every")
# Asked for each message by itself: a mail that is claimed must not cost a look at all that ever happened.
_LAST = select(func.max(_EVERY.c.entry_id)).where(_EVERY.c.key == OUTBOX.c.key).correlate(OUTBOX).scalar_subquery()
_STATE = case(
    (OUTBOX_EVENTS.c.event.is_(None), "waiting"),
    (OUTBOX_EVENTS.c.event == "deferred", "waiting"),
    else_=OUTBOX_EVENTS.c.event,
)
_TOLD = (
    *(OUTBOX.c[name] for name in ("key", "kind", "recipient", "person_id", "meeting_id", "due_at", "gaps")),
    OUTBOX_EVENTS.c.sent_to,
)
BATCH = 500  # keys that are asked for at once


class Outbox:
    """The ledger's part that holds messages. A message is queued once and never changed."""

    _store: Store

    def queue(self, message: Message, at: datetime) -> bool:
        """Put a message into the outbox; False where its key is there already, whatever became of it."""
        return bool(self.queue_all([message], at))

    def queue_all(self, messages: Sequence[Message], at: datetime) -> list[Message]:
        """Put messages into the outbox, all of them or none; returns those whose key was not there yet."""
        dialect = sqlite if self._store.is_file else postgresql
        added = dialect.insert(OUTBOX).on_conflict_do_nothing(index_elements=["key"]).returning(OUTBOX.c.key)
        with self._store.writing() as connection:
            return [one for one in messages if connection.execute(added, _entry(one, at)).first() is not None]

    def messages(
        self,
        state: str | None = None,
        due_before: datetime | None = None,
        *,
        key: str | None = None,
    ) -> list[Message]:
        """Messages in the order in which they are due, of equal ones the earlier queued first.

        Args:
            state: only those that are now in this state.
            due_before: only those due at or before this time.
            key: only the one with this key.
        """
        wanted = _with_state(OUTBOX, OUTBOX_EVENTS.c.at.label("state_at"), OUTBOX_EVENTS.c.details)
        if state is not None:
            wanted = wanted.where(_STATE.in_([state]))
        if due_before is not None:
            wanted = wanted.where(OUTBOX.c.due_at <= due_before)
        if key is not None:
            wanted = wanted.where(OUTBOX.c.key == key)
        with self._store.reading() as connection:
            return [_message(row._mapping) for row in connection.execute(wanted)]

    def told(
        self,
        *,
        meeting_id: str | None = None,
        due_from: datetime | None = None,
        due_until: datetime | None = None,
        state: str | None = None,
    ) -> list[Told]:
        """What messages tell, told or still to tell; those that were refused or cancelled too, by their `state`.

        Args:
            state: only those that are now in this state.
            meeting_id: only those of this meeting.
            due_from: only those due at or after this time.
            due_until: only those due before this time.
        """
        wanted = _with_state(*_TOLD)
        if state is not None:
            wanted = wanted.where(_STATE.in_([state]))
        if meeting_id is not None:
            wanted = wanted.where(OUTBOX.c.meeting_id == meeting_id)
        if due_from is not None:
            wanted = wanted.where(OUTBOX.c.due_at >= due_from)
        if due_until is not None:
            wanted = wanted.where(OUTBOX.c.due_at < due_until)
        with self._store.reading() as connection:
            return [_told(row._mapping) for row in connection.execute(wanted)]

    def told_by(self, keys: Iterable[str]) -> dict[str, Told]:
        """Those messages of these keys that are in the outbox, by key."""
        found: dict[str, Told] = {}
        order = list(keys)
        with self._store.reading() as connection:
            for start in range(0, len(order), BATCH):
                wanted = _with_state(*_TOLD).where(OUTBOX.c.key.in_(order[start : start + BATCH]))
                found |= {row.key: _told(row._mapping) for row in connection.execute(wanted)}
        return found

    def claim(self, key: str, at: datetime, details: Mapping[str, Any] | None = None) -> bool:
        """Take a waiting message for sending: from here on nobody else may send it.

        False where it is not waiting any more. Whoever has claimed it and dies leaves it as `sending`; what became
        of it is then uncertain.
        """
        row = select(OUTBOX.c.key).where(OUTBOX.c.key == key).with_for_update()
        state = _with_state(OUTBOX.c.key).where(OUTBOX.c.key == key)
        with self._store.writing() as connection:
            connection.execute(row)  # PostgreSQL: two that claim one message take turns; SQLite has one writer
            found = connection.execute(state).one_or_none()
            if found is None or found.state != "waiting":
                return False
            connection.execute(insert(OUTBOX_EVENTS), _event(key, "sending", at, None, details))
            return True

    def message_event(
        self,
        key: str,
        event: MessageEvent,
        at: datetime,
        details: Mapping[str, Any] | None = None,
        *,
        sent_to: str | None = None,
    ) -> None:
        """Something happened to a message. `deferred`: it waits again."""
        with self._store.writing() as connection:
            connection.execute(insert(OUTBOX_EVENTS), _event(key, event, at, sent_to, details))

    def message_events(self, key: str) -> list[dict[str, Any]]:
        """What happened to a message, oldest first: `at`, `event`, `sent_to`, `details`."""
        names = ("at", "event", "sent_to", "details")
        wanted = select(*(OUTBOX_EVENTS.c[name] for name in names)).where(OUTBOX_EVENTS.c.key == key)
        with self._store.reading() as connection:
            return [dict(row._mapping) for row in connection.execute(wanted.order_by(OUTBOX_EVENTS.c.entry_id))]

    def people_were_written_to(self) -> bool:
        """Whether any message has ever gone to the one it was for; rehearsals do not count."""
        met = OUTBOX_EVENTS.c.key == OUTBOX.c.key
        went = (OUTBOX_EVENTS.c.event == "sent") & (OUTBOX_EVENTS.c.sent_to == OUTBOX.c.recipient)
        with self._store.reading() as connection:
            return bool(connection.execute(select(exists().where(met & went))).scalar_one())

    @contextmanager
    def delivering(self, *, wait: bool = True) -> Iterator[bool]:
        """Deliver alone: of all programs at this ledger only one is inside at a time.

        Yields False where another is inside and `wait` is off. Whoever is inside knows that a message which
        stands as `sending` was left by a program that died.
        """
        with self._store.alone("delivery", wait=wait) as entered:
            yield entered


def _with_state(*columns: Any) -> Select[Any]:  # noqa: ANN401 - columns and tables
    joined = OUTBOX.outerjoin(OUTBOX_EVENTS, OUTBOX_EVENTS.c.entry_id == _LAST)
    wanted = select(*columns, _STATE.label("state")).select_from(joined)
    return wanted.order_by(OUTBOX.c.due_at, OUTBOX.c.entry_id)


def _message(row: Mapping[Any, Any]) -> Message:
    values = {name: row[name] for name in row if name != "entry_id"}
    values |= {"gaps": tuple(row["gaps"]), "details": row["details"] or {}}
    return Message(**values)


def _entry(message: Message, at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "key": message.key,
        "kind": message.kind,
        "recipient": clean(message.recipient),
        "person_id": message.person_id,
        "meeting_id": message.meeting_id,
        "due_at": message.due_at,
        "gaps": list(message.gaps),
        "content": plain(message.content),
    }


def _told(row: Mapping[Any, Any]) -> Told:
    values = {name: row[name] for name in row if name != "entry_id"}
    return Told(**{**values, "gaps": tuple(row["gaps"])})


def _event(
    key: str, event: str, at: datetime, sent_to: str | None, details: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {"key": key, "event": event, "at": at, "sent_to": sent_to, "details": plain(dict(details or {}))}
