"""What changed since an earlier run: in OKRs, requests and units, whom it concerns below, and in which gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from okr.reconcile import periods
from okr.reconcile.changes import causes, rows
from okr.reconcile.changes.since import Since, since

if TYPE_CHECKING:
    from datetime import datetime

    from okr.reconcile.changes.since import Prepared
    from okr.reconcile.reading import Reader

__all__ = ["Changes", "Since", "changes"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Changes:
    """What changed between two runs.

    Attributes:
        since: the earlier run; the later one is the last.
        period_id: of the view.
        compared: whether the view had been judged by then, so that gaps can be compared.
        things: what changed, upper units first. Each with `kind` (`kinds.ORDER`), `subject_kind`, `subject_id`,
            `label`, `unit_id`, `counterparty_unit_id`, `detail` (by field `before` and `after`), `shown` (the same
            with names in place of ids), `hidden` (it is not for everybody; then both are empty), `changed_at`,
            `run_id`, `carriers` (who carries it, at every level below: `objective_id`, `label`, `unit_id`,
            `level`, `person_id` and `person_name` of who is told, `still`), `opened` and `closed` (fingerprints).
        gaps: what opened and closed, worst first: a gap's columns and `kind` (`opened`, `closed`), `ended`,
            `changed_at`, `run_id`, `causes` (places in `things`).
    """

    since: Since
    period_id: str
    compared: bool
    things: list[Row]
    gaps: list[Row]


def changes(
    reader: Reader,
    said: str,
    *,
    now: datetime,
    prepared: Prepared,
    unit: str | None = None,
    period: str | None = None,
    meeting: str | None = None,
) -> Changes:
    """Return what changed since a time, a run or a meeting (`since.since`), in one view.

    Args:
        reader: of the warehouse.
        said: since when.
        now: the time of the command.
        prepared: the ids of the runs that prepared a meeting, by the meeting's id.
        unit: only what concerns it or a unit below: its own, asked of it, or carried by it.
        period: the view of that period; without it and without a meeting the current one.
        meeting: only what concerns its upper unit and its participants, likewise, in its period's view.

    Raises:
        CallError: as `Reader.gaps` and `since.since` do.
    """
    house = reader.house
    start = since(house, said, zone=reader.zone, now=now, prepared=prepared)
    period_id, units = reader.scope(now=now, unit=unit, period=period, meeting=meeting)
    chain = periods.chain(period_id, house.rows("select period_id, parent_period_id from okr.periods"))
    compared = bool(
        house.value(
            "select count(*) from history.judged where period_id = $period and run <= $base",
            period=period_id,
            base=start.run,
        )
    )
    things = rows.things(house, start.run, period_id, chain)
    gaps = causes.gaps(house, start.run, period_id) if compared else []
    causes.attribute(house, start.run, period_id, things, gaps)
    if units is not None:
        things, gaps = _within(things, gaps, units)
    return Changes(start, period_id, compared, [rows.told(row) for row in things], gaps)


def _within(things: list[Row], gaps: list[Row], units: set[str]) -> tuple[list[Row], list[Row]]:
    """Keep what concerns some units; what opened a gap of theirs is named there, also where it is not theirs."""
    kept = [
        row for row in things if units & row["units"] or any(carrier["unit_id"] in units for carrier in row["carriers"])
    ]
    ours = [gap for gap in gaps if gap["unit_id"] in units or gap["counterparty_unit_id"] in units]
    causing = {id(things[at]) for gap in ours for at in gap["causes"]}
    kept_ids = {id(row) for row in kept} | causing
    chosen = [row for row in things if id(row) in kept_ids]
    place = {id(row): at for at, row in enumerate(chosen)}
    for gap in ours:
        gap["causes"] = [place[id(things[at])] for at in gap["causes"]]
    told = {gap["fingerprint"] for gap in ours}
    for row in chosen:
        for name in ("opened", "closed"):
            row[name] = [fingerprint for fingerprint in row[name] if fingerprint in told]
    return chosen, ours
