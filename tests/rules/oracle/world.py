"""What the oracle is given: the tables of each source as they stand, and the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.rules.oracle.words import fold

Row = dict[str, Any]

COLUMNS: dict[str, tuple[str, ...]] = {
    "org_units": ("unit_id", "name", "parent_id", "level", "leader_id", "aliases", "active"),
    "people": (
        "person_id", "name", "aliases", "email", "unit_id", "manager_id", "locale", "active",
    ),
    "periods": ("period_id", "name", "starts_on", "ends_on", "parent_period_id"),
    "objectives": (
        "objective_id", "unit_id", "person_id", "period_id", "ordinal", "title", "owner_ids",
        "confidence", "origin", "state", "visibility", "weight", "content_updated_at",
        "updated_at", "url",
    ),
    "key_results": (
        "kr_id", "objective_id", "ordinal", "title", "owner_ids", "member_ids", "due_on",
        "confidence", "progress", "metric", "comparator", "baseline", "target", "measure_unit",
        "rollup", "weight", "content_updated_at", "updated_at", "url",
    ),
    "alignments": ("objective_id", "parent_kind", "parent_id", "share", "updated_at"),
    "handshakes": (
        "handshake_id", "kr_id", "party", "point", "needed_by", "response", "response_reason",
        "responded_by", "responded_at", "supporting_kr_id", "decision", "decided_by",
        "content_updated_at", "updated_at",
    ),
    "dependencies": ("kr_id", "needs_kr_id", "updated_at"),
    "meetings": ("meeting_id", "unit_id", "period_id", "starts_at", "hrbp_ids", "title"),
}  # fmt: skip

LISTS = {"aliases", "owner_ids", "member_ids", "hrbp_ids"}
DEFAULTS = {"active": True, "parent_kind": "kr", "state": "published", "visibility": "public"}


@dataclass(frozen=True)
class Table:
    """One table of one source: the columns that the file has, and its rows (absent: null).

    `refused` are rows, as the file has them, that are refused whole.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    refused: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Rules:
    """The settings that rules and figures ask for."""

    now: datetime
    period: str | None = None
    zone: str = "Asia/Shanghai"
    infer: bool = True
    severities: dict[str, str] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    density: float = 0.15
    meetings: tuple[Row, ...] = ()  # id, unit (id, name or alias), period, starts_at, title
    precedence: dict[str, int] = field(default_factory=dict)  # of sources that have a number
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by column, who stands first


@dataclass(frozen=True)
class Enterprise:
    """Sources with their tables, the settings, and what the reading of values refused."""

    sources: dict[str, dict[str, Table]]
    rules: Rules
    failed: frozenset[str] = frozenset()  # sources whose last good delivery stands in
    never_delivered: bool = False  # a source failed and has never delivered


class World:
    """The enterprise merged: rows by id, the trees, who is meant by a text."""

    def __init__(self, enterprise: Enterprise) -> None:
        self.rules = enterprise.rules
        self.enterprise = enterprise
        self.zone = ZoneInfo(enterprise.rules.zone)
        self.tables: dict[str, list[Row]] = {}
        for table in COLUMNS:
            self.tables[table] = merged(table, enterprise.sources, enterprise.rules)
        self.units = {row["unit_id"]: row for row in self.tables["org_units"]}
        self.people = {row["person_id"]: row for row in self.tables["people"]}
        self.periods = {row["period_id"]: row for row in self.tables["periods"]}
        self.objectives = {row["objective_id"]: row for row in self.tables["objectives"]}
        self.key_results = {row["kr_id"]: row for row in self.tables["key_results"]}
        self.handshakes = {row["handshake_id"]: row for row in self.tables["handshakes"]}
        self.parent, self.lost_units = tree(self.units, "parent_id")
        self.period_parent = period_tree(self.periods)
        self.holds_handshakes = any("handshakes" in tables for tables in enterprise.sources.values())

    # Units

    def above(self, unit: str) -> list[str]:
        """The strict ancestors of a unit, the nearest first."""
        found: list[str] = []
        while (parent := self.parent[found[-1] if found else unit]) is not None:
            found.append(parent)
        return found

    def is_above(self, upper: str, lower: str) -> bool:
        return upper in self.above(lower)

    def sideways(self, one: str, other: str) -> bool:
        return one != other and not self.is_above(one, other) and not self.is_above(other, one)

    def within(self, unit: str, upper: str) -> bool:
        """Whether a unit is another one or lies below it."""
        return unit == upper or self.is_above(upper, unit)

    def common(self, one: str, other: str) -> str | None:
        """The lowest common ancestor of two units that are sideways of each other."""
        theirs = self.above(other)
        return next((unit for unit in self.above(one) if unit in theirs), None)

    def active_unit(self, unit: str | None) -> bool:
        return unit in self.units and self.units[unit]["active"]

    # People

    def active_person(self, person: str | None) -> bool:
        return person in self.people and self.people[person]["active"]

    def leaders(self, unit: str | None) -> str | None:
        """The unit's leader if active, else the nearest active leader above it."""
        if unit is None:
            return None
        for each in [unit, *self.above(unit)]:
            leader = self.units[each]["leader_id"]
            if self.active_person(leader):
                return leader
        return None

    # Parties

    def party(self, text: str | None) -> str | None:
        """The unit that the text of a handshake means; None where that is unknown."""
        if text is None:
            return None
        if self.active_unit(text):
            return text
        wanted = fold(text)
        named = [unit for unit, row in self.units.items() if wanted in names_of(row)]
        if named or text in self.units:
            active = [unit for unit in named if self.active_unit(unit)]
            return active[0] if len(active) == 1 else None
        meant = [
            row
            for person, row in self.people.items()
            if row["active"] and (person == text or wanted in names_of(row, "email"))
        ]
        if len(meant) == 1 and self.active_unit(meant[0]["unit_id"]):
            return meant[0]["unit_id"]
        return None

    # Periods

    def reach(self, period: str) -> list[str]:
        """A period and its ancestors."""
        found = [period]
        while (parent := self.period_parent[found[-1]]) is not None:
            found.append(parent)
        return found

    def current_period(self) -> str | None:
        if self.rules.period is not None:
            return self.rules.period
        today = self.rules.now.astimezone(self.zone).date()
        holding = [row for row in self.periods.values() if row["starts_on"] <= today <= row["ends_on"]]
        if not holding:
            return None
        return min(holding, key=lambda row: (row["ends_on"] - row["starts_on"], row["period_id"]))["period_id"]

    # Meetings

    def coming_meetings(self) -> list[Row]:
        """The meetings that come, from the table and from the settings, in order."""
        all_of_them = [dict(row) for row in self.tables["meetings"]]
        for row in self.rules.meetings:
            unit = row["unit"] if row["unit"] in self.units else self.party(row["unit"])
            all_of_them.append(
                {
                    "meeting_id": row["meeting_id"],
                    "unit_id": unit,
                    "period_id": row["period"],
                    "starts_at": row["starts_at"],
                    "title": row.get("title"),
                }
            )
        coming = [row for row in all_of_them if self.rules.now <= row["starts_at"] + timedelta(days=1)]
        return sorted(coming, key=lambda row: (row["starts_at"], row["meeting_id"]))

    def judged(self) -> list[str]:
        """The periods whose views this run judges."""
        wanted = {self.current_period()} | {row["period_id"] for row in self.coming_meetings()}
        return sorted(period for period in wanted if period in self.periods)


