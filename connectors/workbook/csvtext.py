"""A CSV file as the one sheet that it is."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from connectors.text import to_utf8
from connectors.workbook.grid import Grid

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.workbook.grid import Value

_SEPARATORS = (",", "\t", ";")
_LONGEST_CELL = 10_000_000


def read_csv(path: Path) -> Grid:
    """Read a CSV file, whatever its encoding and separator.

    Raises:
        SourceError: those of `connectors.text.to_utf8`.
        OSError, csv.Error: the file cannot be read.
    """
    text = to_utf8(path.read_bytes(), path.name).utf8.decode("utf-8")
    csv.field_size_limit(_LONGEST_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    rows: list[list[Value]] = [list(row) for row in lines]
    width = max((len(row) for row in rows), default=0)
    for row in rows:
        row.extend([None] * (width - len(row)))
    return Grid(path.stem, rows)


def _separator(text: str) -> str:
    """Return the separator that most of the first lines' cells are told apart by."""
    head = text[:20_000]
    counts = {sign: head.count(sign) for sign in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda sign: counts[sign])
    return best if counts[best] else ","
