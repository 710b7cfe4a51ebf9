"""The warehouse file: the one place where SQL runs on it, and how a run replaces it.

A run never changes the file that people read. It builds the next one beside it, with the present one
attached read-only under the name `prev`, and swaps by rename when all is well: whoever reads has the
old state or the new one, and a run that is killed leaves the old.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import os
from typing import TYPE_CHECKING, Any

import duckdb
from filelock import FileLock, Timeout

from okr.errors import CallError, OkrError, RunError
from okr.reconcile import layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from okr.report import Report
    from okr.settings import EngineSettings

STORAGE_VERSION = "v1.4.0"
"""Tools that bring DuckDB 1.4 or later open the file."""


class Warehouse:
    """A connection to a warehouse file. Every statement that runs on it goes through here."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, statement: str, **values: object) -> None:
        """Carry out statements that return nothing. `$name` in them stands for a value."""
        self._connection.execute(statement, values or None)

    def run_file(self, name: str, **values: object) -> None:
        """Carry out the SQL file `name` (relative to this package)."""
        for statement in self._connection.extract_statements(read_sql(name)):
            known = {key: value for key, value in values.items() if key in statement.named_parameters}
            self._connection.execute(statement, known or None)

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Return every row of a query."""
        return self._connection.sql(query, params=values or None).fetchall()

    def value(self, query: str, **values: object) -> Any:  # noqa: ANN401 (what the query selects)
        """Return the first column of the first row, None where there is no row."""
        found = self.rows(query, **values)
        return found[0][0] if found else None

    def frame(self, query: str, **values: object) -> pl.DataFrame:
        """Return the result of a query as a polars frame."""
        return self._connection.sql(query, params=values or None).pl()

    def batches(self, query: str, size: int, **values: object) -> Iterator[list[tuple[Any, ...]]]:
        """Hand out the rows of a query, at most `size` at a time, without holding them all."""
        cursor = self._connection.cursor()
        try:
            running = cursor.execute(query, values or None)
            while batch := running.fetchmany(size):
                yield batch
        finally:
            cursor.close()

    @contextlib.contextmanager
    def lent(self, **frames: pl.DataFrame) -> Iterator[None]:
        """Let statements read these frames under the given names, for the time of the block."""
        for name, frame in frames.items():
            self._connection.register(name, frame)
        try:
            yield
        finally:
            for name in frames:
                self._connection.unregister(name)

    @contextlib.contextmanager
    def in_order(self) -> Iterator[None]:
        """Keep rows in their order where statements of the block insert them; `rowid` tells it later."""
        self._connection.execute("set preserve_insertion_order = true")
        try:
            yield
        finally:
            self._connection.execute("set preserve_insertion_order = false")

    def make(self, table: str, frame: pl.DataFrame, *, temporary: bool = True) -> None:
        """Make `table` out of a frame, in place of one with that name."""
        kind = "temp table" if temporary else "table"
        with self.lent(lent_frame=frame):
            self.run(f"create or replace {kind} {table} as select * from lent_frame")

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Put the rows of a frame into `table`, columns by their names."""
        if not frame.height:
            return
        columns = ", ".join(quoted(name) for name in frame.columns)
        with self.lent(lent_frame=frame):
            self.run(f"insert into {table} ({columns}) select {columns} from lent_frame")


def quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def read_sql(name: str) -> str:
    """Return the text of an SQL file of this package."""
    return importlib.resources.files("okr.reconcile").joinpath(name).read_text(encoding="utf-8")


@contextlib.contextmanager
def lock(path: Path, report: Report) -> Iterator[None]:
    """Hold the warehouse for one run; say so where another run has it, and wait for its end.

    The lock belongs to the process: whoever is killed lets go of it.
    """
    held = FileLock(path.with_name(path.name + ".lock"), mode=0o600)
    try:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held.acquire(timeout=0))
            except Timeout:
                report.note("waiting_for_warehouse", path=str(path))
                stack.enter_context(held.acquire())
            yield
    except OSError as failure:
        if isinstance(failure, OkrError):
            raise
        raise RunError("warehouse_not_writable", path=str(path), reason=_reason(failure)) from failure


