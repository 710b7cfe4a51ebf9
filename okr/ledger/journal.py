"""The journal of what was written where, and of the plans that people were shown before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from okr.ledger.entries import Audited, PlanShown
from okr.ledger.tables import AUDIT, PLANS, clean, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from okr.ledger.store import Store


class Journal:
    """The ledger's part that holds writes to outside places, and plans that were shown."""

    _store: Store

    def audit(  # noqa: PLR0913 - a row of the table
        self,
        *,
        at: datetime,
        who: str,
        target: str,
        action: str,
        thing: str,
        old: str | None,
        new: str | None,
        key: str | None,
        outcome: str,
    ) -> None:
        """Something was written to an outside place, or was to be and was not."""
        texts = {"who": who, "target": target, "action": action, "thing": thing, "old": old, "new": new, "key": key}
        entry = {name: None if value is None else clean(value) for name, value in texts.items()}
        with self._store.writing() as connection:
            connection.execute(insert(AUDIT), entry | {"at": at, "outcome": clean(outcome)})

    def audited(self, target: str | None = None, limit: int | None = None) -> list[Audited]:
        """The latest writes, newest first.

        Args:
            target: only those to this target.
            limit: no more than so many; None: all.
        """
        wanted = select(AUDIT).order_by(AUDIT.c.entry_id.desc()).limit(limit)
        if target is not None:
            wanted = wanted.where(AUDIT.c.target == target)
        with self._store.reading() as connection:
            return [Audited(**row._mapping) for row in connection.execute(wanted)]

    def plan_shown(
        self,
        plan_id: str,
        at: datetime,
        who: str,
        targets: Sequence[str],
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Somebody was shown a plan; `details` is what tells a later one apart from it."""
        entry = {
            "plan_id": clean(plan_id),
            "at": at,
            "who": clean(who),
            "targets": plain(list(targets)),
            "details": plain(dict(details or {})),
        }
        with self._store.writing() as connection:
            connection.execute(insert(PLANS), entry)

    def plans(self, since: datetime) -> list[PlanShown]:
        """Plans that were shown at or after a time, oldest first."""
        wanted = select(PLANS).where(PLANS.c.at >= since).order_by(PLANS.c.entry_id)
        with self._store.reading() as connection:
            found = [dict(row._mapping) for row in connection.execute(wanted)]
        return [PlanShown(**{**row, "targets": tuple(row["targets"])}) for row in found]
