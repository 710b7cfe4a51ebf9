"""One view judged: its relations, its gaps, its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from okr.reconcile import conflicts
from okr.reconcile.figures.effective import effective_coverage
from okr.reconcile.intake import as_json
from okr.reconcile.likeness import nearest
from okr.reconcile.relations import trees, words
from okr.reconcile.relations.circles import circles
from okr.reconcile.rulebook import rules
from schemas.normal import fold_text

if TYPE_CHECKING:
    from datetime import datetime

    from okr.reconcile.rulebook import Rule
    from okr.reconcile.warehouse import Warehouse
    from okr.report import Report
    from okr.settings import Settings

MACROS = (
    # A thing as a message shows it: its title only where everybody may see it.
    """create or replace temp macro thing(label, title, public) as
    {'label': label, 'title': case when public then title end, 'hidden': not public}""",
    "create or replace temp macro percent(share) as printf('%.10g%%', 100 * share)",
    "create or replace temp macro shown_point(point, public) as case when public then coalesce(point, '—') end",
)

RELATIONS = (
    "objective",
    "key_result",
    "carry",
    "inferred",
    "carriers",
    "owned",
    "handshake",
    "dependency",
    "conflict",
)
"""Files of `relations/`, in the order in which they build on each other."""

FOUND = """
create or replace temp table found_gap (
    code varchar, severity varchar, subject_kind varchar, subject_id varchar, unit_id varchar,
    counterparty_unit_id varchar, notify_person_id varchar, detail varchar
)
"""

COLLECT = """
insert into found_gap
with offender as ({query}),
numbered as (
    select *, row_number() over () as number
    from offender
),
owner_of as (
    select number, unnest(owner_ids) as person_id, generate_subscripts(owner_ids, 1) as place
    from numbered
    where owner_ids is not null
),
first_active as (
    select o.number, arg_min(o.person_id, o.place) as person_id
    from owner_of o
    join person p on p.person_id = o.person_id and p.active
    group by o.number
)
select
    $code, $severity, n.subject_kind, n.subject_id, n.unit_id, n.counterparty_unit_id,
    coalesce(f.person_id, u.told_id), to_json(n.detail)::varchar
from numbered n
left join first_active f on f.number = n.number
left join unit u on u.unit_id = n.unit_id
"""
"""A rule's offenders, each with who is told: the first active owner, else the nearest active leader."""


@dataclass(frozen=True)
class Moment:
    """When a run judges, and for whom days are days."""

    now: datetime
    zone: str


