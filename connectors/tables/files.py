"""One file of a folder, read to the end: its columns as they are, and the number of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from connectors.protocol import EXTRAS
from okr.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ragged:
    """A row whose cells are more or fewer than the columns: nobody knows which is which."""

    row: int
    found: int
    expected: int
    text: str


@dataclass
class Raw:
    """A file's rows.

    Attributes:
        frame: its columns, and `place` as the number of each row (UInt32).
        columns: its columns without `place`.
        ragged: rows that are not in the frame.
        encoding: of a text file.
    """

    frame: pl.DataFrame
    columns: tuple[str, ...]
    ragged: tuple[Ragged, ...] = ()
    encoding: str = "utf-8"


def read_bytes(path: Path) -> bytes:
    """Read a file in one go, so that what is judged is one state of it.

    Raises:
        SourceError: `file_unreadable`, `file_changing`.
    """
    try:
        with path.open("rb") as file:
            data = file.read()
            after = path.stat()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError("file_unreadable", file=path.name, reason=reason) from None
    if after.st_size != len(data):
        raise SourceError("file_changing", file=path.name)
    return data


def legal_header(names: list[str], file: str) -> None:
    """Refuse a header that cannot name columns one by one.

    Raises:
        SourceError: `column_twice`, `column_reserved`.
    """
    for name in names:
        if names.count(name) > 1:
            raise SourceError("column_twice", file=file, column=name)
        if name in EXTRAS:
            # They stand beside a table's own columns and would be overwritten without a word.
            raise SourceError("column_reserved", file=file, column=name)


def read_parquet(path: Path) -> Raw:
    """Read a Parquet file; its rows count from 1.

    Raises:
        SourceError: `file_empty`, `not_parquet`, `column_twice`, `column_reserved` and those of
            `read_bytes`.
    """
    data = read_bytes(path)
    if not data:
        raise SourceError("file_empty", file=path.name)
    try:
        frame = pl.read_parquet(data)
    except pl.exceptions.DuplicateError:
        raise SourceError("column_twice", file=path.name, column=_twice(data)) from None
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise SourceError("not_parquet", file=path.name, reason=reason) from None
    names = frame.columns
    legal_header(names, path.name)
    plain = [name for name, kind in frame.schema.items() if kind in (pl.Categorical, pl.Enum)]
    frame = frame.with_columns(pl.col(plain).cast(pl.String)) if plain else frame
    return Raw(
        frame.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("place")),
        tuple(names),
    )


def _twice(data: bytes) -> str:
    import io  # noqa: PLC0415 - only on the way to an error

    import pyarrow.parquet as pq  # noqa: PLC0415 - likewise, and heavy

    names = list(pq.read_schema(io.BytesIO(data)).names)
    return next((name for name in names if names.count(name) > 1), "")
