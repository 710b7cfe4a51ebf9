"""What a unit fills its template in with: upper KRs to carry, people, teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr.reconcile.lookup import Directory
from okr.reconcile.upper import UpperKrs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from okr.reconcile.reading import Reader

MOST_PEOPLE = 5000
"""A longer drop-down helps nobody; then those are listed who work in the unit, or below it."""

Line = tuple[str, str]
"""What a drop-down shows, and the id that it stands for."""


@dataclass(frozen=True)
class Blank:
    """What an empty template needs.

    Attributes:
        unit_id: whose it is; None: anybody's.
        unit: its name.
        period_id: the period.
        period: its name.
        upper: what may be carried, nearest unit first.
        people: active people by name.
        teams: active units that may be asked, by name.
    """

    unit_id: str | None
    unit: str | None
    period_id: str
    period: str
    upper: list[Line]
    people: list[Line]
    teams: list[Line]


def blank(reader: Reader, *, unit: str | None, period: str | None, now: datetime) -> Blank:
    """Return what an empty template needs.

    Args:
        reader: of the last run.
        unit: an id, name or alias; None: a template for any unit.
        period: an id or name of any known period; None: the current one.
        now: the time of the command.

    Raises:
        CallError: `unknown_unit`, `unknown_period`, `ambiguous_name`, `no_current_period`,
            `period_of_settings_unknown`.
    """
    house = reader.house
    units = house.rows("select unit_id, name, aliases, active from okr.org_units order by unit_id")
    unit_id = None if unit is None else reader.meant("unit", unit)
    periods = house.rows("select period_id, name from okr.periods")
    period_id = reader.current_period(now) if period is None else reader.meant("period", period)
    directory = Directory.of(house)
    above = directory.above(unit_id)
    return Blank(
        unit_id=unit_id,
        unit=next((name or one for one, name, *_ in units if one == unit_id), None),
        period_id=period_id,
        period=dict(periods).get(period_id) or period_id,
        upper=_upper(reader, directory, above[1:], period_id),
        people=_people(reader, directory, unit_id),
        teams=_teams(units, unit_id, directory),
    )


def _upper(reader: Reader, directory: Directory, above: list[str], period_id: str) -> list[Line]:
    """Return the Os and KRs of the units above that everybody below may see, KR by KR."""
    if not above:
        return []
    house = reader.house
    numbers = UpperKrs.of(house, directory).labels
    names = {unit_id: name or unit_id for unit_id, name in house.rows("select unit_id, name from okr.org_units")}
    found = house.rows(
        "select o.unit_id, coalesce(k.kr_id, o.objective_id), coalesce(k.title, o.title) "
        "from okr.objectives o left join okr.key_results k on k.objective_id = o.objective_id "
        "where list_contains($units, o.unit_id) and list_contains($periods, o.period_id) and o.person_id is null "
        "and o.state = 'published' and o.visibility <> 'private' "
        "order by list_position($units, o.unit_id), list_position($periods, o.period_id), o.ordinal nulls last, "
        "o.objective_id, k.ordinal nulls last, k.kr_id",
        units=above,
        periods=directory.reach(period_id),
    )
    return _told_apart(
        (f"{names[unit_id]} {numbers.get(thing, '')} {title or ''}".strip(), thing) for unit_id, thing, title in found
    )


def _people(reader: Reader, directory: Directory, unit_id: str | None) -> list[Line]:
    rows = reader.house.rows("select person_id, name, unit_id from okr.people where active order by name, person_id")
    if len(rows) > MOST_PEOPLE:
        rows = [row for row in rows if unit_id is not None and unit_id in directory.above(row[2])][:MOST_PEOPLE]
    return _told_apart((name or person_id, person_id) for person_id, name, _ in rows)


def _teams(units: list[tuple], unit_id: str | None, directory: Directory) -> list[Line]:
    """Return the active units beside this one; a name that two have is no name, so both stand by their ids."""
    above = set(directory.above(unit_id))
    beside = [
        (name or one, one)
        for one, name, _, active in units
        if active and one not in above and (unit_id is None or unit_id not in directory.above(one))
    ]
    known = [name for _, name, _, active in units if active]
    return [(name if known.count(name) < 2 else one, one) for name, one in beside]


def _told_apart(lines: Iterable[Line]) -> list[Line]:
    """Return lines of which no two show the same: those that would have their ids behind."""
    known = [(" ".join(shown.split())[:200], thing) for shown, thing in lines]
    counts: dict[str, int] = {}
    for shown, _ in known:
        counts[shown] = counts.get(shown, 0) + 1
    return [(shown if counts[shown] == 1 else f"{shown} {thing}", thing) for shown, thing in known]
