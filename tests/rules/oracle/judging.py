"""A run: every view judged, with what earlier runs remember."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.rules.oracle import alignment, conflicting, figures, handshaking, quality
from tests.rules.oracle.finding import gap, order
from tests.rules.oracle.memory import Memory
from tests.rules.oracle.view import View
from tests.rules.oracle.world import Enterprise, World

Record = dict[str, Any]


@dataclass
class Verdict:
    """What a run says: for each judged period its gaps and figures, and the coming meetings."""

    current: str | None
    gaps: dict[str, list[Record]] = field(default_factory=dict)
    coverage: dict[str, list[Record]] = field(default_factory=dict)
    handshakes: dict[str, list[Record]] = field(default_factory=dict)
    meetings: list[Record] = field(default_factory=list)


def judge(enterprise: Enterprise, memory: Memory | None = None) -> Verdict:
    """Judge an enterprise; `memory` is what earlier runs left and takes in this one."""
    memory = Memory() if memory is None else memory
    world = World(enterprise)
    memory.see(world)
    views = {period: View(world, period) for period in world.judged()}
    verdict = Verdict(world.current_period())
    for period, view in views.items():
        verdict.gaps[period] = gaps(view, memory)
        verdict.coverage[period] = figures.coverage(view)
        verdict.handshakes[period] = figures.handshakes(view, memory)
    for row in world.coming_meetings():
        period = row["period_id"]
        if period in views and row["unit_id"] in world.units:
            found = verdict.gaps[period]
            verdict.meetings.append(figures.meeting(views[period], memory, row, found))
    return verdict


def gaps(view: View, memory: Memory) -> list[Record]:
    """The gaps of one view, in the order of the contract."""
    found = [
        *alignment.findings(view, memory),
        *handshaking.findings(view, memory),
        *quality.findings(view),
        *conflicting.findings(view),
    ]
    world = view.world
    once = {}
    for finding in found:
        if finding.code not in world.rules.disabled:
            made = gap(finding, view.period, world, memory)
            once[made["fingerprint"]] = made
    return sorted(once.values(), key=order)
