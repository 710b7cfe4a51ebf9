"""A judged view row by row: who there is, what counts, who carries it, and whom a meeting names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from okr.reconcile.warehouse import Warehouse

Row = dict[str, Any]

THINGS = """
select
    t.kind, t.id, t.objective_id, t.unit_id, t.person_id, o.period_id as of_period, o.ordinal as objective_ordinal,
    k.ordinal as kr_ordinal, t.label, t.visibility, t.masked, t.owner_ids, k.member_ids,
    case when not t.masked then case t.kind when 'kr' then k.title else o.title end end as title,
    case t.kind when 'kr' then k.confidence else o.confidence end as confidence,
    k.progress, k.due_on, k.metric, k.comparator, k.target, k.measure_unit,
    case t.kind when 'kr' then k.url else o.url end as url,
    t.standing
from judged.things t
join okr.objectives o on o.objective_id = t.objective_id
left join okr.key_results k on t.kind = 'kr' and k.kr_id = t.id
where t.period_id = $period
order by t.unit_id, t.person_id nulls first, o.period_id, o.ordinal nulls last, t.objective_id, t.kind desc,
    k.ordinal nulls last, t.id
"""

CARRIES = """
select objective_id, parent_kind, parent_id, parent_objective_id, share, below, stated
from judged.carries
where period_id = $period
order by all
"""

HANDSHAKES = """
select
    j.* exclude (period_id, responded_by, responded_at, decided_by), h.responded_by,
    epoch_us(h.responded_at) as responded_at, h.decided_by
from judged.handshakes j
join okr.handshakes h on h.handshake_id = j.handshake_id
where j.period_id = $period
order by j.handshake_id
"""

OKRS = """
select
    o.objective_id, o.unit_id, o.person_id, o.ordinal as objective_ordinal, o.title as objective, o.owner_ids,
    o.confidence, o.origin, o.state, o.visibility, k.kr_id, k.ordinal as kr_ordinal, k.title as kr,
    k.owner_ids as kr_owner_ids, k.member_ids, k.due_on, k.confidence as kr_confidence, k.progress, k.metric,
    k.comparator, k.baseline, k.target, k.measure_unit, k.rollup, k.weight, k.url
from okr.objectives o
left join okr.key_results k on k.objective_id = o.objective_id
where o.period_id = $period and list_contains($units, o.unit_id)
order by o.unit_id, o.person_id nulls first, o.ordinal nulls last, o.objective_id, k.ordinal nulls last, k.kr_id
"""

NEEDS = """
select h.handshake_id, h.kr_id, h.party, h.point, h.needed_by, h.response, h.response_reason
from okr.handshakes h
join okr.key_results k on k.kr_id = h.kr_id
join okr.objectives o on o.objective_id = k.objective_id
where o.period_id = $period and list_contains($units, o.unit_id)
order by h.kr_id, h.handshake_id
"""

LINKS = """
select a.objective_id, a.parent_kind, a.parent_id, a.share
from okr.alignments a
join okr.objectives o on o.objective_id = a.objective_id
where o.period_id = $period and list_contains($units, o.unit_id)
order by all
"""

PARTS = """
select handshakes_known, upper_krs, upper_carried, things, sound from judged.meetings where meeting_id = $meeting
"""

PEOPLE = "select person_id, name, aliases, email, locale, unit_id, active from okr.people order by person_id"

UNITS = "select unit_id, name, parent_id, leader_id, told_id, active from judged.units order by unit_id"

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def rows(house: Warehouse, query: str, **values: object) -> list[Row]:
    """Return the rows of one of the queries above, each as a dict."""
    return house.frame(query, **values).to_dicts()


def named_people(said: Iterable[str], people: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return whom texts name: an id, else the one active person with that name, alias or address.

    Each with `said`, `person_id`, `name`, `email` and `locale`; of somebody whom no source knows there is
    the address, where the text is one.
    """
    by_id = {person["person_id"]: person for person in people}
    by_word: dict[str, list[Mapping[str, Any]]] = {}
    for person in people:
        if person["active"]:
            words = {fold_text(text) for text in (person["name"], person["email"], *(person["aliases"] or ())) if text}
            for word in words:
                by_word.setdefault(word, []).append(person)
    return [_named(text, by_id, by_word) for text in said]


def _named(text: str, by_id: Mapping[str, Any], by_word: Mapping[str, list[Mapping[str, Any]]]) -> Row:
    found = by_id.get(text)
    if found is None:
        candidates = by_word.get(fold_text(text), [])
        found = candidates[0] if len(candidates) == 1 else None
    if found is not None:
        return {"said": text, **{key: found[key] for key in ("person_id", "name", "email", "locale")}}
    address = text if _ADDRESS.fullmatch(text) else None
    return {"said": text, "person_id": None, "name": None, "email": address, "locale": None}
