"""What each kind of mail says: a person's digest, the list of what nobody can be told, pack and leader's copy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr.publish.digest import wording
from okr.publish.digest.rendering import Item, Part, link, rendered
from okr.reconcile.rulebook import SEVERITIES, rules
from okr.texts import text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from okr.publish.audience import View, Viewer
    from okr.publish.digest.directory import Addressee, Way
    from okr.reconcile.rulebook import Language

MOST = 10
"""Things that a digest shows; the rest is counted."""

LISTED = 50
"""Gaps that the list of those with nobody to tell shows."""

Gap = dict[str, Any]
Content = dict[str, Any]


@dataclass(frozen=True)
class Occasion:
    """What mails are written about.

    Attributes:
        period_id: of the view.
        meeting: as `Reader.meeting` gives it; None: the state of the view, for no meeting in particular.
        unit_name: of the meeting's upper unit.
        contacts: whom an answer goes to.
        web: the address of our own pages, where they can be reached.
        today: the day of the run in the company's zone.
    """

    period_id: str
    meeting: Mapping[str, Any] | None
    unit_name: str | None
    contacts: Sequence[Addressee]
    web: str | None
    today: date

    @property
    def meeting_id(self) -> str | None:
        """The meeting's id, if it is about one."""
        return None if self.meeting is None else self.meeting["meeting_id"]

    def name(self, language: Language) -> str:
        """What it is called."""
        return wording.about(self.meeting, self.period_id, self.unit_name, language)

    def when(self, language: Language) -> str | None:
        """When the meeting is, if it is about one."""
        return None if self.meeting is None else wording.when(self.meeting, language)

    def foot(self, to: Addressee, language: Language) -> tuple[str, ...]:
        """Who has written, and whom to ask."""
        return (text("mail.foot.made", language), *self.ask(to, language, "mail.foot.ask"))

    def ask(self, to: Addressee, language: Language, code: str) -> tuple[str, ...]:
        """Whom an answer reaches, in the sentence of that code; nothing where it reaches nobody."""
        names = [one.name or one.address for one in self.others(to)]
        return (text(code, language, people=names),) if names else ()

    def others(self, to: Addressee) -> list[Addressee]:
        """Whom an answer of a reader goes to: nobody writes to themselves."""
        return [one for one in self.contacts if one.address != to.address]


@dataclass(frozen=True)
class Task:
    """A gap that somebody is told, and how they come to be told."""

    gap: Gap
    way: Way
    due: date | None

    @property
    def rank(self) -> tuple[int, bool, str]:
        """Worst first, of equally bad ones what is due first."""
        return SEVERITIES.index(self.gap["severity"]), self.due is None, str(self.due)


def due(view: View, gap: Mapping[str, Any]) -> date | None:
    """By when a gap's handshake is needed, or its KR is due."""
    if gap["subject_kind"] == "handshake":
        return view.request.get(gap["subject_id"], {}).get("needed_by")
    if gap["subject_kind"] == "kr":
        return view.thing.get(("kr", gap["subject_id"]), {}).get("due_on")
    return None


def digest(
    occasion: Occasion, to: Addressee, tasks: Sequence[Task], viewer: Viewer, told: Collection[str] = ()
) -> Content:
    """What one person is written of what only they can close.

    Args:
        occasion: what it is about.
        to: who reads it.
        tasks: all that they have to close.
        viewer: what they may see.
        told: fingerprints of those that another mail of the same day tells.
    """
    fresh = sorted((task for task in tasks if task.gap["fingerprint"] not in told), key=lambda task: task.rank)
    shown, rest = fresh[:MOST], fresh[MOST:]
    parts = []
    for language in to.languages:
        notes = []
        if rest:
            notes.append(text("mail.digest.rest", language, count=len(rest), parts=_counted(rest, language)))
        if len(fresh) < len(tasks):
            notes.append(text("mail.digest.told", language, count=len(tasks) - len(fresh)))
        name = to.name or to.address
        notes += occasion.ask(to, language, "mail.digest.reply")
        part = Part(
            language,
            about=occasion.name(language),
            when=occasion.when(language),
            heading=text("mail.digest.heading", language, count=len(fresh)),
            lead=text("mail.digest.lead", language, name=name),
            items=tuple(_item(occasion, task, viewer, language) for task in shown),
            notes=tuple(notes),
            foot=(text("mail.foot.made", language),),
        )
        parts.append(part)
    urgent = sum(task.gap["severity"] == "critical" for task in fresh)
    code = "mail.digest.subject_urgent" if urgent else "mail.digest.subject"
    code = "mail.digest.subject_all" if urgent == len(fresh) else code
    values = {"about": occasion.name(to.languages[0]), "count": len(fresh), "urgent": urgent}
    return content(parts, text(code, to.languages[0], **values), occasion, to)


