"""Lists as files: for Excel, for programs. A file is there as a whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from okr.cli.listing import csv_pieces, json_pieces
from okr.cli.width import width
from okr.errors import CallError
from okr.texts.cells import cell, guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from okr.cli.columns import Column
    from okr.cli.listing import Form

    Row = Mapping[str, object]

LONGEST = 32_767
"""Characters that Excel takes in one cell."""
WIDEST = 60
"""Columns of characters to which a column of a sheet grows by itself."""


def write(rows: Sequence[Row], columns: Sequence[Column], form: Form, file: Path) -> None:
    """Write rows into a file in the given form; a file that is there is replaced.

    Raises:
        CallError: `output_failed`: it cannot be written.
    """
    if form == "json":
        write_pieces(json_pieces(rows, columns), file)
    elif form == "csv":
        write_pieces(csv_pieces(rows, columns, guarded), file, mark=True)
    else:
        with beside(file) as path:
            (_sheet if form == "xlsx" else _parquet)(rows, columns, path)


def write_pieces(pieces: Iterable[str], file: Path, *, mark: bool = False) -> None:
    """Write text into a file, with `mark` behind a byte order mark, by which Excel knows UTF-8."""
    encoding = "utf-8-sig" if mark else "utf-8"
    with (
        beside(file) as path,
        path.open("w", encoding=encoding, newline="", errors="replace") as out,
    ):
        out.writelines(pieces)


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """A path beside the file to write to; it takes the file's place when all went well."""
    path = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        yield path
        path.replace(file)
    except OSError as error:
        raise CallError("output_unwritable", file=str(file), reason=error.strerror) from error
    finally:
        path.unlink(missing_ok=True)


def _sheet(rows: Sequence[Row], columns: Sequence[Column], path: Path) -> None:
    from xlsxwriter import Workbook  # noqa: PLC0415 - heavy, and rarely wanted
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(str(path), options)
    sheet = book.add_worksheet("okr")
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "valign": "top"}),
        "share": book.add_format({"num_format": "0.00##", "valign": "top"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column.name, formats["head"])
        widest = max([width(column.name) + 4, *(width(cell(r.get(column.name))) for r in rows[:1000])])
        sheet.set_column(at, at, min(widest + 1, WIDEST))
        for line, row in enumerate(rows, start=1):
            _cell(sheet, line, at, row.get(column.name), formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows), len(columns) - 1)
    try:
        book.close()
    except FileCreateError as error:
        raise OSError(0, str(error)) from error


def _cell(sheet: Any, line: int, at: int, value: object, formats: Mapping[str, Any]) -> None:  # noqa: ANN401
    """One cell: numbers and truth values as such, everything else as text."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, at, value, formats["text"])
    elif isinstance(value, int):
        sheet.write_number(line, at, value, formats["text"])
    elif isinstance(value, float):
        sheet.write_number(line, at, value, formats["share"])
    else:
        sheet.write_string(line, at, cell(value)[:LONGEST], formats["text"])


def _parquet(rows: Sequence[Row], columns: Sequence[Column], path: Path) -> None:
    import polars as pl  # noqa: PLC0415 - heavy, and rarely wanted

    kinds: dict[str, Any] = {
        "text": pl.String,
        "number": pl.Int64,
        "share": pl.Float64,
        "flag": pl.Boolean,
        "date": pl.Date,
        "time": pl.Datetime("us", "UTC"),
        "list": pl.List(pl.String),
        "object": pl.String,
    }
    frame = pl.DataFrame(
        {c.name: pl.Series(c.name, [_kept(r.get(c.name), c.kind) for r in rows], kinds[c.kind]) for c in columns}
    )
    frame.write_parquet(path)


def _kept(value: object, kind: str) -> object:
    """A value as Parquet keeps it. What a program gives as text stays what it means."""
    from datetime import UTC, date, datetime  # noqa: PLC0415

    if value is None:
        return None
    if kind in {"text", "object"}:
        return cell(value)
    if kind == "time" and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if kind == "share":
        return float(value)  # type: ignore[arg-type]
    return value
