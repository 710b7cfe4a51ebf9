"""The figures: coverage, handshakes, meetings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.rules.oracle.handshaking import is_late, is_stale, standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.rules.oracle.memory import Memory
    from tests.rules.oracle.view import Carry, View
    from tests.rules.oracle.world import Row

COUNTED = {"QL504", "QL507", "OW401", "OW402", "OW403", "OW404"}


def mean(numbers: Iterable[float]) -> float | None:
    listed = list(numbers)
    return sum(listed) / len(listed) if listed else None


def effective(view: View, kr: str) -> float:
    """How much of a KR is carried, all the way down."""
    if not view.has_carriers_to_be(view.kr_holder(kr)):
        return 1.0
    carriers = [carry for carry in view.carriers(kr) if not in_one_circle(view, carry)]
    stated = sum(carry.share for carry in carriers if carry.share is not None)
    missing = sum(carry.share is None for carry in carriers)
    total = 0.0
    for carry in carriers:
        share = max(0.0, 1 - stated) / missing if carry.share is None else carry.share
        total += share * of_objective(view, carry.objective)
    return min(1.0, total)


def in_one_circle(view: View, carry: Carry) -> bool:
    one = view.o_circle.get(carry.objective)
    return one is not None and one == view.o_circle.get(view.objective_of(carry))


def of_objective(view: View, objective: str) -> float:
    if view.masked(objective):
        return 1.0
    return mean(effective(view, kr) for kr in view.krs_of[objective]) or 0.0


def alignment_kind(view: View, objective: str) -> str | None:
    carried = [
        carry
        for carry in view.carries
        if carry.objective == objective and carry.kind == "kr" and view.is_from_below(carry)
    ]
    if not carried:
        return None
    if len(carried) > 1:
        return "polynomial"
    alone = len(view.carriers(carried[0].target)) == 1
    return "equal" if alone and carried[0].share in (None, 1) else "decomposed"


def coverage(view: View) -> list[dict[str, Any]]:
    """A row for each active unit."""
    return [of_unit(view, unit) for unit in sorted(view.world.units) if view.world.active_unit(unit)]


def of_unit(view: View, unit: str) -> dict[str, Any]:
    objectives = [key for key in view.objectives if view.holder(key) == (unit, None)]
    people = [key for key, row in view.objectives.items() if row["unit_id"] == unit and row["person_id"] is not None]
    krs = [kr for key in objectives for kr in view.krs_of[key]]
    carried = [kr for kr in krs if view.carriers(kr)]
    whole = [kr for kr in krs if kr not in carried and view.carried_as_a_whole(view.key_results[kr]["objective_id"])]
    kinds = [alignment_kind(view, key) for key in objectives]
    speaks = krs and view.has_carriers_to_be((unit, None))
    return {
        "unit_id": unit,
        "name": view.world.units[unit]["name"],
        "krs": len(krs),
        "carried": len(carried),
        "carried_as_a_whole": len(whole),
        "coverage": len(carried) / len(krs) if speaks else None,
        "effective_coverage": mean(effective(view, kr) for kr in krs),
        "objectives": len(objectives),
        "traced": sum(view.traced(key) for key in objectives),
        "polynomial": kinds.count("polynomial"),
        "equal": kinds.count("equal"),
        "decomposed": kinds.count("decomposed"),
        "people_objectives": len(people),
        "people_key_results": sum(len(view.krs_of[key]) for key in people),
    }


def handshakes(view: View, memory: Memory) -> list[dict[str, Any]]:
    """Every handshake that counts, with both units and its standing."""
    return [
        {
            "handshake_id": key,
            "kr_id": row["kr_id"],
            "unit_id": view.kr_unit(row["kr_id"]),
            "party": row["party"],
            "party_unit_id": view.asked[key],
            "point": row["point"],
            "needed_by": view.needed_by(key),
            "response": row["response"],
            "response_reason": row["response_reason"],
            "supporting_kr_id": row["supporting_kr_id"],
            "decision": row["decision"],
            "standing": standing(view, key),
            "stale": is_stale(view, memory, key),
            "late": is_late(view, key),
        }
        for key, row in sorted(view.handshakes.items())
    ]


def meeting(view: View, memory: Memory, row: Row, gaps: list[dict[str, Any]]) -> dict[str, Any]:
    """A meeting's figures; `gaps` are those of its view."""
    world, upper = view.world, row["unit_id"]
    participants = sorted(unit for unit, parent in world.parent.items() if parent == upper and world.active_unit(unit))
    krs = [kr for kr in view.key_results if view.kr_unit(kr) in {upper, *participants}]
    requests = [key for key, each in view.handshakes.items() if each["kr_id"] in krs and view.is_sideways(key)]
    responses = [view.handshakes[key]["response"] for key in requests]
    asking = {view.handshakes[key]["kr_id"] for key in requests}
    density = len(asking) / len(krs) if krs and world.holds_handshakes else None
    return {
        "meeting_id": row["meeting_id"],
        "title": row["title"],
        "unit_id": upper,
        "period_id": row["period_id"],
        "starts_at": row["starts_at"],
        "participants": participants,
        "krs": len(krs),
        "requests": len(requests),
        "accepted": responses.count("accepted"),
        "clarify": responses.count("clarify"),
        "rejected": responses.count("rejected"),
        "unanswered": responses.count(None),
        "planned": sum(standing(view, key) == "planned" for key in requests),
        "stale": sum(is_stale(view, memory, key) for key in requests),
        "handshake_density": density,
        "advice": advice(density, world.rules.density),
        "readiness": readiness(view, upper, participants, responses, gaps),
    }


def advice(density: float | None, least: float) -> str | None:
    if density is None:
        return None
    return "hold" if density >= least else "skip"


def readiness(
    view: View,
    upper: str,
    participants: list[str],
    responses: list[str | None],
    gaps: list[dict[str, Any]],
) -> float:
    """0 to 100, of answers, carried KRs and things in order."""
    answered = part(sum(each is not None for each in responses), len(responses))
    own = [kr for kr in view.key_results if view.kr_holder(kr) == (upper, None)]
    carried = part(sum(bool(view.carriers(kr)) for kr in own), len(own))
    things = [("objective", key) for key in view.objectives if view.holder(key)[0] in participants]
    things += [("kr", kr) for kr in view.key_results if view.kr_unit(kr) in participants]
    found = {(each["subject_kind"], each["subject_id"]) for each in gaps if each["code"] in COUNTED}
    absent = {each["subject_id"] for each in gaps if each["code"] == "QL509"} & set(participants)
    orderly = part(sum(thing not in found for thing in things), len(things) + len(absent))
    if not view.world.holds_handshakes:
        return (40 * carried + 20 * orderly) / 60 * 100
    return 40 * answered + 40 * carried + 20 * orderly


def part(some: int, everything: int) -> float:
    return some / everything if everything else 1.0
