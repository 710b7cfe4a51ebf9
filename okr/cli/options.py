"""Options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path  # noqa: TC003 - cyclopts reads the annotations
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from okr.errors import CallError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """What every command takes. The language is read before any command is (`start`)."""

    config: Path | None = None
    lang: Literal["zh", "en"] | None = None


@Parameter(name="*")
@dataclass(frozen=True)
class Listed:
    """What every command takes that prints a list."""

    format: Literal["table", "json", "csv"] | None = None
    output: Path | None = None


def moment(wish: str, zone: ZoneInfo) -> datetime:
    """A time of the command line: ISO 8601; without an offset in the company's zone.

    A day alone means its last moment: dates are inclusive bounds.

    Raises:
        CallError: `time_unreadable`.
    """
    told = wish.strip()
    try:
        when = datetime.fromisoformat(told)
    except ValueError:
        raise CallError("time_unreadable", value=wish) from None
    if len(told) <= 10:
        when = datetime.combine(when.date(), time.max)
    return when if when.tzinfo is not None else when.replace(tzinfo=zone)
