"""Tables for a person at a terminal: wide characters counted as two, long text wrapped, not cut."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from okr.cli.speech import say, spoken
from okr.texts.values import tame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from rich.console import Console

    Row = Mapping[str, object]

WIDTH = 100
"""Columns where nobody says how wide the page is."""
STYLES = {"critical": "bold red", "major": "yellow", "minor": "cyan", "info": "dim"}


@dataclass(frozen=True)
class Field:
    """A column of a table: the code of its heading (`cli.column.<code>`), and its text for a row.

    Attributes:
        ratio: how much of the room it takes of what columns without a ratio leave.
        right: numbers stand to the right.
        whole: never broken into lines.
        style: of the text of one row, by rich.
    """

    code: str
    told: Callable[[Row], str]
    ratio: int | None = None
    right: bool = False
    whole: bool = False
    style: Callable[[Row], str] | None = None


def console() -> Console:
    """Standard output as rich sees it."""
    from rich.console import Console  # noqa: PLC0415

    known = sys.stdout.isatty() or os.environ.get("COLUMNS")
    return Console(
        width=None if known else WIDTH, highlight=False, markup=False, emoji=False, soft_wrap=False
    )


def show(rows: Iterable[Row], fields: Sequence[Field]) -> None:
    """Print rows as a table."""
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(
        box=box.SIMPLE_HEAD, expand=any(f.ratio for f in fields), padding=(0, 1), pad_edge=False
    )
    for field in fields:
        table.add_column(
            Text(say(f"cli.column.{field.code}")),
            justify="right" if field.right else "left",
            ratio=field.ratio,
            no_wrap=field.whole,
            overflow="fold",
            vertical="top",
        )
    for row in rows:
        table.add_row(
            *(Text(tame(f.told(row)), style=f.style(row) if f.style else "") for f in fields)
        )
    out = console()
    with _replacing(out):
        out.print(table)


def line(text: str = "") -> None:
    """Print a line of the result."""
    try:
        sys.stdout.write(f"{text}\n")
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(f"{text.encode(encoding, 'replace').decode(encoding)}\n")


class _replacing:  # noqa: N801 - reads as what it does
    """For a time, what the terminal's encoding does not know is printed as `?`."""

    def __init__(self, out: Console) -> None:
        self._stream = out.file

    def __enter__(self) -> None:
        if hasattr(self._stream, "reconfigure"):
            self._stream.reconfigure(errors="replace")  # type: ignore[union-attr]

    def __exit__(self, *_: object) -> None:
        return None


def plain(name: str) -> Callable[[Row], str]:
    """A value as it is; null is empty."""
    return lambda row: "" if row[name] is None else str(row[name])


def count(name: str) -> Callable[[Row], str]:
    """A number; null is a dash."""
    return lambda row: "–" if row[name] is None else str(row[name])


def share(name: str) -> Callable[[Row], str]:
    """A fraction as a percentage; null is a dash."""
    return lambda row: "–" if row[name] is None else percent(float(row[name]))  # type: ignore[arg-type]


def percent(value: float) -> str:
    """A fraction as a percentage: never 100 % or 0 % where it is not quite that."""
    rounded = round(value * 100)
    if rounded in {0, 100} and value not in {0.0, 1.0}:
        return f"{value * 100:.1f}%"
    return f"{rounded}%"


def word(room: str, name: str) -> Callable[[Row], str]:
    """A value of a fixed set, in the reader's language (text `cli.<room>.<value>`)."""
    return lambda row: "" if row[name] is None else say(f"cli.{room}.{row[name]}")


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
