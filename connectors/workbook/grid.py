"""A sheet as a grid of cells, whatever file it came from."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WIDEST = 16_384
"""Columns of the widest sheet that a spreadsheet program makes; cells are numbered by it."""

_MORE_ROWS = 1000
_MORE_COLUMNS = 50
INVISIBLE = "\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
"""Zero-width and bidirectional characters, to stand within [ ]: nobody sees them, so nobody wrote them."""

ODD = re.compile(f"[\r\v\f\x85\u2028\u2029{INVISIBLE}]|_x000")
"""What `tidy` has to mend, beside white space around a text."""

_UNSEEN = re.compile(f"[{INVISIBLE}]")
_BREAKS = re.compile(r"_x000[dD]_\n?|\r\n?|\u2028|\u2029|\v|\f|\x85")


@dataclass(frozen=True)
class Fault:
    """What stands in a cell that has no value to read: `code` is a text `quarantine.<code>`."""

    code: str
    shown: str | None = None


Value = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | Fault | None


@dataclass(frozen=True)
class Merge:
    """Cells shown as one; all four bounds are inclusive and count from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Grid:
    """The cells of one sheet.

    Attributes:
        name: the sheet's name.
        rows: the cells' values, as many in each row as in the first.
        top: the row, counted from 0, in which `rows` begins.
        left: likewise the column.
        merges: cells shown as one.
        percent_rows: returns by column of the sheet the rows of its cells that are formatted as
            per cent, both counted from 0.
    """

    name: str
    rows: list[list[Value]]
    top: int = 0
    left: int = 0
    merges: list[Merge] = field(default_factory=list)
    percent_rows: Callable[[int], set[int]] | None = None
    _percents: dict[int, set[int]] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.rows[0]) if self.rows else 0

    def at(self, row: int, column: int) -> Value:
        """Return the value of a cell, counted within `rows`; empty is None."""
        value = self.rows[row][column]
        return None if value == "" else value

    def put(self, row: int, column: int, value: Value) -> None:
        """Set a cell by its row and column on the sheet, counted from 0.

        Rows and columns are added where the cell lies below or right of what is there, as cells
        without a value may; a cell that lies further off is dropped.
        """
        row, column = row - self.top, column - self.left
        if not self.rows or row < 0 or column < 0:
            return
        if row >= self.height + _MORE_ROWS or column >= self.width + _MORE_COLUMNS:
            return
        if column >= self.width:
            added = column + 1 - self.width
            for cells in self.rows:
                cells.extend([None] * added)
        if row >= self.height:
            self.rows.extend([None] * self.width for _ in range(row + 1 - self.height))
        self.rows[row][column] = value

    def cell(self, row: int, column: int) -> str:
        """Return the name of a cell, such as `D17`, that is counted within `rows`."""
        return f"{letters(column + self.left)}{row + self.top + 1}"

    def percents(self, column: int) -> set[int]:
        """Return the rows whose cell in a column is formatted as per cent; counted within `rows`."""
        if self.percent_rows is None:
            return set()
        if column not in self._percents:
            self._percents[column] = {row - self.top for row in self.percent_rows(column + self.left)}
        return self._percents[column]

    def within(self) -> list[Merge]:
        """Return the merges, counted within `rows`, that show at least one cell of it."""
        moved = (
            Merge(m.top - self.top, m.left - self.left, m.bottom - self.top, m.right - self.left) for m in self.merges
        )
        return [m for m in moved if m.bottom >= 0 and m.right >= 0 and m.top >= 0 and m.left >= 0]


def letters(column: int) -> str:
    """Return the letters of a column that is counted from 0.

    >>> letters(0), letters(25), letters(26), letters(701), letters(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def address(cell: str) -> tuple[int, int] | None:
    """Return row and column, counted from 0, of a cell's name; None where it names no cell.

    >>> address("B3"), address("$AA$10"), address("3B")
    ((2, 1), (9, 26), None)
    """
    found = re.fullmatch(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})", cell.strip())
    if not found:
        return None
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def tidy(text: str) -> str:
    """Trim a text, write its line breaks in one way, and leave out what nobody sees."""
    if ODD.search(text):
        text = _BREAKS.sub("\n", _UNSEEN.sub("", text))
    return text.strip()


def shown(value: Value) -> str | None:
    """Return a cell's value as a text that a person would write, None where there is none."""
    match value:
        case None | Fault():
            told = None
        case str():
            told = tidy(value) or None
        case bool():
            told = "TRUE" if value else "FALSE"
        case int() | float():
            told = number(value)
        case dt.datetime():
            told = value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
        case dt.date() | dt.time():
            told = value.isoformat()
        case _:
            told = str(value)
    return told


def number(value: float) -> str:
    """Return a number as a person writes it: no `.0`, no more digits than it was given.

    >>> number(70.0), number(0.1 + 0.2), number(1e22)
    ('70', '0.3', '1e+22')
    """
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.15g}"
