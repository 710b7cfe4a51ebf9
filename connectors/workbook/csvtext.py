"""A CSV file as the one sheet that it is."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from connectors.text import to_utf8
from connectors.workbook.grid import WIDEST, Grid
from okr.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.workbook.grid import Value

_SEPARATORS = (",", "\t", ";")
_SAID = re.compile(r"sep=([,;\t|])(?=\r|\n)", re.IGNORECASE)
_LONGEST_CELL = 1_000_000
"""Characters; a spreadsheet program holds 32,767 in a cell."""

MOST_CELLS = 30_000_000


def read_csv(path: Path) -> Grid:
    """Read a CSV file, whatever its encoding and separator.

    Raises:
        SourceError: those of `connectors.text.to_utf8`; `broken_quotes`, with the row where a quote
            was opened that swallows others; `workbook_too_big`.
        OSError: the file cannot be read.
    """
    text = to_utf8(path.read_bytes(), path.name).utf8.decode("utf-8")
    csv.field_size_limit(_LONGEST_CELL)
    separator, text = _separated(text)
    rows: list[list[Value]] = []
    width = cells = 0
    # Strict: else a quote that is never closed swallows the rest of the file without a word.
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    before = 0
    try:
        for line in lines:
            before = lines.line_num
            row: list[Value] = list(line)
            while row and row[-1] == "":
                row.pop()
            rows.append(row)
            width = max(width, len(row))
            cells += len(row)
            if width > WIDEST or cells > MOST_CELLS:
                raise SourceError("workbook_too_big", file=path.name)
    except csv.Error as error:
        if "field limit" in str(error) and '"' not in text:
            raise SourceError("workbook_too_big", file=path.name) from None
        raise SourceError("broken_quotes", file=path.name, row=before + 1) from None
    if width * len(rows) > MOST_CELLS:
        raise SourceError("workbook_too_big", file=path.name)
    for row in rows:
        row.extend([None] * (width - len(row)))
    return Grid(path.stem, rows)


def _separated(text: str) -> tuple[str, str]:
    """Return the separator and the text; a first line `sep=;`, as Excel reads it, is left empty."""
    if (said := _SAID.match(text)) is not None:
        return said[1], text[said.end() :]
    return _separator(text), text


def _separator(text: str) -> str:
    """Return the separator that most of the first lines' cells are told apart by."""
    head = text[:20_000]
    counts = {sign: head.count(sign) for sign in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda sign: counts[sign])
    return best if counts[best] else ","
