"""What stands in a warehouse file.

- `store`: what each source said last, row by row, with where it said it; what was refused of it.
- `merged`: one row for each thing under its canonical id.
- `okr`: the views that other programs may rely on.
- `history`: whole rows as intervals of runs, content times, gaps as intervals of runs, the runs; in `said` what
  rows without ids said last (`fresh`: in that very run), by which later runs know them again.
- `judged`: what the last run found in each view besides gaps: what counts, figures, refused references, conflicts;
  which things may be the same.

Identities: `history.identities` says under which id of its own a source's thing stands, `history.joined` which of
these ids were found to be another one's, `history.known_as` the same with what people decided laid over it (`source`
empty: whoever says it). `okr.identities` shows all three as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas import TABLES

if TYPE_CHECKING:
    from okr.reconcile.warehouse import Warehouse
    from schemas import Table

FORMAT = 1
"""Raised when the layout changes so that an older program would misread it."""

STORE_EXTRA = {
    "source": "varchar not null",
    "scope": "varchar not null",
    "part": "varchar not null",
    "place": "varchar",
    "refused": "varchar[]",
    "row": "varchar",
    "stated_id": "varchar",
}
"""Columns of every table in `store` behind the canonical ones: the source, the scope that is read to
the end or not, the part whose columns `store.holds` lists, where a person finds the row, the columns
that were refused by themselves, and for sources without ids the row's name within its delivery."""

CHANGING = ("progress", "confidence", "updated_at", "content_updated_at")
"""Columns that change every night; they are no part of the history of whole rows."""

QUARANTINE = """
  source varchar not null, scope varchar not null, "table" varchar not null, record_id varchar,
  row_unit varchar, parent_id varchar, place varchar, field varchar, "value" varchar,
  code varchar not null, "values" varchar, whole boolean not null
"""

