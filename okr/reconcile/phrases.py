"""Days that only a period gives a year: `11月30日`, `11/30`, `11月底`, `Q4末`."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date

_DAY = re.compile(r"(\d{1,2})\s*(?:月|[/.\-])\s*(\d{1,2})\s*(?:日|号)?")
_MONTH_END = re.compile(r"(\d{1,2})\s*月\s*(?:底|末)")
_PART_END = re.compile(
    r"(?:(?P<year>\d{4})\s*年?\s*)?"
    r"(?:q\s*(?P<q>[1-4])|第?(?P<c>[一二三四1-4])\s*季度|h(?P<h>[12])|(?P<half>[上下])半年)\s*(?:末|底)"
    r"|end of q(?P<e>[1-4])",
    re.IGNORECASE,
)
_PERIOD_END = re.compile(r"(?:期|季度?)\s*(?:末|底)")
_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2}


def day_in_period(text: str, starts_on: date, ends_on: date) -> date | None:
    """Return the day that is meant in a period; None where there is none like it.

    The year is the one in which the day lies in the period, else that of the period's last day.
    """
    said = unicodedata.normalize("NFKC", text).strip()
    if _PERIOD_END.fullmatch(said):
        return ends_on
    if found := _PART_END.fullmatch(said):
        return _end_of_part(found, starts_on, ends_on)
    years = dict.fromkeys(year for year in (*range(starts_on.year, ends_on.year + 1), ends_on.year))
    days = [day for year in years if (day := _in_year(said, year)) is not None]
    inside = [day for day in days if starts_on <= day <= ends_on]
    return (inside or days[-1:] or [None])[0]


def _end_of_part(found: re.Match[str], starts_on: date, ends_on: date) -> date | None:
    """Return the last day of the quarter or half year that is meant.

    It is the period's last day, unless the period is longer, or is by the calendar another quarter or half
    year. Where a company's year begins when it likes, only the period itself knows when its quarter ends.
    """
    told = found["q"] or found["c"] or found["e"]
    half = found["h"] or found["half"]
    number = _NUMERALS.get(told or half) or int(told or half)
    months = 3 if told else 6
    years = range(starts_on.year, ends_on.year + 1)
    if found["year"] is not None:
        years = [year for year in years if year == int(found["year"])]
    days = (date(year, number * months, monthrange(year, number * months)[1]) for year in years)
    if (ends_on - starts_on).days > months * 31:
        return next((day for day in days if starts_on <= day <= ends_on), None)
    by_calendar = starts_on.day == 1 and (starts_on.month - 1) % months == 0
    other = by_calendar and (starts_on.month - 1) // months + 1 != number
    return None if other or not years else ends_on


def _in_year(said: str, year: int) -> date | None:
    try:
        if found := _DAY.fullmatch(said):
            return date(year, int(found[1]), int(found[2]))
        if found := _MONTH_END.fullmatch(said):
            return date(year, int(found[1]), monthrange(year, int(found[1]))[1])
    except ValueError:
        return None
    return None
