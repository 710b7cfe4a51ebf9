"""What is asked of a database for one canonical table, and where each of its rows stands."""

from __future__ import annotations

import re

import polars as pl

from schemas import TABLES

_PART = r"""(?:[^\W\d][\w$]*|"[^"]+"|`[^`]+`|\[[^\]]+\])"""
_NAME = re.compile(rf"{_PART}(?:\.{_PART}){{0,2}}")


def statement(asked: str) -> str:
    """Turn what the settings say of a table into one statement.

    A SELECT is run as it is given; the name of a table or view means all of its columns. A name is
    left as written too, so that the database finds it as it would for the person who wrote it.

    >>> statement("hr.departments")
    'SELECT * FROM hr.departments'
    """
    asked = asked.strip()
    if _NAME.fullmatch(asked):
        return f"SELECT * FROM {asked}"  # noqa: S608 - a name and nothing else
    return asked.rstrip("; \n\t")


def placed(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Add where a person finds each row: table and record id, or its number among the rows."""
    key = [name for name in TABLES[table].key if name in frame.columns]
    if len(key) == len(TABLES[table].key):
        record = pl.concat_str([pl.col(name).cast(pl.String) for name in key], separator="->")
    else:
        record = pl.lit(None, dtype=pl.String)
    number = pl.format("#{}", pl.int_range(1, pl.len() + 1))
    return frame.with_columns(
        pl.format(f"{table}:{{}}", pl.coalesce(record, number)).alias("place"),
        pl.lit(table).alias("scope"),
        pl.lit(table).alias("part"),
    )