class Judge:
    """Judges view after view of one run."""

    def __init__(self, house: Warehouse, settings: Settings, moment: Moment, report: Report) -> None:
        self._house = house
        self._settings = settings
        self._moment = moment
        self._report = report
        self._conflicts = 0

    def prepare(self) -> None:
        """Make what all views share: units, people, parties, words of titles, refused rows."""
        house = self._house
        for macro in MACROS:
            house.run(macro)
        self._people()
        self._units()
        self._parties()
        self._references()
        self._words()
        house.run_file("relations/refused_row.sql")
        conflicts.same_parties(house)
        self._conflicts = house.value("select count(*) from judged.conflicts where entry is null")

    def view(self, period_id: str, periods: list[str]) -> None:
        """Judge the view of a period: fill `found_gap` and the figures of this view.

        Args:
            period_id: the view's own period.
            periods: it and its ancestors, nearest first.
        """
        house = self._house
        house.make("view_period", self._view_period(periods))
        for name in RELATIONS:
            if name == "inferred" and self._settings.infer == "off":
                continue
            if name == "conflict" and not self._conflicts:
                continue
            house.run_file(f"relations/{name}.sql")
        self._remember_links()
        self._circles()
        self._common_units()
        house.run(FOUND)
        self._report.stage("judge", total=len(rules()), period=period_id)
        for rule in rules().values():
            self._apply(rule, period_id)
            self._report.advance()
        self._figures(period_id)

    # -- once a run -----------------------------------------------------------------------------------

    def _people(self) -> None:
        self._house.run(
            "create or replace temp table person as "
            "select person_id, name, unit_id, active, aliases, email from merged.people"
        )
        names = self._house.rows(
            "select person_id, active, name, email, aliases from person where name is not null or email is not null "
            "or aliases is not null"
        )
        folded = [
            (person_id, active, fold_text(said))
            for person_id, active, name, email, aliases in names
            for said in (name, email, *(aliases or ()))
            if said
        ]
        self._house.make("person_name", _frame(folded, person_id=pl.String, active=pl.Boolean, said=pl.String))

    def _units(self) -> None:
        house = self._house
        active = {row[0] for row in house.rows("select person_id from person where active")}
        stated = house.rows("select unit_id, name, parent_id, leader_id, active, aliases from merged.org_units")
        house.make("unit", trees.units(((a, b, c, d, e) for a, b, c, d, e, _ in stated), active))
        house.run(
            "insert into judged.units select unit_id, name, parent_id, leader_id, told_id, active from unit order by 1"
        )
        names = [
            (unit_id, active_, fold_text(said), said)
            for unit_id, name, _, _, active_, aliases in stated
            for said in (name, *(aliases or ()))
            if said
        ]
        house.make(
            "unit_name",
            _frame(names, unit_id=pl.String, active=pl.Boolean, said=pl.String, written=pl.String),
        )

    def _parties(self) -> None:
        house = self._house
        texts = house.rows(
            "select distinct party from merged.handshakes where party is not null union "
            "select distinct metric from merged.key_results where metric is not null union "
            "select distinct measure_unit from merged.key_results where measure_unit is not null union "
            "select unnest(said).\"value\" from judged.conflicts where field = 'party'"
        )
        house.make(
            "folded",
            _frame([(said, fold_text(said)) for (said,) in texts], text=pl.String, said=pl.String),
        )
        house.run_file("relations/party.sql")
        unknown = [party for (party,) in house.rows("select party from party where unit_id is null order by party")]
        known = [name for (name,) in house.rows("select distinct written from unit_name where active order by 1")]
        house.make(
            "party_candidates",
            _frame(
                [(party, near) for party, near in nearest(unknown, known).items()],
                party=pl.String,
                candidates=pl.List(pl.String),
            ),
        )

    def _references(self) -> None:
        """Look up what rows refer to, and offer the nearest known id for what nobody knows."""
        house = self._house
        house.run_file("relations/refused_references.sql")
        for code, known in _KNOWN_IDS.items():
            asked = [
                said
                for (said,) in house.rows(
                    'select distinct "value" from judged.refused_references where code = $code order by 1',
                    code=code,
                )
            ]
            if not asked:
                continue
            ids = [found for (found,) in house.rows(known)]
            told = [(said, _json_nearest(said, near)) for said, near in nearest(asked, ids).items()]
            with house.lent(told=_frame(told, said=pl.String, told=pl.String)):
                house.run(
                    'update judged.refused_references r set "values" = t.told from told t '
                    'where r.code = $code and r."value" = t.said',
                    code=code,
                )
        house.run(
            "update judged.refused_references set \"values\" = to_json({'value': \"value\", 'nearest': []}) "
            "where \"values\" = '{}'"
        )

    def _words(self) -> None:
        house = self._house
        objectives = house.frame("select distinct title from merged.objectives where title is not null")
        if self._settings.infer == "on":
            titles = house.frame(
                "select title from merged.objectives where title is not null union "
                "select title from merged.key_results where title is not null"
            )
            house.make("title_words", words.title_words(titles.get_column("title")))
        house.make("compact_title", words.compact(objectives.get_column("title")))
        names = house.rows("select written, unit_id from unit_name where active")
        titles = house.frame("select kr_id, title from merged.key_results where title is not null")
        house.make("named_unit", words.named_units(titles, names))

    # -- once a view ----------------------------------------------------------------------------------

    def _view_period(self, periods: list[str]) -> pl.DataFrame:
        bounds = {
            period_id: (starts_on, ends_on)
            for period_id, starts_on, ends_on in self._house.rows(
                "select period_id, starts_on, ends_on from merged.periods"
            )
        }
        rows = [(period_id, reach, *bounds[period_id]) for reach, period_id in enumerate(periods)]
        return _frame(rows, period_id=pl.String, reach=pl.Int64, starts_on=pl.Date, ends_on=pl.Date)

    def _remember_links(self) -> None:
        """Keep when an alignment was first seen, or first inferred."""
        self._house.run(
            "insert into history.links select distinct objective_id, parent_kind, parent_id, $now::timestamptz "
            "from carry c where not stated and not exists (select 1 from history.links l "
            "where l.objective_id = c.objective_id and l.parent_kind = c.parent_kind and l.parent_id = c.parent_id)",
            now=self._moment.now,
        )

    def _circles(self) -> None:
        house = self._house
        house.make(
            "objective_circle",
            circles(house.frame("select objective_id as from_id, parent_objective_id as to_id from carry")),
        )
        house.make(
            "kr_circle",
            circles(
                house.frame(
                    "select kr_id as from_id, needs_kr_id as to_id from dependency union "
                    "select kr_id, supporting_kr_id from handshake where supported"
                )
            ),
        )

    def _common_units(self) -> None:
        """Find the lowest unit above both sides of each refusal that waits for a decision."""
        house = self._house
        pairs = house.rows(
            "select distinct unit_id, party_unit_id from handshake "
            "where sideways and response = 'rejected' and decision is null"
        )
        parents = dict(house.rows("select unit_id, parent_id from unit")) if pairs else {}
        found = trees.lowest_common(parents, pairs)
        house.make("common_unit", _frame(found, a=pl.String, b=pl.String, common_id=pl.String))

    def _apply(self, rule: Rule, period_id: str) -> None:
        """Collect the offenders of one rule, each with the person who is told."""
        chosen = self._settings.rules.get(rule.code)
        if chosen is not None and chosen.enabled is False:
            return
        if rule.code == "SY601" and not self._conflicts:
            return
        limit = rule.limit if chosen is None or chosen.limit is None else chosen.limit
        values: dict[str, object] = {
            "code": rule.code,
            "severity": (chosen and chosen.severity) or rule.severity,
            "limit": limit,
            "now": self._moment.now,
            "zone": self._moment.zone,
            "period": period_id,
            "measurable": words.MEASURABLE,
            "like_kr": words.LIKE_KR,
        }
        statement = COLLECT.format(query=rule.query)
        self._house.run(statement, **{name: value for name, value in values.items() if f"${name}" in statement})

    def _figures(self, period_id: str) -> None:
        house = self._house
        house.run_file("figures/things.sql", period=period_id)
        house.run_file("figures/traced.sql")
        effective_coverage(house)
        house.run_file("figures/coverage.sql", period=period_id)
        house.run_file("figures/handshakes.sql", period=period_id)
        house.run_file("figures/meetings.sql", period=period_id, density=self._settings.advice.density)


_KNOWN_IDS = {
    "unknown_unit": "select unit_id from unit",
    "unknown_period": "select period_id from merged.periods",
    "unknown_objective": "select objective_id from merged.objectives",
    "unknown_kr": "select kr_id from merged.key_results",
    "unknown_parent": "select unit_id from unit",
}


def _json_nearest(said: str, near: list[str]) -> str:
    return as_json({"value": said, "nearest": near})


def _frame(rows: list, **schema: pl.DataType | type[pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")
