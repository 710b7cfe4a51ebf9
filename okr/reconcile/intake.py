"""What each source said last: a new delivery takes the place of what it covers, the rest stands.

A delivery replaces the rows of the scopes that were read to the end. Rows of scopes that failed, of
sources that failed and of sources that were not asked come over from the last state as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

import polars as pl

from okr.reconcile.warehouse import columns
from schemas import TABLES, TableRefused, validate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from okr.reconcile.warehouse import Warehouse
    from okr.settings import Settings

LEAST_ROWS = 50
"""Only a table of at least so many rows can shrink suspiciously."""

LEAST_SCOPES = 10
"""And only a source with at least so many workbooks can lose suspiciously many at once."""

SCOPES_LIMIT = 0.3


class Delivered(Protocol):
    """What a connector brought, as much of it as is read here (see `connectors.protocol`)."""

    @property
    def source(self) -> str:  # noqa: D102 (see there)
        ...
    @property
    def frames(self) -> Mapping[str, pl.DataFrame]:  # noqa: D102 (see there)
        ...
    @property
    def holds(self) -> Mapping[str, Mapping[str, Sequence[str]]]:  # noqa: D102 (see there)
        ...
    @property
    def whole(self) -> bool:  # noqa: D102 (see there)
        ...
    @property
    def scopes(self) -> Sequence[str]:  # noqa: D102 (see there)
        ...
    @property
    def failures(self) -> Sequence[Any]:  # noqa: D102 (see there)
        ...
    @property
    def refusals(self) -> Sequence[Any]:  # noqa: D102 (see there)
        ...
    @property
    def references(self) -> pl.DataFrame | None:  # noqa: D102 (see there)
        ...
    @property
    def finer_links(self) -> bool:  # noqa: D102 (see there)
        ...


@dataclass
class SourceOutcome:
    """How one source stands after a run.

    `state`: `read` (all it has), `partial` (scopes failed), `failed`, `held` (awaits a decision), `stood` (not
    asked in this run). `since`: the time from which the rows that stand in are, None where there are none.
    `failing_since`: of a source that was read in part, since when some part could not be read.
    """

    name: str
    state: str
    rows: int = 0
    code: str | None = None
    values: dict[str, object] = field(default_factory=dict)
    since: datetime | None = None
    failures: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    failing_since: datetime | None = None


@dataclass
class _Taken:
    """What of a delivery was legal: the scopes that were refused after all, by code and values."""

    refused_scopes: dict[str, TableRefused] = field(default_factory=dict)


class Intake:
    """Fills `store` of the state that is being built, source by source."""

    def __init__(self, house: Warehouse, settings: Settings, at: datetime) -> None:
        self._house = house
        self._settings = settings
        self._at = at

    def stand(self, source: str) -> SourceOutcome:
        """Let the source stand as it was; it was not asked."""
        self._keep(source)
        self._keep_state(source)
        return self._outcome(source, asked=False)

    def fail(self, source: str, code: str, values: Mapping[str, object]) -> SourceOutcome:
        """Let the last good rows stand in for a source that could not be read at all."""
        self._keep(source)
        self._state(source, "failed", code=code, values=values)
        return self._outcome(source)

    def take(
        self,
        delivery: Delivered,
        delivery_id: str,
        delivered_at: datetime,
        *,
        decision: str | None = None,
        baseline: Delivered | None = None,
    ) -> SourceOutcome:
        """Take a delivery, unless it shrank so much that somebody has to decide first.

        Args:
            delivery: what landed.
            delivery_id: its id.
            delivered_at: when it was pulled.
            decision: what was decided of this very delivery, `accept`, `refuse` or None.
            baseline: an earlier delivery that was accepted; against it shrinking is measured.
        """
        source = delivery.source
        if decision == "refuse":
            self._keep(source)
            self._state(source, "held", code="delivery_refused", values={}, held=delivery_id)
            return self._outcome(source)
        taken = self._write(delivery)
        covered = [scope for scope in delivery.scopes if scope not in taken.refused_scopes]
        self._keep(source, whole=delivery.whole, covered=covered, refused=list(taken.refused_scopes))
        shrunk = None if decision == "accept" else self._shrunk(delivery, baseline)
        if shrunk:
            self.undo(source)
            self._keep(source)
            self._state(source, "held", code="delivery_shrank", values=shrunk, held=delivery_id)
            return self._outcome(source)
        failures = [(f.scope, f.code, dict(f.values)) for f in delivery.failures]
        failures += [(s, r.code, dict(r.values)) for s, r in taken.refused_scopes.items()]
        self._keep_failures(source, failures)
        nothing = failures and not covered
        self._state(
            source,
            "failed" if nothing else "partial" if failures else "read",
            delivery_id=delivery_id,
            delivered_at=None if nothing else delivered_at,
            finer_links=delivery.finer_links,
            code="nothing_readable" if nothing else None,
        )
        return self._outcome(source)

    # -- rows ---------------------------------------------------------------------------------------

    def _write(self, delivery: Delivered) -> _Taken:
        taken = _Taken()
        for table in TABLES:
            frame = delivery.frames.get(table)
            if frame is None:
                continue
            scopes = frame.get_column("scope").unique().to_list() if frame.height else []
            try:
                checked = validate(
                    table,
                    frame,
                    source=delivery.source,
                    zone=self._settings.zone or ZoneInfo("UTC"),
                    spoken=_spoken(delivery, table),
                )
            except TableRefused as refusal:
                # An empty table has no row to tell its scope by: where scopes are tables, it is its name.
                for scope in scopes or [table]:
                    taken.refused_scopes[scope] = refusal
                continue
            with self._house.in_order():
                self._house.add(f"store.{table}", checked.rows)
            self._house.add("store.quarantine", checked.quarantine)
            del frame, checked
        self._write_rest(delivery)
        for scope in taken.refused_scopes:
            self.undo(delivery.source, scope)
        return taken

    def _write_rest(self, delivery: Delivered) -> None:
        """Write what stands beside the rows: refusals by the connector, words, columns held."""
        source = delivery.source
        if delivery.refusals:
            self._house.add("store.quarantine", _refusals(delivery))
        if delivery.references is not None:
            self._house.add("store.reference", delivery.references.with_columns(pl.lit(source).alias("source")))
        scope_of = _scope_of_parts(delivery)
        held = [
            (source, table, part, scope_of.get(part, part), column)
            for table, parts in delivery.holds.items()
            for part, names in parts.items()
            for column in names
        ]
        if held:
            frame = pl.DataFrame(held, schema=["source", "table", "part", "scope", "column"], orient="row")
            self._house.add("store.holds", frame)

    def undo(self, source: str, scope: str | None = None) -> None:
        """Take back what was written of a source, or of one scope of it."""
        of_scope = "" if scope is None else " and scope = $scope"
        values = {"source": source} | ({} if scope is None else {"scope": scope})
        for name in _BY_SCOPE:
            self._house.run(f"delete from store.{name} where source = $source{of_scope}", **values)

    def _keep(
        self,
        source: str,
        *,
        whole: bool = False,
        covered: Sequence[str] = (),
        refused: Sequence[str] = (),
    ) -> None:
        """Bring over from the last state what a delivery did not replace."""
        values: dict[str, object] = {"source": source}
        if whole:
            condition = " and list_contains($refused, scope)"
            values["refused"] = list(refused)
            if not refused:
                return
        elif covered:
            condition = " and not list_contains($covered, scope)"
            values["covered"] = list(covered)
        else:
            condition = ""
        with self._house.in_order():
            for name in _BY_SCOPE:
                again = _FOUND_AGAIN if name == "quarantine" else ""
                self._house.run(
                    f"insert into store.{name} by name "
                    f"select * from prev.store.{name} q where source = $source{condition}{again}",
                    **values,
                )

    def _shrunk(self, delivery: Delivered, baseline: Delivered | None) -> dict[str, object] | None:
        """Return what shrank: the table, and how many of how many keys are gone."""
        source = delivery.source
        limit = self._settings.sources[source].shrink_limit
        if delivery.references is not None:
            return self._lost_scopes(source, baseline)
        if baseline is not None:
            return _lost_keys(baseline, delivery, limit)
        for table in TABLES.values():
            key = columns(table.key)
            before = self._house.value(
                f"select count(*) from prev.store.{table.name} where source = $source",
                source=source,
            )
            if before < LEAST_ROWS:
                continue
            gone = self._house.value(
                f"select count(*) from (select {key} from prev.store.{table.name} where source = $source "
                f"except select {key} from store.{table.name} where source = $source)",
                source=source,
            )
            if gone > limit * before:
                return {"table": table.name, "gone": gone, "before": before}
        return None

    def before(self, source: str) -> tuple[str | None, str | None]:
        """Return the delivery that was held back at the last run, and the one that was merged last."""
        found = self._house.rows(
            "select held_delivery, delivery_id from prev.store.sources where source = $source",
            source=source,
        )
        return found[0] if found else (None, None)

    def _lost_scopes(self, source: str, baseline: Delivered | None) -> dict[str, object] | None:
        """A source without ids: its rows change their names at every edit, its workbooks do not."""
        told = self._workbooks(source)
        if baseline is not None and baseline.references is not None:
            accepted = baseline.references.filter(pl.col("table") == "workbooks").get_column("scope")
            was = set(accepted.to_list())
        else:
            was = self._workbooks(source, "prev.")
        gone = len(was - told)
        if len(was) >= LEAST_SCOPES and gone > SCOPES_LIMIT * len(was):
            return {"table": "workbooks", "gone": gone, "before": len(was)}
        return None

    def _workbooks(self, source: str, state: str = "") -> set[str]:
        """Return a source's workbooks that are there now, or were in the state before."""
        rows = self._house.rows(
            f"select distinct scope from {state}store.reference where source = $source and \"table\" = 'workbooks'",
            source=source,
        )
        return {scope for (scope,) in rows}

    # -- states -------------------------------------------------------------------------------------

    def _state(  # noqa: PLR0913 (a row of a table)
        self,
        source: str,
        state: str,
        *,
        code: str | None = None,
        values: Mapping[str, object] | None = None,
        delivery_id: str | None = None,
        delivered_at: datetime | None = None,
        held: str | None = None,
        finer_links: bool | None = None,
    ) -> None:
        """Write how the source stands; what is not given stays as it was."""
        before = self._house.rows(
            "select delivery_id, delivered_at, failed_at, finer_links from prev.store.sources where source = $s",
            s=source,
        )
        was = before[0] if before else (None, None, None, True)
        broken = state in {"failed", "held"}
        self._house.run(
            "insert into store.sources values ($source, $state, $delivery_id, $delivered_at, $failed_at, $code, "
            "$values, $held, $finer)",
            source=source,
            state=state,
            delivery_id=delivery_id or was[0],
            delivered_at=delivered_at or was[1],
            failed_at=(was[2] or self._at) if broken else None,
            code=code,
            values=as_json(values or {}),
            held=held,
            finer=was[3] if finer_links is None else finer_links,
        )

    def _keep_state(self, source: str) -> None:
        self._house.run(
            "insert into store.sources select * from prev.store.sources where source = $source",
            source=source,
        )
        self._house.run(
            "insert into store.failures select * from prev.store.failures where source = $source",
            source=source,
        )

    def _keep_failures(self, source: str, failures: list[tuple[str, str, dict[str, object]]]) -> None:
        for scope, code, values in failures:
            since = self._house.value(
                "select since from prev.store.failures where source = $source and scope = $scope",
                source=source,
                scope=scope,
            )
            self._house.run(
                "insert into store.failures values ($source, $scope, $code, $values, $since)",
                source=source,
                scope=scope,
                code=code,
                values=as_json(values),
                since=since or self._at,
            )

    def _outcome(self, source: str, *, asked: bool = True) -> SourceOutcome:
        found = self._house.rows(
            'select state, code, "values", delivered_at from store.sources where source = $s',
            s=source,
        )
        state, code, values, since = found[0] if found else ("stood", None, None, None)
        failures = self._house.rows(
            'select scope, code, "values", since from store.failures where source = $s order by scope',
            s=source,
        )
        rows = sum(
            self._house.value(f"select count(*) from store.{table} where source = $s", s=source) for table in TABLES
        )
        return SourceOutcome(
            name=source,
            state=state if asked or state in {"failed", "held", "partial"} else "stood",
            rows=rows,
            code=code,
            values=json.loads(values) if values else {},
            since=since,
            failures=[(scope, what, json.loads(told)) for scope, what, told, _ in failures],
            failing_since=min((since for *_, since in failures), default=None),
        )


