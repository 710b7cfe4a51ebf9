"""Which views a run judges: the current period's, and those that coming meetings name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from okr.reconcile.relations.trees import plant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

COMING = timedelta(days=1)
"""A meeting is coming until so long after it starts."""


def chain(period_id: str, parents: Iterable[tuple[str, str | None]]) -> list[str]:
    """Return a period and its ancestors, nearest first; one whose parent is unknown or circular has none."""
    tree = plant(dict(parents))
    found = [period_id]
    while (above := tree.parents[found[-1]]) is not None:
        found.append(above)
    return found


def current(rows: Iterable[tuple[str, date, date]], today: date) -> str | None:
    """Return the shortest period that holds today, of equally long ones the least id; None without one.

    Args:
        rows: period_id, starts_on, ends_on (both inclusive).
        today: the day in the company's zone.
    """
    holding = [
        (ends_on - starts_on, period_id) for period_id, starts_on, ends_on in rows if starts_on <= today <= ends_on
    ]
    return min(holding)[1] if holding else None


def is_coming(starts_at: datetime, now: datetime) -> bool:
    """Return whether a meeting that starts then is still to be prepared."""
    return now < starts_at + COMING
