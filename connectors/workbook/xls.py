"""What python-calamine does not tell of an .xls file: per-cent formats, error cells, when it was saved."""

from __future__ import annotations

import datetime as dt
import io
import struct
from typing import TYPE_CHECKING

import xlrd
from xlrd.biffh import XLRDError
from xlrd.compdoc import CompDoc, CompDocError

from connectors.workbook.grid import Fault
from connectors.workbook.scan import LONGEST_NAME, is_percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.workbook.grid import Grid

_SUMMARY = "\x05SummaryInformation"
_LAST_AUTHOR = 8
_CODE_PAGE = 1
_TEXT = 30
_SMALL = 2
_UTF8 = 65001
_LAST_SAVED = 13
_FILETIME = 64
_BEGIN = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)


class Container:
    """The parts of a file of the old kind, which holds an .xls workbook, or a newer one with a password."""

    def __init__(self, data: bytes) -> None:
        """Find the parts.

        Raises:
            ValueError: it is no such file, or damaged.
        """
        self._data = data
        try:
            self._parts = CompDoc(data, logfile=io.StringIO(), ignore_workbook_corruption=True)
            self._names = {entry.name for entry in self._parts.dirlist}
        except (CompDocError, *_BROKEN) as error:
            raise ValueError(str(error)) from None

    @property
    def encrypted(self) -> bool:
        """Whether it is a workbook of the newer kind with a password around it."""
        return bool(self._names & {"EncryptedPackage", "EncryptionInfo"})

    @property
    def saved_at(self) -> dt.datetime | None:
        """When the document says that it was last saved; None where it does not say."""
        try:
            stream = self._parts.get_named_stream(_SUMMARY) if _SUMMARY in self._names else None
            return _last_saved(stream) if stream else None
        except (CompDocError, *_BROKEN):
            return None

    @property
    def saved_by(self) -> str | None:
        """Who the document says saved it last; None where it does not say."""
        try:
            stream = self._parts.get_named_stream(_SUMMARY) if _SUMMARY in self._names else None
            return _last_author(stream) if stream else None
        except (CompDocError, *_BROKEN):
            return None

    def mark(self, grids: Mapping[str, Grid]) -> None:
        """Mark in each sheet's grid its per-cent cells and error cells.

        Raises:
            ValueError: the cells cannot be read.
        """
        try:
            book = xlrd.open_workbook(
                file_contents=self._data,
                formatting_info=True,
                on_demand=True,
                logfile=io.StringIO(),
                ignore_workbook_corruption=True,
            )
            percents = {i for i, xf in enumerate(book.xf_list) if _is_percent(book, xf.format_key)}
            for name, grid in grids.items():
                if grid.rows and name in book.sheet_names():
                    _mark(book.sheet_by_name(name), grid, percents)
                    book.unload_sheet(name)
        except (XLRDError, CompDocError, *_BROKEN) as error:
            raise ValueError(str(error)) from None


_BROKEN = (ArithmeticError, AssertionError, AttributeError, LookupError, struct.error, TypeError, ValueError)
"""What its reader falls over in a damaged file."""


def _is_percent(book: xlrd.Book, key: int) -> bool:
    told = book.format_map.get(key)
    return told is not None and is_percent(told.format_str)


def _mark(sheet: xlrd.sheet.Sheet, grid: Grid, percents: set[int]) -> None:
    rows_of: dict[int, set[int]] = {}
    for row in range(sheet.nrows):
        for column, cell in enumerate(sheet.row(row)):
            if cell.ctype == xlrd.XL_CELL_ERROR:
                told = xlrd.error_text_from_code.get(int(cell.value or 0), "#?")
                grid.put(row, column, Fault("error_cell", str(told)))
            elif cell.ctype == xlrd.XL_CELL_NUMBER and cell.xf_index in percents:
                rows_of.setdefault(column, set()).add(row)
    grid.percent_rows = lambda column: rows_of.get(column, set())


def _last_saved(stream: bytes) -> dt.datetime | None:
    """Return the time of the last saving out of a set of properties."""
    offset = _properties(stream).get(_LAST_SAVED)
    if offset is None or struct.unpack_from("<I", stream, offset)[0] != _FILETIME:
        return None
    (ticks,) = struct.unpack_from("<Q", stream, offset + 4)
    return _BEGIN + dt.timedelta(microseconds=ticks // 10) if ticks else None


def _last_author(stream: bytes) -> str | None:
    """Return the name of who saved last out of a set of properties; it is in the code page that they name."""
    found = _properties(stream)
    offset, page = found.get(_LAST_AUTHOR), found.get(_CODE_PAGE)
    if offset is None or struct.unpack_from("<I", stream, offset)[0] != _TEXT:
        return None
    (length,) = struct.unpack_from("<I", stream, offset + 4)
    number = 1252
    if page is not None and struct.unpack_from("<I", stream, page)[0] == _SMALL:
        (number,) = struct.unpack_from("<H", stream, page + 4)
    told = stream[offset + 8 : offset + 8 + length].split(b"\0")[0]
    try:
        text = told.decode("utf-8" if number == _UTF8 else f"cp{number}", "replace")
    except LookupError:
        text = told.decode("ascii", "replace")
    return text.strip()[:LONGEST_NAME] or None


def _properties(stream: bytes) -> dict[int, int]:
    """Return by number where each property of a set stands."""
    (start,) = struct.unpack_from("<I", stream, 44)
    (count,) = struct.unpack_from("<I", stream, start + 4)
    pairs = (struct.unpack_from("<II", stream, start + 8 + 8 * number) for number in range(min(count, 100)))
    return {kind: start + offset for kind, offset in pairs}
