-- The Os that count in this view, each with its holder, its owners and how it is called. `public`: everybody may
-- see its content; nobody may see that of a masked one.
create or replace temp table objective as
with counted as (
    select
        o.objective_id, o.unit_id, o.person_id, o.period_id, o.ordinal, o.title, o.owner_ids, o.confidence, o.origin,
        o.content_updated_at,
        o.state = 'masked' as masked,
        o.visibility = 'public' and o.state <> 'masked' as public,
        o.visibility,
        o.owner_ids_known, o.confidence_known,
        v.reach, v.starts_on, v.ends_on,
        u.name as unit_name, u.lo as unit_lo, u.hi as unit_hi,
        o.person_id is null and u.parent_id is null as at_root,
        case when o.person_id is null then u.lo else u.lo + 1 end as lo,
        case when o.person_id is null then u.hi else u.lo + 1 end as hi,
        case when o.person_id is null then u.depth else u.depth + 1 end as depth
    from merged.objectives o
    join view_period v on v.period_id = o.period_id
    join unit u on u.unit_id = o.unit_id
    where o.state in ('published', 'masked') and u.active
)
select
    c.* exclude (owner_ids, ordinal),
    case
        when c.person_id is not null and c.owner_ids is null then [c.person_id]
        when len(c.owner_ids) > 1 then list_filter(c.owner_ids, lambda x, i: list_position(c.owner_ids, x) = i)
        else c.owner_ids
    end as owner_ids,
    c.unit_name || coalesce(' ' || p.name, ' ' || c.person_id, '') || ' O' || coalesce(
        c.ordinal,
        row_number() over (partition by c.unit_id, c.person_id, c.period_id order by c.ordinal nulls last, c.objective_id)
    ) as label
from counted c
left join person p on p.person_id = c.person_id
