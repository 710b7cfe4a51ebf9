"""Writes lists into a workbook: one look for all of a pack's files, ready to be filtered and printed.

What comes from outside is always written as text, whatever it looks like: never a formula, never a link.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from connectors.workbook import marks
from okr.publish.pack.speech import clean
from okr.publish.pack.tables import Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from okr.publish.pack.tables import Column, Sheet, Value

FONT = "Microsoft YaHei"
INK, MUTED, LINE, HEAD, PALE = "#1F2933", "#7B8794", "#D9DEE5", "#1F4E5F", "#F4F7F9"

TAGS = {
    "critical": ("#FBD9D7", "#8E1B16"),
    "major": ("#FFE3C7", "#7F3D00"),
    "minor": ("#FFF4CC", "#5F4B00"),
    "info": ("#E6EBF1", "#44515F"),
    "carry_carried": ("#DDF1E4", "#1B5E37"),
    "carry_whole": ("#FFF4CC", "#5F4B00"),
    "carry_dropped": ("#FBD9D7", "#8E1B16"),
    "carry_none": ("#FFFFFF", MUTED),
    "standing_planned": ("#DDF1E4", "#1B5E37"),
    "standing_unplanned": ("#FFF4CC", "#5F4B00"),
    "standing_clarify": ("#FFF4CC", "#5F4B00"),
    "standing_unanswered": ("#FFE3C7", "#7F3D00"),
    "standing_refused": ("#FBD9D7", "#8E1B16"),
    "standing_decided": ("#E6EBF1", "#44515F"),
    "standing_vertical": ("#E6EBF1", "#44515F"),
    "standing_unknown-party": ("#FBD9D7", "#8E1B16"),
    "good": ("#DDF1E4", "#1B5E37"),
    "fair": ("#FFF4CC", "#5F4B00"),
    "poor": ("#FBD9D7", "#8E1B16"),
}
"""Background and ink of words of fixed sets; none of them is told by its colour alone."""

TALL = 15.0
"""Points of one line of text."""

TOP = 5
"""The row of a list's headings; above it stand the mark, its name and what it is."""


class Book:
    """A workbook that is being written: its formats, each made once."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def format(self, **wanted: Any) -> Format:  # noqa: ANN401 - XlsxWriter's properties
        """A format, on top of what all cells have."""
        known = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter", **wanted}
        key = tuple(sorted(known.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(known)
        return self._formats[key]

    def sheet(self, name: str, *, landscape: bool = True) -> Worksheet:
        """A sheet, ready to be printed on A4."""
        sheet = cast("Worksheet", self.book.add_worksheet(name[:31]))
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&8&A&R&8&P / &N")
        sheet.hide_gridlines(2)
        return sheet

    def cell(self, column: Column, value: Value) -> Format:
        """The format of a cell of a list."""
        border = {"bottom": 1, "bottom_color": LINE}
        match value:
            case Tag(style=style):
                paper, ink = TAGS.get(style, TAGS["info"])
                return self.format(text_wrap=True, bg_color=paper, font_color=ink, bold=True, align="center", **border)
            case _ if column.kind == "share":
                return self.format(num_format="0%", align="center", **border)
            case _ if column.kind == "number":
                return self.format(num_format="0", align="center", **border)
            case _ if column.kind == "day":
                return self.format(num_format="yyyy-mm-dd", align="center", **border)
            case _ if column.kind == "muted":
                return self.format(text_wrap=True, indent=1, font_color=MUTED, **border)
            case _:
                return self.format(text_wrap=True, indent=1, **border)


@contextmanager
def workbook(path: Path, *, title: str, made_at: datetime) -> Iterator[Book]:
    """Write a workbook. The same content makes the same bytes.

    Args:
        path: where; must not be there yet.
        title: for its properties.
        made_at: the time of the run, which stands for the time of the file.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("xb") as out:
        book = Workbook(out, _options())
        book.set_properties(
            {
                "title": clean(title)[:255],
                "author": "okr",
                "created": made_at.replace(tzinfo=None),
            }
        )
        book.set_size(2400, 1600)
        yield Book(book)
        try:
            book.close()
        except FileCreateError as failure:
            raise failure.args[0] from None  # the OSError within


