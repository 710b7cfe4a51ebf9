"""The targets that reconciled views are written to, and what stands in those views."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors import outlet
from connectors.outgoing import PREFIX, Outgoing, Stamp, TableChange, shape
from connectors.protocol import CheckLine
from okr.errors import RunError, SettingsError
from okr.publish.plan import Outcome, Write, digest
from okr.reconcile import everybody
from okr.settings import set_by_hand
from okr.texts.cells import plain
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import polars as pl

    from connectors.outgoing import Outlet, Session
    from okr.reconcile.reading import Reader
    from okr.settings import Secret, Settings

KEYS: dict[str, tuple[str, ...]] = {
    **{table.name: table.key for table in TABLES.values()},
    "identities": ("kind", "source", "source_id"),
    "gaps": ("fingerprint",),
    "coverage": ("period_id", "unit_id"),
    "handshake_standings": ("period_id", "handshake_id"),
    "handshake_figures": ("period_id", "unit_id", "party_unit_id"),
    "meeting_figures": ("meeting_id",),
}
"""The tables that are written, and what tells their rows apart."""


def targets(
    settings: Settings,
    reader: Reader,
    *,
    now: datetime,
    secrets: Callable[[Secret], str],
) -> list[ViewsTarget]:
    """Make the targets of the settings, in their order, those that are off too.

    Args:
        settings: of the enterprise.
        reader: of the warehouse, open for as long as the targets are used.
        now: the time of the command.
        secrets: turns a secret of the settings into its text.
    """
    views = Views(reader, now)
    away = set_by_hand(settings)
    made = []
    for name, section in settings.targets.items():
        place = outlet(name, section, secrets=secrets)
        made.append(ViewsTarget(name, section, place, views, rehearsal=away))
    return made


def checks(name: str, section: Any, secrets: Callable[[Secret], str]) -> Iterator[CheckLine]:  # noqa: ANN401
    """Say whether a target can be reached and written to. Changes nothing."""
    try:
        yield from outlet(name, section, secrets=secrets).check(list(KEYS))
    except SettingsError as error:  # a secret that is missing
        yield CheckLine(ok=False, code=error.code, values=error.values)


class Views:
    """The tables as they are to stand outside; made when they are first asked for, once for all targets."""

    def __init__(self, reader: Reader, now: datetime) -> None:
        self._reader = reader
        self._now = now
        self._made: list[Outgoing] = []

    def tables(self) -> list[Outgoing]:
        """Every table, as everybody may see it."""
        if not self._made:
            self._made = [Outgoing(name, key, self._frame(name)) for name, key in KEYS.items()]
        return self._made

    def stamp(self) -> Stamp:
        """Which run they are of."""
        last = self._reader.last_run()
        return Stamp(last["run_id"], datetime.fromisoformat(last["started_at"]), self._now)

    def _frame(self, name: str) -> pl.DataFrame:
        if name in TABLES:
            return everybody.table(self._reader, name)
        match name:
            case "identities":
                return everybody.identities(self._reader)
            case "gaps":
                return everybody.gaps(self._reader, self._now)
            case "handshake_standings":
                return everybody.handshake_standings(self._reader)
            case _:
                return everybody.figures(self._reader, name)


class ViewsTarget:
    """A folder or a database that the reconciled views are written to; see `Target`."""

    def __init__(
        self,
        name: str,
        section: Any,  # noqa: ANN401 - one of a discriminated union, told apart by `kind`
        place: Outlet,
        views: Views,
        *,
        rehearsal: bool,
    ) -> None:
        self.name = name
        self.kind: str = section.kind
        self.enabled: bool = section.enabled
        self._place = place
        self._views = views
        self._rehearsal = rehearsal

    def plan(self) -> Iterator[Write]:
        """What would be written now, table by table.

        Raises:
            RunError: the target cannot be read, or holds tables or files of others under our names.
        """
        return self._rows(self._place.compare(self._views.tables()))

    def require_allowed(self) -> None:
        """Make sure that it may be written to at this time of day.

        Raises:
            RunError: `target_far_away`: the time is a stand-in, and the target is on another machine.
        """
        if self._rehearsal and not self._place.local:
            raise RunError("target_far_away", target=self.name)

    def apply(self, rows: Sequence[Write]) -> Outcome:
        """Write just these rows, all of them or, where one is in conflict, none.

        Raises:
            RunError: it cannot be written; what stood there stands.
        """
        self.require_allowed()
        with self._place.writing() as session:
            changes = session.compare(self._views.tables())
            conflicts = _conflicts(rows, self._rows(changes))
            if conflicts:
                return Outcome(self.name, "conflict", conflicts=conflicts)
            return self._written(session, changes)

    def write(self) -> Outcome:
        """Bring the target to the present state, whatever stands there.

        Raises:
            RunError: it cannot be written; what stood there stands.
        """
        self.require_allowed()
        with self._place.writing() as session:
            return self._written(session, session.compare(self._views.tables()))

    def _written(self, session: Session, changes: Sequence[TableChange]) -> Outcome:
        if not changes:
            return Outcome(self.name, "unchanged")
        session.write(self._views.tables(), changes, self._views.stamp())
        counts = {self._table(change): change.counts() for change in changes}
        return Outcome(self.name, "written", counts, plan_id=digest(self._rows(changes)))

    def _table(self, change: TableChange) -> str:
        return (PREFIX if self.kind == "sql" else "") + change.view.name

    def _rows(self, changes: Iterable[TableChange]) -> Iterator[Write]:
        for change in changes:
            yield from _rows(self.name, self._table(change), change)


def _conflicts(planned: Iterable[Write], present: Iterable[Write]) -> tuple[Write, ...]:
    """The rows of a plan that are not what would be written now, then those that the plan did not have."""
    known = {row.key: row for row in planned}
    now = {row.key: row for row in present}
    return tuple(row for row in (*known.values(), *now.values()) if row.key not in known or row.key not in now)


def _rows(target: str, table: str, change: TableChange) -> Iterator[Write]:
    """One table: its columns, then rows that go, that change (only the columns that do), that come."""
    columns = shape(change.view)
    if change.before is None:
        yield Write.of(target, "add", table, None, _told(columns))
    elif change.reshaped:
        old = {name: kind for name, kind in change.before.items() if columns.get(name) != kind}
        new = {name: kind for name, kind in columns.items() if change.before.get(name) != kind}
        yield Write.of(target, "change", table, _told(old), _told(new))
    key = change.view.key

    def thing(row: Mapping[str, Any]) -> str:
        return f"{table}/{'->'.join(str(row[name]) for name in key)}"

    for row in change.removed.iter_rows(named=True):
        yield Write.of(target, "remove", thing(row), _told(row), None)
    pairs = zip(change.earlier.iter_rows(named=True), change.later.iter_rows(named=True), strict=True)
    for old, new in pairs:
        differs = [name for name in new if old[name] != new[name]]
        before, after = ({name: row[name] for name in differs} for row in (old, new))
        yield Write.of(target, "change", thing(new), _json(before), _json(after))
    for row in change.added.iter_rows(named=True):
        yield Write.of(target, "add", thing(row), None, _told(row))


def _told(row: Mapping[str, Any]) -> str:
    """What a row holds; what is empty is left out."""
    return _json({name: value for name, value in row.items() if value is not None})


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=plain)