def nobody(occasion: Occasion, to: Addressee, tasks: Sequence[Task], viewer: Viewer) -> Content:
    """The one list of gaps that nobody can be told of."""
    ordered = sorted(tasks, key=lambda task: task.rank)
    parts = []
    for language in to.languages:
        rest = ordered[LISTED:]
        notes = [text("mail.list.rest", language, count=len(rest))] if rest else []
        part = Part(
            language,
            about=occasion.name(language),
            when=occasion.when(language),
            heading=text("mail.list.heading", language, count=len(tasks)),
            lead=text("mail.list.lead", language),
            items=tuple(_item(occasion, task, viewer, language) for task in ordered[:LISTED]),
            notes=tuple(notes),
            button=_button(occasion, language),
            foot=occasion.foot(to, language),
        )
        parts.append(part)
    subject = text("mail.list.subject", to.languages[0], about=occasion.name(to.languages[0]), count=len(tasks))
    return content(parts, subject, occasion, to)


def pack(occasion: Occasion, to: Addressee, gaps: Sequence[Gap], files: Sequence[Path]) -> Content:
    """Page and workbook for an HRBP of the meeting, with the figures that count."""
    meeting = occasion.meeting or {}
    score = None if meeting.get("readiness") is None else round(meeting["readiness"])
    counts = Counter(gap["severity"] for gap in gaps)
    parts = []
    for language in to.languages:
        figures = [(text("mail.pack.gaps", language), _severities(counts, language) or "0")]
        if meeting.get("handshake_density") is not None:
            answered = meeting["requests"] - meeting["unanswered"]
            told = text("mail.pack.answered_of", language, answered=answered, count=meeting["requests"])
            figures.append((text("mail.pack.requests", language), told))
            advice = text(f"mail.pack.{meeting['advice']}", language)
            figures.append((text("mail.pack.advice", language), advice))
        part = Part(
            language,
            about=occasion.name(language),
            when=occasion.when(language),
            heading=text("mail.pack.heading", language),
            lead=text("mail.pack.lead", language, name=to.name or to.address, files=[file.name for file in files]),
            score=score,
            figures=tuple(figures),
            button=_button(occasion, language),
            foot=occasion.foot(to, language),
        )
        parts.append(part)
    code = "mail.pack.subject" if score is None else "mail.pack.subject_score"
    subject = text(code, to.languages[0], about=occasion.name(to.languages[0]), score=score)
    return content(parts, subject, occasion, to, files)


def leader(occasion: Occasion, to: Addressee, workbook: Path) -> Content:
    """The leader's own copy of the workbook, which holds what nobody else of the meeting may see."""
    parts = [
        Part(
            language,
            about=occasion.name(language),
            when=occasion.when(language),
            heading=text("mail.leader.heading", language),
            lead=text("mail.leader.lead", language, name=to.name or to.address, file=workbook.name),
            button=_button(occasion, language),
            foot=occasion.foot(to, language),
        )
        for language in to.languages
    ]
    subject = text("mail.leader.subject", to.languages[0], about=occasion.name(to.languages[0]))
    return content(parts, subject, occasion, to, [workbook])


def content(
    parts: Sequence[Part], subject: str, occasion: Occasion, to: Addressee, files: Iterable[Path] = ()
) -> Content:
    """A message's content as the outbox keeps it (`okr.ledger.Message`)."""
    plain, html = rendered(parts)
    return {
        "language": parts[0].language,
        "subject": subject,
        "text": plain,
        "html": html,
        "to_name": to.name,
        "reply_to": [one.address for one in occasion.others(to)],
        "attachments": [str(Path(file).absolute()) for file in files],
    }


def _item(occasion: Occasion, task: Task, viewer: Viewer, language: Language) -> Item:
    gap, way = task.gap, task.way
    thing = viewer.view.thing.get((gap["subject_kind"], gap["subject_id"]))
    seen = thing is not None and viewer.may_see(thing["objective_id"])
    small = []
    if way.instead:
        small.append(text("mail.item.instead", language, name=way.name))
    if way.why is not None:
        unit = viewer.view.unit_name(gap["unit_id"])
        small += [unit] if unit else []
        small.append(text(f"mail.unreachable.{way.why}", language, name=way.name))
    if task.due is not None and (seen or _sees_request(viewer, gap)):
        code = "mail.item.overdue" if task.due < occasion.today else "mail.item.due"
        small.append(text(code, language, day=wording.day(task.due, language)))
    return Item(
        gap["severity"],
        text(f"severity.{gap['severity']}", language),
        rules()[gap["code"]].title(language),
        viewer.message(gap, language),
        tuple(small),
        link(thing["url"]) if seen and thing is not None else None,
    )


def _sees_request(viewer: Viewer, gap: Mapping[str, Any]) -> bool:
    """Whether a reader may see what the handshake of a gap asks for."""
    request = viewer.view.request.get(gap["subject_id"]) if gap["subject_kind"] == "handshake" else None
    thing = viewer.view.thing.get(("kr", request["kr_id"])) if request is not None else None
    return thing is not None and viewer.may_see(thing["objective_id"])


def _button(occasion: Occasion, language: Language) -> tuple[str, str] | None:
    """The way to our own pages, which HRBPs and ops may enter."""
    url = link(occasion.web)
    return None if url is None else (text("mail.look", language), url)


def _counted(tasks: Iterable[Task], language: Language) -> str:
    return _severities(Counter(task.gap["severity"] for task in tasks), language)


def _severities(counts: Mapping[str, int], language: Language) -> str:
    told = [
        text("mail.count", language, count=counts[name], severity=text(f"severity.{name}", language))
        for name in SEVERITIES
        if counts.get(name)
    ]
    return ("、" if language == "zh" else ", ").join(told)
