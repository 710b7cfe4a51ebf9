"""What all sheets that people fill in have in common: the mark, the head, cells and drop-downs."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from connectors.workbook import marks
from okr.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from okr.texts import Language

LONGEST = 32_767
"""Characters that a cell takes."""
LONGEST_NAME = 31
"""Characters that the name of a sheet takes."""
FIRST = 2
"""The first column that is shown; those before it hold ids."""
GRID = "#C9D1DA"
"""The colour of the lines between cells."""
HEAD = 5
"""The row of the labels, counted from 0."""

LINE_HEIGHT = 15
"""Points that a line of text is high."""
MOST_LINES = 20

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass(frozen=True)
class Choice:
    """One line of a drop-down: what is shown, and the id that it stands for. No two may show the same."""

    shown: str
    id: str


@dataclass(frozen=True)
class Choices:
    """The drop-downs of a sheet of OKRs.

    Attributes:
        upper: the KRs and Os that may be carried.
        people: those who may own.
        teams: units that may be asked; what is shown is written as the party.
    """

    upper: Sequence[Choice] = ()
    people: Sequence[Choice] = ()
    teams: Sequence[Choice] = ()


@dataclass(frozen=True)
class About:
    """What a sheet is about.

    Attributes:
        unit_id: the unit that fills it in.
        unit: its name.
        period_id: the period of its OKRs, or of the meeting.
        period: its name.
        written_at: when what stands in it was true: the start of the run.
        meeting_id: the meeting that it is for, if any.
        meeting: its title.
    """

    unit_id: str
    unit: str
    period_id: str
    period: str
    written_at: datetime
    meeting_id: str | None = None
    meeting: str | None = None


@dataclass(frozen=True)
class Column:
    """A column that is shown: its key, its text `sheets.column.<name>`, its width, and how it is filled in.

    `choices`: a drop-down of these very words. `listed`: the name of a drop-down whose lines stand for ids.
    `read`: whether its cells are read back; `filled`: whether people fill them in.
    """

    key: str
    width: float
    read: bool = True
    filled: bool = True
    choices: tuple[str, ...] = ()
    listed: str | None = None
    kind: str = "text"


@dataclass
class Drawn:
    """A sheet on its way: where its drop-downs stand, and its formats."""

    sheet: Worksheet
    columns: Sequence[Column]
    languages: Sequence[Language]
    formats: dict[tuple[str, bool], Format] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)


def both(code: str, languages: Sequence[Language], apart: str = " ", **values: object) -> str:
    """Return a text in each of the languages, in their order."""
    return apart.join(dict.fromkeys(text(f"sheets.{code}", language, **values) for language in languages))


def words(code: str, names: Sequence[str], languages: Sequence[Language]) -> tuple[str, ...]:
    """Return the words of a drop-down, each in the languages: `接受 · accepted`."""
    return tuple(both(f"{code}.{name}", languages, " · ") for name in names)


def begin(
    book: Workbook,
    name: str,
    kind: str,
    about: About,
    columns: Sequence[Column],
    languages: Sequence[Language],
    more: dict[str, Any] | None = None,
) -> Drawn:
    """Add a sheet with its mark in the hidden first row and columns; `more` is said with it."""
    sheet = book.add_worksheet(_free_name(book, name))
    drawn = Drawn(sheet, columns, languages)
    for of in {*(column.kind for column in columns), "fine share"}:
        for filled in (True, False):
            drawn.formats[of, filled] = book.add_format(_look(of, filled=filled))
    told = {
        "unit": about.unit_id,
        "period": about.period_id,
        "meeting": about.meeting_id,
        "written": about.written_at.isoformat(),
        **(more or {}),
    }
    hidden = book.add_format({"font_color": "#808080", "num_format": "@"})
    sheet.write_string(0, 0, marks.token(kind))
    sheet.write_string(0, 1, json.dumps(told, ensure_ascii=False))
    for at, column in enumerate(columns, start=FIRST):
        if column.read:
            listed = f"{marks.LISTED}{column.listed}" if column.listed else ""
            sheet.write_string(0, at, f"{column.key}{listed}")
        sheet.set_column(at, at, column.width)
    sheet.set_row(0, None, hidden, {"hidden": True})
    sheet.set_column(0, FIRST - 1, 12, hidden, {"hidden": True})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    return drawn


def head(book: Workbook, drawn: Drawn, title: str, lines: Sequence[str]) -> None:
    """Write a title, how to fill the sheet in, and the labels over the columns."""
    sheet, last = drawn.sheet, FIRST + len(drawn.columns) - 1
    title = " ".join(title.splitlines())  # a name of two lines would show its second line only
    sheet.write_string(1, FIRST, title, book.add_format({"bold": True, "font_size": 14}))
    told = book.add_format({"text_wrap": True, "valign": "top", "font_color": "#444444"})
    for row, line in enumerate(lines, start=2):
        sheet.merge_range(row, FIRST, row, last, "", told)
        sheet.write_string(row, FIRST, line, told)
        sheet.set_row(row, 34)
    for filled in (True, False):
        look = {"bold": True, "border": 1, "border_color": GRID, "text_wrap": True, "valign": "vcenter"}
        look["bg_color"] = "#F2DC8C" if filled else "#DDE8F0"
        label = book.add_format(look)
        for at, column in enumerate(drawn.columns, start=FIRST):
            if column.filled is filled:
                sheet.write_string(HEAD, at, both(f"column.{column.key}", drawn.languages), label)
    sheet.set_row(HEAD, 3 * LINE_HEIGHT)
    sheet.freeze_panes(HEAD + 1, FIRST)


def lists(drawn: Drawn, choices: dict[str, Sequence[Choice]]) -> None:
    """Write the lines of drop-downs into hidden columns of the same sheet, so that they go where it goes."""
    at = FIRST + len(drawn.columns) + 1
    for name, lines in choices.items():
        if not lines:
            continue
        drawn.sheet.write_string(0, at, f"{marks.SHOWN}{name}")
        drawn.sheet.write_string(0, at + 1, f"{marks.IDS}{name}")
        for row, line in enumerate(lines, start=HEAD + 1):
            drawn.sheet.write_string(row, at, line.shown)
            drawn.sheet.write_string(row, at + 1, line.id)
        drawn.sheet.set_column(at, at + 1, 12, None, {"hidden": True})
        column = _letters(at)
        drawn.lists[name] = f"=${column}${HEAD + 2}:${column}${HEAD + 1 + len(lines)}"
        at += 2


def view_only(sheet: Worksheet, column: int = marks.MOST_COLUMNS - 1) -> None:
    """Mark a sheet that is only to be looked at, so that it is never read as anybody's OKRs.

    Args:
        sheet: whose first row and that column are free.
        column: less than `marks.MOST_COLUMNS`; it is hidden.
    """
    sheet.write_string(0, column, marks.token(marks.VIEW))
    sheet.set_column(column, column, None, None, {"hidden": True})


def choose(drawn: Drawn, first: int, last: int) -> None:
    """Give the cells of rows their drop-downs. Other words are taken, with a word of warning."""
    for at, column in enumerate(drawn.columns, start=FIRST):
        source: Any = list(column.choices) or (drawn.lists.get(column.listed) if column.listed else None)
        if source and column.filled:
            told = {"validate": "list", "source": source, "error_type": "warning"}
            # What stands for ids may also be written in words, or several of them in one cell.
            drawn.sheet.data_validation(first, at, last, at, told | {"show_error": bool(column.choices)})


def put(drawn: Drawn, row: int, at: int, value: object) -> None:
    """Write a value into the column of that number."""
    column = drawn.columns[at]
    style = drawn.formats[column.kind, column.filled]
    place = FIRST + at
    if isinstance(value, date):
        day = value if isinstance(value, datetime) else datetime.combine(value, time())
        drawn.sheet.write_datetime(row, place, day.replace(tzinfo=None), style)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if column.kind == "share" and round(value * 100, 10) % 1:
            # A file of texts keeps what is shown, so all of it is.
            style = drawn.formats["fine share", column.filled]
        drawn.sheet.write_number(row, place, value, style)
    elif value is not None and value != "":
        drawn.sheet.write_string(row, place, clipped(str(value)), style)
    else:
        drawn.sheet.write_blank(row, place, None, style)


def stand_tall(drawn: Drawn, row: int, values: Sequence[object]) -> None:
    """Make a row as high as its longest text: not every program does so for itself."""
    lines = 1
    for column, value in zip(drawn.columns, values, strict=True):
        if isinstance(value, str):
            room = max(column.width - 1, 1)
            lines = max(lines, sum(max(math.ceil(_wide(part) / room), 1) for part in value.split("\n")))
    if lines > 1:
        drawn.sheet.set_row(row, LINE_HEIGHT * min(lines, MOST_LINES))


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def clipped(told: str) -> str:
    """Return a text that fits into a cell."""
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def _look(kind: str, *, filled: bool) -> dict[str, Any]:
    look: dict[str, Any] = {"border": 1, "border_color": GRID, "text_wrap": True, "valign": "top", "locked": not filled}
    if filled:
        look["bg_color"] = "#FFF9E3"
    if kind == "date":
        look["num_format"] = "yyyy-mm-dd"
    elif kind == "share":
        look["num_format"] = "0%"
    elif kind == "fine share":
        look["num_format"] = "0.0##%"
    else:
        # Text stays text: a `1-2` that somebody types is no date.
        look["num_format"] = "@"
    return look


def _free_name(book: Workbook, name: str) -> str:
    """Return a name for a sheet that no other sheet of the workbook has, in whatever case."""
    taken = {str(sheet.get_name()).casefold() for sheet in book.worksheets()}
    bare = _FORBIDDEN.sub(" ", name).strip(" '")[:LONGEST_NAME] or "okr"
    found, number = bare, 1
    while found.casefold() in taken:
        number += 1
        found = f"{bare[: LONGEST_NAME - len(str(number)) - 1]} {number}"
    return found


def _letters(column: int) -> str:
    from connectors.workbook.grid import letters  # noqa: PLC0415 - one place knows them

    return letters(column)
