"""What a run remembers of the runs before it: rows, contents, links, gaps, each as intervals of runs.

A run that finds everything as it was changes nothing here but the list of runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.reconcile.layout import lasting
from okr.reconcile.warehouse import columns, quoted
from schemas import TABLES

if TYPE_CHECKING:
    from datetime import date, datetime

    from okr.reconcile.warehouse import Warehouse
    from schemas import Table

WITH_PROGRESS = {
    "objectives": ("objective", "null", "confidence"),
    "key_results": ("kr", "progress", "confidence"),
}
WITH_CONTENT = {"objectives": "objective", "key_results": "kr", "handshakes": "handshake"}

IDENTIFIED = (
    "org_units",
    "people",
    "periods",
    "objectives",
    "key_results",
    "handshakes",
    "meetings",
)


def begin_run(house: Warehouse, run_id: str, started_at: datetime, command: str, current_period: str | None) -> int:
    """Write this run behind those before it, and return its number."""
    house.run("insert into history.runs select * from prev.history.runs")
    house.run("insert into history.judged select * from prev.history.judged")
    number = 1 + (house.value("select max(run) from history.runs") or 0)
    house.run(
        "insert into history.runs values ($run, $run_id, $at, $command, $period)",
        run=number,
        run_id=run_id,
        at=started_at,
        command=command,
        period=current_period,
    )
    return number


def remember(house: Warehouse, run: int, at: datetime, rows: dict[str, str]) -> None:
    """Write history, content times, links and identities of the merged rows as they are now."""
    for table in TABLES.values():
        _rows(house, table, run)
    _progress(house, run)
    _content(house, at)
    house.run("insert into history.links select * from prev.history.links")
    house.run(
        "insert into history.links select a.objective_id, a.parent_kind, a.parent_id, $at::timestamptz "
        "from merged.alignments a anti join prev.history.links l "
        "on l.objective_id = a.objective_id and l.parent_kind = a.parent_kind and l.parent_id = a.parent_id",
        at=at,
    )
    _identities(house, at, rows)


def _rows(house: Warehouse, table: Table, run: int) -> None:
    """Close the intervals of rows that changed or went, and open those of rows that are new or changed."""
    names, key = lasting(table), columns(table.key)
    told = ", ".join(f"coalesce({quoted(name)}::varchar, chr(30))" for name in names)
    # A separator that no text may hold, and a mark for null: two rows never give one text.
    house.run(
        f"create or replace temp table present as select {columns(names)}, source, "
        f"md5(concat_ws(chr(31), {told}, source)) as hash from merged.{table.name}"
    )
    same = " and ".join(f"h.{quoted(name)} = p.{quoted(name)}" for name in table.key)
    house.run(
        f"insert into history.{table.name} by name "
        f"select h.* replace (case when h.to_run is null and p.hash is null then $run else h.to_run end as to_run) "
        f"from prev.history.{table.name} h left join present p on {same} and h.hash = p.hash",
        run=run,
    )
    house.run(
        f"insert into history.{table.name} by name "
        f"select p.*, $run as from_run, null as to_run from present p "
        f"anti join (select {key}, hash from prev.history.{table.name} where to_run is null) h "
        f"on {same} and h.hash = p.hash",
        run=run,
    )


def _progress(house: Warehouse, run: int) -> None:
    """Keep progress and confidence, which change every night, in a narrow history of their own."""
    present = " union all ".join(
        f"select '{kind}' as kind, {columns(TABLES[name].key)} as id, {progress}::double as progress, {confidence} "
        f"as confidence from merged.{name}"
        for name, (kind, progress, confidence) in WITH_PROGRESS.items()
    )
    house.run(
        f"create or replace temp table present as select * from ({present}) "
        "where progress is not null or confidence is not null"
    )
    same = (
        "h.kind = p.kind and h.id = p.id and h.progress is not distinct from p.progress "
        "and h.confidence is not distinct from p.confidence"
    )
    house.run(
        "insert into history.progress select h.* replace ("
        "case when h.to_run is null and p.id is null then $run else h.to_run end as to_run) "
        f"from prev.history.progress h left join present p on {same}",
        run=run,
    )
    house.run(
        "insert into history.progress select p.*, $run, null from present p "
        f"anti join (select * from prev.history.progress where to_run is null) h on {same}",
        run=run,
    )


def _content(house: Warehouse, at: datetime) -> None:
    """Keep since when each content is as it is; changed and changed back is a change (RULES, Content time).

    Things that went stay, so that one that comes back otherwise is known to have changed.
    """
    parts = []
    for name, kind in WITH_CONTENT.items():
        table = TABLES[name]
        told = ", ".join(f"coalesce({quoted(column)}::varchar, chr(30))" for column in table.content)
        parts.append(
            f"select '{kind}' as kind, {columns(table.key)} as id, md5(concat_ws(chr(31), {told})) as hash "
            f"from merged.{name}"
        )
    house.run(f"create or replace temp table present as {' union all '.join(parts)}")
    house.run(
        "insert into history.content "
        "select coalesce(p.kind, h.kind), coalesce(p.id, h.id), coalesce(p.hash, h.hash), "
        "case when h.id is null then null when p.id is null or p.hash = h.hash then h.changed_at "
        "else $at::timestamptz end, "
        "coalesce(h.first_seen, $at::timestamptz) "
        "from present p full join prev.history.content h on h.kind = p.kind and h.id = p.id",
        at=at,
    )
    house.run(
        "create or replace temp table changed as "
        "select kind, id, changed_at as at from history.content where changed_at is not null"
    )


def _identities(house: Warehouse, at: datetime, rows: dict[str, str]) -> None:
    """Keep under which id of its own each source's thing stands, and since when; which of them are one is known."""
    for name in IDENTIFIED:
        table = TABLES[name]
        (key,) = table.key
        # Rows without ids are told apart by a name of our making, and known by more than it (see `naming`).
        told = f"coalesce(source_id, {key})" if rows[name].startswith("merged.said_") else key
        how = "coalesce(how, 'id')" if told != key else "'id'"
        house.run(
            "insert into history.identities "
            f"select '{table.kind}', s.id, s.source, s.source_id, s.how, $at::timestamptz "
            f"from (select distinct {key} as id, source, {told} as source_id, {how} as how from {rows[name]}) s "
            f"anti join (select * from history.identities where kind = '{table.kind}') i "
            f"on i.source = s.source and i.source_id = s.source_id",
            at=at,
        )


