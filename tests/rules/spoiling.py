"""What is not legal: values that are refused by themselves, and rows that are refused whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from tests.rules.oracle import Enterprise, Table

Row = dict[str, Any]

ILLEGAL: dict[str, dict[str, str]] = {
    "objectives": {
        "confidence": "很高", "state": "done", "owner_ids": "p1;p|2", "visibility": "secret",
        "origin": "both", "content_updated_at": "last week", "ordinal": "first",
    },
    "key_results": {
        "confidence": "101", "due_on": "2026-02-30", "target": "很多", "comparator": ">>",
        "owner_ids": "a->b", "content_updated_at": "2026-13-01", "rollup": "mean",
        "progress": "-0.1",
    },
    "alignments": {"share": "all", "updated_at": "yesterday"},
    "handshakes": {
        "needed_by": "soon", "response": "yes", "decision": "maybe", "responded_at": "now",
        "supporting_kr_id": "k|1",
    },
    "people": {"active": "perhaps", "unit_id": "a|b", "locale": "fr"},
    "org_units": {"active": "perhaps", "leader_id": "x;y"},
}  # fmt: skip


def spoilt(made: Enterprise, dice: Random) -> Enterprise:
    """The enterprise with some illegal values and rows."""
    sources = {
        source: {table: spoil(table, content, dice) for table, content in tables.items()}
        for source, tables in made.sources.items()
    }
    return replace(made, sources=sources)


def spoil(table: str, content: Table, dice: Random) -> Table:
    columns = [column for column in ILLEGAL.get(table, ()) if column in content.columns]
    rows = []
    for row in content.rows:
        if columns and dice.random() < 0.06:
            column = dice.choice(columns)
            rows.append({**row, "refused": {column: ILLEGAL[table][column]}})
        else:
            rows.append(row)
    refused = refused_rows(table, rows, content.columns, dice)
    last = len(rows) + 1  # the header is a spreadsheet's first row
    placed = tuple({**row, "place": f"{table}.csv:{last + number}"} for number, row in enumerate(refused, 1))
    return replace(content, rows=tuple(rows), refused=placed)


def refused_rows(table: str, rows: list[Row], columns: tuple[str, ...], dice: Random) -> list[Row]:
    """Rows that lack what makes them what they are, or whose key another has that differs."""
    krs = [row["kr_id"] for row in rows if "kr_id" in row] or ["gone"]
    objectives = [row["objective_id"] for row in rows if "objective_id" in row] or ["gone"]
    units = [row["unit_id"] for row in rows if "unit_id" in row] or ["u1"]
    pool: dict[str, list[Row]] = {
        "org_units": [{"name": "无名"}, {"unit_id": "x;1"}],
        "objectives": [
            {"objective_id": "bad1", "unit_id": dice.choice(units)},
            {"objective_id": "bad2", "period_id": "2026Q4"},
            {"unit_id": dice.choice(units), "period_id": "2026Q4"},
            {"objective_id": "a|b", "unit_id": dice.choice(units), "period_id": "2026Q4"},
        ],
        "key_results": [{"kr_id": "bad1"}, {"objective_id": dice.choice(objectives)}],
        "alignments": [{"objective_id": dice.choice(objectives)}, {"parent_id": "K"}],
        "handshakes": [{"handshake_id": "bad1"}, {"kr_id": dice.choice(krs)}],
        "dependencies": [{"kr_id": dice.choice(krs)}, {"needs_kr_id": dice.choice(krs)}],
        "people": [{"name": "无号", "unit_id": dice.choice(units)}],
    }
    found = [row for row in pool.get(table, ()) if dice.random() < 0.25]
    found = [{column: row[column] for column in row if column in columns} for row in found]
    if table == "org_units" and "name" in columns and dice.random() < 0.3:
        found += [{"unit_id": "dup", "name": "一个"}, {"unit_id": "dup", "name": "另一个"}]
    return [row for row in found if row]
