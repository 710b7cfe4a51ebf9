"""What `compare.sql` left, thing by thing, as the struct `was` of the earlier run and the struct `now`."""

from __future__ import annotations

_APART = """
select
    coalesce(n.{key}, w.{key}) as id, w as was, n as now, coalesce(n.objective_id, w.objective_id) in (
        select objective_id from earlier_objective
    ) as earlier
from (select * from {ends} where at_now) n
full join (select * from {ends} where not at_now) w on w.{key} = n.{key}
where (n.hash is distinct from w.hash or n.counts is distinct from w.counts) and (n.counts or w.counts)
"""

OBJECTIVES = _APART.format(key="objective_id", ends="objective_end")

KEY_RESULTS = f"""
select f.* replace (
    f.earlier and f.id in (select kr_id from history.key_results where from_run <= $base) as earlier
)
from ({_APART.format(key="kr_id", ends="kr_state_end")}) f
"""

ALIGNMENTS = (
    """
with ends as (
    select
        h.objective_id || '->' || h.parent_kind || ':' || h.parent_id as id, h.hash, h.objective_id, h.parent_kind,
        h.parent_id, h.share, e.at_now, o.unit_id, o.counts, o.label,
        coalesce(k.label, p.label, h.parent_id) as target_label,
        case when h.parent_kind = 'kr' then k.title else p.title end as target_title,
        coalesce(k.unit_id, p.unit_id) as target_unit_id, o.public and coalesce(k.public, p.public, true) as public
    from history.alignments h
    semi join wanted_alignment w
        on w.objective_id = h.objective_id and w.parent_kind = h.parent_kind and w.parent_id = h.parent_id
    join (values (true), (false)) e (at_now)
        on case when e.at_now then h.to_run is null
            else h.from_run <= $base and (h.to_run is null or h.to_run > $base) end
    join objective_end o on o.objective_id = h.objective_id and o.at_now = e.at_now
    left join kr_state_end k on h.parent_kind = 'kr' and k.kr_id = h.parent_id and k.at_now = e.at_now
    left join objective_end p on h.parent_kind = 'objective' and p.objective_id = h.parent_id and p.at_now = e.at_now
)
select f.* replace (
    f.earlier and f.id in (
        select objective_id || '->' || parent_kind || ':' || parent_id
        from history.alignments semi join wanted_alignment using (objective_id, parent_kind, parent_id)
        where from_run <= $base
    ) as earlier
)
from (
"""
    + _APART.format(key="id", ends="ends")
    + ") f"
)

HANDSHAKES = (
    """
with party_of as (
    select handshake_id, true as at_now, any_value(party_unit_id) as party_unit_id
    from judged.handshakes semi join wanted_handshake using (handshake_id) group by all
    union all
    select handshake_id, false, arg_max(party_unit_id, from_run)
    from history.found_handshakes semi join wanted_handshake using (handshake_id)
    where from_run <= $base and (to_run is null or to_run > $base) group by all
),
ends as (
    select
        h.handshake_id, h.hash, h.kr_id, h.party, h.point, h.needed_by, h.response, h.response_reason,
        h.supporting_kr_id, h.decision, e.at_now, k.objective_id, k.unit_id, k.counts, k.public, k.label,
        p.party_unit_id
    from history.handshakes h
    semi join wanted_handshake w on w.handshake_id = h.handshake_id
    join (values (true), (false)) e (at_now)
        on case when e.at_now then h.to_run is null
            else h.from_run <= $base and (h.to_run is null or h.to_run > $base) end
    join kr_state_end k on k.kr_id = h.kr_id and k.at_now = e.at_now
    left join party_of p on p.handshake_id = h.handshake_id and p.at_now = e.at_now
)
select f.* replace (
    f.earlier and f.id in (select handshake_id from history.handshakes where from_run <= $base) as earlier
)
from (
"""
    + _APART.format(key="handshake_id", ends="ends")
    + ") f"
)