def _options() -> dict[str, Any]:
    """XlsxWriter's; made anew for each book, as it writes into them."""
    return {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
        "default_format_properties": {"font_name": FONT, "font_size": 10},
    }


def write_list(book: Book, content: Sheet) -> Worksheet:
    """Write a list on a sheet of its own: frozen headings, filters, colours, ready to be printed."""
    sheet = book.sheet(content.name)
    head(book, sheet, content.name, content.about)
    look = {"bold": True, "font_color": "#FFFFFF", "bg_color": HEAD, "text_wrap": True}
    header, over_words = book.format(align="center", **look), book.format(indent=1, **look)
    for at, column in enumerate(content.columns):
        sheet.set_column(at, at, column.width)
        put(sheet, TOP, at, column.heading, over_words if column.kind in {"text", "muted"} else header)
    sheet.set_row(TOP, max(lines(column.heading, column.width) for column in content.columns) * TALL + 8)
    for down, row in enumerate(content.rows, start=TOP + 1):
        for at, (column, value) in enumerate(zip(content.columns, row, strict=True)):
            put(sheet, down, at, value, book.cell(column, value))
        sheet.set_row(down, _height(content.columns, row))
    last = TOP + max(len(content.rows), 1)
    if content.rows:
        sheet.autofilter(TOP, 0, last, len(content.columns) - 1)
    else:
        put(sheet, last, 0, content.nothing.replace("\n", "  "), book.format(font_color=MUTED, italic=True))
    sheet.freeze_panes(TOP + 1, 0)
    sheet.repeat_rows(TOP)
    printed = max((at for at, column in enumerate(content.columns) if column.printed), default=0)
    sheet.print_area(0, 0, last, printed)
    return sheet


def head(book: Book, sheet: Worksheet, name: str, about: str) -> int:
    """What a sheet is called and what it is, one line in each language; returns the row below.

    The first row is hidden and holds our mark: a sheet that comes back is not taken for somebody's OKRs.
    """
    put(sheet, 0, 0, marks.token(marks.VIEW), book.format(font_color=MUTED))
    sheet.set_row(0, None, None, {"hidden": True})
    put(sheet, 1, 0, " ".join(name.split()), book.format(bold=True, font_size=16, font_color=HEAD))
    sheet.set_row(1, 26)
    for down, told in enumerate(about.split("\n")[:2], start=2):
        put(sheet, down, 0, told, book.format(font_color=INK if down == 2 else MUTED))
    return 4


def put(sheet: Worksheet, row: int, column: int, value: Value, look: Format) -> None:
    """Write one value; text is text, whatever it begins with."""
    match value:
        case None:
            sheet.write_blank(row, column, None, look)
        case Tag(text=told):
            sheet.write_string(row, column, clean(told), look)
        case bool() | str():
            sheet.write_string(row, column, clean(value), look)
        case int() | float():
            sheet.write_number(row, column, value, look)
        case date() if value.year >= 1901:
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), look)  # noqa: DTZ001 - a day
        case _:  # Excel knows no day before 1900
            sheet.write_string(row, column, str(value), look)


def lines(told: str, width: float) -> int:
    """How many lines a text takes in a column of that width; a wide character counts as two."""
    room = max(width - 3, 1)
    return sum(max(1, -int(-_wide(part) // room)) for part in told.split("\n"))


def _height(columns: Sequence[Column], row: Sequence[Value]) -> float:
    """Points that a row needs, so that no viewer cuts its text off."""
    most = 1
    for column, value in zip(columns, row, strict=True):
        told = value.text if isinstance(value, Tag) else value if isinstance(value, str) else ""
        if told and column.printed:
            most = max(most, lines(told, column.width))
    return min(409.0, most * TALL + 8)  # Excel's highest row


def _wide(told: str) -> float:
    return sum(1.9 if ord(char) > 0x2E7F else 1.05 for char in told)
