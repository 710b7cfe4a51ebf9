"""What a rule hands back, and what becomes of it on the way to the contract's objects."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.rules.oracle.memory import Memory
    from tests.rules.oracle.world import World

SEVERITIES = ("critical", "major", "minor", "info")

NAMES = {
    "AL101": ("dropped-ball", "critical"),
    "AL102": ("partly-carried", "major"),
    "AL103": ("carried-as-a-whole", "minor"),
    "AL104": ("orphan-objective", "info"),
    "AL105": ("dangling-alignment", "major"),
    "AL106": ("alignment-cycle", "critical"),
    "AL107": ("sideways-alignment", "minor"),
    "AL108": ("stale-alignment", "major"),
    "AL109": ("target-shortfall", "major"),
    "AL110": ("late-carrier", "minor"),
    "AL111": ("unlinked-copy", "minor"),
    "HS201": ("unanswered-request", "major"),
    "HS202": ("needs-clarification", "major"),
    "HS203": ("refused-undecided", "critical"),
    "HS204": ("accepted-unplanned", "major"),
    "HS205": ("unknown-party", "critical"),
    "HS206": ("empty-point", "minor"),
    "HS207": ("undeclared-dependency", "major"),
    "HS208": ("late-support", "major"),
    "HS209": ("circular-wait", "critical"),
    "HS210": ("vertical-handshake", "minor"),
    "HS211": ("stale-response", "major"),
    "HS212": ("dependency-without-handshake", "major"),
    "OW401": ("no-owner", "critical"),
    "OW402": ("several-owners", "minor"),
    "OW403": ("owner-gone", "major"),
    "OW404": ("owner-elsewhere", "minor"),
    "QL501": ("too-many-objectives", "minor"),
    "QL502": ("too-many-key-results", "minor"),
    "QL503": ("not-measurable", "minor"),
    "QL504": ("no-due-date", "minor"),
    "QL505": ("no-confidence", "info"),
    "QL506": ("objective-reads-like-kr", "info"),
    "QL507": ("no-key-results", "minor"),
    "QL508": ("low-confidence", "minor"),
    "QL509": ("no-objectives", "major"),
    "SY601": ("conflicting-sources", "major"),
    "SY602": ("source-stale", "critical"),
    "SY603": ("refused-row", "minor"),
}
LIMITS = {"QL501": 5, "QL502": 4, "QL508": 0.5}
PROVISIONAL = {"AL101", "AL102", "AL109", "HS201", "HS204", "HS205"}


@dataclass(frozen=True)
class Finding:
    """One finding: its rule, its subject, its units, and whose owners are told first."""

    code: str
    kind: str
    subject: str
    unit: str | None
    counterparty: str | None = None
    told: Sequence[str] = field(default=())
    differs_in: str | None = None


def fingerprint(period: str, finding: Finding) -> str:
    parts = [period, finding.code, finding.kind, finding.subject, finding.counterparty]
    if finding.differs_in is not None:
        parts.insert(4, finding.differs_in)
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def gap(finding: Finding, period: str, world: World, memory: Memory) -> dict[str, Any]:
    """The contract's object of a finding, without messages and detail."""
    rules = world.rules
    name, severity = NAMES[finding.code]
    mark = fingerprint(period, finding)
    told = [person for person in finding.told if world.active_person(person)]
    return {
        "code": finding.code,
        "name": name,
        "severity": rules.severities.get(finding.code, severity),
        "subject_kind": finding.kind,
        "subject_id": finding.subject,
        "period_id": period,
        "unit_id": finding.unit,
        "counterparty_unit_id": finding.counterparty,
        "notify_person_id": told[0] if told else world.leaders(finding.unit),
        "provisional": world.enterprise.never_delivered and finding.code in PROVISIONAL,
        "first_seen": memory.first_seen(mark, rules.now),
        "fingerprint": mark,
    }


def order(each: dict[str, Any]) -> tuple:
    """Worst first, then code, subject, counterparty (null first), kind, fingerprint."""
    counterparty = each["counterparty_unit_id"]
    return (
        SEVERITIES.index(each["severity"]),
        each["code"],
        each["subject_id"],
        (counterparty is not None, counterparty or ""),
        each["subject_kind"],
        each["fingerprint"],
    )
