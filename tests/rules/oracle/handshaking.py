"""The HS rules, and the standing of a handshake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.rules.oracle.alignment import on_kr
from tests.rules.oracle.finding import Finding
from tests.rules.oracle.words import named_units
from tests.rules.oracle.world import names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rules.oracle.memory import Memory
    from tests.rules.oracle.view import View


def to_receiver(view: View, code: str, key: str) -> Finding:
    """The receiving unit has to close it, and its leader is told."""
    asking = view.kr_unit(view.handshakes[key]["kr_id"])
    return Finding(code, "handshake", key, view.asked[key], asking)


def to_requester(view: View, code: str, key: str) -> Finding:
    """The requesting unit has to close it, and the requesting KR's owner is told."""
    kr = view.handshakes[key]["kr_id"]
    asking, asked = view.kr_unit(kr), view.asked[key]
    return Finding(code, "handshake", key, asking, asked if asked != asking else None, view.kr_owners(kr))


def is_planned(view: View, key: str) -> bool:
    """Whether anything in the receiving unit or below it carries the request."""
    row, asked = view.handshakes[key], view.asked[key]
    support = row["supporting_kr_id"]
    if support in view.key_results and view.world.within(view.kr_unit(support), asked):
        return True
    return any(
        carry.kind == "kr"
        and carry.target == row["kr_id"]
        and view.world.within(view.holder(carry.objective)[0], asked)
        for carry in view.carries
    )


def is_late(view: View, key: str) -> bool:
    support = view.handshakes[key]["supporting_kr_id"]
    if not view.is_sideways(key) or support not in view.key_results:
        return False
    due, needed = view.key_results[support]["due_on"], view.needed_by(key)
    return due is not None and needed is not None and due > needed


def is_stale(view: View, memory: Memory, key: str) -> bool:
    row = view.handshakes[key]
    kr = row["kr_id"]
    answered = row["responded_at"]
    times = [
        memory.content_time("handshakes", key, row),
        memory.content_time("key_results", kr, view.key_results[kr]),
    ]
    return (
        view.is_sideways(key) and answered is not None and any(time is not None and time > answered for time in times)
    )


def standing(view: View, key: str) -> str:
    row = view.handshakes[key]
    if view.asked[key] is None:
        return "unknown-party"
    if not view.is_sideways(key):
        return "vertical"
    if row["response"] is None:
        return "unanswered"
    if row["response"] == "clarify":
        return "clarify"
    if row["response"] == "rejected":
        return "refused" if row["decision"] is None else "decided"
    return "planned" if is_planned(view, key) else "unplanned"


def of_handshake(view: View, memory: Memory, key: str) -> Iterator[Finding]:
    row, asked = view.handshakes[key], view.asked[key]
    stands = standing(view, key)
    if stands == "unanswered":
        yield to_receiver(view, "HS201", key)
    if stands == "clarify":
        yield to_requester(view, "HS202", key)
    if stands == "refused":
        common = view.world.common(view.kr_unit(row["kr_id"]), asked)
        yield Finding("HS203", "handshake", key, common, asked)
    if stands == "unplanned":
        yield to_receiver(view, "HS204", key)
    if stands == "unknown-party":
        yield to_requester(view, "HS205", key)
    if row["point"] is None:
        yield to_requester(view, "HS206", key)
    if is_late(view, key):
        yield to_receiver(view, "HS208", key)
    if stands == "vertical":
        yield to_requester(view, "HS210", key)
    if is_stale(view, memory, key):
        yield to_receiver(view, "HS211", key)


def hs207(view: View) -> Iterator[Finding]:
    world = view.world
    names = [(name, unit) for unit, row in world.units.items() if row["active"] for name in names_of(row)]
    for kr, row in view.key_results.items():
        own = view.kr_unit(kr)
        for unit in named_units(row["title"], names):
            if world.sideways(own, unit) and unit not in view.parties(kr):
                yield Finding("HS207", "kr", kr, own, unit, view.kr_owners(kr))


def hs209(view: View) -> Iterator[Finding]:
    for kr in set(view.kr_circle.values()):
        yield on_kr(view, "HS209", kr)


def hs212(view: View) -> Iterator[Finding]:
    for row in view.dependencies:
        kr, needed = row["kr_id"], row["needs_kr_id"]
        if needed not in view.key_results:
            continue
        own, other = view.kr_unit(kr), view.kr_unit(needed)
        if view.world.sideways(own, other) and other not in view.parties(kr):
            yield Finding("HS212", "kr", kr, own, other, view.kr_owners(kr))


def findings(view: View, memory: Memory) -> Iterator[Finding]:
    for key in view.handshakes:
        yield from of_handshake(view, memory, key)
    for rule in (hs207, hs209, hs212):
        yield from rule(view)
