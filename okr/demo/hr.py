"""The HR database of the made-up enterprise: a SQLite file with its own names for everything."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

_TABLES = """
create table department (
  dept_code text primary key, dept_name text not null, alias text, parent_code text,
  grade text, head_no text, closed integer not null
);
create table staff (
  staff_no text primary key, full_name text not null, login text, mail text,
  dept_code text, boss_no text, lang text, left_on text
);
"""


def write(enterprise: Traversable, file: Path) -> None:
    """Write `file` anew, from the lists of units and people in `enterprise`."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(_TABLES)
        _fill(
            database,
            "insert into department values (?, ?, ?, ?, ?, ?, ?)",
            enterprise / "units.csv",
        )
        _fill(database, "insert into staff values (?, ?, ?, ?, ?, ?, ?, ?)", enterprise / "people.csv")


def _fill(database: sqlite3.Connection, insert: str, source: Traversable) -> None:
    rows = csv.reader(io.StringIO(source.read_text(encoding="utf-8")))
    next(rows)
    database.executemany(insert, ([value or None for value in row] for row in rows))
