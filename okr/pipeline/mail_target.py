"""Mail as a target of `okr plan` and `okr apply`: who would be sent what now; then just that."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

from okr.errors import CallError, RunError
from okr.pipeline.delivery import deliver
from okr.pipeline.mails import queue_digests
from okr.publish.plan import Outcome, Write
from okr.report import Listing
from okr.settings import now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from okr.ledger import Ledger, Message
    from okr.reconcile.reading import Reader
    from okr.settings import Block, Settings

NAME = "mail"


class MailTarget:
    """What waits in the outbox, and the digests of the current view that a nightly run would add; see `Target`."""

    name = NAME
    kind = "smtp"

    def __init__(self, settings: Settings, reader: Reader, block: Block | None) -> None:
        self.enabled = settings.mail.enabled
        self._settings = settings
        self._reader = reader
        self._block = block

    def plan(self) -> Iterator[Write]:
        """A row a mail. Reads only."""
        with self._ledger() as ledger:
            for message in self._messages(ledger, keep=False):
                yield _row(message)

    def apply(self, rows: Sequence[Write]) -> Outcome:
        """Send just these mails, also those that are due later.

        Raises:
            CallError: `mail_far_away`, `mail_delivering`, or a password is missing.
            RunError: the server cannot be reached.
        """
        with self._ledger() as ledger:
            present = {row.key: row for row in map(_row, self._messages(ledger, keep=False))}
            planned = {row.key: row for row in rows}
            conflicts = tuple(
                row for key, row in (planned | present).items() if not (key in planned and key in present)
            )
            if conflicts:
                return Outcome(self.name, "conflict", conflicts=conflicts)
            messages = self._messages(ledger, keep=True)
        if not messages:
            return Outcome(self.name, "unchanged")
        kinds = {message.key: message.kind for message in messages}
        done = deliver(self._settings, report=Listing(), block=self._block, keys=kinds)
        lost = {trouble.key for trouble in done.troubles}
        if done.error is not None and not done.sent:
            raise done.error
        if done.error is None and not done.sent and not lost:
            raise CallError("mail_delivering")  # another delivery was under way, so nothing of ours was tried
        counts = {kind: {"send": n} for kind, n in Counter(kinds[key] for key in kinds if key not in lost).items()}
        if done.error is None and not lost and not done.waiting:
            return Outcome(self.name, "written", counts)
        error = RunError(
            "mail_partly_sent", sent=done.sent, refused=done.refused, uncertain=done.uncertain, waiting=done.waiting
        )
        return Outcome(self.name, "failed", error=error)

    def _messages(self, ledger: Ledger, *, keep: bool) -> list[Message]:
        at = now(self._settings)
        fresh = queue_digests(
            self._settings, self._reader, ledger, at=at, due_at=at, report=Listing(), keep=keep
        ).messages
        replaced = {(one.kind, one.recipient.lower()) for one in fresh}
        waiting = [
            one
            for one in ledger.messages(state="waiting")
            if one.meeting_id is not None or (one.kind, one.recipient.lower()) not in replaced
        ]
        return [*waiting, *fresh]

    def _ledger(self) -> Ledger:
        from okr.ledger import Ledger  # noqa: PLC0415 - SQLAlchemy

        return Ledger.of(self._settings, block=self._block)


def _row(message: Message) -> Write:
    told = {"kind": message.kind, "subject": message.content["subject"], "gaps": len(message.gaps)}
    if message.content["attachments"]:
        told["attachments"] = len(message.content["attachments"])
    new = json.dumps(told, ensure_ascii=False)
    same = hashlib.sha256(f"{message.key}\n{new}".encode()).hexdigest()[:32]
    return Write(NAME, "send", message.recipient, None, new, same)
