"""What would be written and sent, row by row, before anything is.

A plan is made by reading only. What is applied is what was shown: each row says what it replaces, and a row
whose present value has become another one is a conflict that is reported, never overwritten.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from okr.errors import OkrError

Action = Literal["add", "change", "remove", "send"]
State = Literal["written", "unchanged", "conflict", "failed", "skipped"]

NAMED = 200
"""Rows of a target that the ledger remembers by name; of more it knows how many, and their digest."""


@dataclass(frozen=True)
class Write:
    """One thing that would change outside.

    Attributes:
        target: the target's name in the settings; `mail` for mails.
        action: what would be done.
        thing: what it is done to, as people know it there: `okr_gaps/<fingerprint>`, an address.
        old: what stands there now; null: nothing.
        new: what will stand there; null: nothing.
        key: the same for the same write, another for any other.
    """

    target: str
    action: Action
    thing: str
    old: str | None
    new: str | None
    key: str

    @classmethod
    def of(cls, target: str, action: Action, thing: str, old: str | None, new: str | None) -> Write:
        """A row whose key is made of all that it says."""
        return cls(target, action, thing, old, new, _digest([target, action, thing, old, new]))


@dataclass(frozen=True)
class Plan:
    """What would be written and sent now. `plan_id` is a hash of the rows, in their order."""

    plan_id: str
    rows: tuple[Write, ...]

    @classmethod
    def of(cls, rows: Iterable[Write]) -> Plan:
        """The plan that these rows are."""
        known = tuple(rows)
        return cls(digest(known), known)

    def targets(self) -> list[str]:
        """The targets that something would be written to, in their order."""
        return list(dict.fromkeys(row.target for row in self.rows))

    def of_target(self, name: str) -> tuple[Write, ...]:
        """The rows of one target."""
        return tuple(row for row in self.rows if row.target == name)

    def remembered(self, names: Iterable[str]) -> dict[str, dict[str, object]]:
        """What the ledger keeps of the plan, so that a later one can be told apart from it.

        Args:
            names: the targets that were looked at, also those to which nothing would be written.
        """
        return {name: _remembered(self.of_target(name)) for name in names}


@dataclass(frozen=True)
class Outcome:
    """What became of one target.

    Attributes:
        target: its name.
        state: `conflict`: what stands there is not what the plan saw, and nothing was written;
            `skipped`: it may not be written to now, `error` says why.
        counts: how many rows were added, changed, removed or sent, by table or kind of thing.
        conflicts: the rows whose present value is another one.
        error: why it failed or was skipped.
        plan_id: hash of the rows that were written.
    """

    target: str
    state: State
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    conflicts: tuple[Write, ...] = ()
    error: OkrError | None = None
    plan_id: str | None = None


class Target(Protocol):
    """One outside place that is written to."""

    name: str
    kind: str
    enabled: bool

    def plan(self) -> Iterator[Write]:
        """What would be written now. Reads only."""
        ...

    def apply(self, rows: Sequence[Write]) -> Outcome:
        """Write just these rows; one whose present value is another than its `old` is a conflict."""
        ...


def digest(rows: Iterable[Write]) -> str:
    """The hash of rows in their order; they are not kept."""
    hashed = hashlib.sha256()
    for row in rows:
        hashed.update(row.key.encode())
    return hashed.hexdigest()[:16]


def counted(rows: Iterable[Write]) -> dict[str, int]:
    """How many rows there are of each action."""
    return dict(Counter(row.action for row in rows))


def _remembered(rows: Sequence[Write]) -> dict[str, object]:
    kept: dict[str, object] = {"digest": digest(rows), "counts": counted(rows)}
    if len(rows) <= NAMED:
        kept["things"] = {row.key: row.thing for row in rows}
    return kept


def _digest(parts: Sequence[object]) -> str:
    told = json.dumps(parts, ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
