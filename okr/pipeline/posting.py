"""Drafts become messages in the outbox: each set of gaps once, and once more on each reminder day."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from okr.errors import CallError
from okr.ledger.entries import Message
from okr.ledger.outbox import GONE, REHEARSAL
from okr.pipeline.workdays import Calendar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from okr.ledger import Ledger, Told
    from okr.ledger.entries import MessageKind
    from okr.publish.digest.directory import Addressee
    from okr.settings import Settings


@dataclass(frozen=True)
class Draft:
    """A mail that is to be, before it is known whether its reader has been told already.

    Attributes:
        kind: of message.
        to: who reads it.
        scope: the meeting's id, else the period's.
        meeting_id: of its meeting, or None.
        gaps: fingerprints of all that it is about.
        write: makes its content; told which of the gaps another mail of the same day tells.
    """

    kind: MessageKind
    to: Addressee
    scope: str
    meeting_id: str | None
    gaps: frozenset[str]
    write: Callable[[Collection[str]], dict[str, Any]]

    def key(self, *more: object) -> str:
        """The idempotency key: the same reader, occasion and set of gaps have the same one."""
        named = [self.kind, self.to.address.lower(), self.meeting_id is not None, self.scope, sorted(self.gaps), *more]
        return hashlib.sha256(json.dumps(named, ensure_ascii=False).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class When:
    """When messages are made and are to leave.

    Attributes:
        at: the time of the run.
        due_at: from when on they may leave.
        reminder: it is a reminder day: who was told of a set of gaps is told once more.
    """

    at: datetime
    due_at: datetime
    reminder: bool


def reminder_day(settings: Settings, meeting: Mapping[str, Any], at: datetime) -> bool:
    """Whether the day of a time is one on which a meeting is reminded of.

    Raises:
        CallError: `holidays_unreadable`, `holidays_line`.
    """
    calendar = Calendar.of(settings)
    return bool(calendar.reminders_on(calendar.today(at), datetime.fromisoformat(meeting["starts_at"])))


def post(
    settings: Settings,
    ledger: Ledger,
    drafts: Sequence[Draft],
    when: When,
    *,
    keep: bool,
    rehearsal: bool = False,
) -> list[Message]:
    """Put drafts into the outbox, as far as their readers were not told the same already.

    Args:
        settings: of the enterprise.
        ledger: whose outbox it is.
        drafts: what is to be told.
        when: they are made and due.
        keep: whether to put them there; without it only what would be is returned.
        rehearsal: nothing is remembered as told, and nobody but the rehearsal's address is written to.

    Returns:
        The messages that are new.

    Raises:
        CallError: `mail_rehearsal_needs_redirect`.
    """
    if rehearsal:
        if settings.mail.redirect_to is None:
            raise CallError("mail_rehearsal_needs_redirect")
        made = [_rehearsed(draft, when, settings.mail.redirect_to) for draft in drafts]
    else:
        made = _Known(settings, ledger, drafts, when).messages(ledger, keep=keep)
    return ledger.queue_all(made, when.at) if keep else made


def _rehearsed(draft: Draft, when: When, address: str) -> Message:
    return _message(draft, f"{REHEARSAL}{uuid.uuid4().hex[:14]}", when, (), {**draft.write(()), "redirect": address})


def _message(draft: Draft, key: str, when: When, gaps: Iterable[str], content: dict[str, Any]) -> Message:
    return Message(
        key=key,
        kind=draft.kind,
        recipient=draft.to.address,
        person_id=draft.to.person_id,
        meeting_id=draft.meeting_id,
        due_at=when.due_at,
        gaps=tuple(sorted(gaps)),
        content=content,
    )


class _Known:
    """What the readers of some drafts were told, or will be."""

    def __init__(self, settings: Settings, ledger: Ledger, drafts: Sequence[Draft], when: When) -> None:
        self._when = when
        self._drafts = drafts
        self._rehearsing = settings.mail.redirect_to is not None
        today = when.at.astimezone(settings.zone).date()
        self._day = today.isoformat()
        self._midnight = datetime.combine(today, time(0), tzinfo=settings.zone)
        due_day = when.due_at.astimezone(settings.zone).date()
        start = datetime.combine(due_day, time(0), tzinfo=settings.zone)
        self._today = [
            one
            for one in ledger.told(due_from=start, due_until=start + timedelta(days=1))
            if self._stands(one) and not one.key.startswith(REHEARSAL)
        ]
        self._waiting = [one for one in ledger.told(state="waiting") if not one.key.startswith(REHEARSAL)]
        self._told: dict[str, Told] = {}
        self._look(ledger, [draft.key() for draft in drafts])
        self._look(ledger, [draft.key(self._day) for draft in drafts] if when.reminder else [])

    def messages(self, ledger: Ledger, *, keep: bool) -> list[Message]:
        """What is new of the drafts. Earlier messages that wait and say the same thing as of then are cancelled."""
        made = []
        for draft in self._drafts:
            key = self._key(draft)
            if key is None:
                continue
            replaced = [one for one in self._waiting if _same_reader(one, draft)]
            gone = {one.key for one in replaced}
            told = self._told_today(draft, gone)
            if draft.gaps and draft.gaps <= told:
                continue
            made.append(_message(draft, key, self._when, draft.gaps, draft.write(told)))
            for one in replaced if keep else ():
                if ledger.claim(one.key, self._when.at):  # else it has just left
                    ledger.message_event(one.key, "cancelled", self._when.at, {"code": "replaced", "by": key})
        return made

    def _key(self, draft: Draft) -> str | None:
        """A key that is free; None: that very set has been told, or will be."""
        base = draft.key()
        free = self._free(base)
        if free is None and self._when.reminder and not (self._waits(draft) or self._for_today(base)):
            free = self._free(draft.key(self._day))
        return free

    def _waits(self, draft: Draft) -> bool:
        """Whether a message with that very set has not left yet: then it is reminder enough."""
        return any(_same_reader(one, draft) and frozenset(one.gaps) == draft.gaps for one in self._waiting)

    def _for_today(self, base: str) -> bool:
        """Whether what stands under a key leaves, or left, on the day of this run or later: that is the reminder."""
        key, tries = base, 1
        while key in self._told and not self._stands(self._told[key]):
            tries += 1
            key = f"{base}-{tries}"
        return key in self._told and self._told[key].due_at >= self._midnight

    def _free(self, base: str) -> str | None:
        key, tries = base, 1
        while key in self._told:
            if self._stands(self._told[key]):
                return None
            tries += 1
            key = f"{base}-{tries}"
        return key

    def _stands(self, one: Told) -> bool:
        """Whether a message tells its reader; one that went to a rehearsal's address has not."""
        if one.state in GONE:
            return False
        elsewhere = one.sent_to is not None and one.sent_to.lower() != one.recipient.lower()
        return self._rehearsing or not elsewhere

    def _told_today(self, draft: Draft, replaced: Collection[str]) -> frozenset[str]:
        """What other mails of the same day and kind tell the same reader; a pack is always whole."""
        if draft.kind in {"pack", "leader"}:
            return frozenset()
        return frozenset(
            gap
            for one in self._today
            if one.kind == draft.kind and one.recipient.lower() == draft.to.address.lower() and one.key not in replaced
            for gap in one.gaps
        )

    def _look(self, ledger: Ledger, bases: Sequence[str]) -> None:
        """Find the messages of these keys, and where one has told nobody, those that were made in its stead."""
        tries, wanted = 1, list(bases)
        while wanted:
            found = ledger.told_by(f"{base}-{tries}" if tries > 1 else base for base in wanted)
            self._told |= found
            tries += 1
            wanted = [base for base in wanted if (f"{base}-{tries - 1}" if tries > 2 else base) in found]


def _same_reader(one: Told, draft: Draft) -> bool:
    return (
        one.kind == draft.kind
        and one.meeting_id == draft.meeting_id
        and one.recipient.lower() == draft.to.address.lower()
        and one.person_id == draft.to.person_id  # several people may share one address
    )
