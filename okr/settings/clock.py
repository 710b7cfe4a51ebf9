"""What time it is, for a run, a demo, a rehearsal and a test."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from okr.errors import CallError

if TYPE_CHECKING:
    from okr.settings.model import Settings


def now(settings: Settings | None = None) -> datetime:
    """The time of day in UTC: OKR_NOW, else `now` in the settings, else the clock.

    Raises:
        CallError: OKR_NOW is not a time in ISO 8601 with its offset.
    """
    if wish := os.environ.get("OKR_NOW"):
        return _parsed(wish)
    if settings is not None and settings.now is not None:
        return settings.now.astimezone(UTC)
    return datetime.now(UTC)


def set_by_hand(settings: Settings | None = None) -> bool:
    """Whether the time is a stand-in; then nothing may leave but to a rehearsal's addresses."""
    return bool(os.environ.get("OKR_NOW")) or (settings is not None and settings.now is not None)


def _parsed(wish: str) -> datetime:
    try:
        moment = datetime.fromisoformat(wish.strip())
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # told below, like a time without an offset
    raise CallError("okr_now_wrong", value=wish)
