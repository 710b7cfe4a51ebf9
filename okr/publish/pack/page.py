"""The page on the state of readiness: one side of paper, both languages, for the screen and for print.

It says only what everybody may see, whoever holds it: such a page is forwarded and projected. It loads
nothing from anywhere, and runs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from okr.publish.pack.facts import local
from okr.publish.pack.overview import advice_told, readiness_style
from okr.publish.pack.speech import clean
from okr.reconcile.rulebook import rules

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Template

    from okr.publish.audience import Row
    from okr.publish.pack.facts import Facts
    from okr.publish.pack.speech import Speech

SHOWN = 6
"""Gaps, units and sources that the page names; the rest is counted."""

LONGEST, NAME, NAMES = 130, 40, 160
"""Characters of a message, a name and a row of names on the page; all of it stands in the workbook."""


@dataclass(frozen=True)
class Both:
    """One text in two languages: the reader's, and the other beside it."""

    first: str
    other: str


def write_page(path: Path, facts: Facts, speech: Speech) -> None:
    """Write the page.

    Args:
        path: where; must not be there yet.
        facts: of the meeting.
        speech: which language stands first.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as out:
        out.write(page(facts, speech))


def page(facts: Facts, speech: Speech) -> str:
    """The page as HTML."""
    style = _part("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    meeting = facts.meeting
    counted = facts.counted()

    def both(code: str, **values: object) -> Both:
        return Both(clean(speech.say(code, **values)), clean(speech.beside(code, **values)))

    between = "、" if speech.first == "zh" else ", "
    advice = advice_told(facts, speech, "\n").split("\n")
    return _template().render(
        language="zh-CN" if speech.first == "zh" else "en",
        style=style,
        style_hash=f"'sha256-{digest}'",
        both=both,
        name=_short(facts.name, 2 * NAME),
        upper=_short(facts.view.unit_name(meeting["unit_id"]), NAME),
        period=clean(meeting["period_id"]),
        starts=f"{facts.starts_at:%Y-%m-%d %H:%M}",
        days=(facts.starts_at.date() - local(facts.at, facts).date()).days,
        as_of=f"{local(facts.at, facts):%Y-%m-%d %H:%M}",
        participants=_short(
            between.join(facts.view.unit_name(unit) or unit for unit in meeting["participants"]), NAMES
        ),
        readiness=meeting["readiness"],
        grade=readiness_style(meeting["readiness"]),
        parts=[(both(f"part.{part.code}"), part) for part in facts.parts],
        handshakes_known=meeting["parts"]["handshakes_known"],
        advice=meeting["advice"] or "unknown",
        advice_told=Both(advice[0], advice[-1]),
        severities=[(name, both(f"severity.{name}"), counted.get(name, 0)) for name in _SEVERITIES],
        gaps=[_gap(gap, facts, speech) for gap in facts.gaps[:SHOWN]],
        more_gaps=max(0, len(facts.gaps) - SHOWN),
        unanswered=[
            (_short(facts.view.unit_name(unit), NAME), _short(_leader(facts, unit), NAME), open_, asked)
            for unit, open_, asked in facts.unanswered[:SHOWN]
        ],
        more_units=max(0, len(facts.unanswered) - SHOWN),
        sources=[
            (_short(row["source"], NAME), both(f"source.{row['state']}"), _since(row, facts))
            for row in facts.sources_behind[:SHOWN]
        ],
        more_sources=max(0, len(facts.sources_behind) - SHOWN),
    )


_SEVERITIES = ("critical", "major", "minor", "info")


def _gap(gap: Row, facts: Facts, speech: Speech) -> dict[str, object]:
    """A gap as everybody may read it."""
    rule = rules()[gap["code"]]
    return {
        "severity": gap["severity"],
        "title": Both(rule.title(speech.first), rule.title(speech.other)),
        "message": Both(_short(gap[f"message_{speech.first}"]), _short(gap[f"message_{speech.other}"])),
        "unit": _short(facts.view.unit_name(gap["unit_id"]), NAME),
        "told": _short(facts.person_name(gap["notify_person_id"]), NAME),
    }


def _short(told: str | None, longest: int = LONGEST) -> str:
    """One line of text, cut where it would break the page."""
    line = clean(" ".join((told or "").split()))
    return line if len(line) <= longest else f"{line[:longest].rstrip()}…"


def _leader(facts: Facts, unit_id: str) -> str:
    leader = facts.leader_of(unit_id)
    return "" if leader is None else leader["name"] or leader["person_id"]


def _since(row: Row, facts: Facts) -> str | None:
    return None if row["delivered_at"] is None else f"{local(row['delivered_at'], facts):%Y-%m-%d %H:%M}"


def _part(name: str) -> str:
    return importlib.resources.files("okr.publish.pack").joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only where a page is made

    known = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return known.from_string(_part("page.html.j2"))
