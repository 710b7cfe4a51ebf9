"""The ledger's tables."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class Moment(TypeDecorator[datetime]):
    """A time in UTC, also where the database knows no zones (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC on the way in; a time without a zone is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(value)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """UTC on the way out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA = MetaData()

RUNS = Table(
    "runs",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("event", Text, nullable=False),
    Column("command", Text),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,  # an entry's number is never given out again
)

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("kind", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("takes_back", Integer, ForeignKey("decisions.entry_id"), unique=True),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)

ANSWERS = Table(
    "answers",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("handshake_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("content", JSON, nullable=False),
    Column("who", Text),
    Column("how", Text, nullable=False),
    Column("said_at", Moment, nullable=False),
    Column("source", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("place", Text, nullable=False),
    sqlite_autoincrement=True,
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("person_id", Text),
    Column("meeting_id", Text, index=True),
    Column("due_at", Moment, nullable=False, index=True),
    Column("gaps", JSON, nullable=False),
    Column("content", JSON, nullable=False),
    sqlite_autoincrement=True,
)

OUTBOX_EVENTS = Table(
    "outbox_events",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("key", Text, ForeignKey("outbox.key"), nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("sent_to", Text),  # the address that it went to; in a rehearsal not the recipient's
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("target", Text, nullable=False, index=True),
    Column("action", Text, nullable=False),
    Column("thing", Text, nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("key", Text, index=True),
    Column("outcome", Text, nullable=False),
    sqlite_autoincrement=True,
)

PLANS = Table(
    "plans",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("plan_id", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("targets", JSON, nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)

SIGN_INS = Table(
    "sign_ins",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("visit", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("who", Text, nullable=False),
    UniqueConstraint("visit", "event"),
    sqlite_autoincrement=True,
)


def clean(text: str) -> str:
    """Text that every database takes: no NUL, no half characters (a terminal gives both)."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """A value as JSON can hold it in every database; what it does not know is told as text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean(str(name)): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(clean(str(item)) for item in value)
    return value.isoformat() if isinstance(value, datetime) else clean(str(value))


def dumps(value: object) -> str:
    """JSON with characters as they are, so that people can read the ledger with any tool."""
    return json.dumps(value, ensure_ascii=False)