_BY_SCOPE = (*TABLES, "quarantine", "holds", "reference")

_FOUND_AGAIN = """
and not exists (
    select 1 from prev.store.reference r
    where r.source = q.source and (
        (r."table" = q."table" and r.field = q.field and r.place is not distinct from q.place)
        or (q.field in ('unit_id', 'period_id') and q.code in ('unknown_unit', 'unknown_period'))
        or (q.field is null and q.code = 'duplicate_key')
    )
)
"""
"""Leaves out what words that stand are refused for: they are looked up again, in every run (`spoken`)."""


def as_json(values: Mapping[str, object]) -> str:
    """Return values as JSON text; what JSON does not know (times, paths) as its own text."""
    return json.dumps(dict(values), ensure_ascii=False, default=str, sort_keys=True)


def _lost_keys(before: Delivered, delivery: Delivered, limit: float) -> dict[str, object] | None:
    """Return what shrank between two deliveries as they were brought, keys compared as text."""
    for table in TABLES.values():
        old, new = before.frames.get(table.name), delivery.frames.get(table.name)
        if old is None or old.height < LEAST_ROWS:
            continue
        key = [name for name in table.key if name in old.columns]
        as_text = [pl.col(name).cast(pl.String) for name in key]
        was = old.select(as_text).unique()
        gone = was.height
        if new is not None and all(name in new.columns for name in key):
            gone = was.join(new.select(as_text), on=key, how="anti", nulls_equal=True).height
        if was.height >= LEAST_ROWS and gone > limit * was.height:
            return {"table": table.name, "gone": gone, "before": was.height}
    return None