@contextlib.contextmanager
def building(path: Path, engine: EngineSettings) -> Iterator[Warehouse]:
    """Build the next state of the warehouse; at the end of the block it takes the place of the present.

    Inside the block `prev` is the present state (an empty one at the first run) and everything else
    is new. An error inside the block leaves the present state and removes what was begun.

    Raises:
        RunError: another program holds the file, it cannot be read or written, or the disk is full.
    """
    following = path.with_name(path.name + ".next")
    _clear(following)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        engine.temp_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _connect(following, engine_options(engine)) as connection:
            house = Warehouse(connection)
            _attach_previous(connection, house, path)
            layout.create(house, "")
            yield house
            connection.execute("checkpoint")
        _swap(following, path)
    except duckdb.Error as failure:
        raise _named(failure, path) from failure
    except OSError as failure:
        raise RunError("warehouse_not_writable", path=str(path), reason=_reason(failure)) from failure
    finally:
        _clear(following)


@contextlib.contextmanager
def reading(path: Path, engine: EngineSettings) -> Iterator[Warehouse]:
    """Open the present state to read it.

    Raises:
        CallError: there is none yet.
        RunError: another program holds it, or it is no warehouse of ours.
    """
    if not path.exists():
        raise CallError("no_warehouse", path=str(path))
    try:
        with _connect(path, engine_options(engine), read_only=True) as connection:
            house = Warehouse(connection)
            _check_format(house, "", path)
            yield house
    except duckdb.Error as failure:
        raise _named(failure, path) from failure


def engine_options(engine: EngineSettings) -> dict[str, object]:
    """Return DuckDB's options for the settings' section `engine`; no extension is ever fetched."""
    return {
        "threads": engine.threads,
        "memory_limit": engine.memory_limit,
        "temp_directory": str(engine.temp_directory),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }


@contextlib.contextmanager
def _connect(
    path: Path, options: Mapping[str, object], *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    config: dict[str, Any] = dict(options)
    if not read_only:
        config["storage_compatibility_version"] = STORAGE_VERSION
    connection = duckdb.connect(str(path), read_only=read_only, config=config)
    try:
        if not read_only:
            path.chmod(0o600)
        connection.execute("set TimeZone = 'UTC'")
        # The progress bar is ours.
        connection.execute("set enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def _attach_previous(connection: duckdb.DuckDBPyConnection, house: Warehouse, path: Path) -> None:
    if path.exists():
        connection.execute(f"attach '{_literal(path)}' as prev (read_only)")
        _check_format(house, "prev.", path)
    else:
        connection.execute("attach ':memory:' as prev")
        layout.create(house, "prev.")


def _check_format(house: Warehouse, catalog: str, path: Path) -> None:
    try:
        found = house.value(f"select format from {catalog}store.about")
    except duckdb.CatalogException as failure:
        raise RunError("not_a_warehouse", path=str(path)) from failure
    if found != layout.FORMAT:
        raise RunError("warehouse_format", path=str(path), found=found, known=layout.FORMAT)


def _named(failure: duckdb.Error, path: Path) -> OkrError:
    """Put DuckDB's word for what went wrong into ours."""
    told = str(failure)
    if isinstance(failure, duckdb.IOException | duckdb.ConnectionException):
        if "lock" in told.lower():
            return RunError("warehouse_held", path=str(path), reason=told.splitlines()[0])
        if "not a valid DuckDB database" in told:
            return RunError("not_a_warehouse", path=str(path))
        if "Permission denied" in told:
            return RunError("warehouse_not_writable", path=str(path), reason="Permission denied")
        return RunError("warehouse_not_writable", path=str(path), reason=told.splitlines()[0])
    if isinstance(failure, duckdb.OutOfMemoryException):
        return RunError("out_of_memory", reason=told.splitlines()[0])
    return RunError("warehouse_failed", path=str(path), reason=told.splitlines()[0])


def _swap(following: Path, path: Path) -> None:
    """Put the finished file in the place of the present one, so that a power cut leaves one of both."""
    with following.open("rb") as written:
        os.fsync(written.fileno())
    following.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _clear(following: Path) -> None:
    for leftover in (following, following.with_name(following.name + ".wal")):
        with contextlib.suppress(OSError):
            leftover.unlink(missing_ok=True)


def _literal(path: Path) -> str:
    return str(path).replace("'", "''")


def _reason(failure: OSError) -> str:
    return failure.strerror or str(failure)


def columns(names: Sequence[str], of: str = "") -> str:
    """Return a list of columns for a SELECT, each with the table `of` before it."""
    before = f"{of}." if of else ""
    return ", ".join(before + quoted(name) for name in names)
