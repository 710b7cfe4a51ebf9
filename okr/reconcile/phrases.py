"""Days that only a period gives a year: `11月30日`, `11/30`, `11月底`, `Q4末`."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date

_DAY = re.compile(r"(\d{1,2})\s*(?:月|[/.\-])\s*(\d{1,2})\s*(?:日|号)?")
_MONTH_END = re.compile(r"(\d{1,2})\s*月\s*(?:底|末)")
_PERIOD_END = re.compile(
    r"(?:(?:\d{4}\s*年?\s*)?(?:q\s*[1-4]|[一二三四1-4]\s*季度|h[12]|[上下]半年)|期|季度?|年)\s*(?:末|底)|end of q[1-4]",
    re.IGNORECASE,
)


def day_in_period(text: str, starts_on: date, ends_on: date) -> date | None:
    """Return the day that is meant in a period; None where there is none like it.

    The year is the one in which the day lies in the period, else that of the period's last day.
    """
    said = unicodedata.normalize("NFKC", text).strip()
    if _PERIOD_END.fullmatch(said):
        return ends_on
    years = dict.fromkeys(year for year in (*range(starts_on.year, ends_on.year + 1), ends_on.year))
    days = [day for year in years if (day := _in_year(said, year)) is not None]
    inside = [day for day in days if starts_on <= day <= ends_on]
    return (inside or days[-1:] or [None])[0]


def _in_year(said: str, year: int) -> date | None:
    try:
        if found := _DAY.fullmatch(said):
            return date(year, int(found[1]), int(found[2]))
        if found := _MONTH_END.fullmatch(said):
            return date(year, int(found[1]), monthrange(year, int(found[1]))[1])
    except ValueError:
        return None
    return None
