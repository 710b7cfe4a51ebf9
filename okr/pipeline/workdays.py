"""On which days people are written to, at what time, and when a meeting's reminder is due.

Days are days in the company's zone. Where a clock change skips the time of sending, it is the same time by the
clock before the change (02:30 becomes 03:30 that day); where it comes twice, the first one counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from okr.errors import CallError
from okr.settings.kinds import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from okr.settings import Settings

A_DAY = timedelta(days=1)
LINE = re.compile(r"([+]?)\s*(\d{4}-\d{2}-\d{2})(\s.*)?")


@dataclass(frozen=True)
class Calendar:
    """The company's working days (`weekdays`: Monday is 0), without `holidays` and with `extra` ones."""

    zone: ZoneInfo
    send_at: time = time(8, 30)
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()
    reminders: Sequence[int] = (7, 3, 1)

    @classmethod
    def of(cls, settings: Settings) -> Calendar:
        """The calendar of section `[alerts]`.

        Raises:
            CallError: `holidays_unreadable`, `holidays_line`: the file of holidays is not there, or a line of it is
                no date.
        """
        alerts = settings.alerts
        holidays, extra = (frozenset[date](), frozenset[date]()) if alerts.holidays is None else _read(alerts.holidays)
        return cls(
            zone=settings.zone,
            send_at=alerts.send_at,
            weekdays=weekdays(alerts.workdays),
            holidays=holidays,
            extra=extra,
            reminders=tuple(alerts.reminders),
        )

    def is_workday(self, day: date) -> bool:
        """Whether people work on that day."""
        return day in self.extra or (day.weekday() in self.weekdays and day not in self.holidays)

    def today(self, moment: datetime) -> date:
        """The day of a moment (aware) in the company's zone."""
        return moment.astimezone(self.zone).date()

    def next_sending(self, moment: datetime) -> datetime:
        """The first time of sending on a workday at or after a moment (aware); in UTC."""
        day = self.today(moment)
        while True:
            due = datetime.combine(day, self.send_at, self.zone).astimezone(UTC)
            if due >= moment and self.is_workday(day):
                return due
            day += A_DAY

    def reminder_day(self, starts_at: datetime, days: int) -> date:
        """The day so many days before a meeting; where that is no workday, the workday before it."""
        day = self.today(starts_at) - timedelta(days=days)
        while not self.is_workday(day):
            day -= A_DAY
        return day

    def reminders_on(self, day: date, starts_at: datetime) -> list[int]:
        """Which of the reminders (in days before the meeting) are due on a day; mostly none."""
        return [days for days in self.reminders if self.reminder_day(starts_at, days) == day]


def weekdays(told: str) -> frozenset[int]:
    """Numbers of weekdays out of `mon-fri`, `sun-thu`, `mon,wed,fri`; a range may pass Sunday."""
    found: set[int] = set()
    for part in told.split(","):
        first, _, last = part.partition("-")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(found)


def _read(path: Path) -> tuple[frozenset[date], frozenset[date]]:
    """Holidays, and days with a `+` before them: worked although they fall on a weekend."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as failure:
        raise CallError("holidays_unreadable", path=str(path), reason=failure.strerror or str(failure)) from failure
    except UnicodeDecodeError as failure:
        raise CallError("holidays_unreadable", path=str(path), reason="UTF-8") from failure
    found = list(_dates(path, lines))
    off = frozenset(day for sign, day in found if not sign)
    return off, frozenset(day for sign, day in found if sign)


def _dates(path: Path, lines: Sequence[str]) -> Iterator[tuple[str, date]]:
    for number, line in enumerate(lines, 1):
        told = line.partition("#")[0].strip()
        if not told:
            continue
        wrong = CallError("holidays_line", path=str(path), line=number, value=told[:80])
        if not (match := LINE.fullmatch(told)):
            raise wrong
        try:
            yield match[1], date.fromisoformat(match[2])
        except ValueError:
            raise wrong from None