def _spoken(delivery: Delivered, table: str) -> list[str]:
    """Return the columns of a table that the delivery says in words instead of ids."""
    if delivery.references is None:
        return []
    words = delivery.references.filter(pl.col("table") == table)
    return words.get_column("field").unique().to_list()


def _scope_of_parts(delivery: Delivered) -> dict[str, str]:
    """Return the scope that each part belongs to."""
    found: dict[str, str] = {}
    if delivery.references is not None:
        for table in delivery.frames:
            frame = delivery.frames[table]
            found |= dict(frame.select("part", "scope").unique().iter_rows())
    return found


def _refusals(delivery: Delivered) -> pl.DataFrame:
    rows = [
        (
            delivery.source,
            getattr(refusal, "scope", None) or "",
            refusal.table,
            refusal.record_id,
            None,
            None,
            refusal.place,
            refusal.field,
            None if refusal.value is None else str(refusal.value)[:200],
            refusal.code,
            as_json(refusal.values),
            refusal.whole,
        )
        for refusal in delivery.refusals
    ]
    names = (
        "source",
        "scope",
        "table",
        "record_id",
        "row_unit",
        "parent_id",
        "place",
        "field",
        "value",
        "code",
        "values",
    )
    schema: dict[str, Any] = dict.fromkeys(names, pl.String) | {"whole": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")
