"""A small company for literal cases: what a case does not say is in order and raises nothing.

Units `top` above `a` and `b`; `a` above `a1`, `b` above `b1`. Each unit `x` is led by `l-x`, who
owns what the unit has. `w-a` and `w-b` work in `a` and `b`; `gone` has left. The quarter `Q4` lies
in the year `Y`, and today is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from tests.rules.oracle import Enterprise, Rules, Table
from tests.rules.oracle.world import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]
Placed = tuple[str, Row]
Expected = tuple[str, str, str | None, str | None, str | None]

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
UNITS = {"top": None, "a": "top", "b": "top", "a1": "a", "b1": "b"}


def unit(unit_id: str, parent_id: str | None = None, **more: Any) -> Placed:
    return "org_units", {"unit_id": unit_id, "parent_id": parent_id, **more}


def person(person_id: str, unit_id: str | None = None, **more: Any) -> Placed:
    return "people", {"person_id": person_id, "unit_id": unit_id, **more}


def period(period_id: str, starts_on: str, ends_on: str, parent: str | None = None) -> Placed:
    first, last = date.fromisoformat(starts_on), date.fromisoformat(ends_on)
    row = {"period_id": period_id, "starts_on": first, "ends_on": last, "parent_period_id": parent}
    return "periods", row


def o(objective_id: str, unit_id: str, **more: Any) -> Placed:
    """An O that no rule minds, but for what is said of it."""
    row = {
        "objective_id": objective_id,
        "unit_id": unit_id,
        "period_id": "Q4",
        "title": f"目标之{objective_id}",
        "owner_ids": [f"l-{unit_id}"],
        "confidence": 0.7,
        **more,
    }
    if row.get("person_id") and "owner_ids" not in more:
        del row["owner_ids"]
    return "objectives", row


def kr(kr_id: str, objective_id: str, **more: Any) -> Placed:
    row = {
        "kr_id": kr_id,
        "objective_id": objective_id,
        "title": f"结果之{kr_id}",
        "owner_ids": ["w-a"],
        "due_on": date(2026, 12, 15),
        **more,
    }
    return "key_results", row


def carries(objective_id: str, parent_id: str, **more: Any) -> Placed:
    return "alignments", {"objective_id": objective_id, "parent_id": parent_id, **more}


def carries_o(objective_id: str, parent_id: str, **more: Any) -> Placed:
    return carries(objective_id, parent_id, parent_kind="objective", **more)


def asks(handshake_id: str, kr_id: str, party: str | None, **more: Any) -> Placed:
    row = {"handshake_id": handshake_id, "kr_id": kr_id, "party": party, "point": "要人", **more}
    return "handshakes", row


def needs(kr_id: str, needs_kr_id: str) -> Placed:
    return "dependencies", {"kr_id": kr_id, "needs_kr_id": needs_kr_id}


def at(text: str) -> datetime:
    """A moment of 2026 in UTC: `11-20` or `11-20T08:00`."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def company() -> list[Placed]:
    rows = [unit(each, parent, leader_id=f"l-{each}") for each, parent in UNITS.items()]
    rows += [person(f"l-{each}", each) for each in UNITS]
    rows += [person("w-a", "a"), person("w-b", "b"), person("gone", "a", active=False)]
    rows += [period("Y", "2026-01-01", "2026-12-31"), period("Q4", "2026-10-01", "2026-12-31", "Y")]
    return rows


@dataclass(frozen=True)
class Case:
    """One literal: what there is, and the gaps of the case's codes that come out.

    Expected: code, subject, unit, counterparty, person told, in the order of the contract. A row
    whose key the company has replaces that row. `without` names columns (`table.column`) or whole
    tables that the source does not have.
    """

    name: str
    codes: str
    rows: list[Placed]
    expected: list[Expected] = field(default_factory=list)
    rules: Row = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def alone(self) -> bool:
        """Whether the case needs an enterprise of its own: other settings, columns, or names."""
        return bool(self.rules or self.without or "HS207" in self.codes)

    def placed(self) -> list[Placed]:
        """The company's rows and the case's, each key once."""
        return list({key_of(table, row): (table, row) for table, row in [*company(), *self.rows]}.values())

    def enterprise(self) -> Enterprise:
        return Enterprise({"plan": tables_of(self.placed(), self.without)}, self.settings())

    def settings(self) -> Rules:
        return replace(Rules(now=NOW), **self.rules)

    def picked(self, gaps: list[Row]) -> list[Expected]:
        """The gaps of the case's codes, as they are expected."""
        return [
            (
                gap["code"],
                gap["subject_id"],
                gap["unit_id"],
                gap["counterparty_unit_id"],
                gap["notify_person_id"],
            )
            for gap in gaps
            if gap["code"] in self.codes.split()
        ]


def tables_of(placed: list[Placed], without: tuple[str, ...] = ()) -> dict[str, Table]:
    """The rows in their tables, but for the tables and columns that are not there."""
    made = {}
    for table in COLUMNS:
        columns = [column for column in COLUMNS[table] if f"{table}.{column}" not in without]
        rows = [row for name, row in placed if name == table]
        if table not in without:
            kept = tuple({key: row[key] for key in row if key in columns} for row in rows)
            made[table] = Table(tuple(columns), kept)
    return made


def key_of(table: str, row: Row) -> tuple:
    if table == "alignments":
        return table, row["objective_id"], row.get("parent_kind"), row["parent_id"]
    if table == "dependencies":
        return table, row["kr_id"], row["needs_kr_id"]
    return table, row[COLUMNS[table][0]]


# Many cases in one enterprise: a run costs a second, whatever is in it

KEPT = {"Q4", "Y"}
TAGGED = {
    column
    for columns in COLUMNS.values()
    for column in columns
    if column.endswith(("_id", "_ids")) or column in ("aliases", "email", "party")
}


def together(cases: Mapping[str, Case]) -> Enterprise:
    """All the cases side by side; what is told apart by ids or names begins with the case's tag."""
    placed: dict[tuple, Placed] = {}
    for tag, case in cases.items():
        for table, row in case.placed():
            marked = {column: mark(tag, table, column, value) for column, value in row.items()}
            placed[key_of(table, marked)] = table, marked
    rules = replace(Rules(now=NOW), period="Q4")
    return Enterprise({"plan": tables_of(list(placed.values()))}, rules)


def mark(tag: str, table: str, column: str, value: Any) -> Any:
    if column not in TAGGED and (table, column) not in {("org_units", "name"), ("people", "name")}:
        return value
    if isinstance(value, list):
        return [mark(tag, table, column, each) for each in value]
    return value if value is None or value in KEPT else tag + value


def apart(tag: str, records: Iterable[Row]) -> list[Row]:
    """One case's records out of those of all, as they would be alone."""
    keys = ("subject_id", "unit_id", "handshake_id", "meeting_id")
    mine = [row for row in records if any(tag in (row.get(key) or "") for key in keys)]
    return [{key: unmark(tag, value) for key, value in row.items()} for row in mine]


def unmark(tag: str, value: Any) -> Any:
    if isinstance(value, list):
        return [unmark(tag, each) for each in value]
    return value.replace(tag, "") if isinstance(value, str) else value
