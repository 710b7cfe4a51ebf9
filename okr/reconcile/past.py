"""Earlier runs: which one a time means, and what it had found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from okr.errors import CallError
from okr.reconcile.figure_history import at_run, rows_at_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from okr.reconcile.warehouse import Warehouse


def run_at(house: Warehouse, as_of: datetime | None, zone: ZoneInfo) -> int:
    """Return the number of the last run, or of the last at or before a time.

    Raises:
        CallError: `no_run_then`: there was none yet, or it is kept no more; the first that is kept is named.
    """
    if as_of is None:
        return house.value("select max(run) from history.runs")
    run = house.value("select max(run) from history.runs where started_at <= $at::timestamptz", at=as_of)
    if run is None:
        run_id, first = house.rows("select run_id, epoch_us(started_at) from history.runs order by run limit 1")[0]
        raise CallError("no_run_then", time=as_of, first=moment(first, zone), run=run_id)
    return run


def moment(microseconds: int, zone: ZoneInfo) -> datetime:
    """Return a time of the warehouse in the company's zone, to the second."""
    return datetime.fromtimestamp(microseconds // 1_000_000, tz=UTC).astimezone(zone)


def require_figures(house: Warehouse, run: int, as_of: datetime) -> None:
    """See that the figures of a run were kept.

    Raises:
        CallError: `no_figures_then`: the file is of a time when only gaps and rows had a history.
    """
    there = house.value(
        "select count(*) from duckdb_tables() where schema_name = 'history' and table_name = 'kept' and not temporary"
    )
    since = house.value("select min(since_run) from history.kept") if there else None
    if since is None or run < since:
        raise CallError("no_figures_then", time=as_of)


def found(name: str, run: int | None) -> str:
    """Return the relation `judged.<name>`, as the last run or (None: not) run `$run` had found it."""
    return f"judged.{name}" if run is None else at_run(name)


def rows(name: str, run: int | None) -> str:
    """Return the relation of a canonical table's rows, as they are now or stood at run `$run`."""
    return f"okr.{name}" if run is None else rows_at_run(name)


def values(run: int | None) -> dict[str, Any]:
    """Return what a query over one of these relations has to be given."""
    return {} if run is None else {"run": run}


QUOTED = frozenset(
    {
        "share", "comparator", "target", "together", "measure_unit", "latest", "due", "point", "reason", "party",
        "needed", "answered", "people", "confidence",
    }
)  # fmt: skip
"""Values of a gap's detail that a rule withholds where the O is not for everybody."""

_CONFIDENTIAL = """
with asked as (select unnest($ids) as id),
closed as (select objective_id from okr.objectives where visibility <> 'public' or state = 'masked'),
kr_of as (
    select h.kr_id, h.objective_id from history.key_results h
    where h.objective_id in (from closed)
)
select 'objective', id from asked where id in (from closed)
union all
select distinct 'kr', a.id from asked a join kr_of k on k.kr_id = a.id
union all
select distinct 'handshake', a.id from asked a
join history.handshakes h on h.handshake_id = a.id
join kr_of k on k.kr_id = h.kr_id
"""

_WITHHELD_THEN = f"""
with closed as (
    select objective_id from {rows_at_run("objectives")} where visibility <> 'public' or state = 'masked'
),
kr as (select kr_id from {rows_at_run("key_results")} where objective_id in (from closed))
select 'objective', objective_id from closed where list_contains($ids, objective_id)
union all
select 'kr', kr_id from kr where list_contains($ids, kr_id)
union all
select 'handshake', handshake_id from {rows_at_run("handshakes")}
where list_contains($ids, handshake_id) and kr_id in (from kr)
"""


def named_things(kind: str, subject: str) -> set[tuple[str, str]]:
    """Return the things that a gap's subject names, each as kind and id."""
    if kind == "alignment":
        objective_id, _, target = subject.partition("->")
        parent_kind, _, parent_id = target.partition(":")
        return {("objective", objective_id), (parent_kind, parent_id)}
    if kind == "pair":
        return {(each, side) for side in subject.split("|") for each in ("objective", "kr")}
    return {(kind, subject)}


def confidential(
    house: Warehouse, subjects: Iterable[tuple[str, str]], *, since: int | None = None
) -> set[tuple[str, str]]:
    """Return which of these subjects of gaps (kind, id) are not for everybody today.

    What was public then may have been withdrawn from sight; nothing of it is told again.

    Args:
        house: where they stand.
        subjects: of gaps.
        since: only what was for everybody at that run. Of what was not even then, the run that found the gap
            has withheld what it has to, and nothing besides.
    """
    named = {subject: named_things(*subject) for subject in subjects}
    ids = list({thing for things in named.values() for _, thing in things})
    found = set(house.rows(_CONFIDENTIAL, ids=ids)) if ids else set()
    if found and since is not None:
        found -= set(house.rows(_WITHHELD_THEN, ids=ids, run=since))
    return {subject for subject, things in named.items() if things & found}


def withheld(detail: dict[str, Any]) -> dict[str, Any]:
    """Return a gap's detail without what it quotes, as a rule writes it of what is not for everybody."""
    return {
        name: None if name in QUOTED and not isinstance(value, dict) else _untitled(value)
        for name, value in detail.items()
    }


def _untitled(value: object) -> object:
    if isinstance(value, list):
        return [_untitled(item) for item in value]
    if isinstance(value, dict) and "label" in value:
        return {**value, "title": None, "hidden": True}
    return value


def hide(house: Warehouse, handshakes: Sequence[dict[str, Any]]) -> None:
    """Mark those of a KR that is not for everybody today; what was public then may have been withdrawn from sight."""
    hidden = confidential(house, {("kr", row["kr_id"]) for row in handshakes if row["visibility"] == "public"})
    for row in handshakes:
        if ("kr", row["kr_id"]) in hidden:
            row["visibility"] = "private"
