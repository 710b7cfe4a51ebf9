"""Several workbooks of one unit and period, whatever they are called: the one saved last is the unit's word.

A connector knows copies by their names and labels. That `市场部.xlsx` and `Marketing.xlsx`, or two of one name in two
folders, speak of one unit can be seen only here, where units, people and periods are known by all their names. What
a workbook says of other units stands.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from okr.reconcile.intake import as_json
from okr.reconcile.lookup import Directory, Unresolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr.reconcile.warehouse import Warehouse
    from okr.report import Report

WORKBOOKS = "workbooks"
"""Stands for a table in `store.reference` where a connector says when a workbook was saved, and a digest of it."""

_MINUTE = dt.timedelta(minutes=1)


class _Holder(NamedTuple):
    source: str
    unit_id: str
    period_id: str
    person_id: str | None


@dataclass
class _Copy:
    """What one workbook says of a holder: the rows of its Os, when it was saved, a digest of it."""

    scope: str
    rows: list[str]
    saved_at: dt.datetime
    digest: list[str]


def settle(house: Warehouse, current_period: str | None, report: Report) -> None:
    """Take out of `store` what older copies say; of copies that differ within a minute, what all of them say.

    Args:
        house: with units, people and periods merged, and Os as delivered.
        current_period: the period of Os without one.
        report: told which workbook is passed over for which.
    """
    saved = _saved(house)
    if not saved:
        return
    directory = Directory.of(house)
    for holder, copies in _copies(house, directory, current_period, saved).items():
        if len(copies) < 2:
            continue
        copies.sort(key=lambda copy: (copy.saved_at, copy.scope))
        last = copies[-1]
        near = [copy for copy in copies[:-1] if last.saved_at - copy.saved_at < _MINUTE]
        if any(copy.digest != last.digest for copy in near):
            _refuse(house, holder, [*near, last])
            for copy in copies:
                _take_out(house, holder.source, copy)
            for copy in copies:
                _bring_back(house, holder.source, copy.scope)
            continue
        for copy in copies[:-1]:
            _take_out(house, holder.source, copy)
            report.note(
                "workbook_older_of_unit",
                source=holder.source,
                file=copy.scope,
                newer=last.scope,
                unit=_shown(house, holder),
                period=holder.period_id,
            )


def _saved(house: Warehouse) -> dict[tuple[str, str], tuple[dt.datetime, list[str]]]:
    """Return by source and scope when each workbook was saved, and its digest; where a source has several."""
    found = house.rows(
        'select source, scope, any_value(candidates) from store.reference where "table" = $table '
        "group by source, scope qualify count(*) over (partition by source) > 1",
        table=WORKBOOKS,
    )
    return {(source, scope): (dt.datetime.fromisoformat(told[0]), told[1:]) for source, scope, told in found}


def _copies(
    house: Warehouse,
    directory: Directory,
    current_period: str | None,
    saved: dict[tuple[str, str], tuple[dt.datetime, list[str]]],
) -> dict[_Holder, list[_Copy]]:
    """Return by holder what each workbook says of it."""
    said = house.rows(
        'with o as (select source, scope, "row", '
        "any_value(candidates) filter (where field = 'unit_id') as unit, "
        "any_value(candidates) filter (where field = 'period_id') as period, "
        "any_value(candidates) filter (where field = 'person_id') as person "
        "from store.reference where \"table\" = 'objectives' group by all) "
        'select source, scope, unit, period, person, list("row") from o '
        "where unit is not null group by all order by all"
    )
    found: dict[_Holder, dict[str, _Copy]] = {}
    for source, scope, unit, period, person, rows in said:
        if (source, scope) not in saved:
            continue
        holder = _holder(directory, current_period, source, (unit, period, person))
        if holder is not None:
            copies = found.setdefault(holder, {})
            copies.setdefault(scope, _Copy(scope, [], *saved[source, scope])).rows.extend(rows)
    return {holder: list(copies.values()) for holder, copies in found.items()}


def _holder(
    directory: Directory,
    current_period: str | None,
    source: str,
    said: tuple[Sequence[str], Sequence[str] | None, Sequence[str] | None],
) -> _Holder | None:
    """Return whose Os these are; None where nobody can be found: they are refused later, by their cells."""
    unit, period, person = said
    try:
        unit_id = directory.unit(unit)
        person_id = directory.person(person, unit_id) if person else None
    except Unresolved:
        return None
    try:
        period_id = directory.period(period or ())
    except Unresolved:
        period_id = current_period
    return None if period_id is None else _Holder(source, unit_id, period_id, person_id)


def _take_out(house: Warehouse, source: str, copy: _Copy) -> None:
    """Delete from `store` the Os of a copy with all that hangs on them; of a copy with nothing left, all it refused."""
    house.make("passed", pl.DataFrame({"row": copy.rows}, schema={"row": pl.String}))
    house.run(
        "insert into passed select kr_id from store.key_results where source = $source "
        'and objective_id in (select "row" from passed)',
        source=source,
    )
    house.run(
        "insert into passed select handshake_id from store.handshakes where source = $source "
        'and kr_id in (select "row" from passed)',
        source=source,
    )
    house.run(
        'insert into passed select "row" from store.alignments where source = $source '
        'and objective_id in (select "row" from passed)',
        source=source,
    )
    for name in ("objectives", "key_results", "handshakes", "alignments", "reference"):
        house.run(
            f'delete from store.{name} where source = $source and "row" in (select "row" from passed)', source=source
        )
    house.run("drop table passed")
    house.run(
        "delete from store.quarantine where source = $source and scope = $scope and code <> 'workbook_copies_differ' "
        "and not exists (select 1 from store.objectives where source = $source and scope = $scope)",
        source=source,
        scope=copy.scope,
    )


def _bring_back(house: Warehouse, source: str, scope: str) -> None:
    """Let what a workbook said before stand in, where it says nothing else now."""
    if house.value("select count(*) from store.objectives where source = $s and scope = $c", s=source, c=scope):
        return
    for name in ("objectives", "key_results", "handshakes", "alignments", "reference"):
        spare = f" and \"table\" <> '{WORKBOOKS}'" if name == "reference" else ""
        house.run(
            f"insert into store.{name} by name "
            f"select * from prev.store.{name} where source = $source and scope = $scope{spare} order by rowid",
            source=source,
            scope=scope,
        )


def _refuse(house: Warehouse, holder: _Holder, copies: list[_Copy]) -> None:
    """Put copies on record of which nobody can tell which one counts; once, also where they stand as they were."""
    house.run(
        "delete from store.quarantine where source = $source and code = 'workbook_copies_differ' "
        "and row_unit = $unit and \"values\"->>'period' = $period and \"values\"->>'unit' = $shown",
        source=holder.source,
        unit=holder.unit_id,
        period=holder.period_id,
        shown=_shown(house, holder),
    )
    rows = [
        {
            "source": holder.source,
            "scope": copy.scope,
            "table": "objectives",
            "record_id": None,
            "row_unit": holder.unit_id,
            "parent_id": None,
            "place": copy.scope,
            "field": None,
            "value": None,
            "code": "workbook_copies_differ",
            "values": as_json(
                {
                    "others": [other.scope for other in copies if other is not copy],
                    "unit": _shown(house, holder),
                    "period": holder.period_id,
                }
            ),
            "whole": True,
        }
        for copy in copies
    ]
    house.add("store.quarantine", pl.DataFrame(rows, infer_schema_length=None))


def _shown(house: Warehouse, holder: _Holder) -> str:
    """Return a holder's name: the unit's, and a person's behind it."""
    unit = house.value("select coalesce(name, unit_id) from merged.org_units where unit_id = $id", id=holder.unit_id)
    if holder.person_id is None:
        return unit
    person = house.value(
        "select coalesce(name, person_id) from merged.people where person_id = $id", id=holder.person_id
    )
    return f"{unit} {person}"