FINGERPRINT = (
    "left(sha256((case when code = 'SY601' then json_array(period_id, code, subject_kind, subject_id, "
    "detail ->> 'field', counterparty_unit_id) "
    "else json_array(period_id, code, subject_kind, subject_id, counterparty_unit_id) end)::varchar), 16)"
)
"""A thing whose sources differ in several fields has a gap for each of them."""


def begin_gaps(house: Warehouse) -> None:
    """Make the empty list of what this run finds in all its views."""
    house.run(
        "create or replace temp table gap (fingerprint varchar, period_id varchar, code varchar, severity varchar, "
        "subject_kind varchar, subject_id varchar, unit_id varchar, counterparty_unit_id varchar, "
        "notify_person_id varchar, detail varchar, provisional boolean, unit_name varchar, counterparty_name varchar)"
    )


def keep_gaps(house: Warehouse, period_id: str, provisional: list[str]) -> None:
    """Add what one view found; what is stated twice is one gap."""
    house.run(
        "insert into gap select distinct on (fingerprint) "
        f"{FINGERPRINT} as fingerprint, period_id, code, severity, subject_kind, subject_id, f.unit_id, "
        "counterparty_unit_id, notify_person_id, detail, list_contains($provisional, code), u.name, c.name "
        "from (select $period as period_id, * from found_gap) f "
        "left join unit u on u.unit_id = f.unit_id left join unit c on c.unit_id = f.counterparty_unit_id",
        period=period_id,
        provisional=provisional,
    )


def close_gaps(house: Warehouse, run: int, at: datetime, judged: list[str], today: date) -> None:
    """Carry the history of gaps on: still open, resolved, lapsed, changed, new or open again.

    Only a run that judged the same view resolves a gap; one whose period has ended has lapsed, which is not
    resolved. A gap that opens again keeps `first_seen`.
    """
    house.run("insert into history.judged select $run, unnest($judged)", run=run, judged=judged)
    told = [
        "severity", "unit_id", "counterparty_unit_id", "notify_person_id", "detail", "provisional", "unit_name",
        "counterparty_name",
    ]  # fmt: skip
    same = " and ".join(f"g.{name} is not distinct from h.{name}" for name in told)
    house.run(
        "insert into history.gaps "
        f"select h.* exclude (ended_as) replace (case when ended_as is null then h.to_run else $run end as to_run, "
        f"coalesce(ended_as, h.ended) as ended) from ("
        f"select h.*, case when h.to_run is not null then null "
        f"when g.fingerprint is not null then case when {same} then null else 'changed' end "
        f"when list_contains($judged, h.period_id) then 'resolved' "
        f"when p.ends_on < $today then 'lapsed' end as ended_as "
        f"from prev.history.gaps h left join gap g on g.fingerprint = h.fingerprint "
        f"left join merged.periods p on p.period_id = h.period_id) h",
        run=run,
        judged=judged,
        today=today,
    )
    house.run(
        "insert into history.gaps by name "
        "select g.*, coalesce(f.first_seen, $at::timestamptz) as first_seen, $run as from_run, null as to_run, "
        "null as ended from gap g "
        "left join (select fingerprint, min(first_seen) as first_seen from prev.history.gaps group by 1) f "
        "on f.fingerprint = g.fingerprint "
        "anti join (select fingerprint from history.gaps where to_run is null) o on o.fingerprint = g.fingerprint",
        run=run,
        at=at,
    )


def tally(house: Warehouse, run: int, period_id: str | None) -> tuple[dict[str, int], int, int]:
    """Return the open gaps of a view by severity, and how many this run opened and resolved in all views."""
    by_severity = dict(
        house.rows(
            "select severity, count(*) from history.gaps where to_run is null and period_id = $period "
            "group by severity",
            period=period_id,
        )
    )
    opened = house.value(
        "select count(*) from history.gaps h where from_run = $run and not exists ("
        "select 1 from history.gaps b where b.fingerprint = h.fingerprint and b.to_run = $run and b.ended = 'changed')",
        run=run,
    )
    resolved = house.value("select count(*) from history.gaps where to_run = $run and ended = 'resolved'", run=run)
    return by_severity, opened, resolved
