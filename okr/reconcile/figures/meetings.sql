-- The coming meetings of this view: participants, requests, and how ready they are.
insert into judged.meetings
with coming as (
    select m.meeting_id, m.title, m.unit_id, m.period_id, m.starts_at, m.starts_at_offset
    from coming_meeting m
    join unit u on u.unit_id = m.unit_id
    where m.period_id = $period
),
participant as (
    select m.meeting_id, u.unit_id
    from coming m
    join unit u on u.parent_id = m.unit_id and u.active
),
party_to as (
    select meeting_id, unit_id, true as takes_part from participant
    union all
    select meeting_id, unit_id, false from coming
),
kr_of as (
    select p.meeting_id, p.takes_part, k.kr_id, k.standing, k.finer_links, k.person_id, k.masked,
        exists (select 1 from handshake h where h.kr_id = k.kr_id and h.sideways) as asks
    from party_to p
    join kr_standing k on k.unit_id = p.unit_id
),
kr_figures as (
    select meeting_id, count(*) as krs, count(*) filter (where asks) as asking,
        count(*) filter (where not takes_part and person_id is null) as upper_krs,
        count(*) filter (
            where not takes_part and person_id is null
                and (standing = 'carried' or (standing = 'whole' and not finer_links))
        ) as upper_carried
    from kr_of
    group by meeting_id
),
request_figures as (
    select k.meeting_id, count(*) as requests, count(*) filter (where h.response = 'accepted') as accepted,
        count(*) filter (where h.response = 'clarify') as clarify,
        count(*) filter (where h.response = 'rejected') as rejected,
        count(*) filter (where h.response is null) as unanswered,
        count(*) filter (where h.response = 'accepted' and not h.unplanned) as planned,
        count(*) filter (where h.stale) as stale
    from kr_of k
    join handshake h on h.kr_id = k.kr_id
    where h.sideways
    group by k.meeting_id
),
unsound as (
    select distinct subject_kind, subject_id
    from found_gap
    where code in ('OW401', 'OW402', 'OW403', 'OW404', 'QL504', 'QL507', 'QL509')
),
thing as (
    select p.meeting_id, 'objective' as kind, o.objective_id as id
    from participant p join objective o on o.unit_id = p.unit_id
    union all
    select p.meeting_id, 'kr', k.kr_id
    from participant p join key_result k on k.unit_id = p.unit_id
    union all
    select p.meeting_id, 'unit', p.unit_id
    from participant p
    where exists (select 1 from unsound s where s.subject_kind = 'unit' and s.subject_id = p.unit_id)
),
soundness as (
    select t.meeting_id, count(*) as things, count(*) filter (where s.subject_id is null) as sound
    from thing t
    left join unsound s on s.subject_kind = t.kind and s.subject_id = t.id
    group by t.meeting_id
),
known as (
    select count(*) > 0 as handshakes_known from store.holds where "table" = 'handshakes'
),
parts as (
    select
        c.*, coalesce(k.krs, 0) as krs, r.* exclude (meeting_id), known.handshakes_known,
        coalesce(k.upper_krs, 0) as upper_krs, coalesce(k.upper_carried, 0) as upper_carried,
        coalesce(s.things, 0) as things, coalesce(s.sound, 0) as sound_things,
        case when known.handshakes_known then 40 * coalesce((r.requests - r.unanswered) / r.requests, 1) end as answered,
        case when coalesce(k.upper_krs, 0) = 0 then 40 else 40 * k.upper_carried / k.upper_krs end as carried,
        case when coalesce(s.things, 0) = 0 then 20 else 20 * s.sound / s.things end as sound,
        case when known.handshakes_known then k.asking / nullif(k.krs, 0) end as density
    from coming c
    cross join known
    left join kr_figures k on k.meeting_id = c.meeting_id
    left join request_figures r on r.meeting_id = c.meeting_id
    left join soundness s on s.meeting_id = c.meeting_id
)
select
    p.meeting_id, p.title, p.unit_id, p.period_id, p.starts_at, p.starts_at_offset,
    coalesce((select list(unit_id order by unit_id) from participant q where q.meeting_id = p.meeting_id), []),
    p.krs, coalesce(p.requests, 0), coalesce(p.accepted, 0), coalesce(p.clarify, 0), coalesce(p.rejected, 0),
    coalesce(p.unanswered, 0), coalesce(p.planned, 0), coalesce(p.stale, 0), p.density,
    case when p.density is null then null when p.density >= $density then 'hold' else 'skip' end,
    case
        when p.answered is null then (p.carried + p.sound) * 100 / 60
        else p.answered + p.carried + p.sound
    end,
    p.handshakes_known, p.upper_krs, p.upper_carried, p.things, p.sound_things
from parts p
