"""What workbooks say in words, resolved once every source has spoken: units, people, periods, upper KRs.

Rows of a source without ids come with names that hold within their delivery only, and with references in words
(`store.reference`). Here they get canonical ids (see `naming`) and become rows like all others, in
`merged.said_<table>`; what cannot be found, or may be several things, is refused by its cell. The words stay in
`store`, so that they are looked up anew in every run.

Rows are columns here; a row is looked at by itself where it says something, and each saying is looked up once.
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from okr.reconcile import phrases
from okr.reconcile.intake import as_json
from okr.reconcile.likeness import nearest
from okr.reconcile.lookup import Directory, Unresolved
from okr.reconcile.naming import Holder
from okr.reconcile.remembered import Remembered
from okr.reconcile.upper import UpperKrs
from schemas import TABLES
from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from okr.reconcile.warehouse import Warehouse

LISTS = ("owner_ids", "member_ids")


class Told(NamedTuple):
    """What a row says in words: the row's number, the kind of thing meant, candidates in order, and the cell."""

    at: int
    kind: str | None
    candidates: tuple[str, ...]
    place: str | None


class Rows:
    """The rows of a table in the order of their sheets, and by field what they say in words."""

    def __init__(self, house: Warehouse, table: str, sources: Sequence[str]) -> None:
        self.table = table
        self.frame = house.frame(
            f"select * from store.{table} where list_contains($sources, source) order by source, scope, part, rowid",
            sources=sources,
        )
        self.source, self.scope, self.place = (self.texts(name) for name in ("source", "scope", "place"))
        self.refused: dict[int, list[str]] = {}
        self._told: dict[str, list[Told]] = {}
        names = self.frame.select("source", "row").with_row_index("at")
        words = house.frame(
            'select source, "row", field, ordinal, kind, candidates, place from store.reference where "table" = $table',
            table=table,
        )
        words = words.join(names, on=["source", "row"]).sort("field", "at", "ordinal")
        for (field,), told in words.partition_by("field", as_dict=True, maintain_order=True).items():
            columns = (told.get_column(name).to_list() for name in ("at", "kind", "candidates", "place"))
            self._told[str(field)] = [
                Told(at, kind, tuple(candidates), place) for at, kind, candidates, place in zip(*columns, strict=True)
            ]

    def __len__(self) -> int:
        return self.frame.height

    def texts(self, name: str) -> list[Any]:
        """Return a column as a list."""
        return self.frame.get_column(name).to_list()

    def told(self, field: str) -> Sequence[Told]:
        """Return what is said of a field, in the order of the rows."""
        return self._told.get(field, ())

    def with_refused(self) -> pl.DataFrame:
        """Return the rows, with what was refused of them here."""
        if not self.refused:
            return self.frame
        refused = self.texts("refused")
        for at, names in self.refused.items():
            refused[at] = [*(refused[at] or []), *names]
        return self.frame.with_columns(pl.Series("refused", refused, dtype=pl.List(pl.String)))


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
        self._looked_up: dict[tuple[Any, ...], str | Unresolved] = {}
        self.sources: list[str] = [
            source for (source,) in house.rows("select distinct source from store.reference order by 1")
        ]

    def relation(self, table: str) -> str:
        """Return from which relation the rows of a table are merged."""
        making = {
            "objectives": self._objectives,
            "key_results": self._key_results,
            "alignments": self._alignments,
            "handshakes": self._handshakes,
        }
        if not self.sources or table not in making:
            return f"store.{table}"
        if table == "objectives":
            self._directory = Directory.of(self._house)
        self._write(table, making[table](Rows(self._house, table, self.sources)))
        return f"merged.said_{table}"

    def finish(self) -> None:
        """Put what could not be resolved into quarantine, and keep what was said for later runs."""
        self._remembered.finish()
        if self._refused:
            frame = pl.DataFrame(self._refused, infer_schema_length=None)
            self._house.add("store.quarantine", frame)
            self._refused = []

    # -- the four tables ------------------------------------------------------------------------------

    def _objectives(self, rows: Rows) -> pl.DataFrame:
        units = self._units(rows)
        periods = self._periods(rows)
        people = self._first(rows, "person_id", units)
        personal = {told.at for told in rows.told("person_id")}
        stays = [
            unit is not None and period is not None and (person is not None or at not in personal)
            for at, (unit, period, person) in enumerate(zip(units, periods, people, strict=True))
        ]
        owners = self._several(rows, "owner_ids", units, stays)
        holders = [
            Holder(source, unit or "", period or "", person or "")
            for source, unit, period, person in zip(rows.source, units, periods, people, strict=True)
        ]
        titles = rows.texts("title")
        columns = {"unit_id": units, "period_id": periods, "person_id": people, "owner_ids": owners}
        asking = {"home": [""] * len(rows), **_said(titles), "otherwise": [""] * len(rows)}
        return self._named(rows, columns, holders, asking, stays)

    def _key_results(self, rows: Rows) -> pl.DataFrame:
        parents, holders, stays = self._under(rows, "objective_id")
        units = [holder.unit_id for holder in holders]
        columns: dict[str, list[Any]] = {"objective_id": parents}
        columns |= {name: self._several(rows, name, units, stays) for name in LISTS}
        columns["due_on"] = self._dates(rows, "due_on", holders, stays)
        titles = rows.texts("title")
        asking = {"home": parents, **_said(titles), "otherwise": [""] * len(rows)}
        return self._named(rows, columns, holders, asking, stays)

    def _handshakes(self, rows: Rows) -> pl.DataFrame:
        parents, holders, stays = self._under(rows, "kr_id")
        columns: dict[str, list[Any]] = {"kr_id": parents}
        columns["needed_by"] = self._dates(rows, "needed_by", holders, stays)
        parties = rows.texts("party")
        written = _folded(parties)
        meant = {party: self._unit_meant(party) for party in set(parties)}
        words = [meant[party] or text for party, text in zip(parties, written, strict=True)]
        asking = {"home": parents, "text": _folded(rows.texts("point")), "words": words, "otherwise": written}
        return self._named(rows, columns, holders, asking, stays)

    def _alignments(self, rows: Rows) -> pl.DataFrame:
        upper = UpperKrs.of(self._house, self._directory)
        objectives, holders, stays = self._under(rows, "objective_id")
        found: dict[tuple[str, str, str], int] = {}
        for told in rows.told("parent_id"):
            if not stays[told.at]:
                continue
            objective, holder = objectives[told.at], holders[told.at]
            try:
                kind, parent = upper.find(told.candidates, objective, holder.unit_id, holder.period_id)
            except Unresolved as failure:
                self._refuse(rows, told, "parent_id", failure, whole=True, unit_id=holder.unit_id, parent=objective)
                continue
            found.setdefault((objective, kind, parent), told.at)
        links = pl.DataFrame(
            list(found), schema=dict.fromkeys(("objective_id", "parent_kind", "parent_id"), pl.String), orient="row"
        )
        numbers = pl.Series(list(found.values()), dtype=pl.UInt32)
        return rows.frame[numbers].with_columns(links.get_columns())

    def _under(self, rows: Rows, name: str) -> tuple[list[str], list[Holder], list[bool]]:
        """Return by row the id of the O or KR that it belongs to, whose that is, and whether it was not refused."""
        ids, nobody = self._ids, Holder("", "", "", "")
        parents = [ids.get(key, "") for key in zip(rows.source, rows.texts(name), strict=True)]
        holders = [self._holders.get(key, nobody) for key in zip(rows.source, parents, strict=True)]
        return parents, holders, [bool(parent) for parent in parents]

    def _named(
        self,
        rows: Rows,
        columns: Mapping[str, list[Any]],
        holders: Sequence[Holder],
        asking: Mapping[str, list[Any]],
        stays: Sequence[bool],
    ) -> pl.DataFrame:
        """Return the rows with what was looked up, and with their ids; what states an id twice is refused."""
        table = TABLES[rows.table]
        (key,) = table.key
        looked_up = [_series(name, values, table.dtypes[name]) for name, values in columns.items()]
        frame = rows.with_refused().with_columns(looked_up).filter(pl.Series(stays, dtype=pl.Boolean))
        whose = list(compress(holders, stays))
        said = pl.DataFrame(
            [pl.Series(name, list(compress(values, stays)), dtype=pl.String) for name, values in asking.items()]
        ).with_columns(
            frame.get_column("scope"),
            frame.get_column("stated_id").alias("stated"),
            *(pl.Series(name, [one[at] for one in whose], dtype=pl.String) for at, name in enumerate(Holder._fields)),
        )
        names, refused = self._remembered.name(str(table.kind), said, frame)
        for at, values in refused.items():
            self._refuse_shared(rows.table, frame.row(at, named=True), values)
        locals_ = zip(frame.get_column("source").to_list(), frame.get_column(key).to_list(), strict=True)
        ids = names.get_column("id").to_list()
        for local, holder, chosen in zip(locals_, whose, ids, strict=True):
            if chosen is not None:
                self._ids[local] = chosen
                self._holders[local[0], chosen] = holder
        found = frame.with_columns(names.get_column("id").alias(key), names["source_id"], names["how"])
        if frame.get_column("stated_id").null_count() < frame.height:
            found = found.filter(pl.col(key).is_not_null()).unique(["source", key], keep="first", maintain_order=True)
        return found

    # -- words ----------------------------------------------------------------------------------------

    def _find(self, told: Told, unit_id: str | None) -> str | Unresolved:
        """Return what words mean, or why they mean nothing; looked up once."""
        asked = (told.kind, told.candidates, unit_id)
        found = self._looked_up.get(asked)
        if found is None:
            try:
                found = self._directory.find(told.kind or "", told.candidates, unit_id)
            except Unresolved as failure:
                found = failure
            self._looked_up[asked] = found
        return found

    def _unit_meant(self, party: str | None) -> str | None:
        try:
            return self._directory.unit([party]) if party else None
        except Unresolved:
            return None

    def _units(self, rows: Rows) -> list[str | None]:
        said = {told.at for told in rows.told("unit_id")}
        for at in range(len(rows)):
            if at not in said:
                nowhere = Told(at, "unit", (), rows.place[at])
                self._refuse(rows, nowhere, "unit_id", Unresolved("unknown_unit", [], []), whole=True)
        return self._first(rows, "unit_id", [None] * len(rows))

    def _first(self, rows: Rows, name: str, units: Sequence[str | None]) -> list[str | None]:
        """Return by row the one thing that is said; where it is not known, the row is refused."""
        found: list[str | None] = [None] * len(rows)
        last = -1
        for told in rows.told(name):
            if told.at == last:
                continue
            last = told.at
            meant = self._find(told, units[told.at])
            if isinstance(meant, Unresolved):
                self._refuse(rows, told, name, meant, whole=True, unit_id=units[told.at])
            else:
                found[told.at] = meant
        return found

    def _periods(self, rows: Rows) -> list[str | None]:
        """Return by row the first period that is named and known, else the current one."""
        found: list[str | None] = [None] * len(rows)
        first: dict[int, Told] = {}
        for told in rows.told("period_id"):
            first.setdefault(told.at, told)
            if found[told.at] is None:
                meant = self._find(told._replace(kind="period"), None)
                found[told.at] = None if isinstance(meant, Unresolved) else meant
        if self._current is not None:
            return [period or self._current for period in found]
        for at, period in enumerate(found):
            if period is None:
                told = first.get(at) or Told(at, "period", (), rows.place[at])
                self._refuse(rows, told, "period_id", Unresolved("unknown_period", [], []), whole=True)
        return found

    def _several(
        self, rows: Rows, name: str, units: Sequence[str | None], stays: Sequence[bool]
    ) -> list[list[str] | None]:
        """Return by row the people of a list; one who cannot be found makes the whole value unknown."""
        found: list[list[str] | None] = [None] * len(rows)
        failed: set[int] = set()
        for told in rows.told(name):
            at = told.at
            if not stays[at]:
                continue
            meant = self._find(told, units[at])
            if isinstance(meant, Unresolved):
                failed.add(at)
                self._refuse(rows, told, name, meant, whole=False, unit_id=units[at])
            elif (people := found[at]) is None:
                found[at] = [meant]
            else:
                people.append(meant)
        for at in failed:
            found[at] = None
            rows.refused.setdefault(at, []).append(name)
        return found

    def _dates(self, rows: Rows, name: str, holders: Sequence[Holder], stays: Sequence[bool]) -> list[date | None]:
        """Return a column of dates, those without a year in the period of their O."""
        found = rows.texts(name)
        for told in rows.told(name):
            if not stays[told.at]:
                continue
            starts_on, ends_on = self._directory.bounds[holders[told.at].period_id]
            day: date | None = phrases.day_in_period(told.candidates[0], starts_on, ends_on)
            if day is None:
                failure = Unresolved("not_a_date_in_period", told.candidates, [])
                self._refuse(rows, told, name, failure, whole=False, unit_id=holders[told.at].unit_id)
                rows.refused.setdefault(told.at, []).append(name)
            found[told.at] = day
        return found

    def _refuse_shared(self, table: str, row: dict[str, Any], values: Mapping[str, object]) -> None:
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
        rows: Rows,
        told: Told,
        name: str,
        failure: Unresolved,
        *,
        whole: bool,
        unit_id: str | None = None,
        parent: str | None = None,
    ) -> None:
        """Refuse a value, or its row, by its cell."""
        said = failure.said[0] if failure.said else ""
        # `KR9` is like none of `O1-KR1`, but whoever wrote it looks for one of those.
        always = failure.code == "unknown_upper"
        near = failure.candidates or nearest([said], failure.known, always=always)[said]
        self._refused.append(
            {
                "source": rows.source[told.at],
                "scope": rows.scope[told.at],
                "table": rows.table,
                "record_id": None,
                "row_unit": unit_id,
                "parent_id": parent,
                "place": told.place,
                "field": name,
                "value": said[:200],
                "code": failure.code,
                "values": as_json({"value": said, "nearest": near}),
                "whole": whole,
            }
        )

    def _write(self, table: str, rows: pl.DataFrame) -> None:
        """Make `merged.said_<table>`: the rows of sources with ids, and these."""
        self._house.run(
            f"create or replace table merged.said_{table} as "
            "select *, null::varchar as source_id, null::varchar as how "
            f"from store.{table} where not list_contains($sources, source)",
            sources=self.sources,
        )
        self._house.add(f"merged.said_{table}", rows)


def _said(titles: Sequence[str | None]) -> dict[str, list[str]]:
    """Return what titles say, to know their rows again; one that was refused, or is not there, says nothing."""
    return {"text": [title or "" for title in titles], "words": _folded(titles)}


def _folded(texts: Sequence[str | None]) -> list[str]:
    return [fold_text(text) if text else "" for text in texts]


def _series(name: str, values: list[Any], dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """Return a list of values as a series; lists of texts take a shorter road than polars has."""
    if dtype != pl.List(pl.String):
        return pl.Series(name, values, dtype=dtype)
    import pyarrow as pa  # noqa: PLC0415 (only who reads lists in words pays for it)

    return pl.Series(name, pl.from_arrow(pa.array(values, pa.large_list(pa.large_string()))), dtype=dtype)
