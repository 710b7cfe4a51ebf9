"""SY601: what two sources say differently of one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.rules.oracle.finding import Finding
from tests.rules.oracle.words import fold
from tests.rules.oracle.world import COLUMNS, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rules.oracle.view import View
    from tests.rules.oracle.world import Row, World

KINDS = {
    "org_units": "unit",
    "people": "person",
    "periods": "period",
    "objectives": "objective",
    "key_results": "kr",
    "alignments": "alignment",
    "handshakes": "handshake",
    "meetings": "meeting",
}
OF_EACH_SYSTEM = {"updated_at", "content_updated_at", "url"}
TEXTS = {"name", "level", "email", "title", "metric", "measure_unit", "party", "point", "response_reason"}


def findings(view: View) -> Iterator[Finding]:
    """Every field of every thing in view over which two sources differ."""
    for table, kind in KINDS.items():
        for row in view.world.tables[table]:
            for column in differing(view.world, table, row):
                yield from finding(view, kind, table, row, column)


def differing(world: World, table: str, row: Row) -> Iterator[str]:
    keys = key_columns(table)
    for column in COLUMNS[table]:
        if column in keys or column in OF_EACH_SYSTEM:
            continue
        said = [
            each[column] for _, each in row["sayings"] if column in each["known"] and each.get(column) not in (None, [])
        ]
        if column == "name":  # an alias is another name of the same
            known = [alias for _, each in row["sayings"] for alias in each.get("aliases") or ()]
            aliases = {normal(column, alias) for alias in known}
            said = [name for name in said if normal(column, name) not in aliases]
        if len({normal(column, value) for value in said}) < 2:
            continue
        if column == "party":
            units = {world.party(value) for value in said}
            if len(units) == 1 and None not in units:
                continue
        yield column


def key_columns(table: str) -> tuple[str, ...]:
    return COLUMNS[table][:3] if table == "alignments" else COLUMNS[table][:1]


def normal(column: str, value: Any) -> Any:
    """The value as values are compared."""
    if column in TEXTS:
        return "".join(fold(value).split())
    if isinstance(value, list):
        return frozenset(normal("name", each) if column == "aliases" else each for each in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.10g}"
    return value


def finding(view: View, kind: str, table: str, row: Row, column: str) -> Iterator[Finding]:
    world = view.world
    subject = row[COLUMNS[table][0]]
    told: list[str] = []
    other = None
    if kind == "unit":
        unit = subject
    elif kind == "period":
        unit = None
    elif kind in ("person", "meeting"):
        unit = row["unit_id"]
        subject = f"{subject}@{unit}" if kind == "person" and unit else subject
    else:
        kr = row if kind == "kr" else world.key_results.get(row["kr_id"]) if kind == "handshake" else None
        if kr is None and kind in ("kr", "handshake"):
            return
        objective = world.objectives.get((kr or row)["objective_id"])
        if objective is None or objective["period_id"] not in view.periods:
            return
        unit = objective["unit_id"]
        told = owners(world, objective, kr)
        if kind == "handshake":
            other = world.party(row["party"])
            other = None if other == unit else other
        if kind == "alignment":
            subject = "{}->{}:{}".format(*key_of(table, row))
            other = carried_unit(world, row)
    unit, other = (each if each in world.units else None for each in (unit, other))
    yield Finding("SY601", kind, subject, unit, other, told, column)


def owners(world: World, objective: Row, kr: Row | None) -> list[str]:
    personal = [objective["person_id"]] if objective["person_id"] is not None else []
    if kr is None:
        return objective["owner_ids"] or personal
    if kr["owner_ids"] or personal:
        return kr["owner_ids"] or personal
    tables = [world.enterprise.sources[source]["key_results"] for source in kr["sources"]]
    return [] if any("owner_ids" in each.columns for each in tables) else objective["owner_ids"]


def carried_unit(world: World, row: Row) -> str | None:
    target = row["parent_id"]
    if row["parent_kind"] == "kr":
        target = world.key_results.get(target, {}).get("objective_id")
    return world.objectives.get(target, {}).get("unit_id")
