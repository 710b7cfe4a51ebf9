"""The columns of the lists that commands print, in the order and by the names of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

Kind = Literal["text", "number", "share", "flag", "time", "date", "list", "object"]


@dataclass(frozen=True)
class Column:
    """A column of a list: its name, and what its values are."""

    name: str
    kind: Kind = "text"


def _columns(told: str) -> tuple[Column, ...]:
    """Columns out of `name name:kind …`."""
    pairs = (word.partition(":") for word in told.split())
    return tuple(Column(name, cast("Kind", kind or "text")) for name, _, kind in pairs)


GAPS = _columns(
    "code name severity subject_kind subject_id period_id unit_id counterparty_unit_id "
    "notify_person_id message_zh message_en detail:object provisional:flag first_seen:time "
    "fingerprint"
)
COVERAGE = _columns(
    "unit_id name krs:number carried:number carried_as_a_whole:number coverage:share "
    "effective_coverage:share objectives:number traced:number polynomial:number equal:number "
    "decomposed:number people_objectives:number people_key_results:number"
)
HANDSHAKES = _columns(
    "handshake_id kr_id unit_id party party_unit_id point needed_by:date response response_reason "
    "supporting_kr_id decision standing stale:flag late:flag responded_by responded_at:time answered_by "
    "answered_how decided_by"
)
MEETINGS = _columns(
    "meeting_id title unit_id period_id starts_at participants:list krs:number requests:number "
    "accepted:number clarify:number rejected:number unanswered:number planned:number stale:number "
    "handshake_density:share advice readiness:share"
)
QUARANTINE = _columns("source table record_id place field value code reason whole:flag values:object")
DECISIONS = _columns("entry_id:number at:time who kind subject decision why takes_back:number details:object")
WHY = _columns(
    "kind id field value source stands:flag reason delivered_at:time stale_since:time place updated_at:time "
    "entry_id:number decided_by decided_at:time decided_why"
)
HELD = _columns("table record_id title unit_id place")
PLAN = _columns("target action thing old new key")
IDENTITIES = _columns("kind id name source source_id how since:time")
UNSETTLED = _columns("kind source_id id name candidate candidate_name case how score:number source place")
