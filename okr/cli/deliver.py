"""`okr deliver`: send what is due in the outbox; say what became of a mail of which nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from okr import texts
from okr.cli import rooms, tables
from okr.cli.options import Common
from okr.cli.plan import who as account
from okr.cli.progress import reporting
from okr.cli.speech import complain, say, spoken
from okr.cli.tables import clock
from okr.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from okr.pipeline.delivery import Delivered, Trouble
    from okr.settings import Settings


def deliver(
    *,
    meeting: str | None = None,
    settle: str | None = None,
    verdict: Annotated[Literal["sent", "again"] | None, Parameter(name="--as")] = None,
    why: str = "",
    who: str | None = None,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Send what is due in the outbox, or settle one mail that is uncertain."""
    known = rooms.settings(common.config)
    if settle is not None or verdict is not None:
        return _settle(known, settle, verdict, (who or "").strip() or account(), why)
    with reporting() as report:
        report.stage("settings")
        done = rooms.deliver(known, meeting, report)
    _show(known, done)
    return done.exit_status


def _settle(known: Settings, key: str | None, verdict: Literal["sent", "again"] | None, who: str, why: str) -> int:
    if key is None or verdict is None:
        raise CallError("mail_settle_needs_both")
    message = rooms.settle(known, key, verdict, who, why)
    tables.line(say(f"cli.deliver.settled_{verdict}", key=message.key, recipient=message.recipient))
    return 0


def _show(known: Settings, done: Delivered) -> None:
    if done.off:
        tables.line(say("cli.deliver.off"))
        return
    tables.line(say("cli.deliver.sent", count=done.sent, waiting=done.waiting))
    for told in troubles(done.troubles):
        tables.line(told)
    if done.error is not None:
        complain(done.error)
    just_told = {one.key for one in done.troubles}
    earlier = [one for one in rooms.refused(known) if one.key not in just_told]
    if earlier:
        tables.line(say("cli.deliver.earlier"))
        for told in troubles(earlier):
            tables.line(told)
    if done.uncertain:
        tables.line(say("cli.deliver.unsettled", count=done.uncertain))
        for one in rooms.uncertain(known):
            since = clock(one.state_at, known.zone)
            tables.line(say("cli.deliver.one", key=one.key, recipient=one.recipient, at=since, kind=_kind(one.kind)))


def troubles(found: Sequence[Trouble]) -> Iterator[str]:
    """A line for each mail that did not get through: whose, and why, with the server's words."""
    for one in found:
        why = say(f"mail.why.{one.code}")
        reason = say("cli.deliver.words", reason=one.reason) if one.reason else ""
        told = say(f"cli.deliver.{one.state}", kind=_kind(one.kind), recipient=one.recipient, why=why)
        yield told + ("" if spoken() == "zh" or not reason else " ") + reason


def _kind(kind: str) -> str:
    return texts.text(f"mail.kind.{kind}", spoken())
