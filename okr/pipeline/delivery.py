"""What is due in the outbox leaves, each message at most once; of what is uncertain a person decides."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from connectors.naming import safe_name
from connectors.smtp import Handed, Letter, Post
from okr.errors import CallError, OkrError, RunError
from okr.ledger.outbox import REHEARSAL
from okr.publish.digest.rendering import with_banner
from okr.report import Listing
from okr.settings import now, resolve, set_by_hand
from okr.settings.checks import LOOPBACK
from okr.texts import text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from okr.ledger import Ledger, Message, Told
    from okr.report import Report
    from okr.settings import Block, Settings

SHOWN_WITHIN = timedelta(days=1)
"""So lately the plan must have been shown before people are written to for the first time."""

STALE = timedelta(days=3)
"""What could not leave for so long has been overtaken: it is cancelled, and the next run tells anew."""


@dataclass(frozen=True)
class Trouble:
    """A message that did not get through, why (text `mail.why.<code>`), and the other side's words."""

    key: str
    kind: str
    recipient: str
    state: Literal["refused", "deferred", "uncertain", "cancelled"]
    code: str
    reason: str = ""


@dataclass
class Delivered:
    """What became of the messages that were due.

    Attributes:
        sent: how many have left.
        refused: how many will not be taken by the other side.
        uncertain: how many nobody knows about, those of earlier times among them.
        waiting: how many are due and still wait.
        off: mail is turned off, so nothing was looked at.
        troubles: what did not get through this time.
        error: why what waits did not leave: the server, or the first sending (`CallError`: nothing was tried).
    """

    sent: int = 0
    refused: int = 0
    uncertain: int = 0
    waiting: int = 0
    off: bool = False
    troubles: list[Trouble] = field(default_factory=list)
    error: OkrError | None = None

    @property
    def exit_status(self) -> int:
        """0: all that could leave has; 2: not allowed as things are; 3: something did not get through."""
        if self.error is not None:
            return self.error.exit_status
        return RunError.exit_status if self.troubles else 0


def deliver(
    settings: Settings,
    *,
    report: Report,
    block: Block | None = None,
    meeting: str | None = None,
    keys: Collection[str] | None = None,
) -> Delivered:
    """Send what is due in the outbox. What nobody may be sent is in the result, and waits.

    Args:
        settings: of the enterprise.
        report: told of the stage and of how many did not get through; it hears no addresses.
        block: reads a Prefect Secret block.
        meeting: only messages of this meeting, by its id.
        keys: only these messages, due or not.

    Raises:
        SettingsError: the ledger's or the mail server's password is missing.
        RunError: the ledger cannot be read or written.
    """
    if not settings.mail.enabled:
        return Delivered(off=True)
    from okr.ledger import Ledger  # noqa: PLC0415 - SQLAlchemy

    at = now(settings)
    with Ledger.of(settings, block=block) as ledger, ledger.delivering(wait=False) as alone:
        if not alone:
            report.note("mail_busy")
            return Delivered(waiting=len(_due(ledger, at, meeting, keys)))
        work = _Delivery(settings, ledger, report, at, block)
        work.clear()
        work.send(_due(ledger, at, meeting, keys))
        done = work.done
        done.waiting = len(_due(ledger, at, meeting, keys))
        done.uncertain = len(ledger.told(state="uncertain"))
    if done.troubles:
        report.note("mail_troubles", count=len(done.troubles))
    return done


