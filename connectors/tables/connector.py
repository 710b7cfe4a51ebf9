"""Reads a folder of tables, one after another, so that no two are in memory at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.protocol import CheckLine, Delivery, Failure, Refusal, combined, nothing_read
from connectors.tables.csvfile import read_csv
from connectors.tables.files import read_parquet
from connectors.tables.folder import look
from okr.errors import SourceError
from schemas import TABLES
from schemas.forms import examine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.tables.files import Raw
    from connectors.tables.folder import Found
    from okr.report import Report


class TablesConnector:
    """A folder with one CSV or Parquet file for each canonical table; scopes are tables."""

    kind = "tables"

    def __init__(self, name: str, settings: Any) -> None:  # noqa: ANN401 - see `connect`
        self.name = name
        self._folder: Path = settings.path

    def pull(self, report: Report) -> Delivery:
        """Read the whole folder; see `Connector`."""
        return combined(self.name, self.pieces(report, None))

    def pieces(self, report: Report, previous: Delivery | None) -> Iterator[Delivery]:  # noqa: ARG002 - a folder is always read whole, and quickly
        """Read the folder a table at a time; see `InPieces`.

        Raises:
            SourceError: those of `look`; and that of the only table's file, or `no_table_read`,
                where none could be read.
        """
        found = look(self._folder, TABLES)
        yield self._around(found)
        failures = [self._twice(table, paths) for table, paths in found.twice.items()]
        read = 0
        for table, path in found.files.items():
            try:
                piece = self._delivered(table, path.name, self._read(table, path))
            except SourceError as error:
                failures.append(Failure(table, error.code, error.values))
                continue
            read += 1
            yield piece
            del piece  # before the next table is read
        if not read:
            raise nothing_read(failures, report)
        yield Delivery(self.name, {}, {}, not failures, (), failures=tuple(failures))

    def check(self) -> Iterator[CheckLine]:
        """Read everything once, and say of each table how many rows, or why a run would refuse it."""
        began = time.perf_counter()
        try:
            found = look(self._folder, TABLES)
        except SourceError as error:
            yield CheckLine(ok=False, code=error.code, values=error.values)
            return
        for code, values in self._around(found).notices:
            yield CheckLine(ok=True, code=code, values=values)
        for table, paths in found.twice.items():
            failure = self._twice(table, paths)
            yield CheckLine(ok=False, code=failure.code, values=failure.values)
        for table, path in found.files.items():
            yield self._check_table(table, path)
        seconds = round(time.perf_counter() - began, 1)
        yield CheckLine(ok=True, code="check_full_pull", values={"seconds": seconds})

    def _check_table(self, table: str, path: Path) -> CheckLine:
        try:
            raw = self._read(table, path)
            examine(TABLES[table], self._delivered(table, path.name, raw).frames[table], ())
        except SourceError as error:
            return CheckLine(ok=False, code=error.code, values=error.values)
        if raw.ragged:
            first = raw.ragged[0].row
            values = {"file": path.name, "rows": len(raw.ragged), "row": first}
            return CheckLine(ok=False, code="rows_ragged", values=values)
        values = {"table": table, "file": path.name, "rows": raw.frame.height}
        return CheckLine(ok=True, code="check_table", values=values)

    def _around(self, found: Found) -> Delivery:
        """Tell of tables that are not there, which is an empty table, and of unknown files."""
        notices = tuple(
            ("unknown_table_file", {"file": file})
            if nearest is None
            else ("unknown_table_file_near", {"file": file, "nearest": nearest})
            for file, nearest in found.strangers
        )
        return Delivery(self.name, {}, {}, True, tuple(found.missing), notices=notices)  # noqa: FBT003

    @staticmethod
    def _twice(table: str, paths: list[Path]) -> Failure:
        return Failure(table, "table_twice", {"table": table, "files": [p.name for p in paths]})

    @staticmethod
    def _read(table: str, path: Path) -> Raw:
        if path.suffix.lower() == ".parquet":
            return read_parquet(path)
        return read_csv(path, TABLES[table].columns)

    def _delivered(self, table: str, file: str, raw: Raw) -> Delivery:
        frame = raw.frame.with_columns(
            pl.format(f"{_braced(file)}:{{}}", "place").alias("place"),
            pl.lit(table).alias("scope"),
            pl.lit(table).alias("part"),
        )
        refusals = tuple(
            Refusal(
                table=table,
                place=f"{file}:{ragged.row}",
                code="ragged_row",
                value=ragged.text,
                values={"found": ragged.found, "expected": ragged.expected},
                whole=True,
                scope=table,
            )
            for ragged in raw.ragged
        )
        coded = {"file": file, "encoding": raw.encoding}
        return Delivery(
            source=self.name,
            frames={table: frame},
            holds={table: {table: raw.columns}},
            whole=True,
            scopes=(table,),
            refusals=refusals,
            notices=() if raw.encoding == "utf-8" else (("read_as_encoding", coded),),
        )


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
