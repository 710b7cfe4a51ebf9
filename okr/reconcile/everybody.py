"""The present state as everybody may see it: what other systems get.

The content of an O that is not public (or masked), of its KRs and their handshakes stays here: its title is told
by unit and number, its values not at all. What is open is listed, so that a new column is closed by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from okr.reconcile.warehouse import quoted
from okr.texts import text
from schemas import TABLES

if TYPE_CHECKING:
    from datetime import datetime

    from okr.reconcile.reading import Reader

OPEN = {
    "objectives": (
        "objective_id", "unit_id", "person_id", "period_id", "ordinal", "owner_ids", "origin", "state", "visibility",
        "content_updated_at", "updated_at", "source",
    ),
    "key_results": (
        "kr_id", "objective_id", "ordinal", "owner_ids", "member_ids", "content_updated_at", "updated_at", "source",
    ),
    "handshakes": (
        "handshake_id", "kr_id", "party", "needed_by", "response", "responded_by", "responded_at", "supporting_kr_id",
        "decision", "decided_by", "content_updated_at", "updated_at", "source",
    ),
    "handshake_standings": (
        "period_id", "handshake_id", "kr_id", "unit_id", "party", "party_unit_id", "needed_by", "response",
        "supporting_kr_id", "decision", "standing", "stale", "late",
    ),
}  # fmt: skip
"""Columns that are for everybody also where the content is not, by table."""

TOLD = ("title", "point", "response_reason")
"""Of the others, those that say by unit and number what is meant; the rest is empty."""

_HIDDEN = """
with called as (
    -- What counts in a view is called as the gaps call it.
    select kind, id, min(label) as label from judged.things group by kind, id
),
o as (
    select
        o.objective_id, o.visibility <> 'public' or o.state = 'masked' as hidden,
        coalesce(
            c.label,
            coalesce(u.name, o.unit_id) || coalesce(' ' || p.name, ' ' || o.person_id, '') || ' O' || coalesce(
                o.ordinal,
                row_number() over (
                    partition by o.unit_id, o.person_id, o.period_id order by o.ordinal nulls last, o.objective_id
                )
            )
        ) as label
    from okr.objectives o
    left join called c on c.kind = 'objective' and c.id = o.objective_id
    left join okr.org_units u on u.unit_id = o.unit_id
    left join okr.people p on p.person_id = o.person_id
),
k as (
    -- A KR whose O nobody knows may be anything.
    select
        k.kr_id, coalesce(o.hidden, true) as hidden,
        coalesce(c.label, o.label || '-KR' || coalesce(
            k.ordinal, row_number() over (partition by k.objective_id order by k.ordinal nulls last, k.kr_id)
        ), k.kr_id) as label
    from okr.key_results k
    left join called c on c.kind = 'kr' and c.id = k.kr_id
    left join o on o.objective_id = k.objective_id
)
"""

_OF = {
    "objectives": "join o as c on c.objective_id = t.objective_id",
    "key_results": "join k as c on c.kr_id = t.kr_id",
    "handshakes": "left join k as c on c.kr_id = t.kr_id",
    "handshake_standings": "left join k as c on c.kr_id = t.kr_id",
}

_FIGURES = {
    "coverage": "select * from judged.coverage",
    "handshake_figures": "select * from judged.handshake_figures",
    "meeting_figures": (
        "select * exclude (starts_at_offset, handshakes_known, upper_krs, upper_carried, things, sound) "
        "from judged.meetings"
    ),
}

_GAP: dict[str, Any] = {
    "fingerprint": pl.String,
    "period_id": pl.String,
    "code": pl.String,
    "name": pl.String,
    "severity": pl.String,
    "subject_kind": pl.String,
    "subject_id": pl.String,
    "unit_id": pl.String,
    "counterparty_unit_id": pl.String,
    "notify_person_id": pl.String,
    "message_zh": pl.String,
    "message_en": pl.String,
    "detail": pl.String,
    "provisional": pl.Boolean,
    "first_seen": pl.Datetime("us", "UTC"),
}
_BATCH = 10_000


def table(reader: Reader, name: str) -> pl.DataFrame:
    """A canonical table with its `source`, as everybody may see it."""
    columns = [*TABLES[name].columns, "source"]
    return _typed(_concealed(reader, name, f"okr.{name}", columns))


def identities(reader: Reader) -> pl.DataFrame:
    """Under which id each source knows a thing."""
    return _typed(reader.house.frame("select * from okr.identities"))


def figures(reader: Reader, name: str) -> pl.DataFrame:
    """What the last run found in each view: `coverage`, `handshake_figures`, `meeting_figures`."""
    return _typed(reader.house.frame(_FIGURES[name]))


def handshake_standings(reader: Reader) -> pl.DataFrame:
    """How each handshake stands that counts in a view that was judged."""
    names = [
        name
        for (name,) in reader.house.rows("select column_name from (describe judged.handshakes)")
        if name not in {"visibility", "label"}
    ]
    return _typed(_concealed(reader, "handshake_standings", "judged.handshakes", names))


def gaps(reader: Reader, now: datetime) -> pl.DataFrame:
    """The open gaps of every view that was judged. Their texts are for everybody as they are."""
    from okr.texts.cells import cell  # noqa: PLC0415

    frames = [pl.DataFrame(schema=_GAP)]
    rows: list[dict[str, Any]] = []

    def put() -> None:
        frame = pl.DataFrame(rows, schema={**_GAP, "first_seen": pl.String}, orient="row")
        frames.append(frame.with_columns(pl.col("first_seen").str.to_datetime(time_unit="us", time_zone="UTC")))
        rows.clear()

    for period in reader.last_run()["judged"]:
        for gap in reader.gaps(period=period, now=now):
            rows.append({name: gap[name] for name in _GAP} | {"detail": cell(gap["detail"])})
            if len(rows) >= _BATCH:
                put()
    if rows:
        put()
    return pl.concat(frames)


def _concealed(reader: Reader, name: str, relation: str, columns: list[str]) -> pl.DataFrame:
    if name not in OPEN:
        return reader.house.frame(f"select {', '.join(map(quoted, columns))} from {relation}")
    chosen = []
    for column in columns:
        known = f"t.{quoted(column)}"
        if column in OPEN[name]:
            chosen.append(known)
            continue
        # A title that is empty is told too: a number is better than nothing. A point or reason is not.
        label = "c.label" if name == "objectives" else "coalesce(c.label, t.kr_id)"
        told = f"replace($hidden, '{{label}}', {label})"
        if column not in TOLD:
            told = "null"
        elif column != "title":
            told = f"case when {known} is not null then {told} end"
        chosen.append(f"case when coalesce(c.hidden, true) then {told} else {known} end as {quoted(column)}")
    hidden = " / ".join(text("target.hidden", lang, label="{label}") for lang in ("zh", "en"))
    query = f"{_HIDDEN} select {', '.join(chosen)} from {relation} t {_OF[name]}"
    return reader.house.frame(query, hidden=hidden)


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Types as every target knows them: DuckDB's whole numbers are of several widths."""
    chosen = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if dtype.is_integer():
            column = column.cast(pl.Int64)
        elif isinstance(dtype, pl.Datetime):
            column = column.dt.cast_time_unit("us").dt.convert_time_zone("UTC")
        elif dtype == pl.Null:
            column = column.cast(pl.String)
        chosen.append(column)
    return frame.select(chosen)
