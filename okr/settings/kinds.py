"""What a single value in okr.toml may look like: spans of time, paths, times, addresses, secrets.

Each kind turns what TOML gives into what the program works with, or raises a `PydanticCustomError`
whose type is the code of our sentence (`error.<type>`). Paths and URLs are made absolute against
the folder of the settings file, which stands in the validation context as `folder`.
"""

from __future__ import annotations

import glob
import os
import re
import zoneinfo
from datetime import date, datetime, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from okr.settings.urls import absolute_url, holds_password

SPAN = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([smhdw])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MEMORY = re.compile(r"\d{1,12}(\.\d{1,3})?\s*([kmgt]i?b|b)", re.IGNORECASE)


def wrong(code: str, **values: object) -> PydanticCustomError:
    """An error of ours: the code of the sentence and what it is filled with."""
    return PydanticCustomError(code, code, values)  # pyright: ignore[reportArgumentType]


def _folder(info: ValidationInfo) -> Path:
    return info.context["folder"] if info.context else Path.cwd()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise wrong("setting_not_text")
    if not value.strip():
        raise wrong("setting_empty")
    return value


def _one_line(value: object) -> str:
    if CONTROL.search(told := _text(value)):
        raise wrong("setting_control")
    return told


def _span(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    seconds, at = 0.0, 0
    told = value.lower().rstrip() if isinstance(value, str) else ""
    while part := SPAN.match(told, at):
        seconds += float(part[1]) * SECONDS[part[2]]
        at = part.end()
    if not told or at != len(told) or seconds > 100 * 366 * 86400:
        raise wrong("setting_not_span")
    return timedelta(seconds=seconds)


def _path(value: object, info: ValidationInfo) -> Path:
    if isinstance(value, Path):
        value = str(value)
    told = os.path.expanduser(_one_line(value))  # noqa: PTH111 - a text, not yet a path
    return Path(os.path.normpath(_folder(info) / told))


def _pattern(value: object, info: ValidationInfo) -> str:
    told = _one_line(value)
    folder = str(_folder(info))
    if glob.has_magic(told):
        folder = glob.escape(folder)  # a folder named [x] is a name, not a pattern
    return os.path.normpath(os.path.join(folder, os.path.expanduser(told)))  # noqa: PTH111, PTH118


def _patterns(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _moment(value: object, info: ValidationInfo) -> datetime:
    """A TOML date-time; one without an offset is in the company's zone."""
    if not isinstance(value, datetime):
        raise wrong("setting_not_moment")
    if value.tzinfo is not None:
        return value
    zone = info.context["zone"] if info.context else zoneinfo.ZoneInfo("UTC")
    return value.replace(tzinfo=zone)


def _day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong("setting_not_date")
    return value


def _time_of_day(value: object) -> time:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value.strip()):
        hour, minute = value.strip().split(":")
        return time(int(hour), int(minute))
    raise wrong("setting_not_time")


def _workdays(value: object) -> str:
    """`mon-fri`, `sun-thu`, `mon,wed,fri`: three letters a day; a range may pass Sunday."""
    told = _text(value).lower().replace(" ", "")
    for part in told.split(","):
        if not all(day in WEEKDAYS for day in part.split("-")) or part.count("-") > 1:
            raise wrong("setting_not_workdays")
    return told


def _cron(value: object) -> str:
    told = _text(value)
    if len(told.split()) != 5:
        raise wrong("setting_not_cron")
    return " ".join(told.split())


def _zone(value: object) -> str:
    told = _text(value)
    try:
        zoneinfo.ZoneInfo(told)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong("setting_not_zone", nearest_of="zones") from None
    return told


def _database(value: object, info: ValidationInfo) -> str:
    told = _one_line(value).strip()
    if holds_password(told):
        raise wrong("setting_password_in_url")
    try:
        return absolute_url(told, _folder(info))
    except ValueError:
        raise wrong("setting_not_database_url") from None


def _web_url(value: object) -> str:
    told = _one_line(value).strip()
    if holds_password(told):
        raise wrong("setting_password_in_url")
    try:
        parts = urlsplit(told)
    except ValueError:
        raise wrong("setting_not_web_url") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise wrong("setting_not_web_url")
    return told.rstrip("/")


def _address(value: object) -> str:
    told = _text(value).strip()
    if not re.fullmatch(r"[^\s@<>,;\x00-\x1f]+@[^\s@<>,;\x00-\x1f]+", told):
        raise wrong("setting_not_address")
    return told


def _network(value: object) -> str:
    try:
        return str(ip_network(_text(value), strict=False))
    except ValueError:
        raise wrong("setting_not_network") from None


def _memory(value: object) -> str:
    if not isinstance(value, str) or not MEMORY.fullmatch(value.strip()):
        raise wrong("setting_not_memory")
    return value.strip()


def _where(value: object) -> str:
    told = _text(value).strip()
    if not re.fullmatch(r"sheet|title|file|cell:\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}", told):
        raise wrong("setting_not_place_on_sheet")
    return told


def _header(value: object) -> str:
    told = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", told):
        raise wrong("setting_not_header")
    return told


Words = Annotated[str, BeforeValidator(_text)]
Line = Annotated[str, BeforeValidator(_one_line)]
Span = Annotated[timedelta, BeforeValidator(_span)]
FilePath = Annotated[Path, BeforeValidator(_path)]
Pattern = Annotated[str, BeforeValidator(_pattern)]
Patterns = Annotated[list[Pattern], BeforeValidator(_patterns), Field(min_length=1)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Workdays = Annotated[str, BeforeValidator(_workdays)]
Cron = Annotated[str, BeforeValidator(_cron)]
Zone = Annotated[str, BeforeValidator(_zone)]
Database = Annotated[str, BeforeValidator(_database)]
WebUrl = Annotated[str, BeforeValidator(_web_url)]
Address = Annotated[str, BeforeValidator(_address)]
Network = Annotated[str, BeforeValidator(_network)]
Memory = Annotated[str, BeforeValidator(_memory)]
Where = Annotated[str, BeforeValidator(_where)]
Header = Annotated[str, BeforeValidator(_header)]
Port = Annotated[int, Field(ge=1, le=65535)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Reminders = Annotated[
    list[Annotated[int, Field(ge=0, le=366)]],
    AfterValidator(lambda days: sorted(set(days), reverse=True)),
]
