"""What a person may ask of identities: what is what, what is open, what an id that somebody types means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okr.errors import CallError
from okr.reconcile.identity.kinds import KEY
from okr.reconcile.likeness import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr.reconcile.reading import Reader

_NAMES = """
with named as (
    select 'unit' as kind, unit_id as id, name from okr.org_units
    union all select 'person', person_id, name from okr.people
    union all select 'period', period_id, name from okr.periods
    union all select 'meeting', meeting_id, title from okr.meetings
    union all select 'objective', objective_id, title from okr.objectives
    where visibility = 'public' and state <> 'masked'
    union all select 'kr', k.kr_id, k.title from okr.key_results k join okr.objectives o using (objective_id)
    where o.visibility = 'public' and o.state <> 'masked'
    union all select 'handshake', h.handshake_id, h.party from okr.handshakes h
)
"""
"""By kind and canonical id what a thing is called, where everybody may see it."""


def listed(
    reader: Reader, *, kind: str | None = None, thing: str | None = None, all_of_them: bool = False
) -> list[dict]:
    """Return under which id each source knows a thing, in the order of kinds and ids.

    Args:
        reader: of the present state.
        kind: only these things.
        thing: only this one, by any of its ids.
        all_of_them: also what one id alone means.

    Returns:
        `kind`, `id`, `name` (null where it is not for everybody), `source`, `source_id`, `how`, `since`.
    """
    values: dict[str, Any] = {"kinds": [kind] if kind else list(KEY)}
    chosen = "list_contains($kinds, i.kind)"
    if thing is not None:
        values["thing"] = thing
        chosen += (
            " and exists (select 1 from okr.identities o where o.kind = i.kind and o.id = i.id "
            "and (o.id = $thing or o.source_id = $thing))"
        )
    elif not all_of_them:
        chosen += (
            " and (i.kind, i.id) in (select (kind, id) from okr.identities group by kind, id "
            "having count(distinct source) > 1 and count(distinct source_id) > 1 "
            "or bool_or(how in ('decided', 'mapping')))"
        )
    return _dicts(
        reader,
        f"{_NAMES} select i.kind, i.id, n.name, i.source, i.source_id, i.how, i.since from okr.identities i "
        f"left join named n on n.kind = i.kind and n.id = i.id where {chosen} "
        "order by list_position($kinds, i.kind), i.id, i.since, i.source, i.source_id",
        ("kind", "id", "name", "source", "source_id", "how", "since"),
        **values,
    )


def unsettled(reader: Reader, *, kind: str | None = None) -> list[dict]:
    """Return what only a person can tell: doubts first (SY604), then proposals, the most alike first.

    Returns:
        `kind`, `source_id` (of a doubt), `id`, `name`, `candidate`, `candidate_name`, `case` (`several`, `later`,
        `contrary`, `claimed`; `proposal`), `how`, `score` (of 100), `source` and `place` (of a doubt).
    """
    return _dicts(
        reader,
        f"""{_NAMES},
        unsettled as (
            select kind, source_id, id, unnest(candidates) as candidate, "case", how, null::double as score, source,
                place
            from judged.identity_doubts
            union all
            select kind, null, id, candidate, 'proposal', how, score, null, null from judged.identity_proposals
        )
        select u.kind, u.source_id, u.id, n.name, u.candidate, c.name, u."case", u.how, u.score, u.source, u.place
        from unsettled u
        left join named n on n.kind = u.kind and n.id = u.id
        left join named c on c.kind = u.kind and c.id = u.candidate
        where list_contains($kinds, u.kind)
        order by u."case" = 'proposal', list_position($kinds, u.kind), u.score desc nulls last, u.id, u.candidate""",
        ("kind", "source_id", "id", "name", "candidate", "candidate_name", "case", "how", "score", "source", "place"),
        kinds=[kind] if kind else list(KEY),
    )


def two(reader: Reader, said: Sequence[str], kind: str | None) -> tuple[str, list[dict[str, str | None]]]:
    """Return the kind and the two things that a person names: `id` and `source` (None: whoever says it).

    Args:
        reader: of the present state.
        said: two texts: a canonical id, an id of a source, or `SOURCE/ID`.
        kind: of both, if it is said.

    Raises:
        CallError: `identity_nothing`, `identity_no_common_kind`, `identity_of_several_kinds`, `identity_itself`.
    """
    meant = [_meant(reader, text, kind) for text in said]
    common = sorted(set(meant[0]) & set(meant[1]), key=list(KEY).index)
    if not common:
        raise CallError("identity_no_common_kind", a=said[0], b=said[1])
    if len(common) > 1:
        raise CallError("identity_of_several_kinds", a=said[0], b=said[1], kinds=common)
    ends = [found[common[0]] for found in meant]
    if ends[0]["id"] == ends[1]["id"] and (None in (ends[0]["source"], ends[1]["source"]) or ends[0] == ends[1]):
        raise CallError("identity_itself", said=said[0])
    return common[0], ends


def _meant(reader: Reader, text: str, kind: str | None) -> dict[str, dict[str, str | None]]:
    """Return by kind what a text means: exactly an id; else an id of the source before the slash."""
    kinds = [kind] if kind else list(KEY)
    known = reader.house.rows(
        "select distinct kind from okr.identities where (id = $said or source_id = $said) "
        "and list_contains($kinds, kind)",
        said=text,
        kinds=kinds,
    )
    if known:
        return {found: {"id": text, "source": None} for (found,) in known}
    source, slash, rest = text.partition("/")
    known = (
        reader.house.rows(
            "select distinct kind from okr.identities where source = $source and source_id = $said "
            "and list_contains($kinds, kind)",
            source=source,
            said=rest,
            kinds=kinds,
        )
        if slash
        else []
    )
    if not known:
        ids = [id_ for (id_,) in reader.house.rows("select distinct source_id from okr.identities order by 1")]
        raise CallError("identity_nothing", said=text, nearest=nearest([text], ids, always=True)[text])
    return {found: {"id": rest, "source": source} for (found,) in known}


def _dicts(reader: Reader, query: str, names: Sequence[str], **values: object) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in reader.house.rows(query, **values)]
