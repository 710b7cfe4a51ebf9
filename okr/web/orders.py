"""How pages start preparations and watch runs: a narrow door to Prefect, and to the ledger's log of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr.ledger import Ledger, Run

UNDER_WAY = timedelta(hours=6)
"""A run that began longer ago and has not ended was killed."""

LATEST = 30


class Orders(Protocol):
    """What `flows.orders` does; tests have their own."""

    def start(self, meeting_id: str, *, rehearsal: bool, fresh: bool, who: str, language: str) -> str:
        """Start the preparation of a meeting; returns the id by which it is watched."""
        ...

    def latest(self) -> Sequence[Any]:
        """The latest runs of our flows, newest first."""
        ...

    def watch(self, order_id: str) -> Any | None:  # noqa: ANN401 - a `flows.orders.Order`
        """One run with its stages."""
        ...


class OverPrefect:
    """Orders over the API of the server that `okr serve` runs. Prefect is imported when it is first needed."""

    def start(self, meeting_id: str, *, rehearsal: bool, fresh: bool, who: str, language: str) -> str:
        """Start the preparation of a meeting."""
        from flows import orders  # noqa: PLC0415 - Prefect takes a second

        return orders.start(meeting_id, rehearsal=rehearsal, fresh=fresh, who=who, language=language)

    def latest(self) -> Sequence[Any]:
        """The latest runs of our flows."""
        from flows import orders  # noqa: PLC0415

        return orders.latest(LATEST)

    def watch(self, order_id: str) -> Any | None:  # noqa: ANN401
        """One run with its stages."""
        from flows import orders  # noqa: PLC0415

        return orders.watch(order_id)


@dataclass(frozen=True)
class Elsewhere:
    """A run that is under way and that nobody started here: `okr sync` in somebody's terminal, say."""

    command: str
    since: datetime


def elsewhere(ledger: Ledger, orders: Sequence[Any]) -> list[Elsewhere]:
    """Return the runs of the log that are under way and none of Prefect's."""
    now = datetime.now(UTC)
    spans = [(one.started, one.ended or now) for one in orders if one.started is not None]
    return [
        Elsewhere(run.command or "", run.started_at)
        for run in ledger.runs(LATEST)
        if run.state == "started" and run.started_at is not None and _is_fresh(run, now) and not _within(run, spans)
    ]


def _is_fresh(run: Run, now: datetime) -> bool:
    return run.started_at is not None and now - UNDER_WAY < run.started_at <= now


def _within(run: Run, spans: Sequence[tuple[datetime, datetime]]) -> bool:
    return run.started_at is not None and any(start <= run.started_at <= end for start, end in spans)
