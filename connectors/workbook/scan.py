"""What python-calamine does not tell of an .xlsx file: per-cent formats, faults, when it was saved.

Looked for in the file's own XML, and only where a quick look says that there is any.
"""

from __future__ import annotations

import datetime as dt
import html
import posixpath
import re
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from connectors.workbook.grid import Fault, address, letters

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Iterator

    from connectors.workbook.grid import Grid

_PREFIX = rb"(?:[A-Za-z][\w.-]*:)?"
_CELL = rb"<" + _PREFIX + rb"c(?=[\s>/])"
_AT = rb'[^>]*?\sr=["\']([A-Z]{1,3})([0-9]{1,7})["\'][^>]*'
_FORMULA = re.compile(
    _CELL + rb"([^>]*)(?<!/)>\s*<" + _PREFIX + rb"f(?=[\s>/])(?:[^>]*/>|[^>]*(?<!/)>[^<]*</" + _PREFIX + rb"f>)"
    rb"\s*(<" + _PREFIX + rb"v(?:\s[^>]*)?(?:/>|>[^<]*</" + _PREFIX + rb"v>))?"
)
_ERROR = re.compile(
    _CELL + rb'(?=[^>]*\st=["\']e["\'])' + _AT + rb"(?<!/)>(?:(?!</" + _PREFIX + rb"c>).)*?<" + _PREFIX
    + rb"v(?:\s[^>]*)?>([^<]{0,40})<", re.DOTALL
)  # fmt: skip
_NO_ADDRESS = re.compile(_CELL + rb"(?![^>]*\sr=)")
_ADDRESS = re.compile(rb'\sr=["\']([A-Z]{1,3}[0-9]{1,7})["\']')
_TEXT = re.compile(rb'\st=["\']str["\']')
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')

_LONG = 4 << 20
"""Bytes of a sheet's XML from which on it is worth a thread of its own."""

LONGEST_NAME = 200
"""Nobody's name in a document's properties is longer."""

PERCENTS = (9, 10)
"""The number formats that are per cent in every workbook."""


class Package:
    """The parts of an .xlsx file that tell what its cells do not."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = set(archive.namelist())
        self._percents: list[int] | None = None
        self._ahead: dict[str, bytes] = {}

    @contextmanager
    def reading_ahead(self) -> Iterator[None]:
        """Unpack a long sheet while somebody else, who lets go of the interpreter, reads its cells."""
        long = [
            entry for entry in self._archive.infolist() if entry.file_size > _LONG and "/worksheets/" in entry.filename
        ]
        if len(long) != 1:
            yield
            return
        thread = threading.Thread(target=self._read_ahead, args=(long[0].filename,))
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _read_ahead(self, path: str) -> None:
        # What cannot be read is read once more, and told, by who asks for it.
        with suppress(Exception):
            self._ahead[path] = _addressed(self._archive.read(path))

    def saved_at(self) -> dt.datetime | None:
        """Return when the document says that it was last saved; None where it does not say."""
        if "docProps/core.xml" not in self._names:
            return None
        found = re.search(rb"<(?:\w+:)?modified[^>]*>\s*([^<]+?)\s*<", self._archive.read("docProps/core.xml"))
        return w3c_time(found[1].decode("ascii", "replace")) if found else None

    def saved_by(self) -> str | None:
        """Return who the document says saved it last; None where it does not say."""
        if "docProps/core.xml" not in self._names:
            return None
        found = re.search(rb"<(?:\w+:)?lastModifiedBy[^>]*>\s*([^<]+?)\s*<", self._archive.read("docProps/core.xml"))
        return plain_name(found[1]) if found else None

    def sheets(self) -> dict[str, str]:
        """Return by sheet name the path of its XML within the file."""
        if "xl/workbook.xml" not in self._names or "xl/_rels/workbook.xml.rels" not in self._names:
            return {}
        targets = {
            node.get("Id"): node.get("Target", "")
            for node in ET.fromstring(self._archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - expat refuses expanding entities, and the process is limited
        }
        found: dict[str, str] = {}
        for node in ET.fromstring(self._archive.read("xl/workbook.xml")).iter():  # noqa: S314 - see above
            if not node.tag.endswith("}sheet"):
                continue
            reference = next((v for k, v in node.attrib.items() if k.endswith("}id")), None)
            target = targets.get(reference, "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            if path in self._names:
                found[node.get("name", "")] = path
        return found

    def mark(self, grid: Grid, path: str) -> None:
        """Mark in a grid the cells that are formatted as per cent and those without a value."""
        xml = self._ahead.pop(path, None) or _addressed(self._archive.read(path))
        grid.percent_rows = self._percents_in(xml)
        if b"<f" in xml or b":f" in xml:
            _mark_formulas(grid, xml)
        if b't="e"' in xml or b"t='e'" in xml:
            for found in _ERROR.finditer(xml):
                _put(
                    grid,
                    found[1] + found[2],
                    Fault("error_cell", found[3].decode("ascii", "replace")),
                )

    def _percents_in(self, xml: bytes) -> Callable[[int], set[int]] | None:
        """Return what finds the per-cent cells of a column; None where no style is per cent."""
        if self._percents is None:
            self._percents = self._percent_styles()
        if not self._percents:
            return None
        styles = b"|".join(str(style).encode() for style in self._percents)

        def rows(column: int) -> set[int]:
            cell = rb'\sr=["\']' + letters(column).encode() + rb'([0-9]{1,7})["\']'
            pattern = _CELL + rb'(?=[^>]*\ss=["\'](?:' + styles + rb')["\'])[^>]*?' + cell
            if b'<c r="' in xml:
                pattern = rb'<c r="' + letters(column).encode() + rb'([0-9]{1,7})" s="(?:' + styles + rb')"'
            return {int(line) - 1 for line in re.findall(pattern, xml)}

        return rows

    def _percent_styles(self) -> list[int]:
        """Return the numbers of the cell styles that are per cent."""
        if "xl/styles.xml" not in self._names:
            return []
        root = ET.fromstring(self._archive.read("xl/styles.xml"))  # noqa: S314 - see above
        percents: set[int] = set(PERCENTS)
        styles: list[int] = []
        for node in root:
            if node.tag.endswith("}numFmts"):
                for found in node:
                    number = _whole(found.get("numFmtId"))
                    if is_percent(found.get("formatCode", "")):
                        percents.add(number)
                    else:
                        percents.discard(number)
            elif node.tag.endswith("}cellXfs"):
                xfs = [found for found in node if found.tag.endswith("}xf")]
                styles = [i for i, xf in enumerate(xfs) if _whole(xf.get("numFmtId")) in percents]
        return styles


def plain_name(xml: bytes) -> str | None:
    """Return a name that stands in a document's properties."""
    return html.unescape(xml.decode("utf-8", "replace")).strip()[:LONGEST_NAME] or None


