"""How dates and times are spelt: ISO 8601, and what else tables and workbooks write.

What is in the usual spelling is read as it is; only the rest is spelt out first. `dates` reads
dates; times are read in `moments`, with the same spellings.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_OFFSET = r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
ISO_TIME = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(?:\.[0-9]+)?{_OFFSET}$"

SPELLINGS = (  # applied in this order, each makes one part as ISO_TIME has it
    (r"^([0-9]{4})([0-9]{2})([0-9]{2})(?:$|[Tt])", "$1-$2-${3}T"),
    (
        r"^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})(?:日\s*|$|[Tt]|\s+)",
        "$1-$2-${3}T",
    ),
    (r"^([0-9]{4})-([0-9])-", "$1-0$2-"),
    (r"^([0-9]{4})-([0-9]{2})-([0-9])T", "$1-$2-0${3}T"),
    (r"T$", "T00:00:00"),
    (r"\s*[zZ]$", "Z"),
    (r"T([0-9]{2})([0-9]{2})([0-9]{2})", "T$1:$2:$3"),
    (r"T([0-9]{2})([0-9]{2})", "T$1:$2"),
    (r"T([0-9]):", "T0$1:"),
    (r"T([0-9]{2}:[0-9]{2})($|[-+Z\s])", "T$1:00$2"),
    (r"T([0-9]{2})($|[-+Z\s])", "T$1:00:00$2"),
    (r"T([0-9:]{8}),", "T$1."),
    (r"(T[0-9:.]+)\s*([+-][0-9]{2})$", "$1$2:00"),
    (r"(T[0-9:.]+)\s*([+-][0-9]{2}):?([0-9]{2})$", "$1$2:$3"),
)

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
"""The years that Python and databases can hold."""


def dates(series: pl.Series, zone: ZoneInfo) -> tuple[pl.Series, pl.Series]:
    """Dates (Date), and where something stands that is none.

    Of a time as text it is the date as written; of a typed time with a zone the date in `zone`.

    Args:
        series: texts, dates or times.
        zone: the company's.
    """
    if series.dtype == pl.String:
        values = _from_text(series)
    elif isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is not None:
        values = series.dt.convert_time_zone(zone.key).dt.date()  # a cast would take UTC's date
    else:
        values = series.cast(pl.Date)
    values = only(values, values.is_between(EARLIEST.date(), LATEST.date()))
    return values, unread(values, series)


def full(series: pl.Series) -> pl.Series:
    """Texts of times as ISO_TIME has them; null where a text is no time."""
    return _by_rows(series, ISO_TIME, _spelt_out)


def only(values: pl.Series, where: pl.Series) -> pl.Series:
    """The values where the condition holds, null elsewhere."""
    if where.all(ignore_nulls=False):
        return values
    return pl.select(pl.when(where).then(values)).to_series()


def unread(values: pl.Series, raw: pl.Series) -> pl.Series:
    """Where something stands that came to nothing; blank text is nothing itself."""
    lost = values.is_null() & raw.is_not_null()
    rows = lost.arg_true()
    if rows.len() == 0 or raw.dtype != pl.String:
        return lost
    return lost.scatter(rows, raw.gather(rows).str.strip_chars() != "")


def _from_text(series: pl.Series) -> pl.Series:
    # Of a time the whole is read, so that the date of one that cannot be is none either.
    told = _by_rows(series, ISO_DATE, lambda said: _spelt_out(said).str.slice(0, 19))
    iso = told.str.contains(ISO_DATE)
    values = only(told, iso).str.to_date("%Y-%m-%d", strict=False)
    rows = (~iso).fill_null(value=False).arg_true()
    if rows.len() == 0:
        return values
    there = told.gather(rows).str.replace(" ", "T", literal=True)
    return values.scatter(rows, there.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False).dt.date())


def _by_rows(series: pl.Series, usual: str, spell: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Spell out what is not as usual, once it is trimmed."""
    rows = (~series.str.contains(usual)).fill_null(value=False).arg_true()
    if rows.len() == 0:
        return series
    said = series.gather(rows).str.strip_chars()
    odd = (~said.str.contains(usual)).arg_true()
    if odd.len():
        said = said.scatter(odd, spell(said.gather(odd)))
    return series.clone().scatter(rows, said)


def _spelt_out(said: pl.Series) -> pl.Series:
    told = said.str.normalize("NFKC").str.strip_chars().str.replace_all("−", "-", literal=True)
    for pattern, spelling in SPELLINGS:
        told = told.str.replace(pattern, spelling)
    return only(told, told.str.contains(ISO_TIME))