DEPENDENCIES = (
    """
with ends as (
    select
        h.kr_id || '->' || h.needs_kr_id as id, h.hash, h.kr_id, e.at_now, k.objective_id, k.unit_id,
        k.counts and n.counts as counts, k.public and n.public as public, k.label, n.label as target_label,
        n.title as target_title, n.unit_id as target_unit_id
    from history.dependencies h
    semi join wanted_dependency w on w.kr_id = h.kr_id and w.needs_kr_id = h.needs_kr_id
    join (values (true), (false)) e (at_now)
        on case when e.at_now then h.to_run is null
            else h.from_run <= $base and (h.to_run is null or h.to_run > $base) end
    join kr_state_end k on k.kr_id = h.kr_id and k.at_now = e.at_now
    join kr_state_end n on n.kr_id = h.needs_kr_id and n.at_now = e.at_now
)
select f.* replace (
    f.earlier and f.id in (
        select kr_id || '->' || needs_kr_id from history.dependencies
        semi join wanted_dependency using (kr_id, needs_kr_id) where from_run <= $base
    ) as earlier
)
from (
"""
    + _APART.format(key="id", ends="ends")
    + ") f"
)

UNITS = """
with ends as (
    select unit_id, true as at_now, now_name as name, now_parent as parent_id, now_leader as leader_id,
        now_active as counts from unit_state
    union all
    select unit_id, false, was_name, was_parent, was_leader, was_active from unit_state
)
select n.unit_id as id, w as was, n as now,
    n.unit_id in (select unit_id from history.org_units where from_run <= $base) as earlier
from (select *, true as public, coalesce(name, unit_id) as label from ends where at_now) n
join (select *, true as public, coalesce(name, unit_id) as label from ends where not at_now) w on w.unit_id = n.unit_id
where (n.counts or w.counts) and (
    n.counts <> w.counts or n.name is distinct from w.name or n.parent_id is distinct from w.parent_id
    or n.leader_id is distinct from w.leader_id
)
"""

MEETINGS = """
with ends as (
    select
        h.meeting_id, h.hash, h.unit_id, h.period_id, h.starts_at, e.at_now,
        list_contains($periods, h.period_id) as counts, true as public, coalesce(h.title, h.meeting_id) as label
    from history.meetings h
    join (values (true), (false)) e (at_now)
        on case when e.at_now then h.to_run is null
            else h.from_run <= $base and (h.to_run is null or h.to_run > $base) end
)
select
    coalesce(n.meeting_id, w.meeting_id) as id,
    {'unit_id': w.unit_id, 'period_id': w.period_id, 'starts_at': epoch_us(w.starts_at), 'counts': w.counts,
        'public': w.public, 'label': w.label} as was,
    {'unit_id': n.unit_id, 'period_id': n.period_id, 'starts_at': epoch_us(n.starts_at), 'counts': n.counts,
        'public': n.public, 'label': n.label} as now,
    coalesce(n.meeting_id, w.meeting_id) in (select meeting_id from history.meetings where from_run <= $base) as earlier
from (select * from ends where at_now) n
full join (select * from ends where not at_now) w on w.meeting_id = n.meeting_id
where n.hash is distinct from w.hash and (coalesce(n.counts, false) or coalesce(w.counts, false))
"""

BY_KIND = {
    "unit": UNITS,
    "meeting": MEETINGS,
    "objective": OBJECTIVES,
    "kr": KEY_RESULTS,
    "alignment": ALIGNMENTS,
    "handshake": HANDSHAKES,
    "dependency": DEPENDENCIES,
}

