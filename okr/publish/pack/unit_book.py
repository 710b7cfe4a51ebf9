"""The workbook of a participant: what it has to answer and to close, and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.publish.pack.grid import HEAD, INK, LINE, MUTED, TALL, head, lines, put, workbook, write_list
from okr.publish.pack.tables import Lists

if TYPE_CHECKING:
    from pathlib import Path

    from okr.publish.pack.facts import Facts
    from okr.publish.pack.grid import Book
    from okr.publish.pack.speech import Speech
    from okr.publish.pack.tables import Sheet


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
        _start(book, facts, unit_id, speech, content)
        for one in content:
            write_list(book, one)


def _start(book: Book, facts: Facts, unit_id: str, speech: Speech, content: list[Sheet]) -> None:
    """The first sheet: what this is, how much there is to do, and what to do with each sheet."""
    sheet = book.sheet(speech.both("sheet.start", " "), landscape=False)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 64)
    name = facts.view.unit_name(unit_id) or unit_id
    starts = f"{facts.starts_at:%Y-%m-%d %H:%M}"
    title = speech.both("start.title", "\n", unit=name, meeting=facts.name, starts_at=starts)
    head(book, sheet, f"{name} · {facts.name}".replace("\n", " "), title)
    label = book.format(bold=True, font_color=HEAD, text_wrap=True, valign="vcenter", bottom=1, bottom_color=LINE)
    number = book.format(bold=True, font_size=14, align="center", valign="vcenter", bottom=1, bottom_color=LINE)
    told = book.format(font_color=INK, text_wrap=True, valign="vcenter", bottom=1, bottom_color=LINE)
    down = 4
    for one in content:
        put(sheet, down, 0, one.name, label)
        put(sheet, down, 1, len(one.rows), number)
        put(sheet, down, 2, one.about, told)
        sheet.set_row(down, max(2, lines(one.about, 64)) * TALL + 8)
        down += 1
    down += 1
    for line in speech.both("start.confidential").split("\n"):
        put(sheet, down, 0, line, book.format(font_color=MUTED, font_size=9))
        down += 1
