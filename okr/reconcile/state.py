"""The stages between what sources said and what a run found, in the order in which data takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from okr.reconcile import answers, copies, memory, merge, periods
from okr.reconcile.identity import Identities
from okr.reconcile.intake import as_json
from okr.reconcile.judge import Judge, Moment
from okr.reconcile.likeness import nearest
from okr.reconcile.precedence import SETTINGS as SETTINGS_SOURCE
from okr.reconcile.precedence import Precedence
from okr.reconcile.rulebook import provisional
from okr.reconcile.spoken import Spoken
from schemas import TABLES
from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from okr.ledger import Answer, Decision
    from okr.reconcile.identity.verdicts import Mapped
    from okr.reconcile.warehouse import Warehouse
    from okr.report import Report
    from okr.settings import MeetingSettings, Settings


@dataclass
class Found:
    """What a run found, in figures."""

    current_period: str | None
    judged: list[str]
    gaps: dict[str, int] = field(default_factory=dict)
    opened: int = 0
    resolved: int = 0
    refused_rows: int = 0
    refused_values: int = 0


def understand(
    house: Warehouse,
    settings: Settings,
    report: Report,
    at: datetime,
    decisions: Sequence[Decision] = (),
    mapping: Sequence[Mapped] = (),
    given: Sequence[Answer] = (),
) -> dict[str, str]:
    """Merge what the sources said into one row for each thing.

    Args:
        house: with what the sources said in `store`.
        settings: of the enterprise.
        report: told of stages and notes.
        at: the time of the run.
        decisions: those of people that stand, of all kinds, oldest first.
        mapping: the settings' table of what is the same in several sources.
        given: answers to requests, all that the ledger has.

    Returns:
        By table, the relation of what was said: as delivered, or with words resolved, under each source's own ids.
    """
    precedence = Precedence(settings)
    merging = merge.Merging(house, settings, precedence, decisions)
    same = Identities(house, report, at, list(precedence.place), decisions, mapping)
    same.begin()
    rows: dict[str, str] = {}
    spoken: Spoken | None = None
    report.stage("merge", total=len(TABLES))
    for table in TABLES.values():
        if table.name == "meetings":
            _meetings_of_settings(house, settings, same)
        if table.name == "objectives":
            current = current_period(house, settings, None, at)
            copies.settle(house, current, report)
            spoken = Spoken(house, current)
        rows[table.name] = spoken.relation(table.name) if spoken else f"store.{table.name}"
        told = same.relation(table.name, rows[table.name])
        if table.name == "handshakes":
            told = answers.merged(house, told, answers.canonical(given, same.now), report, at)
        merging.merge(table, told)
        report.advance()
    same.finish()
    if spoken:
        spoken.finish()
    return rows


def judge(
    house: Warehouse,
    settings: Settings,
    report: Report,
    *,
    run_id: str,
    command: str,
    at: datetime,
    rows: dict[str, str],
) -> Found:
    """Remember the merged rows, judge every view, and carry the history of gaps on."""
    zone = settings.zone
    today = at.astimezone(zone).date()
    current = current_period(house, settings, report, at)
    empty = house.rows("select period_id from merged.periods where ends_on < starts_on order by 1")
    if empty:
        report.note("periods_without_days", periods=[period_id for (period_id,) in empty])
    _coming(house, at)
    run = memory.begin_run(house, run_id, at, command, current)
    report.stage("remember")
    memory.remember(house, run, at, rows)
    parents = house.rows("select period_id, parent_period_id from merged.periods")
    views = house.rows(
        "select distinct m.period_id from coming_meeting m "
        "join merged.periods p on p.period_id = m.period_id order by 1"
    )
    named: list[str] = [period_id for (period_id,) in views if period_id != current]
    judged = [current, *named] if current else named
    report.stage("prepare")
    judging = Judge(house, settings, Moment(at, settings.timezone), report)
    judging.prepare()
    memory.begin_gaps(house)
    unsure = provisional(_never_delivered(house))
    for period_id in judged:
        judging.view(period_id, periods.chain(period_id, parents))
        memory.keep_gaps(house, period_id, unsure)
    report.stage("gaps")
    memory.close_gaps(house, run, at, judged, today)
    found = Found(current, judged)
    found.gaps, found.opened, found.resolved = memory.tally(house, run, current)
    found.refused_rows = house.value(
        "select (select count(*) from store.quarantine where whole) + "
        '(select count(distinct (source, "table", record_id)) from judged.refused_references)'
    )
    found.refused_values = house.value("select count(*) from store.quarantine where not whole")
    return found


def _never_delivered(house: Warehouse) -> list[str]:
    """Return the tables of which a source failed to bring the rows and never has brought any.

    A source that failed as a whole may have all of them; one of which a table is refused counts as failed for it.
    """
    if house.value("select count(*) from store.sources where state = 'failed' and delivered_at is null"):
        return list(TABLES)
    failed = house.rows(
        "select distinct f.scope from store.failures f where list_contains($tables, f.scope) and not exists ("
        'select 1 from store.holds h where h.source = f.source and h."table" = f.scope) order by 1',
        tables=list(TABLES),
    )
    return [table for (table,) in failed]


def current_period(house: Warehouse, settings: Settings, report: Report | None, at: datetime) -> str | None:
    """Return the period of the current view: the settings', else the shortest that holds today."""
    rows = house.rows("select period_id, starts_on, ends_on, name from okr.periods")
    if settings.period is None:
        today = at.astimezone(settings.zone).date()
        found = periods.current(((a, b, c) for a, b, c, _ in rows), today)
        if found is None and report is not None:
            report.note("no_current_period", day=today)
        return found
    for period_id, *_ in rows:
        if settings.period == period_id:
            return period_id
    named = [period_id for period_id, _, _, name in rows if name and fold_text(name) == fold_text(settings.period)]
    if len(named) == 1:
        return named[0]
    other = house.rows(
        "select distinct id from history.known_as where kind = 'period' and own_id = $said", said=settings.period
    )
    if len(other) == 1 and other[0][0] in {row[0] for row in rows}:
        return other[0][0]
    if report is not None:
        ids = [row[0] for row in rows]
        report.note(
            "period_unknown",
            period=settings.period,
            nearest=nearest([settings.period], ids, always=True)[settings.period],
        )
    return None


