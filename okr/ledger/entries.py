"""What the ledger tells: runs, decisions, messages and what became of them, writes, plans that were shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

Ended = Literal["succeeded", "failed", "stopped"]
State = Literal["started", "succeeded", "failed", "stopped"]
MessageKind = Literal["digest", "pack", "leader", "list"]
MessageEvent = Literal["sending", "deferred", "sent", "refused", "uncertain", "cancelled"]
MessageState = Literal["waiting", "sending", "sent", "refused", "uncertain", "cancelled"]


@dataclass(frozen=True)
class Run:
    """One run. `state` is `started` while it is under way, and for ever where it was killed.

    Times are UTC; `details` are those of its start with those of its end laid over them.
    """

    run_id: str
    command: str | None
    started_at: datetime | None
    ended_at: datetime | None
    state: State
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What a person decided; `takes_back` is the entry that it takes back, if it does that."""

    entry_id: int
    at: datetime
    who: str
    kind: str
    subject: str
    decision: str
    why: str
    takes_back: int | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What somebody answered to a request.

    Attributes:
        handshake_id: the request.
        kind: `response` (of the unit that is asked) or `decision` (of the leader).
        content: of a response `response`, `response_reason` and `supporting_kr_id` (an id, or words for one); of a
            decision `decision`. All null: the answer was taken back.
        who: as it was given: a name on a sheet, a program's user, a person's id. None: nobody is named.
        how: `named` on a sheet, `saved_by` a program, `unknown`: all of these are claims; `signed`: the person
            themselves, on our pages.
        said_at: when it was given: when its workbook was saved.
        at: when it was recorded.
        source: of the settings, or `web`.
        scope: the workbook.
        place: where it stands: workbook, sheet and cell.
        entry_id: its number, once it is recorded.
    """

    handshake_id: str
    kind: str
    content: dict[str, str | None]
    who: str | None
    how: str
    said_at: datetime
    at: datetime
    source: str
    scope: str
    place: str
    entry_id: int | None = None

    @property
    def claimed(self) -> bool:
        """Whether who answered is a mere claim."""
        return self.how != "signed"


@dataclass(frozen=True)
class Standing:
    """The answer to a request that counts, if any, and those of which nobody can tell which does."""

    handshake_id: str
    kind: str
    counts: Answer | None
    refused: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Message:
    """A message to one address. What it is never changes; `state` follows from what happened to it.

    `key` is its idempotency key; `recipient` is for whom it is, also where a rehearsal sends it elsewhere; `gaps`
    are the fingerprints that it tells; `content` is all that is needed to send it: `language`, `subject`, `text`,
    `html`, `attachments` (absolute paths). `details` are those of its last event, such as why it was refused.
    """

    key: str
    kind: str
    recipient: str
    person_id: str | None
    meeting_id: str | None
    due_at: datetime
    gaps: tuple[str, ...]
    content: dict[str, Any]
    state: str = "waiting"
    at: datetime | None = None
    state_at: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """Which gaps a message tells, to whom, of which meeting: a message without its content.

    `sent_to` is the address that it went to; in a rehearsal that is not the recipient's.
    """

    key: str
    kind: str
    recipient: str
    person_id: str | None
    meeting_id: str | None
    due_at: datetime
    gaps: tuple[str, ...]
    state: str
    sent_to: str | None = None


@dataclass(frozen=True)
class Audited:
    """One write to an outside place: what stood there, what was written, how it ended."""

    entry_id: int
    at: datetime
    who: str
    target: str
    action: str
    thing: str
    old: str | None
    new: str | None
    key: str | None
    outcome: str


@dataclass(frozen=True)
class PlanShown:
    """A plan that somebody was shown, and of which targets it told; `details` tell a later one apart from it."""

    entry_id: int
    at: datetime
    plan_id: str
    who: str
    targets: tuple[str, ...]
    details: dict[str, Any] = field(default_factory=dict)