def settle(
    settings: Settings,
    key: str,
    verdict: Literal["sent", "again"],
    *,
    who: str,
    why: str = "",
    block: Block | None = None,
) -> Message:
    """Say what became of a message that is uncertain: it arrived, or it is to be sent once more.

    Args:
        settings: of the enterprise.
        key: of the message, or how it begins.
        verdict: what somebody has found out.
        who: on whose word.
        why: and how they know.
        block: reads a Prefect Secret block.

    Raises:
        CallError: `mail_not_uncertain`: no uncertain message, or several, have such a key; `mail_delivering`.
        RunError: the ledger cannot be read or written.
    """
    from okr.ledger import Ledger  # noqa: PLC0415 - SQLAlchemy

    at = now(settings)
    with Ledger.of(settings, block=block) as ledger, ledger.delivering(wait=False) as alone:
        if not alone:
            raise CallError("mail_delivering")
        work = _Delivery(settings, ledger, Listing(), at, block)
        work.died()
        uncertain = ledger.messages(state="uncertain")
        found = [one for one in uncertain if one.key == key or (len(key) >= 6 and one.key.startswith(key))]
        if len(found) != 1:
            raise CallError("mail_not_uncertain", key=key, keys=[one.key for one in uncertain])
        (message,) = found
        details = {"code": "settled", "who": who, "why": why}
        if verdict == "sent":
            ledger.message_event(message.key, "sent", at, details, sent_to=message.details.get("to"))
        else:
            ledger.message_event(message.key, "deferred", at, details)
    return message


def uncertain(settings: Settings, *, block: Block | None = None) -> list[Message]:
    """The messages of which a person has to say what became of them, oldest first."""
    from okr.ledger import Ledger  # noqa: PLC0415 - SQLAlchemy

    with Ledger.of(settings, block=block) as ledger:
        return ledger.messages(state="uncertain")


def refused(settings: Settings, *, block: Block | None = None) -> list[Trouble]:
    """What the other side has refused within three days, oldest first: whoever missed the run sees it here."""
    from okr.ledger import Ledger  # noqa: PLC0415 - SQLAlchemy

    since = now(settings) - STALE
    with Ledger.of(settings, block=block) as ledger:
        found = [one for one in ledger.messages(state="refused") if one.state_at is not None and one.state_at > since]
    return [
        Trouble(one.key, one.kind, one.recipient, "refused", one.details["code"], one.details.get("reason") or "")
        for one in found
    ]


