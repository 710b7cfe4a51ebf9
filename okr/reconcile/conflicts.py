"""What sources say differently of one thing, and what people decided about it.

Two sources are in conflict over a field where both say something and differ after normal forms. A conflict is kept
in `judged.conflicts` until the sources agree; one that somebody decided bears the number of that decision, and its
value stands. A decision holds for the values that it was made of: where a source says something else later, which
is not what was decided, it is asked again.
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from okr.reconcile.layout import sql_type
from okr.reconcile.precedence import LEDGER
from okr.reconcile.warehouse import columns, literal, quoted
from schemas import Form
from schemas.normal import fold, fold_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from okr.ledger import Decision
    from okr.reconcile.precedence import Precedence
    from okr.reconcile.warehouse import Warehouse
    from schemas import Table

KIND = "conflict"
"""Under which kind such decisions stand in the ledger."""

OF_ITS_OWN = ("updated_at", "content_updated_at", "url")
"""Columns in which every system speaks of its own copy; they are never in conflict."""

SAID = {"source": pl.String, "value": pl.String, "norm": pl.String, "place": pl.String}
CONFLICTS: dict[str, Any] = {
    "table": pl.String,
    "kind": pl.String,
    "id": pl.String,
    "key": pl.List(pl.String),
    "field": pl.String,
    "standing": pl.String,
    "entry": pl.Int64,
    "said": pl.List(pl.Struct(SAID)),
}


class Thing(NamedTuple):
    """A field of a thing."""

    kind: str
    id: str
    field: str


def fields(table: Table) -> list[str]:
    """Return the columns of a table over which sources can be in conflict."""
    return [name for name in table.columns if name not in table.key and name not in OF_ITS_OWN]


def thing_id(table: Table, key: Sequence[str]) -> str:
    """Return how a row is called as a subject: `O1->kr:K2`, `K1->K2`, else its id."""
    if table.kind == "alignment":
        return f"{key[0]}->{key[1]}:{key[2]}"
    return "->".join(key)


def by_thing(decisions: Sequence[Decision]) -> dict[Thing, Decision]:
    """Return of all decisions over conflicts the last one about each field of a thing."""
    return {
        Thing(*(str(one.details[name]) for name in ("kind", "id", "field"))): one
        for one in decisions
        if one.kind == KIND
    }


def holds(decision: Decision, said: Mapping[str, str]) -> bool:
    """Return whether a decision still speaks of what the sources say.

    Args:
        decision: with `said`, the normal form of what each source said then, and `norm`, of what was decided.
        said: what each says now.
    """
    then: Mapping[str, str] = decision.details["said"]
    decided = decision.details["norm"]
    return all(norm in {then.get(source), decided} for source, norm in said.items())


def settle(house: Warehouse, table: Table, precedence: Precedence, decided: Mapping[Thing, Decision]) -> None:
    """Find the conflicts of a table that was just merged, and let stand what was decided about them.

    Reads `together`, one row for each thing of which several rows speak, with the columns that differ as they stand.
    """
    if not house.value("select count(*) from together where len(differing) > 0"):
        return
    sayings = _sayings(house, table, precedence)
    if "aliases" in table.dtypes:
        sayings = _without_aliases(house, table, sayings)
    found = _differing(sayings)
    if table.kind == "person":
        found = _without_one_name(found)
    if not found.height:
        return
    asked = {thing for thing in decided if thing.kind == table.kind}
    if asked:
        found = _decide(house, table, found, {thing: decided[thing] for thing in asked})
    house.add("judged.conflicts", found)


def _sayings(house: Warehouse, table: Table, precedence: Precedence) -> pl.DataFrame:
    """Return what each source says of the fields that differ: a row for each thing, field and source."""
    names = fields(table)
    key, of_row = columns(table.key), columns(table.key, "s")
    shown = " ".join(f"when {literal(name)} then {_shown(table, name)}" for name in names)
    norm = " ".join(f"when {literal(name)} then {_as_set(name)}" for name in names if _is_list(table, name))
    standing = " ".join(f"when {literal(name)} then t.c_{name}.source" for name in names)
    ranks = " ".join(f"when {literal(name)} then {precedence.sql(precedence.of(name))}" for name in names)
    newest = "s.updated_at desc nulls last, " if "updated_at" in table.dtypes else ""
    ids = f"{columns(table.key[:1], 's')}"
    if table.kind == "alignment":
        ids += " || '->' || s.parent_kind || ':' || s.parent_id"
    elif len(table.key) > 1:
        ids = " || '->' || ".join(f"s.{quoted(name)}" for name in table.key)
    house.run(f"create or replace temp table differing as select {key}, unnest(differing) as field from together")
    found = house.frame(
        f"select {ids} as id, [{of_row}] as key, d.field, s.source, s.place, "
        f'case d.field {shown} end as "value", '
        f"{f'case d.field {norm} end' if norm else 'null::varchar'} as as_set, "
        f"case d.field {standing} end as standing, case d.field {ranks} end as rank "
        f"from differing d join (select * from merged.rows_{table.name}) s using ({key}) "
        f"join together t using ({key}) "
        f'where "value" is not null and s.source <> {literal(LEDGER)} '
        "and not (d.field = 'state' and coalesce(list_contains(s.refused, 'state'), false)) "
        f"qualify row_number() over (partition by {of_row}, d.field, s.source order by {newest}s.place) = 1"
    )
    house.run("drop table differing")
    texts, lists = _folded(table, names)
    place = pl.col("source").replace_strict(precedence.place, default=len(precedence.place), return_dtype=pl.Int64)
    return found.with_columns(
        norm=_norms(found, texts, lists), place_in_order=place, table=pl.lit(table.name), kind=pl.lit(table.kind)
    ).sort("id", "field", "rank", "place_in_order", maintain_order=True)


def _without_aliases(house: Warehouse, table: Table, sayings: pl.DataFrame) -> pl.DataFrame:
    """Leave out names that are aliases of the thing, whoever says so: they are other names of it."""
    named = sayings.filter(pl.col("field") == "name")
    if not named.height:
        return sayings
    (key,) = table.key
    with house.lent(asked=named.select("id").unique()):
        aliases = house.frame(
            f"select distinct s.{key} as id, unnest(s.aliases) as alias from merged.rows_{table.name} s "
            f"semi join asked a on a.id = s.{key}"
        )
    known = aliases.select("id", norm=_compact(aliases.get_column("alias")), field=pl.lit("name"))
    return sayings.join(known, on=["id", "field", "norm"], how="anti", maintain_order="left")


def _without_one_name(found: pl.DataFrame) -> pl.DataFrame:
    """Leave out names that are all ways to write one: in full, with a title behind, in pinyin."""
    from okr.reconcile.identity import forms  # noqa: PLC0415 (only where people's names differ)

    told = found.get_column("field").eq("name").arg_true()
    one = [
        place
        for place, said in zip(told, found.get_column("said").gather(told), strict=True)
        if all(forms.one_name(a["value"], b["value"]) for a, b in combinations(said, 2))
    ]
    return found.with_row_index("place_of_row").filter(~pl.col("place_of_row").is_in(one)).drop("place_of_row")


def _compact(texts: pl.Series) -> pl.Series:
    return fold(texts).str.replace_all(r"\s+", "")


def _folded(table: Table, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return those columns whose texts, and whose lists of texts, are compared in their folded form."""
    forms = {name: table.column[name].form for name in names}
    return [n for n, form in forms.items() if form == Form.TEXT], [n for n, form in forms.items() if form == Form.TEXTS]


