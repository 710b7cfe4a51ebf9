"""Whom the coming meetings name, and how each of them stands: what the pages and their door need, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okr.reconcile import view

if TYPE_CHECKING:
    from datetime import datetime

    from okr.reconcile.reading import Reader

_GAPS = """
with last as (select max(run) as run from history.runs),
open_gaps as (
    select g.period_id, g.severity, g.unit_id, g.counterparty_unit_id
    from history.gaps g, last
    where g.from_run <= last.run and (g.to_run is null or g.to_run > last.run)
)
select m.meeting_id, g.severity, count(*) as gaps
from judged.meetings m
join open_gaps g on g.period_id = m.period_id
where g.unit_id = m.unit_id or g.counterparty_unit_id = m.unit_id
    or list_contains(m.participants, g.unit_id) or list_contains(m.participants, g.counterparty_unit_id)
group by all
"""


def invited(reader: Reader, *, now: datetime) -> list[dict[str, Any]]:
    """Return the coming meetings as `Reader.meetings` does, each with whom it names and what is open.

    Beside the meeting's own columns: `unit_name`, `leader_id` (of the upper unit), `period_name`, `hrbps` (as
    `Reader.meeting` gives them), `participant_names`, `gaps` (how many of each severity).
    """
    units = {row["unit_id"]: row for row in reader.units()}
    people = reader.people()
    periods = dict(reader.house.rows("select period_id, name from okr.periods"))
    stated = dict(reader.house.rows("select meeting_id, hrbp_ids from okr.meetings"))
    gaps: dict[str, dict[str, int]] = {}
    for meeting_id, severity, count in reader.house.rows(_GAPS):
        gaps.setdefault(meeting_id, {})[severity] = count
    found = []
    for row in reader.meetings(now=now):
        unit = units.get(row["unit_id"], {})
        found.append(
            {
                **row,
                "unit_name": unit.get("name") or row["unit_id"],
                "leader_id": unit.get("leader_id"),
                "period_name": periods.get(row["period_id"]) or row["period_id"],
                "hrbps": view.named_people(stated.get(row["meeting_id"]) or [], people),
                "participant_names": {one: units.get(one, {}).get("name") or one for one in row["participants"]},
                "gaps": gaps.get(row["meeting_id"], {}),
            }
        )
    return found
