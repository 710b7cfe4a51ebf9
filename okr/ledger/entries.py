"""What the ledger tells: runs and decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

Ended = Literal["succeeded", "failed", "stopped"]
State = Literal["started", "succeeded", "failed", "stopped"]


@dataclass(frozen=True)
class Run:
    """One run. `state` is `started` while it is under way, and for ever where it was killed.

    Times are UTC; `details` are those of its start with those of its end laid over them.
    """

    run_id: str
    command: str | None
    started_at: datetime | None
    ended_at: datetime | None
    state: State
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What a person decided; `takes_back` is the entry that it takes back, if it does that."""

    entry_id: int
    at: datetime
    who: str
    kind: str
    subject: str
    decision: str
    why: str
    takes_back: int | None = None
    details: dict[str, Any] = field(default_factory=dict)
