"""Opens a workbook of any format. Runs in a child process: the file may be hostile."""

from __future__ import annotations

import csv
import datetime as dt
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import python_calamine as calamine

from connectors.workbook import ods
from connectors.workbook.csvtext import read_csv
from connectors.workbook.grid import Grid, Merge
from connectors.workbook.scan import Package
from okr.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

ZIPPED = (".xlsx", ".xlsm", ".ods")
EXTENSIONS = (*ZIPPED, ".xls", ".csv")

MOST_UNPACKED = 1 << 30
"""Bytes that a workbook may come to when it is unpacked."""

MOST_RATIO = 200
"""And how many times its own size, where that is more than `LEAST_UNPACKED`."""

LEAST_UNPACKED = 64 << 20

_LOOK = 512
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass
class Opened:
    """A workbook's sheets in their order; `hidden` and `charts` name those that are not read.

    `saved_by` is who the document says saved it last: whoever's program it was, a mere claim.
    """

    sheets: list[Grid] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)
    saved_at: dt.datetime | None = None
    saved_by: str | None = None


def open_workbook(path: Path) -> Opened:
    """Read all visible sheets of a workbook.

    Args:
        path: an .xlsx, .xlsm, .xls, .ods or .csv file.

    Raises:
        SourceError: `workbook_unreadable`, `workbook_password`, `workbook_bomb`, `workbook_gone`,
            and for .csv those of `connectors.text.to_utf8`.
    """
    try:
        opened = _open_csv(path) if path.suffix.lower() == ".csv" else _open_spreadsheet(path)
        if opened.saved_at is None:
            opened.saved_at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    except FileNotFoundError:
        raise SourceError("workbook_gone", file=path.name) from None
    except PermissionError:
        raise SourceError("workbook_forbidden", file=path.name) from None
    except calamine.PasswordError:
        raise SourceError("workbook_password", file=path.name) from None
    except (
        OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, csv.Error, ET.ParseError,
        zipfile.BadZipFile, zlib.error, calamine.CalamineError,
    ):  # fmt: skip
        raise SourceError("workbook_unreadable", file=path.name) from None
    return opened


def _open_csv(path: Path) -> Opened:
    with path.open("rb") as file:
        start = file.read(_LOOK)
    if is_page(start) and b"<html" in start.replace(b"\0", b"").lower():
        raise SourceError("workbook_html", file=path.name)
    return Opened([read_csv(path)])


def _open_spreadsheet(path: Path) -> Opened:
    with path.open("rb") as file:
        start = file.read(_LOOK)
    if start.startswith(b"PK"):
        return _open_zipped(path)
    if not start.startswith(_OLE):
        raise SourceError("workbook_html" if is_page(start) else "workbook_unreadable", file=path.name)
    # Few workbooks are of the old kind, and every child process would load what reads them.
    from connectors.workbook.xls import Container  # noqa: PLC0415

    container = Container(path.read_bytes())
    if container.encrypted:
        raise SourceError("workbook_password", file=path.name)
    opened, grids = _read_cells(path)
    container.mark(grids)
    opened.saved_at, opened.saved_by = container.saved_at, container.saved_by
    return opened


def _open_zipped(path: Path) -> Opened:
    with zipfile.ZipFile(path) as archive:
        _check_size(path, archive)
        if "content.xml" in archive.namelist():
            if ods.encrypted(archive):
                raise SourceError("workbook_password", file=path.name)
            ods.check(archive, path.name)
            opened, grids = _read_cells(path)
            opened.saved_at, opened.saved_by = ods.saved_at(archive), ods.saved_by(archive)
            ods.mark(archive, grids)
            return opened
        package = Package(archive)
        with package.reading_ahead():
            opened, grids = _read_cells(path)
        opened.saved_at, opened.saved_by = package.saved_at(), package.saved_by()
        for name, inside in package.sheets().items():
            if name in grids and grids[name].rows:
                package.mark(grids[name], inside)
    return opened


def is_page(start: bytes) -> bool:
    """Say whether a file begins like a web page, as downloads that failed and reports of some systems do."""
    told = start.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0").replace(b"\0", b"").lower()
    return told.startswith((b"<", b"mime-version:")) and b"urn:schemas-microsoft-com:office:spreadsheet" not in told


def _check_size(path: Path, archive: zipfile.ZipFile) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    packed = max(path.stat().st_size, 1)
    if unpacked > MOST_UNPACKED or (unpacked > LEAST_UNPACKED and unpacked > MOST_RATIO * packed):
        raise SourceError("workbook_bomb", file=path.name, megabytes=unpacked >> 20)


def _read_cells(path: Path) -> tuple[Opened, dict[str, Grid]]:
    opened = Opened()
    with calamine.load_workbook(str(path)) as book:
        for sheet in book.sheets_metadata:
            if sheet.visible is not calamine.SheetVisibleEnum.Visible:
                opened.hidden.append(sheet.name)
            elif sheet.typ is not calamine.SheetTypeEnum.WorkSheet:
                opened.charts.append(sheet.name)
            else:
                opened.sheets.append(_grid(book.get_sheet_by_name(sheet.name)))
    return opened, {grid.name: grid for grid in opened.sheets}


def _grid(sheet: calamine.CalamineSheet) -> Grid:
    top, left = sheet.start or (0, 0)
    merges = [Merge(a, b, c, d) for (a, b), (c, d) in sheet.merged_cell_ranges or ()]
    # Their rows may hold any of the types of `Value`; empty cells are empty texts.
    return Grid(sheet.name, sheet.to_python(), top, left, merges)  # pyright: ignore[reportArgumentType]
