"""A list on standard output or in a file, in the form that the call asks for."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from okr.cli.speech import putting_out, say, tell
from okr.cli.values import json_row
from okr.errors import CallError
from okr.texts.cells import cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from okr.cli.columns import Column
    from okr.cli.options import Listed

    Row = Mapping[str, object]

Form = Literal["table", "json", "csv", "xlsx", "parquet"]
FORMS: dict[str, Form] = {".xlsx": "xlsx", ".csv": "csv", ".json": "json", ".parquet": "parquet"}
CHUNK = 1 << 20
"""Characters that are written at once."""


@dataclass(frozen=True)
class Wanted:
    """In which form a list is wanted, and where: `file` None is standard output."""

    form: Form
    file: Path | None

    @property
    def table(self) -> bool:
        """Whether a person wants to read it here."""
        return self.form == "table"


def wanted(listed: Listed) -> Wanted:
    """What the options ask for; told before any work is done whether it can be.

    Raises:
        CallError: a file name that names no form, or another one than `--format`; no such folder.
    """
    file = listed.output
    if file is None:
        return Wanted(listed.format or "table", None)
    form = FORMS.get(file.suffix.lower())
    if form is None:
        raise CallError("output_form_unknown", file=str(file), known=list(FORMS))
    if listed.format not in {None, form}:
        raise CallError("output_form_differs", file=str(file), format=listed.format)
    if file.is_dir():
        raise CallError("output_is_folder", file=str(file))
    if not file.absolute().parent.is_dir():
        raise CallError("output_folder_missing", file=str(file), folder=str(file.absolute().parent))
    return Wanted(form, file)


def put(rows: Sequence[Row], columns: Sequence[Column], want: Wanted, show: Callable[[], None]) -> None:
    """Print or write rows.

    Args:
        rows: with at least the columns.
        columns: what is put out, in this order.
        want: in which form, and where.
        show: prints the rows as a table for a person.
    """
    if want.table:
        show()
    elif want.file is not None:
        from okr.cli.files import write  # noqa: PLC0415

        write(rows, columns, want.form, want.file)
        tell(say("cli.written", count=len(rows), file=str(want.file)))
    elif want.form == "json":
        print_pieces(json_pieces(rows, columns))
    else:
        print_pieces(csv_pieces(rows, columns))


def json_pieces(rows: Iterable[Row], columns: Sequence[Column]) -> Iterator[str]:
    """One JSON array, a row on a line; without rows `[]`."""
    before = "[\n"
    for row in rows:
        yield before + json_row(row, columns)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def csv_pieces(rows: Iterable[Row], columns: Sequence[Column], told: Callable[[object], str] = cell) -> Iterator[str]:
    """A CSV file with a header; `told` says how a value is written."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([told(row.get(column.name)) for column in columns])
        if buffer.tell() > CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def print_pieces(pieces: Iterable[str]) -> None:
    """Write text for programs to standard output: UTF-8 whatever the locale, in large chunks.

    Raises:
        BrokenPipeError: nobody reads any more.
        RunError: `output_failed`.
    """
    kept: list[str] = []
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size > CHUNK:
            _print("".join(kept))
            kept, size = [], 0
    _print("".join(kept))


def _print(text: str) -> None:
    with putting_out():
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