_TOUCH = (
    "select '{kind}' as kind, {id} as id, max(greatest(from_run, coalesce(to_run, from_run))) as run "
    "from history.{table} where from_run > $base or to_run > $base group by all"
)
TOUCHED = (
    "select t.kind, t.id, epoch_us(r.started_at), r.run_id from ({}) t join history.runs r on r.run = t.run".format(
        " union all ".join(
            _TOUCH.format(kind=kind, id=key, table=table)
            for kind, key, table in (
                ("unit", "unit_id", "org_units"),
                ("meeting", "meeting_id", "meetings"),
                ("objective", "objective_id", "objectives"),
                ("kr", "kr_id", "key_results"),
                ("alignment", "objective_id || '->' || parent_kind || ':' || parent_id", "alignments"),
                ("handshake", "handshake_id", "handshakes"),
                ("dependency", "kr_id || '->' || needs_kr_id", "dependencies"),
            )
        )
    )
)
"""Which run last saw a thing otherwise than the run before it had."""

CARRIERS = """
with recursive edge as (
    select objective_id, parent_kind, parent_id, parent_objective_id, bool_or(to_run is null) as still
    from history.found_carries
    where period_id = $period and below and (to_run is null or (from_run <= $base and to_run > $base))
    group by all
),
down as (
    select r.number, e.objective_id, 1 as level, e.still
    from root r join edge e on e.parent_kind = r.kind and e.parent_id = r.id
    union
    select r.number, e.objective_id, 1, e.still
    from root r join edge e on r.kind = 'tree' and e.parent_objective_id = r.id
    union
    select d.number, e.objective_id, d.level + 1, d.still and e.still
    from down d join edge e on e.parent_objective_id = d.objective_id
),
nearest as (
    select number, objective_id, min(level) as level, bool_or(still) as still
    from down
    group by all
)
select n.number, n.objective_id, n.level, n.still, t.label, t.unit_id, t.owner_ids, u.told_id
from nearest n
join judged.things t on t.period_id = $period and t.kind = 'objective' and t.id = n.objective_id
left join judged.units u on u.unit_id = t.unit_id
order by n.number, n.level, t.label, n.objective_id
"""
"""Who carries what changed, at every level below: carriers stand strictly below, so this comes to an end."""

OBJECTIVE_LABELS = "select objective_id, any_value(label order by at_now desc) from objective_end group by all"
RUNS = "select run, run_id, epoch_us(started_at) from history.runs"

PEOPLE = """
select person_id, coalesce(name, person_id) as name, coalesce(active, true) as active
from okr.people
where person_id in (select unnest($ids))
"""

_GAP_COLUMNS = """
    g.code, g.severity, g.subject_kind, g.subject_id, g.period_id, g.unit_id, g.counterparty_unit_id,
    g.notify_person_id, g.detail, g.provisional, epoch_us(g.first_seen), g.fingerprint, g.unit_name,
    g.counterparty_name
"""
GAPS = f"""
with was as (
    select * from history.gaps where period_id = $period and from_run <= $base and (to_run is null or to_run > $base)
),
present as (
    select * from history.gaps where period_id = $period and to_run is null
)
select 'opened', from_run, null, {_GAP_COLUMNS} from present g anti join was using (fingerprint)
union all
select 'closed', coalesce(e.to_run, g.to_run), coalesce(e.ended, g.ended), {_GAP_COLUMNS}
from was g
anti join present using (fingerprint)
left join (
    select fingerprint, max(to_run) as to_run, arg_max(ended, to_run) as ended
    from history.gaps where period_id = $period and to_run > $base group by all
) e on e.fingerprint = g.fingerprint
"""

LINKS = """
select distinct objective_id, parent_kind, parent_id
from history.found_carries
where period_id = $period and (to_run is null or (from_run <= $base and to_run > $base))
    and objective_id in (select unnest($ids))
"""
"""What some Os carry, or carried: a change below may open or close a gap of what it carries."""

REQUESTS = """
select distinct handshake_id, kr_id, supporting_kr_id
from history.handshakes
where (to_run is null or (from_run <= $base and to_run > $base)) and handshake_id in (select unnest($ids))
"""
