"""What runs had found besides gaps: figures, handshakes, who carried what, each row as an interval of runs.

Only what changed costs: a run that finds everything as it was leaves every row as it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.reconcile.layout import FOUND
from okr.reconcile.memory import STILL_KEPT
from okr.reconcile.warehouse import quoted

if TYPE_CHECKING:
    from okr.reconcile.warehouse import Warehouse


def at_run(name: str) -> str:
    """Return the relation of what run `$run` had found: the columns of `judged.<name>`, as they were then.

    The rows of a view that this run did not judge lie there as well, as an earlier run left them: they are not its.
    """
    return (
        f"(select * exclude (hash, from_run, to_run) from history.found_{name} "
        "where from_run <= $run and (to_run is null or to_run > $run) "
        "and period_id in (select period_id from history.judged where run = $run))"
    )


def rows_at_run(name: str) -> str:
    """Return the relation of the rows of a canonical table as they stood at run `$run`."""
    return (
        f"(select * exclude (hash, from_run, to_run) from history.{name} "
        "where from_run <= $run and (to_run is null or to_run > $run))"
    )


def keep_figures(house: Warehouse, run: int, judged: list[str]) -> None:
    """Carry the history of `judged.*` on, for the views that this run judged; the others stay as they are.

    A file of a program that did not keep figures yet has no such history: theirs then begins with this run.
    """
    known = _has_figures(house)
    if known:
        house.run("insert into history.kept select * from prev.history.kept")
    house.run("insert into history.kept select 'figures', $run where not exists (from history.kept)", run=run)
    for name in FOUND:
        columns = [
            column
            for (column,) in house.rows(
                "select column_name from duckdb_columns() where database_name = current_database() "
                "and schema_name = 'judged' and table_name = $name order by column_index",
                name=name,
            )
        ]
        told = ", ".join(f"coalesce({quoted(column)}::varchar, chr(30))" for column in columns)
        house.run(
            f"create or replace temp table present as select distinct *, "
            f"md5_number_lower(concat_ws(chr(31), {told})) as hash from judged.{name}"
        )
        if known:
            _carry_on(house, name, run, judged)
        before = f"prev.history.found_{name}" if known else f"history.found_{name}"
        house.run(
            f"insert into history.found_{name} by name select p.*, $run as from_run, null as to_run from present p "
            f"anti join (select hash from {before} where to_run is null) h on h.hash = p.hash",
            run=run,
        )


def _carry_on(house: Warehouse, name: str, run: int, judged: list[str]) -> None:
    """Bring the intervals of earlier runs over, closed where this run judged the view and found the row otherwise.

    Of a view that no run judged which is still kept nothing is left.
    """
    house.run(
        f"insert into history.found_{name} by name "
        "select h.* replace (case when h.to_run is null and p.hash is null and list_contains($judged, h.period_id) "
        "then $run else h.to_run end as to_run) "
        f"from prev.history.found_{name} h left join present p on p.hash = h.hash "
        f"where {STILL_KEPT} and h.period_id in (select period_id from history.judged)",
        run=run,
        judged=judged,
    )


def _has_figures(house: Warehouse) -> bool:
    found = house.value(
        "select count(*) from duckdb_tables() where database_name = 'prev' and schema_name = 'history' "
        "and table_name = 'kept'"
    )
    return bool(found)
