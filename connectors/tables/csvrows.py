"""CSV files row by row: slower, but it can say of each row what is wrong with it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl

from connectors.tables.files import Ragged, Raw
from okr.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BATCH = 20_000
_LONGEST_CELL = 1 << 27


class _Lines:
    """Hands lines on and keeps those of the record that is being read, and of the one before."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.record: list[str] = []
        self.before: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.record.append(line)
            yield line

    def done(self) -> None:
        """The record was understood; the next one begins."""
        self.before, self.record = self.record, []


def read_rows(utf8: bytes, header: list[str], separator: str, file: str) -> Raw:
    """Read a CSV file with Python's reader; columns are named by their number, from 0.

    Raises:
        SourceError: `broken_quotes`, with the row where a quote was opened that swallows others.
    """
    csv.field_size_limit(_LONGEST_CELL)
    lines = _Lines(io.TextIOWrapper(io.BytesIO(utf8), "utf-8", newline=None))
    width = len(header)
    ragged: list[Ragged] = []
    batches = [_frame([], [], width)]
    rows: list[list[str | None]] = []
    places: list[int] = []
    for number, cells in _records(lines, separator, file):
        if number > 1 and any(cells):
            if _fits(cells, width):
                rows.append([cell or None for cell in cells[:width]])
                places.append(number)
            else:
                ragged.append(_ragged(number, cells, width, lines, file))
        if len(rows) == _BATCH:
            batches.append(_frame(rows, places, width))
            rows, places = [], []
    batches.append(_frame(rows, places, width))
    return Raw(pl.concat(batches), tuple(str(index) for index in range(width)), tuple(ragged))


def _records(lines: _Lines, separator: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record's number, from 1, and cells; quotes must not swallow other rows."""
    number = 0
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=separator), start=1):
            if len(lines.record) > 1 and _broken(lines.record, separator):
                raise SourceError("broken_quotes", file=file, row=number)
            yield number, cells
            lines.done()
    except csv.Error:
        raise SourceError("broken_quotes", file=file, row=number + 1) from None
    if _broken(lines.before, separator, "unexpected end"):
        raise SourceError("broken_quotes", file=file, row=number)


def _broken(record: list[str], separator: str, how: str = "") -> bool:
    """Whether a strict reader, who wants quotes around whole cells, refuses the record."""
    try:
        list(csv.reader(record, delimiter=separator, strict=True))
    except csv.Error as error:
        return how in str(error)
    return False


def _fits(cells: list[str], width: int) -> bool:
    """Whether each cell has its column; programs add empty cells behind the last one."""
    return len(cells) == width or (len(cells) > width and not any(cells[width:]))


def _ragged(number: int, cells: list[str], width: int, lines: _Lines, file: str) -> Ragged:
    if len(lines.record) > 1:
        # It runs over several lines and does not fit: a quote too many or too few swallowed rows
        # that nobody would miss, so the whole table is in doubt.
        raise SourceError("broken_quotes", file=file, row=number)
    return Ragged(number, len(cells), width, "".join(lines.record).strip()[:200])


def _frame(rows: list[list[str | None]], places: list[int], width: int) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * width
    series = [pl.Series(str(index), column, dtype=pl.String) for index, column in enumerate(columns)]
    return pl.DataFrame([*series, pl.Series("place", places, dtype=pl.UInt32)])