def merged(table: str, sources: dict[str, dict[str, Table]], rules: Rules) -> list[Row]:
    """The rows of all sources, one for each key; field by field the one that stands first stands, else the newest.

    `sayings` of a row is what each source says of it.
    """
    found: dict[tuple, list[tuple[str, Row]]] = {}
    for source, tables in sources.items():
        for row in tables[table].rows if table in tables else ():
            said = as_said(row, tables[table])
            found.setdefault(key_of(table, said), []).append((source, said))
    return [filled(table, one_row(table, said, list(sources), rules)) for said in found.values()]


def one_row(table: str, sayings: list[tuple[str, Row]], order: list[str], rules: Rules) -> Row:
    """What all sources say of one thing, put together."""
    known = frozenset[str]().union(*(said["known"] for _, said in sayings))
    full: Row = {"sources": [source for source, _ in sayings], "known": known, "sayings": sayings}
    for column in COLUMNS[table]:
        says = [each for each in sayings if each[1].get(column) not in (None, [])]
        if says:
            full[column] = min(says, key=lambda each: standing(each, column, order, rules))[1][column]
    full["source"] = min(sayings, key=lambda each: standing(each, None, order, rules))[0]
    return full


def standing(saying: tuple[str, Row], column: str | None, order: list[str], rules: Rules) -> tuple:
    """The less, the further in front: rank, then the newest, then the place in the settings."""
    source, said = saying
    updated = said.get("updated_at")
    newest = (0, -updated.timestamp()) if updated else (1, 0.0)
    named = rules.fields.get(column, ()) if column else ()
    if source in named:
        return 0, named.index(source), newest, 0
    number = rules.precedence.get(source)
    rank = (0, number) if number is not None else (1, order.index(source))
    return 1, rank, newest, order.index(source)


def as_said(row: Row, content: Table) -> Row:
    """What one source says: its values, without those refused, and the columns it can hold.

    `refused` in a row maps columns to what the file says there, which is not legal.
    """
    refused = set(row.get("refused", ()))
    refused |= {"target"} if "comparator" in refused else set()
    said = {column: value for column, value in row.items() if column not in refused and column != "refused"}
    if "state" in refused:
        said["state"] = "draft"
    return {**said, "known": frozenset(content.columns) - refused}


def filled(table: str, row: Row) -> Row:
    """The row with every column, and defaults where nobody says anything."""
    full = dict(row)
    for column in COLUMNS[table]:
        if full.get(column) is None:
            full[column] = [] if column in LISTS else DEFAULTS.get(column)
    return full


def key_of(table: str, row: Row) -> tuple:
    if table == "alignments":
        return row["objective_id"], row.get("parent_kind") or "kr", row["parent_id"]
    if table == "dependencies":
        return row["kr_id"], row["needs_kr_id"]
    return (row[COLUMNS[table][0]],)


def names_of(row: Row, *further: str) -> set[str]:
    """The names of a unit or a person, as they are compared."""
    texts = [row["name"], *row["aliases"], *(row[column] for column in further)]
    return {fold(text) for text in texts if text is not None}


def tree(rows: dict[str, Row], column: str) -> tuple[dict[str, str | None], set[str]]:
    """Each one's parent (None: a root), and those who are roots only because something is wrong."""
    lost = {key for key, row in rows.items() if row[column] is not None and row[column] not in rows}
    lost |= {key for key in rows if in_circle(rows, column, key)}
    return {key: None if key in lost else row[column] for key, row in rows.items()}, lost


def in_circle(rows: dict[str, Row], column: str, start: str) -> bool:
    seen: set[str] = set()
    at = rows[start][column]
    while at in rows and at not in seen:
        if at == start:
            return True
        seen.add(at)
        at = rows[at][column]
    return False


def period_tree(rows: dict[str, Row]) -> dict[str, str | None]:
    """Each period's parent: none where the parent is unknown or the period lies in a circle."""
    return tree(rows, "parent_period_id")[0]


def at_utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
