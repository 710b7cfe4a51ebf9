"""Tables for a person at a terminal: wide characters counted as two, long text wrapped, not cut."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, cast

from okr.cli.layout import GAP, Need, widths
from okr.cli.speech import putting_out, say, spoken
from okr.cli.width import padded, width, wrapped
from okr.texts.values import tame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from rich.console import Console

    Row = Mapping[str, object]

WIDTH = 100
"""Columns of the page where nobody says how wide it is, and where it would get too wide to read."""
WIDEST = 160
STYLES = {"critical": "bold red", "major": "yellow", "minor": "cyan", "info": "dim"}


@dataclass(frozen=True)
class Field:
    """A column of a table: the code of its heading (`cli.column.<code>`), and its text for a row.

    Attributes:
        ratio: its part of the room that columns without a ratio leave; those are never broken.
        right: numbers stand to the right.
        style: of the text of one row, by rich.
    """

    code: str
    told: Callable[[Row], str]
    ratio: int | None = None
    right: bool = False
    style: Callable[[Row], str] | None = None


def console() -> Console:
    """Standard output as rich sees it."""
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def page() -> int:
    """How many columns a table may take."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return min(WIDEST, max(60, console().width))
    return WIDTH


def show(rows: Iterable[Row], fields: Sequence[Field]) -> None:
    """Print rows as a table."""
    known = list(rows)
    cells = [[tame(field.told(row)) for field in fields] for row in known]
    headings = [say(f"cli.column.{field.code}") for field in fields]
    needs = [
        Need(heading, max((_widest(row[at]) for row in cells), default=0), field.ratio)
        for at, (heading, field) in enumerate(zip(headings, fields, strict=True))
    ]
    columns = widths(needs, page())
    printer = _Printer(fields, columns)
    printer.row(headings, ["bold"] * len(fields), bottom=True)
    printer.rule()
    for row, texts in zip(known, cells, strict=True):
        printer.row(texts, [field.style(row) if field.style else "" for field in fields])


class _Printer:
    """Prints the rows of one table."""

    def __init__(self, fields: Sequence[Field], columns: Sequence[int]) -> None:
        self._fields = fields
        self._columns = columns
        self._styled = sys.stdout.isatty()
        self._console = console() if self._styled else None

    def rule(self) -> None:
        """A line under the headings."""
        line("─" * (sum(self._columns) + GAP * (len(self._columns) - 1)))

    def row(self, texts: Sequence[str], styles: Sequence[str], *, bottom: bool = False) -> None:
        """One row, as many lines high as its longest cell; `bottom`: short cells stand below."""
        blocks = [wrapped(text, column) for text, column in zip(texts, self._columns, strict=True)]
        if bottom:
            height = max(len(block) for block in blocks)
            blocks = [[""] * (height - len(block)) + block for block in blocks]
        for parts in zip_longest(*blocks, fillvalue=""):
            self._line([self._placed(at, part) for at, part in enumerate(parts)], styles)

    def _placed(self, at: int, part: str) -> str:
        if self._fields[at].right:
            return " " * (self._columns[at] - width(part)) + part
        return padded(part, self._columns[at])

    def _line(self, parts: Sequence[str], styles: Sequence[str]) -> None:
        if self._console is None:
            line((" " * GAP).join(parts).rstrip())
            return
        from rich.text import Text  # noqa: PLC0415

        pieces = [Text(part, style=style) for part, style in zip(parts, styles, strict=True)]
        told = Text(" " * GAP).join(pieces)
        told.rstrip()
        self._console.print(told)


def _widest(text: str) -> int:
    return max(width(told) for told in text.split("\n"))


def line(text: str = "") -> None:
    """Print a line of the result; what the terminal's encoding does not know is printed as `?`."""
    with putting_out():
        try:
            sys.stdout.write(f"{text}\n")
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding or "ascii"
            sys.stdout.write(f"{text.encode(encoding, 'replace').decode(encoding)}\n")


def remark(text: str) -> None:
    """Print a sentence behind a table."""
    line()
    sentence(text)


def sentence(text: str) -> None:
    """Print a sentence, in as many lines as the page needs for it."""
    for told in wrapped(tame(text), page()):
        line(told)


def plain(name: str) -> Callable[[Row], str]:
    """A value as it is; null is empty."""
    return lambda row: "" if row[name] is None else str(row[name])


def count(name: str) -> Callable[[Row], str]:
    """A number; null is a dash."""
    return lambda row: "–" if row[name] is None else str(row[name])


def share(name: str) -> Callable[[Row], str]:
    """A fraction as a percentage; null is a dash."""
    return lambda row: "–" if row[name] is None else percent(cast("float", row[name]))


def percent(value: float) -> str:
    """A fraction as a percentage: never 100 % or 0 % where it is not quite that."""
    rounded = round(value * 100)
    if rounded in {0, 100} and value not in {0.0, 1.0}:
        return "<1%" if value < 1 and rounded == 0 else ">99%" if value < 1 else ">100%"
    return f"{rounded}%"


def word(room: str, name: str) -> Callable[[Row], str]:
    """A value of a fixed set, in the reader's language (text `cli.<room>.<value>`)."""
    return lambda row: "–" if row[name] is None else say(f"cli.{room}.{row[name]}")


def clock(value: object, zone: ZoneInfo) -> str:
    """A time in the company's zone, to the minute; a day as it is."""
    if isinstance(value, str) and len(value) > 10:
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def severity_style(row: Row) -> str:
    """The colour of a gap."""
    return STYLES.get(str(row["severity"]), "")


def message(row: Row) -> str:
    """A gap's message in the reader's language."""
    return str(row[f"message_{spoken()}"])
