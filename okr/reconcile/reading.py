"""The present state as people and programs ask for it."""

from __future__ import annotations

import itertools
import json
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from pydantic_core import from_json, to_json

from okr.errors import CallError
from okr.reconcile import past, view, warehouse
from okr.reconcile.likeness import nearest
from okr.reconcile.periods import is_coming
from okr.reconcile.relations.trees import plant
from okr.reconcile.rulebook import SEVERITIES, rules
from okr.reconcile.state import current_period
from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType
    from zoneinfo import ZoneInfo

    from okr.reconcile.rulebook import Rule
    from okr.reconcile.warehouse import Warehouse
    from okr.settings import Settings

BATCH = 5_000
"""Rows that are held at once."""

_GAPS = """
select g.code, g.severity, g.subject_kind, g.subject_id, g.period_id, g.unit_id, g.counterparty_unit_id,
    g.notify_person_id, g.detail, g.provisional, epoch_us(g.first_seen), g.fingerprint, g.unit_name,
    g.counterparty_name
from history.gaps g
where g.period_id = $period and g.from_run <= $run and (g.to_run is null or g.to_run > $run) {conditions}
order by list_position($severities, g.severity), g.code, g.subject_id, g.counterparty_unit_id nulls first,
    g.subject_kind, g.fingerprint
"""


_QUARANTINE = """
with refused as (
    select source, "table", record_id, place, field, "value", code, "values", whole, parent_id
    from store.quarantine
    union all
    select source, "table", record_id, place, field, "value", code, "values", true, parent_id
    from judged.refused_references
),
confidential as (
    select objective_id from okr.objectives where visibility <> 'public' or state = 'masked'
)
select
    r.* exclude (parent_id),
    case
        when r."table" = 'objectives' then r.record_id in (from confidential)
        when r."table" in ('key_results', 'alignments') then r.parent_id in (from confidential)
        else k.objective_id in (from confidential)
    end is true as hidden
from refused r
left join okr.key_results k on r."table" in ('handshakes', 'dependencies') and k.kr_id = r.parent_id
order by all
"""