def is_percent(code: str) -> bool:
    """Say whether a number format is per cent; a `%` in quotes is a mere sign behind the number.

    >>> is_percent("0.0%"), is_percent('0"%"'), is_percent("0.00")
    (True, False, False)
    """
    return "%" in _QUOTED.sub("", code)


def w3c_time(text: str) -> dt.datetime | None:
    """Read a time of a document's properties; without a zone it is meant in UTC."""
    try:
        told = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return told.replace(tzinfo=dt.UTC) if told.tzinfo is None else told.astimezone(dt.UTC)


def _mark_formulas(grid: Grid, xml: bytes) -> None:
    for found in _FORMULA.finditer(xml):
        value = found[2]
        stored = value is not None and (not re.search(rb">\s*<|/>$", value) or _TEXT.search(found[1]))
        if not stored and (place := _ADDRESS.search(found[1])):
            _put(grid, place[1], Fault("formula_without_value"))


def _put(grid: Grid, name: bytes, fault: Fault) -> None:
    place = address(name.decode("ascii", "replace"))
    if place:
        grid.put(*place, fault)


def _addressed(xml: bytes) -> bytes:
    """Return a sheet in which every cell has its address."""
    # Two counts are many times cheaper than a search: mostly all cells have addresses.
    if not xml.count(b"<c ") == xml.count(b'<c r="') > 0 and _NO_ADDRESS.search(xml):
        return _with_addresses(xml)
    return xml


def _with_addresses(xml: bytes) -> bytes:
    """Give addresses to the cells of a writer that leaves them out: they stand one after another."""
    row = column = -1

    def told(found: re.Match[bytes]) -> bytes:
        nonlocal row, column
        tag, rest = found[1], found[2]
        stated = re.search(rb'\sr=["\']([A-Z]*)([0-9]*)["\']', rest)
        if tag.endswith(b"row"):
            row, column = (int(stated[2]) - 1 if stated and stated[2] else row + 1), -1
            return found[0]
        if stated and (place := address((stated[1] + stated[2]).decode("ascii", "replace"))):
            column = place[1]
            return found[0]
        column += 1
        return b"<" + tag + f' r="{letters(column)}{row + 1}"'.encode() + rest

    return re.sub(rb"<(" + _PREFIX + rb"(?:row|c))(?=[\s>/])([^>]*)", told, xml)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