def _coming(house: Warehouse, at: datetime) -> None:
    """Make `coming_meeting`: the meetings that are still to be prepared."""
    house.run(
        "create or replace temp table coming_meeting as "
        "select * from merged.meetings where $at::timestamptz < starts_at + interval 1 day",
        at=at,
    )


def _meetings_of_settings(house: Warehouse, settings: Settings, same: Identities) -> None:
    """Put the settings' meetings beside those of the sources; one of an unknown unit or period is refused."""
    if not settings.meetings:
        return
    units = house.rows("select unit_id, name, aliases, active from merged.org_units")
    known_periods = house.rows("select period_id, name, null, true from merged.periods")
    rows, refused = [], []
    for meeting_id, meeting in settings.meetings.items():
        unit_id = _meant(same.now("unit", meeting.unit), units)
        period_id = _meant(same.now("period", meeting.period), known_periods)
        for name, said, found, known in (
            ("unit_id", meeting.unit, unit_id, units),
            ("period_id", meeting.period, period_id, known_periods),
        ):
            if found is None:
                refused.append(_refusal(settings, meeting_id, name, said, known))
        if unit_id is not None and period_id is not None:
            rows.append(_row(settings, meeting_id, meeting, unit_id, period_id))
    schema = {name: TABLES["meetings"].dtypes[name] for name in TABLES["meetings"].dtypes}
    house.add(
        "store.meetings",
        pl.DataFrame(rows, schema=schema, orient="row").with_columns(
            source=pl.lit(SETTINGS_SOURCE),
            scope=pl.lit("meetings"),
            part=pl.lit("meetings"),
            place=pl.format("{}: meetings.{}", pl.lit(settings.file.name), "meeting_id"),
        ),
    )
    if refused:
        house.add("store.quarantine", pl.DataFrame(refused, orient="row", infer_schema_length=None))


def _row(
    settings: Settings, meeting_id: str, meeting: MeetingSettings, unit_id: str, period_id: str
) -> dict[str, object]:
    starts_at = meeting.starts_at
    if starts_at.tzinfo is None:
        starts_at = starts_at.replace(tzinfo=settings.zone)
    return {
        "meeting_id": meeting_id,
        "unit_id": unit_id,
        "period_id": period_id,
        "starts_at": starts_at,
        "hrbp_ids": list(meeting.hrbp) or None,
        "title": meeting.title,
        "starts_at_offset": starts_at.isoformat()[-6:],
    }


def _meant(said: str, known: list[tuple]) -> str | None:
    """Return the id that a text of the settings means: an id, else the one active thing with that name or alias."""
    for found, *_ in known:
        if found == said:
            return found
    wanted = fold_text(said)
    by_name = {
        found
        for found, name, aliases, active in known
        if active and any(fold_text(text) == wanted for text in (name, *(aliases or ())) if text)
    }
    return by_name.pop() if len(by_name) == 1 else None


def _refusal(settings: Settings, meeting_id: str, name: str, said: str, known: list[tuple]) -> dict[str, object]:
    texts = [text for found, label, *_ in known for text in (found, label) if text]
    return {
        "source": SETTINGS_SOURCE,
        "scope": "meetings",
        "table": "meetings",
        "record_id": meeting_id,
        "place": f"{settings.file.name}: meetings.{meeting_id}",
        "field": name,
        "value": said,
        "code": "unknown_unit" if name == "unit_id" else "unknown_period",
        "values": as_json({"value": said, "nearest": nearest([said], texts, always=True)[said]}),
        "whole": True,
    }
