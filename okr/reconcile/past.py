"""Earlier runs: which one a time means, and what it had found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from okr.errors import CallError
from okr.reconcile.kept import at_run, rows_at_run

if TYPE_CHECKING:
    from collections.abc import Sequence
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


def hide(house: Warehouse, handshakes: Sequence[dict[str, Any]]) -> None:
    """Mark those of a KR that is not for everybody today; what was public then may have been withdrawn from sight."""
    kr_ids = list({row["kr_id"] for row in handshakes if row["visibility"] == "public"})
    if not kr_ids:
        return
    hidden = dict(
        house.rows(
            "select k.kr_id, case when o.state = 'masked' then 'masked' else o.visibility end from okr.key_results k "
            "join okr.objectives o on o.objective_id = k.objective_id "
            "where k.kr_id in (select unnest($ids)) and (o.visibility <> 'public' or o.state = 'masked')",
            ids=kr_ids,
        )
    )
    for row in handshakes:
        row["visibility"] = hidden.get(row["kr_id"], row["visibility"])
