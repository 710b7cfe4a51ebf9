"""An empty template: a sheet of OKRs to be filled in, with drop-downs, and how to fill it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from okr.publish.sheets.okrs import write_okrs
from okr.publish.sheets.sheet import About, Choice, Choices, both, view_only
from okr.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from xlsxwriter import Workbook

    from okr.reconcile.blank import Blank, Line
    from okr.texts import Language

EMPTY = 60
"""Rows with frames."""

NOTES = 6

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_template(path: Path, blank: Blank, *, at: datetime, languages: Sequence[Language] = ("zh", "en")) -> None:
    """Write a template as an .xlsx file; one that is there is replaced.

    Raises:
        OSError: it cannot be written.
    """
    about = About(blank.unit_id or "", blank.unit or "", blank.period_id, blank.period, at)
    choices = Choices(_choices(blank.upper), _choices(blank.people), _choices(blank.teams))
    book = xlsxwriter.Workbook(str(path), OPTIONS)
    write_okrs(book, [], about=about, languages=languages, choices=choices, empty=EMPTY)
    _notes(book, languages)
    try:
        book.close()
    except FileCreateError as error:
        cause = error.args[0] if error.args else error
        raise cause if isinstance(cause, OSError) else OSError(0, str(error)) from error


def _choices(lines: Sequence[Line]) -> list[Choice]:
    return [Choice(*line) for line in lines]


def _notes(book: Workbook, languages: Sequence[Language]) -> None:
    """Write how to fill the template in, language by language."""
    sheet = book.add_worksheet(both("template.notes", languages)[:31])
    view_only(sheet)
    sheet.set_column(0, 0, 110)
    bold = book.add_format({"bold": True})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    row = 0
    for language in languages:
        sheet.write_string(row, 0, text("sheets.template.notes", language), bold)
        for number in range(1, NOTES + 1):
            row += 1
            sheet.write_string(row, 0, f"{number}. {text(f'sheets.template.note_{number}', language)}", plain)
        row += 2
