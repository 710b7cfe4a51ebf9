"""The workbook of a participant: what it has to answer and to close, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr.publish.pack.fillable import write_answers, write_own_okrs
from okr.publish.pack.grid import HEAD, INK, LINE, MUTED, TALL, head, lines, put, workbook, write_list
from okr.publish.pack.tables import Lists

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

    from okr.publish.pack.facts import Facts
    from okr.publish.pack.grid import Book
    from okr.publish.pack.speech import Speech
    from okr.publish.pack.tables import Sheet

WIDTHS = (34, 10, 64)


def unit_sheets(facts: Facts, unit_id: str, speech: Speech) -> list[Sheet]:
    """The lists of the workbook, as the people of the unit may see them."""
    lists = Lists(facts, facts.participant(unit_id), speech)
    own = [gap for gap in facts.gaps if gap["unit_id"] == unit_id]
    others = [gap for gap in facts.gaps if gap["unit_id"] != unit_id and gap["counterparty_unit_id"] == unit_id]
    return [
        lists.gaps("own_gaps", own, whose=False),
        lists.requests("own_requests", facts.asked_by(unit_id), askers=False),
        lists.gaps("others_gaps", others),
    ]


def write_unit_book(path: Path, facts: Facts, unit_id: str, speech: Speech) -> None:
    """Write the workbook of a participant.

    Args:
        path: where; must not be there yet.
        facts: of the meeting.
        unit_id: the participant.
        speech: which language stands first.

    Raises:
        OSError: it cannot be written.
    """
    name = facts.view.unit_name(unit_id) or unit_id
    with workbook(path, title=f"{facts.name} {name}", made_at=facts.at) as book:
        content = unit_sheets(facts, unit_id, speech)
        start = book.sheet(speech.both("sheet.start", " "), landscape=False)
        write_answers(book, facts, unit_id, speech)
        for one in content:
            write_list(book, one)
        okrs = write_own_okrs(book, facts, unit_id, speech)
        _start(book, start, facts, unit_id, speech, _parts(facts, unit_id, speech, content, okrs=okrs))


@dataclass(frozen=True)
class Part:
    """A sheet as the first sheet tells of it: how much is on it, and what to do with it."""

    name: str
    count: int | None
    about: str


def _parts(facts: Facts, unit_id: str, speech: Speech, content: list[Sheet], *, okrs: bool) -> list[Part]:
    answers = facts.asked_of(unit_id)
    parts = [Part(speech.both("sheet.answers", " "), len(answers), speech.both("about.answers"))]
    parts += [Part(one.name, len(one.rows), one.about) for one in content]
    code = "about.okrs" if okrs else "about.okrs_left_out"
    return [*parts, Part(speech.both("sheet.okrs", " "), None, speech.both(code))]


def _start(book: Book, sheet: Worksheet, facts: Facts, unit_id: str, speech: Speech, parts: list[Part]) -> None:
    """The first sheet: what this is, how much there is to do, and what to do with each sheet."""
    for at, width in enumerate(WIDTHS):
        sheet.set_column(at, at, width)
    name = facts.view.unit_name(unit_id) or unit_id
    starts = f"{facts.starts_at:%Y-%m-%d %H:%M}"
    one_line = {"unit": " ".join(name.split()), "meeting": " ".join(facts.name.split())}
    title = speech.both("start.title", "\n", **one_line, starts_at=starts)
    down = head(book, sheet, name, title) + 1
    label = book.format(bold=True, font_color=HEAD, text_wrap=True, bottom=1, bottom_color=LINE)
    number = book.format(bold=True, font_size=14, align="center", bottom=1, bottom_color=LINE)
    told = book.format(font_color=INK, text_wrap=True, bottom=1, bottom_color=LINE)
    for part in parts:
        put(sheet, down, 0, part.name, label)
        put(sheet, down, 1, part.count, number)
        put(sheet, down, 2, part.about, told)
        sheet.set_row(down, max(2, lines(part.about, WIDTHS[2])) * TALL + 10)
        down += 1
    down += 1
    for line in speech.both("start.confidential").split("\n"):
        put(sheet, down, 0, line, book.format(font_color=MUTED, font_size=9))
        down += 1
