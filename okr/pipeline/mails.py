"""Mails: who is told what goes into the outbox here; `delivery` takes it from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from okr.errors import CallError
from okr.pipeline.delivery import Delivered, deliver, settle, write_eml
from okr.pipeline.posting import Draft, When, post, reminder_day
from okr.publish.audience import Audience
from okr.publish.digest import letters
from okr.publish.digest.directory import Directory
from okr.publish.digest.letters import Occasion, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from okr.ledger import Ledger, Message
    from okr.publish.audience import Viewer
    from okr.publish.digest.directory import Addressee
    from okr.reconcile.reading import Reader
    from okr.report import Report
    from okr.settings import Settings

    Gap = dict[str, Any]

__all__ = [
    "Delivered", "Queued", "deliver", "queue_digests", "queue_pack", "reminder_day", "settle", "write_eml",
]  # fmt: skip


@dataclass(frozen=True)
class Queued:
    """Mails that were made.

    Attributes:
        count: how many.
        recipients: for how many addresses.
        messages: the mails themselves.
        unreachable: gaps that nobody can be told of.
        kept: whether they are in the outbox; else they were only made, and leave only as .eml files.
    """

    count: int = 0
    recipients: int = 0
    messages: tuple[Message, ...] = ()
    unreachable: int = 0
    kept: bool = False

    def __add__(self, other: Queued) -> Queued:
        messages = (*self.messages, *other.messages)
        return _queued(messages, self.unreachable + other.unreachable, kept=self.kept or other.kept)


def queue_digests(  # noqa: PLR0913 - what a run knows
    settings: Settings,
    reader: Reader,
    ledger: Ledger,
    *,
    at: datetime,
    due_at: datetime,
    report: Report,
    meeting: Mapping[str, Any] | None = None,
    reminder: bool = False,
    keep: bool | None = None,
    rehearsal: bool = False,
) -> Queued:
    """Put a digest for each person with something to close into the outbox, and the list of what nobody is told.

    Nobody gets the same set of gaps for the same meeting twice, but once on each reminder day; nor one gap twice
    on one day: who was told of a part of them by another mail of the day gets the rest. A digest that still waits
    is replaced by the newer one of the same meeting. Provisional gaps are told to nobody.

    Args:
        settings: of the enterprise.
        reader: of the warehouse.
        ledger: whose outbox it is.
        at: the time of the run.
        due_at: from when on they may leave.
        report: told of the stage and of what went otherwise.
        meeting: as `Reader.meeting` gives it: its gaps; None: those of the current view, but without those of
            meetings that are reminded of today, as their own digests tell them.
        reminder: it is one of the meeting's reminder days; found out also without being told.
        keep: False: make the mails and put nothing anywhere. None: as `mail.enabled` says.
        rehearsal: all of them go to `mail.redirect_to`, and nothing is remembered as told.

    Raises:
        CallError: `unknown_unit` (of `mail.only_units`), `unknown_meeting`, `mail_rehearsal_needs_redirect`.
        RunError: warehouse or ledger cannot be read or written.
    """
    keep = settings.mail.enabled if keep is None else keep
    when = When(at, due_at, reminder or (meeting is not None and reminder_day(settings, meeting, at)))
    try:
        desk = _Desk(settings, reader, at, meeting)
    except CallError as error:
        if meeting is not None or error.code not in {"no_current_period", "period_not_judged"}:
            raise
        report.note("mail_no_period")
        return Queued(kept=keep)
    report.stage("digests")
    if desk.directory.unknown_deputies:
        report.note("mail_deputy_unknown", deputies=desk.directory.unknown_deputies)
    told, unreachable = desk.tasks()
    drafts = desk.digests(told)
    if unreachable:
        listed = desk.lists(unreachable)
        drafts += listed
        if not listed:
            report.note("mail_nobody_to_tell", count=len(unreachable))
    made = post(settings, ledger, drafts, when, keep=keep, rehearsal=rehearsal)
    return _queued(made, len(unreachable), kept=keep)


def queue_pack(  # noqa: PLR0913 - what a run knows, and the files
    settings: Settings,
    reader: Reader,
    ledger: Ledger,
    *,
    at: datetime,
    due_at: datetime,
    meeting: Mapping[str, Any],
    page: Path,
    workbook: Path,
    leader: tuple[str, Path] | None,
    report: Report,
    reminder: bool = False,
    keep: bool | None = None,
    rehearsal: bool = False,
) -> Queued:
    """Put the pack into the outbox: page and workbook for the meeting's HRBPs, the leader's copy for the leader.

    The same rule as for digests: the same set of gaps once, and once on each reminder day. The list of gaps that
    nobody can be told of is `queue_digests`' affair.

    Args:
        settings: of the enterprise.
        reader: of the warehouse.
        ledger: whose outbox it is.
        at: the time of the run.
        due_at: from when on they may leave.
        meeting: as `Reader.meeting` gives it.
        page: the page on the state of readiness. It and the workbooks have to stay where they are.
        workbook: with all that HRBPs may see.
        leader: the leader's person_id and own copy, where that differs.
        report: told of what went otherwise.
        reminder: as for `queue_digests`.
        keep: as for `queue_digests`.
        rehearsal: as for `queue_digests`.

    Raises:
        CallError: `unknown_unit` (of `mail.only_units`), `mail_rehearsal_needs_redirect`.
        RunError: warehouse or ledger cannot be read or written.
    """
    keep = settings.mail.enabled if keep is None else keep
    when = When(at, due_at, reminder or reminder_day(settings, meeting, at))
    desk = _Desk(settings, reader, at, meeting)
    drafts = desk.packs([page, workbook])
    if not drafts and desk.in_pilot:
        report.note("mail_no_hrbp", meeting=desk.occasion.name("zh" if settings.language == "zh" else "en"))
    if leader is not None:
        copy = desk.leaders_copy(*leader)
        drafts += [copy] if copy else []
        if copy is None and desk.in_pilot:
            report.note("mail_no_leader", person=leader[0])
    return _queued(post(settings, ledger, drafts, when, keep=keep, rehearsal=rehearsal), 0, kept=keep)


class _Desk:
    """Where the mails about one view, or one meeting in it, are drafted."""

    def __init__(self, settings: Settings, reader: Reader, at: datetime, meeting: Mapping[str, Any] | None) -> None:
        if meeting is not None and "hrbps" not in meeting:
            meeting = reader.meeting(meeting["meeting_id"], now=at)
        self.directory = Directory(settings, reader, at)
        self.gaps = [gap for gap in _gaps(settings, reader, at, meeting) if not gap["provisional"]]
        period = _period(reader, at, meeting)
        units = None if meeting is None else {meeting["unit_id"], *meeting["participants"]}
        self._hrbps = [] if meeting is None else self.directory.named(meeting["hrbps"])
        known = [one.person_id for one in self._hrbps if one.person_id is not None]
        self._audience = Audience.of(reader, period, hrbps=known, units=units)
        self.in_pilot = self.directory.in_pilot(units or ())
        unit_name = None if meeting is None else self._audience.view.unit_name(meeting["unit_id"])
        contacts = self._hrbps or self.directory.ops()
        today = at.astimezone(settings.zone).date()
        self.occasion = Occasion(period, meeting, unit_name, contacts, settings.web.url, today)

    def tasks(self) -> tuple[dict[Addressee, list[Task]], list[Task]]:
        """What each person has to close, and what nobody can be told of."""
        told: dict[Addressee, list[Task]] = {}
        unreachable = []
        for gap in self.gaps:
            way = self.directory.way(gap["notify_person_id"])
            task = Task(gap, way, letters.due(self._audience.view, gap))
            if way.to is not None:
                told.setdefault(way.to, []).append(task)
            elif not way.outside and (gap["unit_id"] is None or self.directory.in_pilot([gap["unit_id"]])):
                unreachable.append(task)
        return told, unreachable

    def digests(self, told: Mapping[Addressee, Sequence[Task]]) -> list[Draft]:
        """A digest for each person."""
        return [
            self._draft("digest", to, [task.gap for task in tasks], self._digest(to, tasks))
            for to, tasks in told.items()
        ]

    def lists(self, tasks: Sequence[Task]) -> list[Draft]:
        """The list of what nobody can be told of, for the meeting's HRBPs, else for ops."""
        gaps = [task.gap for task in tasks]
        return [self._draft("list", to, gaps, self._list(to, tasks)) for to in self._hrbps or self.directory.ops()]

    def packs(self, files: Sequence[Path]) -> list[Draft]:
        """Page and workbook for the meeting's HRBPs."""
        if not self.in_pilot:
            return []
        return [
            self._draft("pack", to, self.gaps, lambda _told, to=to: letters.pack(self.occasion, to, self.gaps, files))
            for to in self._hrbps
        ]

    def leaders_copy(self, person_id: str, workbook: Path) -> Draft | None:
        """The leader's own copy; it goes to no deputy, as it holds what only the leader may see."""
        to = self.directory.person(person_id)
        if to is None or not self.in_pilot:
            return None
        return self._draft("leader", to, self.gaps, lambda _told: letters.leader(self.occasion, to, workbook))

    def _draft(self, kind: Any, to: Addressee, gaps: Iterable[Gap], write: Any) -> Draft:  # noqa: ANN401
        found = frozenset(gap["fingerprint"] for gap in gaps)
        scope = self.occasion.meeting_id or self.occasion.period_id
        return Draft(kind, to, scope, self.occasion.meeting_id, found, write)

    def _digest(self, to: Addressee, tasks: Sequence[Task]) -> Any:  # noqa: ANN401 - a function
        return lambda told: letters.digest(self.occasion, to, tasks, self._viewer(to), told)

    def _list(self, to: Addressee, tasks: Sequence[Task]) -> Any:  # noqa: ANN401 - a function
        def write(told: Any) -> dict[str, Any]:  # noqa: ANN401 - fingerprints
            fresh = [task for task in tasks if task.gap["fingerprint"] not in told]
            return letters.nobody(self.occasion, to, fresh, self._viewer(to))

        return write

    def _viewer(self, to: Addressee) -> Viewer:
        """What a reader may see; an HRBP whom no source knows is an HRBP all the same."""
        if to.person_id is None and to in self._hrbps:
            return self._audience.hrbp()
        return self._audience.person(to.person_id)


def _gaps(settings: Settings, reader: Reader, at: datetime, meeting: Mapping[str, Any] | None) -> Iterable[Gap]:
    """The gaps of a meeting; without one those of the current view that no meeting's own digest tells today."""
    if meeting is not None:
        yield from reader.gaps(now=at, meeting=meeting["meeting_id"])
        return
    reminded = [one for one in reader.meetings(now=at) if reminder_day(settings, one, at)]
    elsewhere = {(one["period_id"], unit) for one in reminded for unit in (one["unit_id"], *one["participants"])}
    for gap in reader.gaps(now=at):
        if not {(gap["period_id"], unit) for unit in (gap["unit_id"], gap["counterparty_unit_id"])} & elsewhere:
            yield gap


def _period(reader: Reader, at: datetime, meeting: Mapping[str, Any] | None) -> str:
    return reader.current_view(now=at) if meeting is None else meeting["period_id"]


def _queued(messages: Sequence[Message], unreachable: int, *, kept: bool) -> Queued:
    recipients = len({message.recipient.lower() for message in messages})
    return Queued(len(messages), recipients, tuple(messages), unreachable, kept)
