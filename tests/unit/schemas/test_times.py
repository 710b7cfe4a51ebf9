"""Dates and times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import times
from schemas.moments import moments, offset_text

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def one_date(said, dtype=pl.String, zone=SHANGHAI):
    values, unread = times.dates(pl.Series([said], dtype=dtype), zone)
    return "refused" if unread[0] else values[0]


def one_time(said, dtype=pl.String, zone=SHANGHAI):
    found = moments(pl.Series([said], dtype=dtype), zone)
    assert found.values.dtype == pl.Datetime("us", "UTC")
    return "refused" if found.unread[0] else found.values[0]


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-30",
        " 2026-11-30 ",
        "2026/11/30",
        "2026.11.30",
        "2026年11月30日",
        "20261130",
        "2026-11-30T08:00:00+08:00",
        "2026-11-30 23:59:59",
        "2026-11-30T23:00:00Z",
        "２０２６-11-30",
    ],
)
def test_dates(said):
    assert one_date(said) == date(2026, 11, 30)


def test_short_dates():
    assert one_date("2026/1/5") == one_date("2026-1-5") == date(2026, 1, 5)


@pytest.mark.parametrize(
    "said",
    [
        "2026-02-30",
        "2026-13-01",
        "26-11-30",
        "30/11/2026",
        "2026-11",
        "soon",
        "0000-01-01",
        "2026-11-30x",
        "2026-11-30T25:00:00",
        "+2026-1-30",
        "46356",
    ],
)
def test_what_is_no_date(said):
    assert one_date(said) == one_time(said) == "refused"


@pytest.mark.parametrize("said", [None, "", "  "])
def test_nothing_is_no_date_and_no_mistake(said):
    assert one_date(said) is None
    assert one_time(said) is None


def test_typed_dates():
    assert one_date(date(2026, 11, 30), pl.Date) == date(2026, 11, 30)
    assert one_date(datetime(2026, 11, 30, 23), pl.Datetime("ms")) == date(2026, 11, 30)
    evening = datetime(2026, 11, 30, 20, tzinfo=UTC)  # already tomorrow in Shanghai
    assert one_date(evening, pl.Datetime("us", "UTC")) == date(2026, 12, 1)


EIGHT = datetime(2026, 11, 30, 8, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-30T08:00:00+08:00",
        "2026-11-30T00:00:00Z",
        "2026-11-30T08:00:00",
        "2026-11-30 08:00",
        "2026-11-30T08:00:00.000+0800",
        "2026-11-30T08+08",
        "20261130T080000",
        "2026/11/30 8:00",
        "2026-11-30t00:00:00z",
        "2026-11-30T08:00:00 +08:00",
        "2026年11月30日 08:00",
        "20261130T0800",
        "2026-11-29T19:00:00-05:00",
        "2026-11-30T08:00:00,0",
    ],
)
def test_times(said):
    assert one_time(said) == EIGHT


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-30T24:00:00",
        "2026-11-30T08:60:00",
        "2026-11-30T08:00:60",
        "08:00",
        "2026-11-30T08:00:00+24:00",
        "2026-11-30T08:00:00 CST",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:00:00-05:00",
    ],
)
def test_what_is_no_time(said):
    assert one_time(said) == "refused"


def test_times_have_microseconds():
    assert one_time("2026-11-30T08:00:00.123456789+08:00") == EIGHT + timedelta(microseconds=123456)
    assert one_time("2026-11-30T08:00:00.5+08:00") == EIGHT + timedelta(microseconds=500000)


def test_typed_times():
    assert one_time(date(2026, 11, 30), pl.Date) == datetime(2026, 11, 30, tzinfo=SHANGHAI)
    assert one_time(datetime(2026, 11, 30, 8), pl.Datetime("ns")) == EIGHT
    there = datetime(2026, 11, 30, 1, tzinfo=BERLIN)
    assert one_time(there, pl.Datetime("us", "Europe/Berlin")) == EIGHT


def test_clocks_put_back_and_forward():
    twice = one_time("2026-10-25T02:30:00", zone=BERLIN)
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two
    skipped = one_time("2026-03-29T02:30:00", zone=BERLIN)
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "offset"),
    [
        ("2026-12-18T09:30:00+08:00", "+08:00"),
        ("2026-12-18T09:30:00Z", "+00:00"),
        ("2026-12-18T09:30:00-03:30", "-03:30"),
        ("2026-12-18T09:30:00", "+01:00"),  # the company's
        ("2026-07-18", "+02:00"),
        ("x", None),
        (None, None),
    ],
)
def test_offsets(said, offset):
    found = moments(pl.Series([said], dtype=pl.String), BERLIN)
    assert offset_text(found.ahead).to_list() == [offset]


def test_offsets_of_typed_times():
    """UTC is what databases say whatever was meant; any other zone means itself."""
    at = pl.Series([EIGHT]).dt.convert_time_zone("UTC")
    assert offset_text(moments(at, SHANGHAI).ahead).to_list() == ["+08:00"]
    there = at.dt.convert_time_zone("Asia/Kolkata")
    assert offset_text(moments(there, SHANGHAI).ahead).to_list() == ["+05:30"]


ZONES = [SHANGHAI, BERLIN, ZoneInfo("UTC"), ZoneInfo("America/St_Johns")]


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
)
def test_times_as_python_reads_them(at, written, company):
    aware = at.replace(tzinfo=written)
    if aware.utcoffset().total_seconds() % 60 == 0:  # older offsets have seconds
        assert one_time(aware.isoformat(), zone=company) == aware.astimezone(UTC)
    assert one_time(at.isoformat(), zone=company) == at.replace(tzinfo=company).astimezone(UTC)
    assert one_time(at, pl.Datetime("us"), company) == at.replace(tzinfo=company).astimezone(UTC)
    assert one_date(at.date().isoformat()) == at.date()


SOME = ["2026-11-30", "2026-11-30T08:00:00Z", "2026-11-30T08:00:00.5+02:00", "x", "", None]


@settings(max_examples=30)
@given(st.lists(st.sampled_from([*SOME, "2026/1/5 8:00", "2026-11-30 08:00:00"])))
def test_a_time_is_the_same_whatever_stands_beside_it(said):
    found = moments(pl.Series(said, dtype=pl.String), SHANGHAI)
    together = ["refused" if u else v for v, u in zip(found.values, found.unread, strict=True)]
    assert together == [one_time(single) for single in said]
    values, unread = times.dates(pl.Series(said, dtype=pl.String), SHANGHAI)
    together = ["refused" if u else v for v, u in zip(values, unread, strict=True)]
    assert together == [one_date(single) for single in said]
