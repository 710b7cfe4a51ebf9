"""What workbooks say in words, resolved once every source has spoken: units, people, periods, upper KRs.

Rows of a source without ids come with names that hold within their delivery only, and with references in words
(`store.reference`). Here they get canonical ids (see `naming`) and become rows like all others, in
`merged.said_<table>`; what cannot be found, or may be several things, is refused by its cell. The words stay in
`store`, so that they are looked up anew in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from okr.reconcile import phrases
from okr.reconcile.intake import as_json
from okr.reconcile.likeness import nearest
from okr.reconcile.lookup import Directory, Unresolved
from okr.reconcile.naming import Holder, Named, Saying
from okr.reconcile.remembered import Asking, Remembered
from okr.reconcile.upper import UpperKrs
from schemas import TABLES
from schemas.normal import fold_text

if TYPE_CHECKING:
    from datetime import date

    from okr.reconcile.warehouse import Warehouse

LISTS = ("owner_ids", "member_ids")


class Spoken:
    """The rows of sources that say things in words; one object a run."""

    def __init__(self, house: Warehouse, current_period: str | None) -> None:
        self._house = house
        self._current = current_period
        self._refused: list[dict[str, Any]] = []
        self._ids: dict[tuple[str, str], str] = {}
        self._holders: dict[tuple[str, str], Holder] = {}
        self._remembered = Remembered(house)
        self._directory: Directory
        self.sources: list[str] = [
            source for (source,) in house.rows("select distinct source from store.reference order by 1")
        ]

    def relation(self, table: str) -> str:
        """Return from which relation the rows of a table are merged."""
        if not self.sources or table not in (
            "objectives",
            "key_results",
            "alignments",
            "handshakes",
        ):
            return f"store.{table}"
        if table == "objectives":
            self._directory = Directory.of(self._house)
        rows = getattr(self, f"_{table}")()
        self._write(table, rows)
        return f"merged.said_{table}"

    def finish(self) -> None:
        """Put what could not be resolved into quarantine, and keep what was said for later runs."""
        self._remembered.finish()
        if self._refused:
            frame = pl.DataFrame(self._refused, infer_schema_length=None)
            self._house.add("store.quarantine", frame)
            self._refused = []

    # -- the four tables ------------------------------------------------------------------------------

    def _objectives(self) -> list[dict[str, Any]]:
        rows, asking = [], []
        for row, said in self._rows("objectives"):
            unit_id = self._one(row, said, "unit_id", "objectives")
            period_id = self._period(row, said)
            person_id = self._one(row, said, "person_id", "objectives", unit_id)
            if unit_id is None or period_id is None or (person_id is None and "person_id" in said):
                continue
            row |= {"unit_id": unit_id, "period_id": period_id, "person_id": person_id}
            row["owner_ids"] = self._several(row, said, "owner_ids", "objectives", unit_id)
            title = row["title"] or ""
            holder = Holder(row["source"], unit_id, period_id, person_id or "")
            saying = Saying(holder, "", row["scope"], fold_text(title), title, "", row["stated_id"])
            rows.append(row)
            asking.append(Asking(saying, row["place"], _content("objectives", row)))
        return self._named("objectives", rows, asking)

    def _key_results(self) -> list[dict[str, Any]]:
        rows, asking = [], []
        for row, said in self._rows("key_results"):
            objective = self._ids.get((row["source"], row["objective_id"]))
            if objective is None:
                continue  # its O is refused, and named
            holder = self._holders[row["source"], objective]
            row |= {"objective_id": objective}
            for name in LISTS:
                row[name] = self._several(row, said, name, "key_results", holder.unit_id)
            self._dates(row, said, "due_on", "key_results", holder.period_id)
            title = row["title"] or ""
            saying = Saying(holder, objective, row["scope"], fold_text(title), title, "", row["stated_id"])
            rows.append(row)
            asking.append(Asking(saying, row["place"], _content("key_results", row)))
        return self._named("key_results", rows, asking)

    def _handshakes(self) -> list[dict[str, Any]]:
        rows, asking = [], []
        for row, said in self._rows("handshakes"):
            kr_id = self._ids.get((row["source"], row["kr_id"]))
            if kr_id is None:
                continue
            row |= {"kr_id": kr_id}
            holder = self._holders[row["source"], kr_id]
            self._dates(row, said, "needed_by", "handshakes", holder.period_id)
            party = row["party"] or ""
            try:
                meant = self._directory.unit([party]) if party else ""
            except Unresolved:
                meant = None
            written = fold_text(party)
            point = fold_text(row["point"] or "")
            saying = Saying(holder, kr_id, row["scope"], meant or written, point, written, row["stated_id"])
            rows.append(row)
            asking.append(Asking(saying, row["place"], _content("handshakes", row)))
        return self._named("handshakes", rows, asking)

    def _named(self, table: str, rows: list[dict[str, Any]], asking: list[Asking]) -> list[dict[str, Any]]:
        """Return the rows with their ids; of rows that state one id equal ones are one, others are refused."""
        kind, (key,) = str(TABLES[table].kind), TABLES[table].key
        named: dict[tuple[str, str], dict[str, Any]] = {}
        for row, asked, name in zip(rows, asking, self._remembered.name(kind, asking), strict=True):
            source = row["source"]
            if not isinstance(name, Named):
                self._refuse_shared(table, row, name.values)
                continue
            self._ids[source, row[key]] = name.id
            self._holders[source, name.id] = asked.saying.holder
            named.setdefault((source, name.id), row | {key: name.id, "source_id": name.source_id, "how": name.how})
        return list(named.values())

    def _alignments(self) -> list[dict[str, Any]]:
        upper = UpperKrs.of(self._house, self._directory)
        found: dict[tuple[str, str, str], dict[str, Any]] = {}
        for row, said in self._rows("alignments"):
            objective = self._ids.get((row["source"], row["objective_id"]))
            if objective is None:
                continue
            holder = self._holders[row["source"], objective]
            for told in said.get("parent_id", ()):
                try:
                    kind, parent = upper.find(told["candidates"], objective, holder.unit_id, holder.period_id)
                except Unresolved as failure:
                    self._refuse(row, told, "parent_id", "alignments", failure, whole=True, parent=objective)
                    continue
                link = row | {"objective_id": objective, "parent_kind": kind, "parent_id": parent}
                found.setdefault((objective, kind, parent), link)
        return list(found.values())

    # -- words ----------------------------------------------------------------------------------------

    def _rows(self, table: str) -> list[tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]]:
        """Return the rows of a table in the order of their sheets, each with its words by field."""
        rows = self._house.frame(
            f"select * from store.{table} where list_contains($sources, source) order by source, scope, part, rowid",
            sources=self.sources,
        )
        words: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
        for told in self._house.frame(
            'select * from store.reference where "table" = $table order by source, "row", field, ordinal',
            table=table,
        ).iter_rows(named=True):
            words.setdefault((told["source"], told["row"]), {}).setdefault(told["field"], []).append(told)
        return [(row, words.get((row["source"], row["row"]), {})) for row in rows.iter_rows(named=True)]

    def _one(
        self,
        row: dict[str, Any],
        said: dict[str, list],
        name: str,
        table: str,
        unit_id: str | None = None,
    ) -> str | None:
        if name not in said:
            if name == "unit_id":
                nowhere = {"place": row["place"]}
                self._refuse(row, nowhere, name, table, Unresolved("unknown_unit", [], []), whole=True)
            return None
        told = said[name][0]
        try:
            return self._directory.find(told["kind"], told["candidates"], unit_id)
        except Unresolved as failure:
            self._refuse(row, told, name, table, failure, whole=True)
            return None

    def _period(self, row: dict[str, Any], said: dict[str, list]) -> str | None:
        """Return the first period that is named, else the current one."""
        for told in said.get("period_id", ()):
            try:
                return self._directory.period(told["candidates"])
            except Unresolved:
                continue
        if self._current is None:
            told = next(iter(said.get("period_id", ())), {"place": row["place"], "candidates": []})
            self._refuse(
                row,
                told,
                "period_id",
                "objectives",
                Unresolved("unknown_period", [], []),
                whole=True,
            )
        return self._current

    def _several(
        self, row: dict[str, Any], said: dict[str, list], name: str, table: str, unit_id: str
    ) -> list[str] | None:
        """Return the people of a list; one who cannot be found makes the whole value unknown."""
        found: list[str] = []
        failed = False
        for told in said.get(name, ()):
            try:
                found.append(self._directory.find(told["kind"], told["candidates"], unit_id))
            except Unresolved as failure:
                failed = True
                self._refuse(row, told, name, table, failure, whole=False)
        if failed:
            row["refused"] = [*(row["refused"] or []), name]
            return None
        return found or None

    def _dates(self, row: dict[str, Any], said: dict[str, list], name: str, table: str, period_id: str) -> None:
        for told in said.get(name, ()):
            starts_on, ends_on = self._directory.bounds[period_id]
            day: date | None = phrases.day_in_period(told["candidates"][0], starts_on, ends_on)
            if day is None:
                self._refuse(
                    row,
                    told,
                    name,
                    table,
                    Unresolved("not_a_date_in_period", told["candidates"], []),
                    whole=False,
                )
                row["refused"] = [*(row["refused"] or []), name]
            row[name] = day

    def _refuse_shared(self, table: str, row: dict[str, Any], values: dict[str, object]) -> None:
        """Refuse a row that states an id which another one states too."""
        stated = str(row["stated_id"])
        self._refused.append(
            {
                "source": row["source"],
                "scope": row["scope"],
                "table": table,
                "record_id": stated,
                "row_unit": row.get("unit_id"),
                "parent_id": row.get("objective_id") if table == "key_results" else row.get("kr_id"),
                "place": row["place"],
                "field": None,
                "value": stated,
                "code": "duplicate_key",
                "values": as_json(values),
                "whole": True,
            }
        )

    def _refuse(
        self,
        row: dict[str, Any],
        told: dict[str, Any],
        name: str,
        table: str,
        failure: Unresolved,
        *,
        whole: bool,
        parent: str | None = None,
    ) -> None:
        said = failure.said[0] if failure.said else ""
        near = failure.candidates or nearest([said], failure.known)[said]
        holder = self._holders.get((row["source"], parent or ""))
        self._refused.append(
            {
                "source": row["source"],
                "scope": row["scope"],
                "table": table,
                "record_id": None,
                "row_unit": holder.unit_id if holder else row.get("unit_id"),
                "parent_id": parent,
                "place": told["place"],
                "field": name,
                "value": said[:200],
                "code": failure.code,
                "values": as_json({"value": said, "nearest": near}),
                "whole": whole,
            }
        )

    def _write(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Make `merged.said_<table>`: the rows of sources with ids, and these."""
        self._house.run(
            f"create or replace table merged.said_{table} as "
            "select *, null::varchar as source_id, null::varchar as how "
            f"from store.{table} where not list_contains($sources, source)",
            sources=self.sources,
        )
        if not rows:
            return
        extra = ("source", "scope", "part", "place", "row", "stated_id", "source_id", "how")
        schema: dict[str, Any] = {
            **TABLES[table].dtypes,
            **dict.fromkeys(extra, pl.String),
            "refused": pl.List(pl.String),
        }
        self._house.add(f"merged.said_{table}", pl.DataFrame(rows, schema=schema, orient="row"))


def _content(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """Return the values of a row that states its id, but for that and its number: another row may state it too."""
    if row["stated_id"] is None:
        return ()
    spare = (*TABLES[table].key, "ordinal")
    told = (row[name] for name in TABLES[table].dtypes if name not in spare)
    return tuple(tuple(value) if isinstance(value, list) else value for value in told)
