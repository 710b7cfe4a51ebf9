"""The AL rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.rules.oracle.finding import Finding
from tests.rules.oracle.words import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.rules.oracle.memory import Memory
    from tests.rules.oracle.view import Carry, View


def on_kr(view: View, code: str, kr: str) -> Finding:
    return Finding(code, "kr", kr, view.kr_unit(kr), told=view.kr_owners(kr))


def on_objective(view: View, code: str, objective: str) -> Finding:
    return Finding(code, "objective", objective, view.holder(objective)[0], told=view.owners(objective))


def on_carry(view: View, code: str, carry: Carry) -> Finding:
    return Finding(
        code,
        "alignment",
        carry.name,
        view.holder(carry.objective)[0],
        view.holder(view.objective_of(carry))[0],
        view.owners(carry.objective),
    )


def al101_al103(view: View) -> Iterator[Finding]:
    for kr, row in view.key_results.items():
        if view.carriers(kr):
            continue
        if view.carried_as_a_whole(row["objective_id"]):
            yield on_kr(view, "AL103", kr)
        elif view.has_carriers_to_be(view.kr_holder(kr)):
            yield on_kr(view, "AL101", kr)


def al102(view: View) -> Iterator[Finding]:
    for kr in view.key_results:
        shares = [carry.share for carry in view.carriers(kr)]
        if shares and None not in shares and sum(shares) < 1 - 1e-9:
            yield on_kr(view, "AL102", kr)


def al104(view: View) -> Iterator[Finding]:
    carrying = {carry.objective for carry in view.carries}
    for objective, row in view.objectives.items():
        if (
            view.above(view.holder(objective))
            and objective not in carrying
            and row["origin"] != "bottom_up"
            and not view.masked(objective)
        ):
            yield on_objective(view, "AL104", objective)


def al105(view: View) -> Iterator[Finding]:
    world = view.world
    for row in view.dangling:
        objective = row["parent_id"]
        if row["parent_kind"] == "kr":
            objective = world.key_results.get(objective, {}).get("objective_id")
        unit = world.objectives.get(objective, {}).get("unit_id")
        yield Finding(
            "AL105",
            "alignment",
            f"{row['objective_id']}->{row['parent_kind']}:{row['parent_id']}",
            view.holder(row["objective_id"])[0],
            unit if unit in world.units else None,
            view.owners(row["objective_id"]),
        )


def al106(view: View) -> Iterator[Finding]:
    for objective in set(view.o_circle.values()):
        yield on_objective(view, "AL106", objective)


def al107(view: View) -> Iterator[Finding]:
    for carry in view.carries:
        if not view.is_from_below(carry):
            yield on_carry(view, "AL107", carry)


def al108(view: View, memory: Memory) -> Iterator[Finding]:
    for carry in view.carries:
        changed = target_time(view, memory, carry)
        known = [
            memory.content_time("objectives", carry.objective, view.objectives[carry.objective]),
            carry.updated_at,
        ]
        since = [time for time in known if time is not None]
        first = memory.see_alignment((carry.objective, carry.kind, carry.target), view.world.rules.now)
        if changed is not None and changed > max(since, default=first):
            yield on_carry(view, "AL108", carry)


def target_time(view: View, memory: Memory, carry: Carry) -> datetime | None:
    if carry.kind == "objective":
        row = view.objectives[carry.target]
        return memory.content_time("objectives", carry.target, row)
    return memory.content_time("key_results", carry.target, view.key_results[carry.target])


def al109(view: View) -> Iterator[Finding]:
    for kr, row in view.key_results.items():
        if row["target"] is None or row["metric"] is None or row["measure_unit"] is None:
            continue
        parts = []
        for carry in view.carriers(kr):
            for child in view.krs_of[carry.objective]:
                other = view.key_results[child]
                if other["target"] is not None and same_measure(row, other):
                    parts.append(other["target"])
        if parts and falls_short(row, parts):
            yield on_kr(view, "AL109", kr)


def same_measure(row: dict, other: dict) -> bool:
    return all(
        other[column] is not None and fold(other[column]) == fold(row[column]) for column in ("metric", "measure_unit")
    )


def falls_short(row: dict, parts: list[float]) -> bool:
    rollup = row["rollup"]
    if rollup is None:
        rollup = "max" if row["comparator"] == "<=" else "min" if fold(row["measure_unit"]) == "%" else "sum"
    together = {"sum": sum, "min": min, "max": max}[rollup](parts)
    if row["comparator"] == "<=":
        return together > row["target"] + 1e-9
    if row["comparator"] == "=":
        return abs(together - row["target"]) > 1e-9
    return together < row["target"] - 1e-9


def al110(view: View) -> Iterator[Finding]:
    for kr, row in view.key_results.items():
        for carry in view.carriers(kr):
            dues = [view.key_results[child]["due_on"] for child in view.krs_of[carry.objective]]
            if row["due_on"] and any(due and due > row["due_on"] for due in dues):
                yield on_carry(view, "AL110", carry)


def al111(view: View) -> Iterator[Finding]:
    for carry in view.carries:
        if carry.inferred:
            yield on_carry(view, "AL111", carry)


def findings(view: View, memory: Memory) -> Iterator[Finding]:
    for rule in (al101_al103, al102, al104, al105, al106, al107, al109, al110, al111):
        yield from rule(view)
    yield from al108(view, memory)
