"""The OW, QL and SY rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.rules.oracle.alignment import on_kr, on_objective
from tests.rules.oracle.finding import LIMITS, Finding
from tests.rules.oracle.words import has_number, reads_like_kr
from tests.rules.oracle.world import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rules.oracle.view import View
    from tests.rules.oracle.world import Row


def limit(view: View, code: str) -> float:
    return view.world.rules.limits.get(code, LIMITS[code])


def owner_rules(view: View, row: Row, owners: list[str], unit: str) -> Iterator[str]:
    """The OW codes of one O or KR."""
    world = view.world
    if not owners and "owner_ids" in row["known"]:
        yield "OW401"
    if len(set(row["owner_ids"])) > 1:  # what is only inherited is the O's own finding
        yield "OW402"
    if any(not world.active_person(owner) for owner in owners):
        yield "OW403"
    known = [owner for owner in owners if world.active_person(owner)]
    if any(is_elsewhere(view, owner, unit) for owner in known):
        yield "OW404"


def is_elsewhere(view: View, owner: str, unit: str) -> bool:
    world = view.world
    home = world.people[owner]["unit_id"]
    if home in world.units and world.within(home, unit):
        return False
    return all(world.units[each]["leader_id"] != owner for each in [unit, *world.above(unit)])


def of_objective(view: View, objective: str) -> Iterator[str]:
    row = view.objectives[objective]
    yield from owner_rules(view, row, view.owners(objective), row["unit_id"])
    krs = view.krs_of[objective]
    if len(krs) > limit(view, "QL502"):
        yield "QL502"
    if row["confidence"] is None and "confidence" in row["known"]:
        yield "QL505"
    if reads_like_kr(row["title"]):
        yield "QL506"
    if not krs:
        yield "QL507"
    if row["confidence"] is not None and row["confidence"] < limit(view, "QL508"):
        yield "QL508"


def of_kr(view: View, kr: str) -> Iterator[str]:
    row = view.key_results[kr]
    yield from owner_rules(view, row, view.kr_owners(kr), view.kr_unit(kr))
    if row["target"] is None and not has_number(row["title"]) and {"target", "title"} <= row["known"]:
        yield "QL503"
    if is_undue(view, row):
        yield "QL504"
    if row["confidence"] is not None and row["confidence"] < limit(view, "QL508"):
        yield "QL508"


def is_undue(view: View, row: Row) -> bool:
    if row["due_on"] is None:
        return "due_on" in row["known"]
    period = view.world.periods[view.objectives[row["objective_id"]]["period_id"]]
    return not period["starts_on"] <= row["due_on"] <= period["ends_on"]


def ql501(view: View) -> Iterator[Finding]:
    many = Counter((view.holder(key), row["period_id"]) for key, row in view.objectives.items() if not view.masked(key))
    for unit, person in {key[0] for key, count in many.items() if count > limit(view, "QL501")}:
        if person is None:
            yield Finding("QL501", "unit", unit, unit)
        else:
            yield Finding("QL501", "person", f"{person}@{unit}", unit, told=[person])


def ql509(view: View) -> Iterator[Finding]:
    world = view.world
    handed_in = {
        row["unit_id"]
        for row in view.objectives.values()
        if row["person_id"] is None and row["period_id"] == view.period
    }
    for unit, parent in world.parent.items():
        siblings = {
            other
            for other, upper in world.parent.items()
            if upper == parent and other != unit and world.active_unit(other)
        }
        if parent is not None and world.active_unit(unit) and unit not in handed_in and siblings & handed_in:
            yield Finding("QL509", "unit", unit, unit)


def sy602(view: View) -> Iterator[Finding]:
    for source in view.world.enterprise.failed:
        yield Finding("SY602", "source", source, None)


def sy603(view: View) -> Iterator[Finding]:
    world = view.world
    for source, tables in world.enterprise.sources.items():
        for table, content in tables.items():
            for row in content.refused:
                name, unit = whole(view, table, row)
                yield Finding("SY603", "row", f"{source}/{table}/{name}", unit)
    for key in world.lost_units:
        yield refused(world.units[key], "org_units", key, key)
    for key, row in world.objectives.items():
        if row["unit_id"] not in world.units or row["period_id"] not in world.periods:
            unit = row["unit_id"] if row["unit_id"] in world.units else None
            yield refused(row, "objectives", key, unit)
    for key, row in world.key_results.items():
        if row["objective_id"] not in world.objectives:
            yield refused(row, "key_results", key, None)
    for key, row in world.handshakes.items():
        if row["kr_id"] not in world.key_results:
            yield refused(row, "handshakes", key, None)
    for row in world.tables["dependencies"]:
        ends = row["kr_id"], row["needs_kr_id"]
        if any(end not in world.key_results for end in ends):
            yield refused(row, "dependencies", "->".join(ends), unit_of_kr(view, ends[0]))


def whole(view: View, table: str, row: Row) -> tuple[str, str | None]:
    """Id or place of a row that was refused whole, and its unit, as far as one knows it."""
    world = view.world
    key = row.get(COLUMNS[table][0])
    name = row["place"] if key is None or set(key) & set(";|") else key
    if table == "alignments":
        return row["place"], unit_of_objective(view, row.get("objective_id"))
    if table == "dependencies":
        return row["place"], unit_of_kr(view, row.get("kr_id"))
    if table == "key_results":
        return name, unit_of_objective(view, row.get("objective_id"))
    if table == "handshakes":
        return name, unit_of_kr(view, row.get("kr_id"))
    unit = row.get("unit_id")
    return name, unit if unit in world.units else None


def unit_of_objective(view: View, objective: str | None) -> str | None:
    world = view.world
    unit = world.objectives.get(objective, {}).get("unit_id")
    return unit if unit in world.units else None


def unit_of_kr(view: View, kr: str | None) -> str | None:
    world = view.world
    return unit_of_objective(view, world.key_results.get(kr, {}).get("objective_id"))


def refused(row: Row, table: str, key: str, unit: str | None) -> Finding:
    return Finding("SY603", "row", f"{row['source']}/{table}/{key}", unit)


def findings(view: View) -> Iterator[Finding]:
    for objective in view.objectives:
        if not view.masked(objective):
            for code in of_objective(view, objective):
                yield on_objective(view, code, objective)
    for kr, row in view.key_results.items():
        if not view.masked(row["objective_id"]):
            for code in of_kr(view, kr):
                yield on_kr(view, code, kr)
    for rule in (ql501, ql509, sy602, sy603):
        yield from rule(view)
