"""Times: UTC with microseconds, and how far the clock that they were read from was ahead of it.

A time without an offset is in the company's zone; a date where a time is wanted is midnight there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from schemas import times

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

NAIVE = pl.Datetime("us")


@dataclass(frozen=True)
class Moments:
    """A column of times.

    Attributes:
        values: Datetime("us", "UTC").
        unread: where something stands that is no time.
        ahead: minutes that local time was ahead of UTC.
    """

    values: pl.Series
    unread: pl.Series
    ahead: pl.Series


def moments(series: pl.Series, zone: ZoneInfo) -> Moments:
    """Read a column of times.

    Args:
        series: texts, dates or times.
        zone: the company's, for what says no zone.
    """
    if series.dtype == pl.String:
        values, ahead = _from_text(times.full(series), zone)
    else:
        values, ahead = _from_typed(series, zone)
    early, late = times.EARLIEST.replace(tzinfo=None), times.LATEST.replace(tzinfo=None)
    values = times.only(values, values.is_between(early, late))
    return Moments(values.dt.replace_time_zone("UTC"), times.unread(values, series), ahead)


def offset_text(minutes: pl.Series) -> pl.Series:
    """Minutes ahead of UTC as an offset: 480 is `+08:00`."""
    ahead = pl.col("ahead")
    told = pl.concat_str(
        pl.when(ahead < 0).then(pl.lit("-")).otherwise(pl.lit("+")),
        (ahead.abs() // 60).cast(pl.String).str.zfill(2),
        pl.lit(":"),
        (ahead.abs() % 60).cast(pl.String).str.zfill(2),
    )
    frame = pl.DataFrame([minutes.cast(pl.Int64).alias("ahead")])
    return frame.select(pl.when(ahead.is_not_null()).then(told)).to_series()


def _from_typed(series: pl.Series, zone: ZoneInfo) -> tuple[pl.Series, pl.Series]:
    own = series.dtype.time_zone if isinstance(series.dtype, pl.Datetime) else None
    if own is None:
        values = _localised(series.cast(NAIVE), zone)
        return values, _ahead(values, zone.key)
    aware = series.cast(pl.Datetime("us", own))
    values = aware.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    # Databases and Parquet hand out UTC whatever was meant; then the company's clock says more.
    return values, _ahead(values, zone.key if own in {"UTC", "Etc/UTC", "+00:00"} else own)


def _from_text(told: pl.Series, zone: ZoneInfo) -> tuple[pl.Series, pl.Series]:
    local, behind = _pieces(told)
    ahead = _offsets(behind)
    local = times.only(local, ahead.is_not_null() | (behind == ""))
    frame = pl.DataFrame([local.alias("local"), ahead.alias("ahead")])
    gap = pl.duration(minutes=pl.col("ahead").fill_null(0))
    values = frame.select((pl.col("local") - gap).cast(NAIVE)).to_series()
    naive = (ahead.is_null() & local.is_not_null()).arg_true()
    if naive.len() == 0:
        return values, ahead
    here = _localised(local.gather(naive), zone)
    return values.scatter(naive, here), ahead.scatter(naive, _ahead(here, zone.key))


def _pieces(told: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Take ISO times apart: the local time, and the offset as it is written.

    Cutting at fixed places costs half of what a parser with a format does.
    """

    def clock(start: int, limit: int) -> pl.Expr:
        read = said.str.slice(start, 2).cast(pl.Int64, strict=False)
        return pl.when(read < limit).then(read)

    said = pl.col("said")
    pieces = pl.DataFrame([told.alias("said")]).select(
        day=said.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
        seconds=clock(11, 24) * 3600 + clock(14, 60) * 60 + clock(17, 60),
        behind=said.str.slice(19),
    )
    micros = pl.lit(0)
    behind = pieces.get_column("behind")
    if behind.str.starts_with(".").any():
        digits = pl.col("behind").str.extract(r"^\.([0-9]{1,6})").str.pad_end(6, "0")
        micros = digits.cast(pl.Int64).fill_null(0)
        behind = behind.str.replace(r"^\.[0-9]+", "")
    since_midnight = (pl.col("seconds") * 1_000_000 + micros).cast(pl.Duration("us"))
    local = pieces.select(pl.col("day").cast(NAIVE) + since_midnight).to_series()
    return local, behind


def _offsets(behind: pl.Series) -> pl.Series:
    """Minutes ahead of UTC; null where no offset is written or it cannot be one."""
    written = behind.unique().drop_nulls()
    minutes = pl.Series([_minutes(one) for one in written], dtype=pl.Int64)
    if written.len() == 1:
        return pl.select(pl.when(behind.is_not_null()).then(minutes[0])).to_series().cast(pl.Int64)
    return behind.replace_strict(written, minutes, default=None, return_dtype=pl.Int64)


def _minutes(offset: str) -> int | None:
    if offset == "Z":
        return 0
    if not offset:
        return None
    hours, minutes = int(offset[1:3]), int(offset[4:])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)


def _localised(local: pl.Series, zone: ZoneInfo) -> pl.Series:
    """Local times in UTC.

    Of two equal local times in autumn the first is meant; one that the clock skips in spring is
    read as if it had not been put forward yet (both as Python has it).
    """
    here = local.dt.replace_time_zone(zone.key, ambiguous="earliest", non_existent="null")
    values = here.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    skipped = (values.is_null() & local.is_not_null()).arg_true()
    if skipped.len() == 0:
        return values
    return values.scatter(skipped, [_skipped(one, zone) for one in local.gather(skipped)])


def _skipped(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _ahead(values: pl.Series, zone: str) -> pl.Series:
    there = values.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return (there.dt.base_utc_offset() + there.dt.dst_offset()).dt.total_minutes()