class Reader:
    """Reads the warehouse; a context manager, so that the file is let go.

    Raises:
        CallError: there is no warehouse yet, or what is asked for is not known.
        RunError: the warehouse cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._house: Warehouse

    def __enter__(self) -> Self:
        self._house = self._stack.enter_context(warehouse.reading(self._settings.warehouse.path, self._settings.engine))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return self._stack.__exit__(kind, failure, trace)

    @property
    def house(self) -> Warehouse:
        """The open warehouse, for the other files of this room."""
        return self._house

    @property
    def zone(self) -> ZoneInfo:
        """The company's zone."""
        return self._settings.zone

    # -- gaps -----------------------------------------------------------------------------------------

    def gaps(self, **asked: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401, D417 (as `_asked` takes them)
        """Return the open gaps of one view in the order of the contract.

        Keyword Args:
            codes: only these rules.
            unit: an id, name or alias: that unit or below, as `unit_id` or counterparty.
            meeting: an id, title or upper unit's name: the gaps of that meeting.
            period: the view of that period; without it and without a meeting the current one.
            as_of: what the last successful run at or before this time had found.
            now: the time of the command.

        Raises:
            CallError: `unknown_code`, `unknown_unit`, `unknown_meeting`, `unknown_period`, `period_not_judged`,
                `no_current_period`, `period_of_settings_unknown`, `no_run_then`.
        """
        query, values = self._asked(**asked)
        return itertools.chain.from_iterable(self._gaps(query, values, asked.get("as_of")))

    def _gaps(self, query: str, values: dict[str, object], as_of: datetime | None) -> Iterator[list[dict[str, Any]]]:
        """Hand out gaps in batches; of an earlier time nothing is told that was for everybody and is so no longer."""
        book = rules()
        then = None if as_of is None else self._run(as_of)
        for batch in self._house.batches(query, BATCH, **values):
            if then is None:
                yield [gap_row(book, row) for row in batch]
                continue
            hidden = past.confidential(self._house, {row[2:4] for row in batch}, since=then)
            yield [gap_row(book, row, hidden=row[2:4] in hidden) for row in batch]

    def gap_count(self, **asked: Any) -> int:  # noqa: ANN401
        """Return how many gaps `gaps` has."""
        query, values = self._asked(**asked)
        return self._house.value(f"select count(*) from ({query})", **values)

    def gaps_json(self, **asked: Any) -> Iterator[str]:  # noqa: ANN401
        """Return the JSON array of `gaps` in pieces of text."""
        query, values = self._asked(**asked)
        before = "["
        for batch in self._gaps(query, values, asked.get("as_of")):
            # A batch at once, without its brackets: a call for each row takes a tenth of the time.
            yield before + "\n" + to_json(batch)[1:-1].decode()
            before = ","
        yield "\n]\n" if before == "," else "[]\n"

    def _asked(
        self,
        *,
        now: datetime,
        codes: Sequence[str] = (),
        unit: str | None = None,
        meeting: str | None = None,
        period: str | None = None,
        as_of: datetime | None = None,
    ) -> tuple[str, dict[str, object]]:
        for code in codes:
            if code not in rules():
                raise CallError("unknown_code", code=code, nearest=nearest([code], rules(), always=True)[code])
        run = self._run(as_of)
        conditions = ""
        values: dict[str, object] = {"run": run, "severities": list(SEVERITIES)}
        if codes:
            conditions += " and list_contains($codes, g.code)"
            values["codes"] = list(codes)
        if meeting is not None:
            found = self._meeting(meeting, now, None if as_of is None else run)
            values["period"] = found["period_id"]
            values["units"] = [found["unit_id"], *found["participants"]]
            conditions += " and (list_contains($units, g.unit_id) or list_contains($units, g.counterparty_unit_id))"
        else:
            values["period"] = self._period(period, run, now, as_of)
        if unit is not None:
            values["below"] = self._unit_and_below(unit, None if as_of is None else run)
            conditions += " and (list_contains($below, g.unit_id) or list_contains($below, g.counterparty_unit_id))"
        return _GAPS.format(conditions=conditions), values

    # -- figures --------------------------------------------------------------------------------------

    def coverage(
        self, *, now: datetime, unit: str | None = None, period: str | None = None, as_of: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Return a row per active unit of a view, by unit_id; `as_of`: as for `gaps`."""
        run = self._run(as_of)
        then = self._figures_at(run, as_of)
        rows = self._dicts(
            f"select * exclude (period_id) from {past.found('coverage', then)} where period_id = $period "
            "order by unit_id",
            period=self._period(period, run, now, as_of),
            **past.values(then),
        )
        if unit is None:
            return rows
        below = set(self._unit_and_below(unit, then))
        return [row for row in rows if row["unit_id"] in below]

    def handshakes(
        self, *, now: datetime, unit: str | None = None, meeting: str | None = None, as_of: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Return the handshakes that count of a view, by handshake_id; those of a meeting are its requests.

        `visibility` and `label` (how the requesting KR is called where its content is not for everybody) come
        beside the columns of the contract. `as_of`: as for `gaps`; what is not for everybody now is not either.
        """
        run = self._run(as_of)
        then = self._figures_at(run, as_of)
        units: set[str] | None = None
        if meeting is not None:
            found = self._meeting(meeting, now, then)
            period, units = found["period_id"], {found["unit_id"], *found["participants"]}
        else:
            period = self._period(None, run, now, as_of)
        rows = self._dicts(
            f"select * exclude (period_id) from {past.found('handshakes', then)} where period_id = $period "
            "order by handshake_id",
            period=period,
            **past.values(then),
        )
        if then is not None:
            past.hide(self._house, rows)
        if units is not None:
            rows = [
                row for row in rows if row["unit_id"] in units and row["standing"] not in {"unknown-party", "vertical"}
            ]
        if unit is not None:
            below = set(self._unit_and_below(unit, then))
            rows = [row for row in rows if row["unit_id"] in below or row["party_unit_id"] in below]
        return rows

    def meetings(self, *, now: datetime, as_of: datetime | None = None) -> list[dict[str, Any]]:
        """Return the coming meetings that the last run judged, by `starts_at` and id; `as_of`: as for `gaps`."""
        return self._meetings(now, None if as_of is None else self._figures_at(self._run(as_of), as_of))

    def _meetings(self, now: datetime, run: int | None) -> list[dict[str, Any]]:
        rows = self._dicts(
            "select m.* exclude (starts_at), epoch_us(starts_at) as starts_at "
            f"from {past.found('meetings', run)} m order by m.starts_at, meeting_id",
            **past.values(run),
        )
        order = _MEETING
        coming = []
        for row in rows:
            starts_at = datetime.fromtimestamp(row["starts_at"] / 1_000_000, tz=UTC)
            # What an earlier run had judged was to come then.
            if run is None and not is_coming(starts_at, now):
                continue
            row["starts_at"] = _with_offset(starts_at, row.pop("starts_at_offset"))
            coming.append({name: row[name] for name in order})
        return coming

    def meeting(self, meeting: str, *, now: datetime) -> dict[str, Any]:
        """Return one coming meeting: its row, `hrbp_ids` as stated, `hrbps`, whom they name, and `parts`.

        `parts` is what its readiness is made of: `handshakes_known` (whether a source can hold them), `upper_krs`
        and `upper_carried` (the upper unit's own KRs), `things` and `sound` (Os and KRs in participants).

        Args:
            meeting: an id, a title or the upper unit's name.
            now: the time of the command.

        Raises:
            CallError: `unknown_meeting`, `past_meeting`, `ambiguous_name`.
        """
        found = self._meeting(meeting, now)
        stated = self._house.value("select hrbp_ids from okr.meetings where meeting_id = $id", id=found["meeting_id"])
        hrbps = view.named_people(stated or [], view.who_may_be_named(self._house, stated or []))
        (parts,) = view.rows(self._house, view.PARTS, meeting=found["meeting_id"])
        return {**found, "hrbp_ids": stated or [], "hrbps": hrbps, "parts": parts}

    def meeting_sources(self) -> list[str]:
        """Return the names of the sources that tell of meetings."""
        known = self._house.rows("select distinct source from store.holds where \"table\" = 'meetings' order by 1")
        return [source for (source,) in known]

    def scope(
        self, *, now: datetime, unit: str | None = None, period: str | None = None, meeting: str | None = None
    ) -> tuple[str, set[str] | None]:
        """Return the view that is asked for, and the units that it is asked of; None: all.

        Args:
            now: the time of the command.
            unit: it and those below.
            period: the view of that period; without it and without a meeting the current one.
            meeting: its period's view, its upper unit and its participants.

        Raises:
            CallError: as `gaps` does.
        """
        units: set[str] | None = None
        if meeting is not None:
            found = self._meeting(meeting, now)
            period_id, units = found["period_id"], {found["unit_id"], *found["participants"]}
        else:
            period_id = self._period(period, self._run(None), now, None)
        if unit is not None:
            below = set(self._unit_and_below(unit))
            units = below if units is None else units & below
        return period_id, units

    # -- who there is and what counts -----------------------------------------------------------------

    def people(self) -> list[dict[str, Any]]:
        """Return everybody: `person_id`, `name`, `aliases`, `email`, `locale`, `unit_id`, `active`."""
        return view.rows(self._house, view.PEOPLE)

    def units(self) -> list[dict[str, Any]]:
        """Return every unit: `unit_id`, `name`, `parent_id` (null: a root), `leader_id`, `told_id`, `active`.

        `told_id`: the active leader who is told of what the unit has to close, its own or the nearest above.
        """
        return view.rows(self._house, view.UNITS)

    def current_view(self, *, now: datetime) -> str:
        """Return the period whose view is shown where nothing else is asked for.

        Raises:
            CallError: `no_current_period`, `period_of_settings_unknown`, `period_not_judged`.
        """
        return self._period(None, self._run(None), now, None)

    def unit_and_below(self, unit: str) -> list[str]:
        """Return the ids of a unit, named by its id, name or alias, and of those below it.

        Raises:
            CallError: `unknown_unit`, `ambiguous_name`.
        """
        return self._unit_and_below(unit)

    def things(self, period_id: str) -> list[dict[str, Any]]:
        """Return every O and KR that counts in the view of a period, each O before its KRs.

        `label` is how a thing is called where its content is not for everybody; the title of a masked one is
        null. `standing` of a KR: `carried`, `whole` (AL103), `dropped` (AL101), null where nobody is to carry it.
        """
        return view.rows(self._house, view.THINGS, period=period_id)

    def carries(self, period_id: str) -> list[dict[str, Any]]:
        """Return what each O of the view carries, stated or inferred; `below`: as a carrier."""
        return view.rows(self._house, view.CARRIES, period=period_id)

    def requests(self, period_id: str) -> list[dict[str, Any]]:
        """Return every handshake that counts in the view, as `handshakes` does, with who answered and decided."""
        found = view.rows(self._house, view.HANDSHAKES, period=period_id)
        for row in found:
            row["responded_at"] = None if row["responded_at"] is None else utc(row["responded_at"])
        return found

    def conflicts(self) -> list[dict[str, Any]]:
        """Return what sources say differently and nobody has decided: `kind`, `id`, `field`, `said` by precedence."""
        return self._dicts("select kind, id, field, said from judged.conflicts where entry is null order by all")

    def okrs(self, period_id: str, unit_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return all Os of these units and this very period, whatever their state, as their sources have them.

        `okrs`: a row for each KR with its O, or for an O without a KR; `needs`: their handshakes; `links`: what
        the Os carry as stated.
        """
        queries = {"okrs": view.OKRS, "needs": view.NEEDS, "links": view.LINKS}
        asked = {"period": period_id, "units": list(unit_ids)}
        return {name: view.rows(self._house, query, **asked) for name, query in queries.items()}

    def quarantine(self) -> list[dict[str, Any]]:
        """Return every refused value and row: where it stands, what it is, why it was refused.

        `hidden` comes beside the columns of the contract: it is of an O whose content is not for everybody.
        """
        rows = self._dicts(_QUARANTINE)
        for row in rows:
            row["values"] = json.loads(row["values"] or "{}")
        return rows

    # -- runs and sources -----------------------------------------------------------------------------

    def last_run(self) -> dict[str, Any]:
        """Return the last run: `run_id`, `started_at`, `command`, `current_period`, `judged`."""
        (run, run_id, started, command, current) = self._house.rows(
            "select run, run_id, epoch_us(started_at), command, current_period from history.runs "
            "order by run desc limit 1"
        )[0]
        judged = [
            period for (period,) in self._house.rows("select period_id from history.judged where run = $r", r=run)
        ]
        return {
            "run_id": run_id,
            "started_at": utc(started),
            "command": command,
            "current_period": current,
            "judged": judged,
        }

    def sources(self) -> list[dict[str, Any]]:
        """Return how each source stands: `source`, `state`, `delivered_at`, `code`, `values`, `held_delivery`."""
        rows = self._dicts(
            'select source, state, epoch_us(delivered_at) as delivered_at, code, "values", held_delivery '
            "from store.sources"
        )
        for row in rows:
            row["values"] = json.loads(row["values"] or "{}")
            row["delivered_at"] = None if row["delivered_at"] is None else utc(row["delivered_at"])
        return rows

    # -- what was meant -------------------------------------------------------------------------------

    def _dicts(self, query: str, **values: object) -> list[dict[str, Any]]:
        return self._house.frame(query, **values).to_dicts()

    def meant(self, kind: str, said: str) -> str:
        """Return the `unit` or `period` that a text means: an id, else the one with that name or alias.

        Raises:
            CallError: `unknown_unit`, `unknown_period`, `ambiguous_name`.
        """
        query = {
            "unit": "select unit_id, name, aliases from okr.org_units order by unit_id",
            "period": "select period_id, name from okr.periods order by period_id",
        }
        return self._one(kind, said, self._house.rows(query[kind]))

    def current_period(self, now: datetime) -> str:
        """Return the current period, whether or not the last run judged it.

        Raises:
            CallError: `no_current_period`, `period_of_settings_unknown`.
        """
        found = current_period(self._house, self._settings, None, now)
        if found is None:
            raise self._no_period(self.last_run()["judged"], None)
        return found

    def _run(self, as_of: datetime | None) -> int:
        """Return the number of the last run, or of the last at or before a time."""
        return past.run_at(self._house, as_of, self._settings.zone)

    def _period(self, period: str | None, run: int, now: datetime, as_of: datetime | None) -> str:
        """Return the view that is asked for; only views that the run judged can be shown."""
        judged = [
            found for (found,) in self._house.rows("select period_id from history.judged where run = $run", run=run)
        ]
        if period is not None:
            then = None if as_of is None else run
            known = self._house.rows(
                f"select period_id, name from {past.rows('periods', then)} order by period_id", **past.values(then)
            )
            picked = self._one("period", period, known)
        elif as_of is not None:
            picked = self._house.value("select current_period from history.runs where run = $run", run=run)
        else:
            picked = current_period(self._house, self._settings, None, now)
        if picked is None:
            raise self._no_period(judged, as_of)
        if picked not in judged:
            code = "period_not_judged" if as_of is None else "period_not_judged_then"
            raise CallError(code, period=picked, judged=judged)
        return picked

    def _no_period(self, judged: list[str], as_of: datetime | None) -> CallError:
        """Return why there is no current period: none holds today, or the settings name one that nobody knows."""
        wanted = self._settings.period
        if wanted is None or as_of is not None:
            return CallError("no_current_period", judged=judged)
        known = [period_id for (period_id,) in self._house.rows("select period_id from okr.periods order by period_id")]
        return CallError(
            "period_of_settings_unknown",
            period=wanted,
            nearest=nearest([wanted], known, always=True)[wanted],
            judged=judged,
        )

    def _figures_at(self, run: int, as_of: datetime | None) -> int | None:
        """Return the run whose figures are asked for; None: the present ones."""
        if as_of is None:
            return None
        past.require_figures(self._house, run, as_of)
        return run

    def _one(self, kind: str, said: str, known: list[tuple]) -> str:
        """Return the unit or period that is meant: by its id, name or alias, else by what one source alone calls it."""
        try:
            return chosen(said, known, f"unknown_{kind}", kind)
        except CallError:
            found = self._house.rows(
                "select distinct id from okr.identities where kind = $kind and source_id = $said", kind=kind, said=said
            )
            if len(found) == 1 and found[0][0] in {one[0] for one in known}:
                return found[0][0]
            raise

    def _unit_and_below(self, unit: str, run: int | None = None) -> list[str]:
        units = past.rows("org_units", run)
        known = self._house.rows(
            f"select unit_id, name, aliases, parent_id from {units} order by unit_id", **past.values(run)
        )
        picked = self._one("unit", unit, [row[:3] for row in known])
        # As stated the parents may go in a circle: then each of it is a root.
        tree = plant({unit_id: parent_id for unit_id, _, _, parent_id in known})
        return tree.order[tree.first[picked] : tree.last[picked] + 1]

    def _meeting(self, meeting: str, now: datetime, run: int | None = None) -> dict[str, Any]:
        coming = self._meetings(now, run)
        names = dict(self._house.rows(f"select unit_id, name from {past.rows('org_units', run)}", **past.values(run)))
        known = [(row["meeting_id"], row["title"], [row["unit_id"], names.get(row["unit_id"])]) for row in coming]
        try:
            picked = chosen(meeting, known, "unknown_meeting", "meeting")
        except CallError as unknown:
            if unknown.code == "unknown_meeting" and run is None:
                self._refuse_past(meeting, names, now, unknown.values["nearest"])
            raise
        return next(row for row in coming if row["meeting_id"] == picked)

    def _refuse_past(self, meeting: str, names: dict[str, str], now: datetime, nearest_coming: object) -> None:
        """Say when a meeting was, where the text names one that is over."""
        wanted = fold_text(meeting)
        over = [
            (starts_at, meeting_id, title)
            for meeting_id, title, unit_id, starts_at in self._house.rows(
                "select meeting_id, title, unit_id, epoch_us(starts_at) from okr.meetings"
            )
            if wanted in {fold_text(text) for text in (meeting_id, title, unit_id, names.get(unit_id)) if text}
            and not is_coming(datetime.fromtimestamp(starts_at / 1_000_000, tz=UTC), now)
        ]
        if over:
            starts_at, meeting_id, title = max(over)
            when = datetime.fromtimestamp(starts_at / 1_000_000, tz=UTC).astimezone(self._settings.zone)
            raise CallError("past_meeting", meeting=title or meeting_id, starts_at=when, nearest=nearest_coming)


_MEETING = (
    "meeting_id", "title", "unit_id", "period_id", "starts_at", "participants", "krs", "requests", "accepted",
    "clarify", "rejected", "unanswered", "planned", "stale", "handshake_density", "advice", "readiness",
)  # fmt: skip


def chosen(said: str, known: Sequence[tuple], code: str, what: str) -> str:
    """Return the id that a text on the command line means: an id, else the one with that name or alias."""
    for row in known:
        if row[0] == said:
            return said
    wanted = fold_text(said)
    found = [row[0] for row in known if wanted in {fold_text(text) for text in _texts(row[1:])}]
    if len(found) == 1:
        return found[0]
    if found:
        raise CallError("ambiguous_name", said=said, candidates=found)
    texts = [text for row in known for text in _texts(row)]
    raise CallError(code, **{what: said, "nearest": nearest([said], texts, always=True)[said]})


def _texts(row: Sequence[object]) -> list[str]:
    found: list[str] = []
    for value in row:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            found += [text for text in value if text]
    return found


def gap_row(book: Mapping[str, Rule], row: Sequence[Any], *, hidden: bool = False) -> dict[str, Any]:
    """Return a gap as the contract has it.

    Args:
        book: the rules.
        row: the columns of `_GAPS`.
        hidden: nothing that it quotes is told: its subject is not for everybody any more.
    """
    (
        code, severity, kind, subject, period, unit, other, notify, detail, provisional, first_seen, fingerprint,
        unit_name, other_name,
    ) = row  # fmt: skip
    values = from_json(detail)
    if hidden:
        values = past.withheld(values)
    told = {**values, "unit": unit_name, "other": other_name, "subject_id": subject}
    rule = book[code]
    return {
        "code": code,
        "name": rule.name,
        "severity": severity,
        "subject_kind": kind,
        "subject_id": subject,
        "period_id": period,
        "unit_id": unit,
        "counterparty_unit_id": other,
        "notify_person_id": notify,
        "message_zh": rule.message("zh", told),
        "message_en": rule.message("en", told),
        "detail": values,
        "provisional": provisional,
        "first_seen": utc(first_seen),
        "fingerprint": fingerprint,
    }


@lru_cache(maxsize=1024)  # many gaps were first seen in one run
def utc(microseconds: int) -> str:
    """Return a time of the warehouse as the contract writes it."""
    return datetime.fromtimestamp(microseconds / 1_000_000, tz=UTC).isoformat().replace("+00:00", "Z")


def _with_offset(moment: datetime, offset: str | None) -> str:
    """Return a meeting's time as it was stated, with the offset that it came with."""
    if not offset:
        return moment.isoformat().replace("+00:00", "Z")
    return moment.astimezone(datetime.strptime(offset, "%z").tzinfo).isoformat()
