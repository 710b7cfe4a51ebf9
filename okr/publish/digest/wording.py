"""How mails say when and what about, in both languages."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from okr.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from okr.reconcile.rulebook import Language

_DAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: date, language: Language) -> str:
    """A day as people say it.

    >>> day(date(2026, 12, 18), "zh"), day(date(2026, 12, 18), "en")
    ('12月18日（周五）', 'Fri 18 Dec')
    """
    weekday = _DAYS[language][value.weekday()]
    if language == "zh":
        return f"{value.month}月{value.day}日（周{weekday}）"
    return f"{weekday} {value.day} {_MONTHS[value.month - 1]}"


def moment(value: datetime, language: Language) -> str:
    """A day and a time, as they were stated."""
    space = "" if language == "zh" else " "
    return f"{day(value.date(), language)}{space}{value:%H:%M}"


def when(meeting: Mapping[str, Any], language: Language) -> str:
    """When a meeting is, in the zone in which it was stated."""
    return moment(datetime.fromisoformat(meeting["starts_at"]), language)


def about(meeting: Mapping[str, Any] | None, period: str, unit_name: str | None, language: Language) -> str:
    """What a mail is about: a meeting by its title, else by unit and period; without a meeting the period."""
    if meeting is None:
        return text("mail.about.period", language, period=period)
    return meeting["title"] or text("mail.about.meeting", language, unit=unit_name, period=period)
