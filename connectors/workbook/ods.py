"""What python-calamine does not tell of an .ods file: merges, per-cent values, faults, hidden sheets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from connectors.workbook.grid import WIDEST, Fault, Merge
from connectors.workbook.scan import plain_name, w3c_time
from okr.errors import SourceError

if TYPE_CHECKING:
    import datetime as dt
    import zipfile
    from collections.abc import Mapping

    from connectors.workbook.grid import Grid

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SPACES = re.compile(rb"""[:\s]c=["']([0-9]{1,18})["']""")
_OVERLAP = 40

MOST_SPACES = 64 << 20
"""Spaces that the texts of a file may hold by being counted rather than written."""

_ERRORS = re.compile(r"^(?:#[A-Z/0!?]+|Err:\d+)$")


def saved_at(archive: zipfile.ZipFile) -> dt.datetime | None:
    """Return when the document says that it was last saved; None where it does not say."""
    if "meta.xml" not in archive.namelist():
        return None
    found = re.search(rb"<dc:date>\s*([^<]+?)\s*<", archive.read("meta.xml"))
    return w3c_time(found[1].decode("ascii", "replace")) if found else None


def saved_by(archive: zipfile.ZipFile) -> str | None:
    """Return who the document says saved it last; None where it does not say."""
    if "meta.xml" not in archive.namelist():
        return None
    found = re.search(rb"<dc:creator>\s*([^<]+?)\s*<", archive.read("meta.xml"))
    return plain_name(found[1]) if found else None


def encrypted(archive: zipfile.ZipFile) -> bool:
    """Say whether the file has a password to open."""
    names = archive.namelist()
    return "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml")


def check(archive: zipfile.ZipFile, file: str) -> None:
    """Refuse a file that says in a few letters that a text holds millions of spaces.

    Raises:
        SourceError: `workbook_bomb`.
    """
    spaces = 0
    with archive.open("content.xml") as content:
        rest = b""
        while piece := content.read(1 << 20):
            told = rest + piece
            spaces += sum(int(number) for number in _SPACES.findall(told))
            # What the next piece may go on with is looked at then, and not now.
            rest = told[-_OVERLAP:] if not _SPACES.search(told[-_OVERLAP:]) else b""
    if spaces > MOST_SPACES:
        raise SourceError("workbook_bomb", file=file, megabytes=spaces >> 20)


def mark(archive: zipfile.ZipFile, grids: Mapping[str, Grid]) -> None:
    """Mark in each sheet's grid its merges, per-cent cells and cells without a value."""
    if "content.xml" not in archive.namelist():
        return
    with archive.open("content.xml") as content:
        for _, node in ET.iterparse(content):  # noqa: S314 - expat refuses expanding entities, and the process is limited
            if node.tag == f"{_TABLE}table":
                grid = grids.get(node.get(f"{_TABLE}name", ""))
                if grid is not None:
                    _mark_table(node, grid)
                node.clear()


def _mark_table(table: ET.Element, grid: Grid) -> None:
    row = 0
    percents: dict[int, set[int]] = {}
    for line in table.iter(f"{_TABLE}table-row"):
        times = _times(line.get(f"{_TABLE}number-rows-repeated"))
        # What is repeated a thousand times is the empty rest of the sheet.
        for _ in range(min(times, 1000)):
            _mark_row(line, row, grid, percents)
            row += 1
        row += max(times - 1000, 0)
    grid.percent_rows = lambda column: percents.get(column, set())


def _mark_row(line: ET.Element, row: int, grid: Grid, percents: dict[int, set[int]]) -> None:
    column = 0
    for cell in line:
        if not cell.tag.endswith("table-cell"):
            continue
        times = _times(cell.get(f"{_TABLE}number-columns-repeated"))
        if len(cell) or cell.attrib.keys() - {f"{_TABLE}number-columns-repeated"}:
            _mark_cell(cell, row, column, min(times, WIDEST), grid, percents)
        column += times


def _mark_cell(cell: ET.Element, row: int, column: int, times: int, grid: Grid, percents: dict[int, set[int]]) -> None:
    kind = cell.get(f"{_OFFICE}value-type")
    if kind == "percentage":
        for at in range(column, column + times):
            percents.setdefault(at, set()).add(row)
    down = _times(cell.get(f"{_TABLE}number-rows-spanned"))
    right = _times(cell.get(f"{_TABLE}number-columns-spanned"))
    if down > 1 or right > 1:
        grid.merges.append(Merge(row, column, row + down - 1, column + right - 1))
    if cell.get(f"{_TABLE}formula") is None:
        return
    told = "".join(cell.itertext()).strip()
    if _ERRORS.match(told):
        grid.put(row, column, Fault("error_cell", told))
    elif kind is None and not told:
        grid.put(row, column, Fault("formula_without_value"))


def _times(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 1
