"""CSV files: fast where the file is regular, exact row by row where it is not.

polars reads a regular file at memory speed, but it fills short rows up without a word, says of
long ones only that there are some, and takes a quote within a cell for the beginning of a quoted
text. So its result is taken only where all bytes add up, and Python's own reader, which says
the row, reads the rest. Both must agree on every file that polars is trusted with.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import polars as pl

from connectors.tables.csvrows import read_rows
from connectors.tables.files import Raw, legal_header, read_bytes
from connectors.text import to_utf8
from okr.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def read_csv(path: Path, known: Collection[str] = ()) -> Raw:
    """Read a CSV file: all cells as text, empty ones null, rows without any cell left out.

    Args:
        path: the file; its rows are numbered as a spreadsheet shows them, the header being row 1.
        known: the table's columns; a header of only these, separated by tabs or semicolons as
            spreadsheet programs in some countries write them, is read as such.

    Raises:
        SourceError: those of `read_bytes`, `to_utf8` and `legal_header`, and `column_without_name`,
            `broken_quotes`.
    """
    text = to_utf8(read_bytes(path), path.name)
    header, separator = _header(text.utf8, known)
    raw = _fast(text.utf8, header, separator) or read_rows(text.utf8, header, separator, path.name)
    raw = _named(raw, header, path.name)
    raw.encoding = text.encoding
    return raw


def _header(utf8: bytes, known: Collection[str]) -> tuple[list[str], str]:
    """Read the header's cells, trimmed; a file of several separators is taken for commas."""
    lines = io.TextIOWrapper(io.BytesIO(utf8), "utf-8", newline=None)
    first = next(iter(lines), "")
    for separator in ("\t", ";"):
        names = _cells(first, separator)
        if len(names) > 1 and set(names) <= set(known):
            return names, separator
    if first.count('"') % 2 and "\n" in first:
        # A header over several lines: let the reader take as many as it needs.
        lines = io.TextIOWrapper(io.BytesIO(utf8), "utf-8", newline=None)
        return [name.strip() for name in next(csv.reader(lines), [])], ","
    return _cells(first, ","), ","


def _cells(line: str, separator: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]


def _fast(utf8: bytes, header: list[str], separator: str) -> Raw | None:
    """Read with polars, or return None where its result may not be what the file says."""
    start = utf8.find(b"\n") + 1
    if not start or utf8.count(b"\r") != utf8.count(b"\r\n") or utf8.count(b'"', 0, start) % 2:
        return None
    if not utf8.endswith(b"\n") or utf8.endswith((b"\n\n", b"\n\r\n")):
        # Without the line's end polars lets a separator too many pass.
        utf8 = utf8.rstrip(b"\r\n") + b"\n"
    names = [str(index) for index in range(len(header))]
    schema = dict.fromkeys(names, pl.String)
    if len(utf8) <= start:
        return Raw(_numbered(pl.DataFrame(schema=schema)), tuple(names))
    try:
        frame = pl.read_csv(utf8, has_header=False, skip_rows=1, schema=schema, separator=separator)
    except pl.exceptions.PolarsError:
        return None
    if not _adds_up(frame, utf8, start) or not _in_pairs(utf8, start, separator.encode()):
        return None
    return Raw(_numbered(frame), tuple(names))


def _adds_up(frame: pl.DataFrame, utf8: bytes, start: int) -> bool:
    """Whether every byte is either in a cell, between two, at a line's end or a quote around one.

    It is not where a row is too short, nor where half a line's end got into a cell, as that would
    then be counted twice. What polars makes of a quote within a cell is not to be trusted at all.
    """
    quotes = utf8.count(b'"', start)
    if quotes and frame.select(pl.any_horizontal(pl.all().str.contains('"', literal=True).any())).item():
        return False
    cells = sum(frame.select(pl.all().str.len_bytes().sum()).row(0))
    ends = frame.height + utf8.count(b"\r", start)
    between = frame.height * (frame.width - 1)
    return cells + between + ends + quotes == len(utf8) - start


def _in_pairs(utf8: bytes, start: int, separator: bytes) -> bool:
    """Whether every second quote ends its cell, so that none is within a quoted one."""
    quoted = re.compile(b'()"[^"]*"(?=[' + separator + rb"\r\n])")
    return 2 * len(quoted.findall(utf8, start)) == utf8.count(b'"', start)


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Number the rows, empty the empty cells, and leave out rows without any."""
    frame = frame.with_columns(
        pl.when(pl.all() != "").then(pl.all()).name.keep(),
        pl.int_range(2, pl.len() + 2, dtype=pl.UInt32).alias("place"),
    )
    blank = pl.all_horizontal(pl.exclude("place").is_null())
    return frame.filter(~blank) if frame.select(blank.any()).item() else frame


def _named(raw: Raw, header: list[str], file: str) -> Raw:
    """Give the columns their names; what has neither a name nor a cell is none."""
    kept: dict[str, str] = {}
    for index, name in enumerate(header):
        if name:
            kept[str(index)] = name
        elif raw.frame[str(index)].is_not_null().any():
            raise SourceError("column_without_name", file=file, number=index + 1)
    legal_header(list(kept.values()), file)
    if not kept:
        raise SourceError("file_empty", file=file)
    frame = raw.frame.select(*kept, "place").rename(kept)
    return Raw(frame, tuple(kept.values()), raw.ragged)
