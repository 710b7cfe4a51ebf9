"""What happens to an enterprise from one run to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.rules.enterprises import Maker
from tests.rules.oracle import Enterprise, Table

Row = dict[str, Any]
EDITS: dict[str, tuple[str, ...]] = {
    "objectives": ("title", "state", "confidence", "unit_id", "content_updated_at"),
    "key_results": ("title", "target", "due_on", "metric", "progress", "content_updated_at"),
    "handshakes": ("response", "point", "party", "needed_by", "responded_at", "decision"),
    "alignments": ("share", "updated_at"),
    "people": ("active",),
    "org_units": ("active", "leader_id", "name"),
}


class Changer:
    """Changes tables by chance: edits, rows that vanish, rows that come back as they were."""

    def __init__(self, first: Enterprise, seed: int) -> None:
        self.first = first
        self.dice = Random(seed)
        self.maker = Maker(seed)

    def next(self, before: Enterprise, days: float = 1) -> Enterprise:
        """The enterprise some days later; now and then a source fails, or the period turns."""
        failed = frozenset(each for each in before.sources if self.dice.random() < 0.12)
        sources = {
            source: tables
            if source in failed
            else {table: self.table(source, table, content) for table, content in tables.items()}
            for source, tables in before.sources.items()
        }
        rules = replace(before.rules, now=before.rules.now + timedelta(days=days))
        if self.dice.random() < 0.25:
            rules = replace(rules, period=self.dice.choice(self.periods()))
        if self.dice.random() < 0.15:
            rules = replace(rules, infer=not rules.infer)
        return replace(before, sources=sources, rules=rules, failed=failed)

    def periods(self) -> list[str | None]:
        known = [
            row["period_id"]
            for tables in self.first.sources.values()
            if "periods" in tables
            for row in tables["periods"].rows
        ]
        return [self.first.rules.period, "2026Q4", *known]

    def table(self, source: str, table: str, content: Table) -> Table:
        if table not in EDITS:
            return content
        old = {self.key(table, row): row for row in self.first.sources[source][table].rows}
        rows = {self.key(table, row): row for row in content.rows}
        for key, row in list(rows.items()):
            fate = self.dice.random()
            if fate < 0.06 and table not in ("org_units", "people"):
                del rows[key]
            elif fate < 0.25:
                rows[key] = self.edited(table, row, content)
            elif fate < 0.35 and key in old:
                rows[key] = old[key]
        for key, row in old.items():
            if key not in rows and self.dice.random() < 0.5:
                rows[key] = row
        return Table(content.columns, tuple(rows.values()))

    def key(self, table: str, row: Row) -> tuple:
        if table == "alignments":
            return row["objective_id"], row.get("parent_kind") or "kr", row["parent_id"]
        return (next(iter(row.values())),)

    def edited(self, table: str, row: Row, content: Table) -> Row:
        columns = [column for column in EDITS[table] if column in content.columns]
        if not columns:
            return row
        column = self.dice.choice(columns)
        value = self.value(column, row)
        changed = {key: kept for key, kept in row.items() if key != column}
        return changed if value is None else {**changed, column: value}

    def value(self, column: str, row: Row) -> Any:
        if column in ("content_updated_at", "updated_at", "responded_at"):
            time = self.maker.time(0.9)
            return None if time is None else time + timedelta(days=self.dice.choice([0, 3]))
        pools: dict[str, list[Any]] = {
            "title": [self.maker.title()],
            "name": [row.get("name"), "改名的部门"],
            "state": ["published", "published", "draft", "masked"],
            "confidence": [0.1, 0.9, None],
            "unit_id": [row.get("unit_id"), *self.units()],
            "target": [5.0, 30.0, 30, None],
            "due_on": [date(2026, 11, 30), date(2026, 12, 31), None],
            "needed_by": [date(2026, 11, 30), date(2026, 12, 31), None],
            "metric": ["收入", "Revenue", None],
            "progress": [0.1, 0.6],
            "response": ["accepted", "clarify", "rejected", None],
            "decision": ["invest", None],
            "point": ["别的要点", None],
            "party": self.units(),
            "share": [0.5, 1.0, None],
            "active": [True, False],
            "leader_id": ["p1", "p2", "p3"],
        }
        return self.dice.choice(pools[column])

    def units(self) -> list[str]:
        return [
            row["unit_id"]
            for tables in self.first.sources.values()
            if "org_units" in tables
            for row in tables["org_units"].rows
        ]
