-- The conflicts that wait for a decision, of things in view, each with the unit and the owners that it concerns and
-- how the thing is called. `public`: everybody may see its content. Units, people, periods and meetings are in every
-- view; an O, and what hangs on it, is in the views of its period, whether it counts or not.
create or replace temp table conflict as
with placed as (
    select
        c.kind, c.id, c."key", c.field, c.standing, c.said, h.party, k.kr_id,
        coalesce(k.objective_id, case when c.kind in ('objective', 'alignment') then c."key"[1] end) as objective_id
    from judged.conflicts c
    left join merged.handshakes h on c.kind = 'handshake' and h.handshake_id = c."key"[1]
    left join merged.key_results k
        on c.kind in ('kr', 'handshake', 'dependency')
        and k.kr_id = case when c.kind = 'handshake' then h.kr_id else c."key"[1] end
    where c.entry is null
),
of_objective as (
    select
        p.*, o.unit_id, o.visibility = 'public' and o.state <> 'masked' as public,
        coalesce(o.owner_ids, case when o.person_id is not null then [o.person_id] end) as objective_owners,
        case
            when p.kr_id is null then coalesce(
                v.label, coalesce(u.name, o.unit_id) || coalesce(' ' || n.name, ' ' || o.person_id, '') || ' O'
                || coalesce(o.ordinal::varchar, '?')
            )
            else coalesce(
                w.label, coalesce(u.name, o.unit_id) || coalesce(' ' || n.name, ' ' || o.person_id, '') || ' O'
                || coalesce(o.ordinal::varchar, '?') || '-KR' || coalesce(k.ordinal::varchar, '?')
            )
        end as label,
        case when p.kr_id is null then o.title else k.title end as title,
        case
            when p.kr_id is null then null
            when k.owner_ids is not null then k.owner_ids
            when o.person_id is not null then [o.person_id]
            when not k.owner_ids_held then o.owner_ids
        end as kr_owners
    from placed p
    join merged.objectives o on o.objective_id = p.objective_id
    join view_period on view_period.period_id = o.period_id
    left join merged.key_results k on k.kr_id = p.kr_id
    left join objective v on v.objective_id = o.objective_id
    left join key_result w on w.kr_id = k.kr_id
    left join unit u on u.unit_id = o.unit_id
    left join person n on n.person_id = o.person_id
),
carried as (
    select 'kr' as parent_kind, k.kr_id as parent_id, o.unit_id
    from merged.key_results k
    join merged.objectives o on o.objective_id = k.objective_id
    union all
    select 'objective', objective_id, unit_id from merged.objectives
),
found as (
    select
        c.kind, c.id, c.field, c.standing, c.said, c.unit_id, coalesce(c.kr_owners, case
            when c.kr_id is null then c.objective_owners
        end) as owner_ids,
        case
            when c.kind = 'alignment' then a.unit_id
            when p.unit_id <> c.unit_id then p.unit_id
        end as counterparty_unit_id,
        c.label, c.title, c.public
    from of_objective c
    left join party p on c.kind = 'handshake' and p.party = c.party
    left join carried a on c.kind = 'alignment' and a.parent_kind = c."key"[2] and a.parent_id = c."key"[3]
    union all
    select kind, id, field, standing, said, id, null, null, coalesce(u.name, p.id), null, true
    from placed p
    left join unit u on u.unit_id = p.id
    where kind = 'unit'
    union all
    select kind, id || coalesce('@' || n.unit_id, ''), field, standing, said, n.unit_id, null, null,
        coalesce(n.name, p.id), null, true
    from placed p
    left join person n on n.person_id = p.id
    where kind = 'person'
    union all
    select kind, id, field, standing, said, null, null, null, coalesce(o.name, p.id), null, true
    from placed p
    left join merged.periods o on o.period_id = p.id
    where kind = 'period'
    union all
    select kind, id, field, standing, said, m.unit_id, null, null, coalesce(m.title, p.id), null, true
    from placed p
    left join merged.meetings m on m.meeting_id = p.id
    where kind = 'meeting'
)
select f.* replace (u.unit_id as unit_id, o.unit_id as counterparty_unit_id)
from found f
left join unit u on u.unit_id = f.unit_id
left join unit o on o.unit_id = f.counterparty_unit_id
