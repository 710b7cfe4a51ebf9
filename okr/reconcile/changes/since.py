"""Since when changes are asked for: a time, a run, or a meeting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from okr.errors import CallError
from okr.reconcile import past
from okr.reconcile.likeness import nearest
from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from zoneinfo import ZoneInfo

    from okr.reconcile.warehouse import Warehouse

    Prepared = Callable[[str], Collection[str]]

SHORTEST = 4
"""Characters that the beginning of a run's id needs."""

_MEETINGS = """
select m.meeting_id, m.title, m.unit_id, u.name, epoch_us(m.starts_at), m.there
from (
    select distinct on (meeting_id) meeting_id, title, unit_id, starts_at, to_run is null as there
    from history.meetings
    order by meeting_id, to_run nulls first, from_run desc
) m
left join okr.org_units u on u.unit_id = m.unit_id
order by m.meeting_id
"""


@dataclass(frozen=True)
class Since:
    """The run from which on changes are told.

    Attributes:
        run: its number.
        run_id: its id.
        at: when it started.
        how: why it is this one: `time`, `run`, `meeting` (which has begun), `prepared` (the meeting's last
            preparation), `previous` (the meeting before it).
        meeting: the title or id of the meeting that is meant by `meeting`, `prepared` and `previous`.
    """

    run: int
    run_id: str
    at: datetime
    how: str
    meeting: str | None = None


def since(house: Warehouse, said: str, *, zone: ZoneInfo, now: datetime, prepared: Prepared) -> Since:
    """Return the run that a text means.

    A time means the last run at or before it; a day alone its first moment, for what changed on that day has
    changed since. A run: its id or the beginning of it. A meeting that has begun: when it did. One that is to
    come: its last preparation; where it never was prepared, the meeting of the same unit before it.

    Args:
        house: the warehouse.
        said: the text of `--since`.
        zone: the company's.
        now: the time of the command.
        prepared: the ids of the runs that prepared a meeting, by the meeting's id.

    Raises:
        CallError: `since_unknown`, `ambiguous_name`, `no_run_then`, `never_prepared`.
    """
    told = said.strip()
    when = _moment(told, zone)
    if when is not None:
        return _since(house, past.run_at(house, when, zone), "time")
    runs = house.rows("select run, run_id from history.runs order by run")
    for run, run_id in runs:
        if run_id == told:
            return _since(house, run, "run")
    meetings = house.rows(_MEETINGS)
    found = _named(told, meetings, now)
    if found is not None:
        return _of_meeting(house, found, meetings, zone=zone, now=now, prepared=prepared)
    beginning = [(run, run_id) for run, run_id in runs if run_id.startswith(told.lower())]
    if len(told) >= SHORTEST and len(beginning) == 1:
        return _since(house, beginning[0][0], "run")
    if len(told) >= SHORTEST and beginning:
        raise CallError("ambiguous_name", said=said, candidates=[run_id for _, run_id in beginning])
    texts = [text for row in meetings for text in row[:4] if text]
    raise CallError("since_unknown", value=said, nearest=nearest([said], texts, always=True)[said])


def _moment(told: str, zone: ZoneInfo) -> datetime | None:
    try:
        when = datetime.fromisoformat(told)
    except ValueError:
        return None
    if len(told) <= 10:
        when = datetime.combine(when.date(), time.min)
    return when if when.tzinfo is not None else when.replace(tzinfo=zone)


def _since(house: Warehouse, run: int, how: str, meeting: str | None = None) -> Since:
    run_id, at = house.rows("select run_id, epoch_us(started_at) from history.runs where run = $run", run=run)[0]
    return Since(run, run_id, datetime.fromtimestamp(at / 1_000_000, tz=UTC), how, meeting)


def _named(told: str, meetings: list[tuple], now: datetime) -> tuple | None:
    """Return the meeting that an id, a title or its unit's name means; of several that fit by name the next to come."""
    for row in meetings:
        if row[0] == told:
            return row
    wanted = fold_text(told)
    fitting = [row for row in meetings if wanted in {fold_text(text) for text in row[1:4] if text}]
    to_come = sorted((row for row in fitting if row[5] and _starts(row) > now), key=lambda row: (row[4], row[0]))
    if to_come:
        return to_come[0]
    return max(fitting, key=lambda row: (row[4], row[0]), default=None)


def _of_meeting(
    house: Warehouse, row: tuple, meetings: list[tuple], *, zone: ZoneInfo, now: datetime, prepared: Prepared
) -> Since:
    meeting_id, title, unit_id, *_ = row
    called = title or meeting_id
    if _starts(row) <= now:
        return _since(house, past.run_at(house, _starts(row), zone), "meeting", called)
    run = house.value(
        "select max(run) from history.runs where list_contains($ids, run_id)", ids=list(prepared(meeting_id))
    )
    if run is not None:
        return _since(house, run, "prepared", called)
    before = [other for other in meetings if other[2] == unit_id and _starts(other) <= now]
    if before:
        last = max(before, key=lambda other: (other[4], other[0]))
        return _since(house, past.run_at(house, _starts(last), zone), "previous", last[1] or last[0])
    raise CallError("never_prepared", meeting=called)


def _starts(row: tuple) -> datetime:
    return datetime.fromtimestamp(row[4] / 1_000_000, tz=UTC)