STATEMENTS = (
    "create table {c}store.about (format integer not null)",
    f"insert into {{c}}store.about values ({FORMAT})",
    f"create table {{c}}store.quarantine ({QUARANTINE})",
    'create table {c}store.holds (source varchar, "table" varchar, part varchar, scope varchar, "column" varchar)',
    """create table {c}store.reference (source varchar, scope varchar, part varchar, "table" varchar, "row" varchar,
       field varchar, ordinal bigint, kind varchar, candidates varchar[], place varchar, share double)""",
    """create table {c}store.sources (source varchar, state varchar, delivery_id varchar, delivered_at timestamptz,
       failed_at timestamptz, code varchar, "values" varchar, held_delivery varchar, finer_links boolean)""",
    """create table {c}store.failures (source varchar, scope varchar, code varchar, "values" varchar,
       since timestamptz)""",
    f"create table {{c}}judged.refused_references ({QUARANTINE})",
    """create table {c}judged.conflicts ("table" varchar, kind varchar, id varchar, "key" varchar[], field varchar,
       standing varchar, entry bigint, said struct(source varchar, "value" varchar, norm varchar, place varchar)[])""",
    """create table {c}judged.coverage (period_id varchar, unit_id varchar, name varchar, krs bigint, carried bigint,
       carried_as_a_whole bigint, coverage double, effective_coverage double, objectives bigint, traced bigint,
       polynomial bigint, "equal" bigint, decomposed bigint, people_objectives bigint, people_key_results bigint)""",
    """create table {c}judged.handshakes (period_id varchar, handshake_id varchar, kr_id varchar, unit_id varchar,
       party varchar, party_unit_id varchar, point varchar, needed_by date, response varchar, response_reason varchar,
       supporting_kr_id varchar, decision varchar, standing varchar, stale boolean, late boolean, visibility varchar,
       label varchar, responded_by varchar, responded_at varchar, answered_by varchar, answered_how varchar,
       decided_by varchar)""",
    """create table {c}judged.handshake_figures (period_id varchar, unit_id varchar, party_unit_id varchar,
       requests bigint, accepted bigint, clarify bigint, rejected bigint, unanswered bigint, planned bigint,
       stale bigint)""",
    """create table {c}judged.meetings (meeting_id varchar, title varchar, unit_id varchar, period_id varchar,
       starts_at timestamptz, starts_at_offset varchar, participants varchar[], krs bigint, requests bigint,
       accepted bigint, clarify bigint, rejected bigint, unanswered bigint, planned bigint, stale bigint,
       handshake_density double, advice varchar, readiness double, handshakes_known boolean, upper_krs bigint,
       upper_carried bigint, things bigint, sound bigint)""",
    """create table {c}judged.units (unit_id varchar, name varchar, parent_id varchar, leader_id varchar,
       told_id varchar, active boolean)""",
    """create table {c}judged.things (period_id varchar, kind varchar, id varchar, objective_id varchar,
       unit_id varchar, person_id varchar, label varchar, visibility varchar, masked boolean, owner_ids varchar[],
       standing varchar)""",
    """create table {c}judged.carries (period_id varchar, objective_id varchar, parent_kind varchar,
       parent_id varchar, parent_objective_id varchar, share double, below boolean, stated boolean)""",
    """create table {c}history.identities (kind varchar not null, own_id varchar not null, source varchar not null,
       source_id varchar not null, how varchar not null, since timestamptz not null)""",
    """create table {c}history.joined (kind varchar not null, own_id varchar not null, id varchar not null,
       how varchar not null, since timestamptz not null)""",
    """create table {c}history.known_as (kind varchar not null, source varchar not null, own_id varchar not null,
       id varchar not null, how varchar not null, since timestamptz not null)""",
    """create view {c}okr.identities as
       select i.kind, coalesce(o.id, a.id, i.own_id) as id, i.source, i.source_id, coalesce(o.how, a.how, i.how) as how,
           coalesce(o.since, a.since, i.since) as since
       from {c}history.identities i
       left join {c}history.known_as o on o.kind = i.kind and o.own_id = i.own_id and o.source = i.source
       left join {c}history.known_as a on a.kind = i.kind and a.own_id = i.own_id and a.source = ''""",
    """create table {c}judged.identity_doubts (kind varchar, source varchar, source_id varchar, id varchar,
       unit_id varchar, place varchar, candidates varchar[], how varchar, "case" varchar)""",
    """create table {c}judged.identity_proposals (kind varchar, id varchar, candidate varchar, how varchar,
       score double, since timestamptz)""",
    """create table {c}history.runs (run integer not null, run_id varchar not null, started_at timestamptz not null,
       command varchar, current_period varchar)""",
    "create table {c}history.judged (run integer not null, period_id varchar not null)",
    """create table {c}history.content (kind varchar not null, id varchar not null, hash varchar not null,
       changed_at timestamptz, first_seen timestamptz not null)""",
    """create table {c}history.progress (kind varchar not null, id varchar not null, progress double,
       confidence double, from_run integer not null, to_run integer)""",
    """create table {c}history.links (objective_id varchar not null, parent_kind varchar not null,
       parent_id varchar not null, first_seen timestamptz not null)""",
    """create table {c}history.said (kind varchar not null, id varchar not null, source_id varchar not null,
       stated boolean not null, source varchar not null, unit_id varchar, period_id varchar, person_id varchar,
       home varchar, scope varchar, words varchar, text varchar, otherwise varchar, position bigint not null,
       fresh boolean not null)""",
    """create table {c}history.gaps (fingerprint varchar not null, period_id varchar not null, code varchar not null,
       severity varchar not null, subject_kind varchar not null, subject_id varchar not null, unit_id varchar,
       counterparty_unit_id varchar, notify_person_id varchar, detail varchar not null, provisional boolean not null,
       unit_name varchar, counterparty_name varchar, first_seen timestamptz not null,
       from_run integer not null, to_run integer, ended varchar)""",
)
"""`ended` of a gap's interval: `resolved`, `lapsed`, or `changed` where the next interval goes on."""


def create(house: Warehouse, catalog: str) -> None:
    """Make the empty layout in a catalog, given as `""` for the file itself or as `name.`."""
    for schema in ("store", "merged", "okr", "history", "judged"):
        house.run(f"create schema if not exists {catalog}{schema}")
    for statement in STATEMENTS:
        house.run(statement.format(c=catalog))
    for table in TABLES.values():
        house.run(f"create table {catalog}store.{table.name} ({_store_columns(table)})")
        house.run(f"create table {catalog}history.{table.name} ({_history_columns(table)})")


def sql_type(dtype: pl.DataType | type[pl.DataType]) -> str:
    """Return DuckDB's type for a canonical polars type."""
    if dtype == pl.List(pl.String):
        return "varchar[]"
    if isinstance(dtype, pl.Datetime):
        return "timestamptz"
    return {
        pl.String: "varchar",
        pl.Date: "date",
        pl.Float64: "double",
        pl.Int64: "bigint",
        pl.Boolean: "boolean",
    }[dtype.base_type()]


def lasting(table: Table) -> list[str]:
    """Return the columns of a table whose change makes a new row of history."""
    return [name for name in table.dtypes if name not in CHANGING]


def _store_columns(table: Table) -> str:
    parts = [f'"{name}" {sql_type(dtype)}' for name, dtype in table.dtypes.items()]
    parts += [f'"{name}" {kind}' for name, kind in STORE_EXTRA.items()]
    return ", ".join(parts)


def _history_columns(table: Table) -> str:
    parts = [f'"{name}" {sql_type(table.dtypes[name])}' for name in lasting(table)]
    parts += [
        "source varchar",
        "hash varchar not null",
        "from_run integer not null",
        "to_run integer",
    ]
    return ", ".join(parts)
