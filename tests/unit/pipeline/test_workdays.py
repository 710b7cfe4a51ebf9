"""When people are written to: over weekends, holidays and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr.errors import CallError
from okr.pipeline.workdays import Calendar, weekdays
from okr.settings import parse

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "UTC")
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))

calendars = st.builds(
    Calendar,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    send_at=st.builds(time, st.integers(0, 22), st.sampled_from((0, 15, 30, 59))),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    holidays=st.frozensets(DAYS, max_size=12),
    extra=st.frozensets(DAYS, max_size=3),
    reminders=st.lists(st.integers(0, 20), max_size=4, unique=True),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(calendars, moments)
def test_the_next_time_of_sending_is_the_first_on_a_workday(calendar, moment):
    due = calendar.next_sending(moment)

    local = due.astimezone(calendar.zone)
    assert due >= moment
    assert calendar.is_workday(local.date())
    wished = datetime.combine(local.date(), calendar.send_at)
    assert timedelta(0) <= local.replace(tzinfo=None) - wished <= timedelta(hours=1)
    for back in range(1, (due - moment).days + 2):
        earlier = datetime.combine(local.date() - timedelta(days=back), calendar.send_at, calendar.zone)
        assert earlier.astimezone(UTC) < moment or not calendar.is_workday(earlier.date())


@given(calendars, moments)
def test_what_is_due_is_its_own_next_time(calendar, moment):
    due = calendar.next_sending(moment)

    assert calendar.next_sending(due) == due
    assert calendar.next_sending(due + timedelta(microseconds=1)) > due


@given(calendars, moments, st.integers(0, 20))
def test_a_reminder_is_on_the_last_workday_so_many_days_before(calendar, starts_at, days):
    found = calendar.reminder_day(starts_at, days)

    wished = starts_at.astimezone(calendar.zone).date() - timedelta(days=days)
    assert calendar.is_workday(found)
    between = [found + timedelta(days=n) for n in range(1, (wished - found).days + 1)]
    assert found <= wished
    assert not any(map(calendar.is_workday, between))


@given(calendars, moments)
def test_every_reminder_is_due_on_just_one_day(calendar, starts_at):
    last = starts_at.astimezone(calendar.zone).date()
    days = [last - timedelta(days=n) for n in range(60)]

    due = [one for day in days for one in calendar.reminders_on(day, starts_at)]

    assert sorted(due) == sorted(calendar.reminders)


@pytest.mark.parametrize(
    ("zone", "at", "send_at", "due"),
    [
        ("Asia/Shanghai", "2026-12-11T03:00:00+08:00", "08:30", "2026-12-11T08:30:00+08:00"),
        ("Asia/Shanghai", "2026-12-11T08:31:00+08:00", "08:30", "2026-12-14T08:30:00+08:00"),
        # The clock jumps from 02:00 to 03:00 on Sunday 29 March, and back on 25 October.
        ("Europe/Berlin", "2026-03-29T00:00:00+01:00", "02:30", "2026-03-29T03:30:00+02:00"),
        ("Europe/Berlin", "2026-10-25T00:00:00+02:00", "02:30", "2026-10-25T02:30:00+02:00"),
        ("Europe/Berlin", "2026-10-25T02:40:00+02:00", "02:30", "2026-10-26T02:30:00+01:00"),
        # A day before the change is not 24 hours before the next sending.
        ("Europe/Berlin", "2026-03-28T09:00:00+01:00", "08:30", "2026-03-29T08:30:00+02:00"),
    ],
)
def test_clocks(zone, at, send_at, due):
    every_day = frozenset(range(7)) if zone != "Asia/Shanghai" else frozenset(range(5))
    calendar = Calendar(zone=ZoneInfo(zone), send_at=time.fromisoformat(send_at), weekdays=every_day)

    assert calendar.next_sending(datetime.fromisoformat(at)) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("told", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sun-thu", {6, 0, 1, 2, 3}),
        ("mon,wed,fri", {0, 2, 4}),
        ("sat", {5}),
        ("fri-mon", {4, 5, 6, 0}),
    ],
)
def test_workdays_as_they_are_written(told, days):
    assert weekdays(told) == days


def test_holidays_of_a_file(tmp_path):
    lines = "\ufeff# 2026\n2026-10-01 国庆节\n\n2026-10-02\n+ 2026-10-10 调休上班\n"
    (tmp_path / "holidays.txt").write_text(lines, encoding="utf-8")

    calendar = Calendar.of(settings(tmp_path))

    assert not calendar.is_workday(date(2026, 10, 1))
    assert not calendar.is_workday(date(2026, 10, 2))
    assert calendar.is_workday(date(2026, 10, 5))
    assert calendar.is_workday(date(2026, 10, 10))
    assert not calendar.is_workday(date(2026, 10, 11))


@pytest.mark.parametrize("line", ["1.10.2026", "2026-02-30", "2026-10-01国庆节", "-2026-10-01"])
def test_a_line_that_is_no_date_is_named(tmp_path, line):
    (tmp_path / "holidays.txt").write_text(f"2026-10-01\n{line}\n", encoding="utf-8")

    with pytest.raises(CallError) as refused:
        Calendar.of(settings(tmp_path))

    assert refused.value.code == "holidays_line"
    assert refused.value.values["line"] == 2
    assert refused.value.values["value"] == line


def test_a_file_of_holidays_that_is_not_there(tmp_path):
    with pytest.raises(CallError) as refused:
        Calendar.of(settings(tmp_path))

    assert refused.value.code == "holidays_unreadable"


def settings(folder):
    content = 'timezone = "Asia/Shanghai"\n[alerts]\nholidays = "holidays.txt"\n'
    return parse(content, folder / "okr.toml")