def _norms(found: pl.DataFrame, texts: Sequence[str], lists: Sequence[str]) -> pl.Series:
    """Return values as they are compared: texts NFKC, in any case and without white space, lists as sets."""
    value, field = found.get_column("value"), found.get_column("field")
    norm = found.select(pl.coalesce("as_set", "value").alias("norm")).to_series()
    at = field.is_in(texts).arg_true()
    if at.len():
        norm = norm.scatter(at, _compact(value.gather(at)))
    at = field.is_in(lists).arg_true()
    if at.len():
        folded = [_folded_set(told) for told in norm.gather(at)]
        norm = norm.scatter(at, pl.Series(folded, dtype=pl.String))
    return norm.alias("norm")


def _folded_set(told: str) -> str:
    items = {"".join(fold_text(item).split()) for item in json.loads(told)}
    return json.dumps(sorted(items), ensure_ascii=False)


def _differing(sayings: pl.DataFrame) -> pl.DataFrame:
    """Return the conflicts among sayings, as rows of `judged.conflicts`, each with its sayings by precedence."""
    several = sayings.filter(pl.col("norm").n_unique().over("id", "field") > 1)
    grouped = several.group_by("table", "kind", "id", "field", maintain_order=True).agg(
        pl.col("key").first(), pl.col("standing").first(), pl.struct(*SAID).alias("said")
    )
    return grouped.with_columns(entry=pl.lit(None, dtype=pl.Int64)).select(list(CONFLICTS))