def write_eml(
    messages: Iterable[Message], folder: Path, *, sender: str | None = None, at: datetime | None = None
) -> list[Path]:
    """Write mails as .eml files, which mail programs open as drafts to send by hand.

    Args:
        messages: what `queue_digests` and `queue_pack` have made.
        folder: where they are put; made where it is not there.
        sender: whom they are from; None: nobody in particular, the mail program fills it in.
        at: the time that they bear; None: each when it is due.

    Returns:
        The files, named after kind and recipient, the same for the same mail.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    for message in messages:
        name = f"{message.kind}-{safe_name(message.recipient)}"
        letter = _letter(message, message.recipient, sender or "okr@localhost", at or message.due_at)
        mail = letter.composed()
        mail["X-Unsent"] = "1"
        path = folder / f"{name}.eml"
        number = 2
        while path in written:
            path = folder / f"{name}-{number}.eml"
            number += 1
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(mail.as_bytes())
        written.append(path)
    return written


class _Delivery:
    """One delivery; whoever holds it is alone with the outbox."""

    def __init__(self, settings: Settings, ledger: Ledger, report: Report, at: datetime, block: Block | None) -> None:
        self._settings = settings
        self._ledger = ledger
        self._report = report
        self._at = at
        self._block = block
        self.done = Delivered()

    def died(self) -> None:
        """What a program that died was sending is uncertain: it may have left."""
        for one in self._ledger.messages(state="sending"):
            self._happened(one.key, one.kind, one.recipient, Handed("uncertain", "died"), one.details.get("to"))

    def clear(self) -> None:
        """Settle what earlier deliveries left behind."""
        self.died()
        for one in self._ledger.told(state="waiting", due_until=self._at - STALE):
            if not self._wanted_again(one.key) and self._ledger.claim(one.key, self._at):
                self._ledger.message_event(one.key, "cancelled", self._at, {"code": "stale"})
                self.done.troubles.append(Trouble(one.key, one.kind, one.recipient, "cancelled", "stale"))

    def _wanted_again(self, key: str) -> bool:
        """Whether a person has lately said that a message is to be sent once more, however old it is."""
        last = self._ledger.message_events(key)[-1:]
        return any(one["details"].get("code") == "settled" and one["at"] > self._at - STALE for one in last)

    def send(self, due: Sequence[Told]) -> None:
        """Send what may be sent, over one connection."""
        allowed = [one for one in due if self._allowed(one)]
        if not allowed:
            return
        self._report.stage("deliver", total=len(allowed))
        secret = self._settings.mail.password
        try:
            with Post(self._settings.mail, lambda: resolve(secret, block=self._block) if secret else "") as post:
                for one in allowed:
                    self._take(post, one.key)
                    self._report.advance()
        except RunError as error:
            if not error.code.startswith("mail_"):
                raise
            self.done.error = error

    def _allowed(self, one: Told) -> bool:
        """Whether a message may leave now: to a rehearsal's address always, to people as the settings say."""
        if self._settings.mail.redirect_to is not None or one.key.startswith(REHEARSAL):
            return True
        self.done.error = self.done.error or self._hindrance
        return self._hindrance is None

    @cached_property
    def _hindrance(self) -> CallError | None:
        host = self._settings.mail.host or ""
        if set_by_hand(self._settings) and not LOOPBACK.fullmatch(host):
            return CallError("mail_far_away", host=host)
        if self._ledger.people_were_written_to():
            return None
        shown = any("mail" in plan.targets for plan in self._ledger.plans(self._at - SHOWN_WITHIN))
        return None if shown else CallError("mail_plan_first")

    def _take(self, post: Post, key: str) -> None:
        """Send one message, unless somebody else has taken or cancelled it."""
        (message,) = self._ledger.messages(key=key)
        to = self._destination(message)
        if self._ledger.claim(key, self._at, {"to": to}):
            self._send(post, message, to)

    def _send(self, post: Post, message: Message, to: str) -> None:
        begun: list[bool] = []
        try:
            letter = self._letter(message, to)
            handed = post.send(letter, before_content=lambda: begun.append(True))
        except RunError:
            self._ledger.message_event(message.key, "deferred", self._at, {"code": "server"})
            raise
        except BaseException:
            event = "uncertain" if begun else "deferred"
            self._ledger.message_event(message.key, event, self._at, {"code": "stopped", "to": to}, sent_to=to)
            raise
        self._happened(message.key, message.kind, message.recipient, handed, to)

    def _happened(self, key: str, kind: str, recipient: str, handed: Handed, to: str | None) -> None:
        details = {"code": handed.code, "reason": handed.reason, "to": to}
        self._ledger.message_event(key, handed.state, self._at, details, sent_to=to)
        if handed.state == "sent":
            self.done.sent += 1
            return
        self.done.refused += handed.state == "refused"
        self.done.troubles.append(Trouble(key, kind, recipient, handed.state, handed.code, handed.reason))

    def _destination(self, message: Message) -> str:
        return self._settings.mail.redirect_to or message.content.get("redirect") or message.recipient

    def _letter(self, message: Message, to: str) -> Letter:
        return _letter(message, to, self._settings.mail.sender or "", self._at.astimezone(self._settings.zone))


def _letter(message: Message, to: str, sender: str, at: datetime) -> Letter:
    content = message.content
    language = "en" if content["language"] == "en" else "zh"
    subject, plain, html, name = (content[part] for part in ("subject", "text", "html", "to_name"))
    if to != message.recipient:
        who = f"{name} <{message.recipient}>" if name else message.recipient
        plain, html = with_banner(plain, html, text("mail.rehearsal.banner", language, who=who))
        subject = text("mail.rehearsal.subject", language, subject=subject, who=name or message.recipient)
        name = None
    return Letter(
        key=message.key,
        sender=sender,
        sender_name=text("mail.sender", language),
        to=to,
        to_name=name,
        subject=subject,
        text=plain,
        html=html,
        language=language,
        at=at,
        reply_to=tuple(content["reply_to"]),
        attachments=tuple(Path(file) for file in content["attachments"]),
    )


def _due(ledger: Ledger, at: datetime, meeting: str | None, keys: Collection[str] | None) -> list[Told]:
    """What is to be sent, without its content, which may be much."""
    if keys is not None:
        return [one for one in ledger.told(state="waiting") if one.key in keys]
    return ledger.told(state="waiting", meeting_id=meeting, due_until=at + timedelta(microseconds=1))
