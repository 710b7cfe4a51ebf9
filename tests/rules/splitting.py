"""One enterprise split at random over three sources, each with ids of its own; and what is said of it, put back."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from okr.reconcile.identity.forms import titled
from tests.rules.enterprises import Maker
from tests.rules.oracle import Enterprise, Table
from tests.rules.oracle.world import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]
Ref = tuple[str, str]
"""A table and the id of a row in it."""

SOURCES = ("a", "b", "c")
MARK = "!"
"""Before the source in its ids; it sorts before all that stands in ids, so that ids keep their order."""

REFERENCES = {
    "org_units": {"parent_id": "org_units", "leader_id": "people"},
    "people": {"unit_id": "org_units", "manager_id": "people"},
    "periods": {"parent_period_id": "periods"},
    "objectives": {"unit_id": "org_units", "person_id": "people", "period_id": "periods", "owner_ids": "people"},
    "key_results": {"objective_id": "objectives", "owner_ids": "people", "member_ids": "people"},
    "alignments": {"objective_id": "objectives"},
    "handshakes": {"kr_id": "key_results", "supporting_kr_id": "key_results", "responded_by": "people"},
    "dependencies": {"kr_id": "key_results", "needs_kr_id": "key_results"},
    "meetings": {"unit_id": "org_units", "period_id": "periods"},
}
TELLING = {
    "org_units": ("name",),
    "people": ("email",),
    "objectives": ("title", "person_id"),
    "key_results": ("title",),
    "handshakes": ("party", "point"),
}
CONTRADICTED: dict[str, dict[str, list[Any]]] = {
    "org_units": {"level": ["中心", "小组"]},
    "people": {"locale": ["zh", "en"]},
    "objectives": {"state": ["draft", "published"], "confidence": [0.1, 0.9]},
    "key_results": {"target": [5.0, 31.0], "due_on": [date(2026, 11, 30)], "progress": [0.6]},
    "handshakes": {"response": ["accepted", "clarify"], "needed_by": [date(2026, 11, 30)]},
    "alignments": {"share": [0.1, 0.9]},
    "meetings": {"title": ["另一个标题"]},
}
WITH_IDS = tuple(table for table in COLUMNS if table not in ("alignments", "dependencies"))


def clear(seed: int) -> Enterprise:
    """An enterprise in one source, whose people, units and items can be told apart by what is said of them."""
    maker = Maker(seed)
    maker.make_periods()
    maker.rows["periods"] = [row for row in maker.rows["periods"] if row["period_id"] != "Q4-other"]
    maker.make_units()
    maker.make_people()
    maker.make_objectives()
    maker.make_key_results()
    maker.make_alignments()
    maker.plant()
    maker.make_handshakes()
    maker.make_dependencies()
    maker.make_meetings()
    for number, row in enumerate(maker.rows["org_units"]):
        row["name"] = f"{row['name'] or '单元'}{number}"
        row["aliases"] = [f"{alias}{number + 100}" for alias in row["aliases"]]
    for number, row in enumerate(maker.rows["people"]):
        row["name"], row["email"] = f"{row['name'] or '某某'}{number}", f"P{number}@Example.com"
        row["aliases"] = [f"{alias}{number + 100}" for alias in row["aliases"]]
    told: set[tuple[Any, ...]] = set()
    for number, row in enumerate(maker.rows["objectives"]):
        _say(row, "title", (row["unit_id"], row["period_id"], row.get("person_id")), number, told)
    for number, row in enumerate(maker.rows["key_results"]):
        _say(row, "title", (row["objective_id"],), number, told)
    for number, row in enumerate(maker.rows["handshakes"]):
        _say(row, "point", (row["kr_id"], "asks"), number, told)
    for number, row in enumerate(maker.rows["meetings"]):
        row["starts_at"] += timedelta(minutes=number)
    rows = {table: _table(maker, table) for table in maker.rows}
    return Enterprise({"planning": rows}, replace(maker.make_rules(), disabled=frozenset()))


def _table(maker: Maker, table: str) -> Table:
    """The table with most of its columns, and with those by which things are told apart."""
    made = maker.table(table, maker.rows[table])
    columns = tuple(name for name in COLUMNS[table] if name in made.columns or name in TELLING.get(table, ()))
    return Table(columns, tuple({k: row[k] for k in columns if row.get(k) is not None} for row in maker.rows[table]))


def _say(row: Row, column: str, home: tuple[Any, ...], number: int, told: set[tuple[Any, ...]]) -> None:
    """Give a row words of its own among those beside it."""
    said = row.get(column) or "说明"
    if (*home, titled(said)) in told:
        said = f"{said}（甲{number}）"
    told.add((*home, titled(said)))
    row[column] = said


@dataclass
class Split:
    """Which source states which rows of an enterprise."""

    whole: dict[str, Table]
    states: dict[str, set[tuple[str, int]]]

    @classmethod
    def of(cls, whole: dict[str, Table], dice: Random) -> Split:
        """Give every row to one source or several, and with it all that it refers to."""
        split = cls(whole, {source: set() for source in SOURCES})
        for table, content in whole.items():
            for number in range(len(content.rows)):
                for source in dice.sample(SOURCES, dice.choice([1, 1, 2, 3])):
                    split.give(source, table, number)
        return split

    def give(self, source: str, table: str, number: int) -> None:
        """Let a source state a row, and what the row refers to, and so on."""
        if (table, number) in self.states[source]:
            return
        self.states[source].add((table, number))
        for other, id_ in self.references(table, self.whole[table].rows[number]):
            for place, row in enumerate(self.whole[other].rows if other in self.whole else ()):
                if row[COLUMNS[other][0]] == id_:
                    self.give(source, other, place)

    def references(self, table: str, row: Row) -> Iterator[Ref]:
        """The things that a row names by their ids."""
        for column, other in REFERENCES[table].items():
            said = row.get(column)
            yield from ((other, id_) for id_ in (said if isinstance(said, list) else [said]) if id_ is not None)
        if table == "alignments":
            yield "objectives" if row.get("parent_kind") == "objective" else "key_results", row["parent_id"]
        if table == "handshakes" and row.get("party") is not None:
            yield "org_units", row["party"]
            yield "people", row["party"]

    def sources(
        self, *, own_ids: bool, otherwise: dict[tuple[str, str, int], Row] | None = None
    ) -> dict[str, dict[str, Table]]:
        """The three sources; `own_ids`: each under ids of its own; `otherwise`: what one of them says otherwise."""
        said = otherwise or {}
        found: dict[str, dict[str, Table]] = {}
        for source in SOURCES:
            known = {
                (table, content.rows[number][COLUMNS[table][0]])
                for table, content in self.whole.items()
                if table in WITH_IDS
                for of, number in self.states[source]
                if of == table
            }
            found[source] = {
                table: replace(
                    content,
                    rows=tuple(
                        self.called(source, table, told, known) if own_ids else told
                        for number, row in enumerate(content.rows)
                        if (table, number) in self.states[source]
                        for told in [{**row, **said.get((source, table, number), {})}]
                    ),
                )
                for table, content in self.whole.items()
            }
        return found

    def contradicted(self, dice: Random) -> dict[tuple[str, str, int], Row]:
        """Values that one of several sources says otherwise, of rows that several of them state."""
        found: dict[tuple[str, str, int], Row] = {}
        for table, columns in CONTRADICTED.items():
            for number in range(len(self.whole[table].rows) if table in self.whole else 0):
                stating = [source for source in SOURCES if (table, number) in self.states[source]]
                if len(stating) > 1 and dice.random() < 0.3:
                    column = dice.choice([name for name in columns if name in self.whole[table].columns] or [None])
                    if column is not None:
                        found[dice.choice(stating), table, number] = {column: dice.choice(columns[column])}
        return found

    def called(self, source: str, table: str, row: Row, known: set[Ref]) -> Row:
        """A row as the source writes it: its own ids for what it states, the true ones for what nobody knows."""

        def own(other: str, id_: str) -> str:
            return f"{id_}{MARK}{source}" if (other, id_) in known else id_

        found = dict(row)
        if table in WITH_IDS:
            key = COLUMNS[table][0]
            found[key] = own(table, row[key])
        for column, other in REFERENCES[table].items():
            said = row.get(column)
            if isinstance(said, list):
                found[column] = [own(other, id_) for id_ in said]
            elif said is not None:
                found[column] = own(other, said)
        if table == "alignments":
            other = "objectives" if row.get("parent_kind") == "objective" else "key_results"
            found["parent_id"] = own(other, row["parent_id"])
        if table == "handshakes" and (party := row.get("party")) is not None:
            unit = own("org_units", party)
            found["party"] = unit if unit != party else own("people", party)
        return found


_OF_SOURCE = re.compile(f"{re.escape(MARK)}[{''.join(SOURCES)}](?=$|->|@|\\||/)")
_SOURCE = re.compile(f"^[{''.join(SOURCES)}](?=/)")


def put_back(record: Row) -> Row:
    """What is said, under the true ids and of the one source; without the fingerprint, which follows from them."""
    of_row = record.get("subject_kind") == "row"
    # A row is named with its source: in another source it is another row, seen for the first time.
    left = {"fingerprint", "first_seen"} if of_row else {"fingerprint"}
    return {key: _true(key, value, of_row=of_row) for key, value in record.items() if key not in left}


def _true(key: str, value: Any, *, of_row: bool) -> Any:
    if isinstance(value, list):
        return [_true(key, one, of_row=of_row) for one in value]
    if not isinstance(value, str):
        return value
    said = _OF_SOURCE.sub("", value)
    return _SOURCE.sub("planning", said) if key == "subject_id" and of_row else said