def _decide(house: Warehouse, table: Table, found: pl.DataFrame, decided: Mapping[Thing, Decision]) -> pl.DataFrame:
    """Let decisions that hold stand in `merged`; return the conflicts with their numbers."""
    wanted = pl.DataFrame(
        [(thing.id, thing.field) for thing in decided], schema={"id": pl.String, "field": pl.String}, orient="row"
    )
    rows: list[tuple[str, str, list[str], str, str | None, int]] = []
    for row in found.join(wanted, on=["id", "field"], how="semi").iter_rows(named=True):
        decision = decided[Thing(row["kind"], row["id"], row["field"])]
        if holds(decision, {one["source"]: one["norm"] for one in row["said"]}):
            source = decision.details.get("source") or LEDGER
            rows.append((row["id"], row["field"], row["key"], source, decision.details["value"], decision.entry_id))
    if not rows:
        return found
    schema = {"id": pl.String, "field": pl.String, "key": pl.List(pl.String), "by": pl.String, "value": pl.String}
    settled = pl.DataFrame(rows, schema=schema | {"number": pl.Int64}, orient="row")
    same = " and ".join(f"m.{quoted(name)} = d.key[{at}]" for at, name in enumerate(table.key, 1))
    with house.lent(settled=settled):
        for name in settled.get_column("field").unique().sort().to_list():
            house.run(
                f"update merged.{table.name} m set {quoted(name)} = {_typed(table, name)} "
                f"from settled d where d.field = $field and {same}",
                field=name,
            )
            house.run(
                f"update merged.standing_{table.name} m set {quoted(name)} = "
                f"{{'source': d.by, 'reason': 'decided'}} from settled d where d.field = $field and {same}",
                field=name,
            )
    numbers = settled.select("id", "field", "by", "number")
    return (
        found.join(numbers, on=["id", "field"], how="left", maintain_order="left")
        .with_columns(entry=pl.col("number"), standing=pl.coalesce("by", "standing"))
        .select(list(CONFLICTS))
    )


def same_parties(house: Warehouse) -> None:
    """Take back conflicts over a party where all sources mean one unit, each by another name of it."""
    house.run(
        "delete from judged.conflicts where field = 'party' and entry is null and id in ("
        "select c.id from (select id, unnest(said).\"value\" as party from judged.conflicts where field = 'party') c "
        "left join party p on p.party = c.party group by c.id "
        "having bool_and(p.unit_id is not null) and count(distinct p.unit_id) = 1)"
    )


def told(house: Warehouse, table: Table, name: str, rows: pl.DataFrame) -> tuple[str, str]:
    """Return the value of a column in the first of some canonical rows as text, and as it is compared."""
    as_set = _as_set(name) if _is_list(table, name) else "null::varchar"
    with house.lent(asked=rows):
        found = house.frame(
            f'select $field as field, {_shown(table, name)} as "value", {as_set} as as_set from asked s limit 1',
            field=name,
        )
    return found.item(0, "value"), _norms(found, *_folded(table, [name])).item(0)


# -- values as texts ----------------------------------------------------------------------------------


def _is_list(table: Table, name: str) -> bool:
    return table.column[name].form in {Form.IDS, Form.TEXTS}


def _as_set(name: str) -> str:
    return f"to_json(list_sort(list_distinct(s.{quoted(name)})))::varchar"


def _shown(table: Table, name: str) -> str:
    """Return SQL for a value as text: numbers short, times ISO 8601 in UTC, lists with `;` between."""
    return shown(table, name, f"s.{quoted(name)}")


def shown(table: Table, name: str, value: str) -> str:
    """Return SQL for a value of a column as text."""
    form = table.column[name].form
    if form in {Form.IDS, Form.TEXTS}:
        return f"array_to_string({value}, ';')"
    if form in {Form.SHARE, Form.PROGRESS, Form.NUMBER}:
        return f"printf('%.10g', {value})"
    if form == Form.TIME:
        return f"strftime({value} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"{value}::varchar"


def _typed(table: Table, name: str) -> str:
    """Return SQL for a decided value, a text as `shown` makes it, in the type of its column."""
    if _is_list(table, name):
        return "string_split(d.\"value\", ';')"
    return f'd."value"::{sql_type(table.dtypes[name])}'
