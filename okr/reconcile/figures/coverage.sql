-- A row an active unit: what of its own KRs is carried, and how its own Os carry.
insert into judged.coverage
with own_krs as (
    select unit_id, count(*) as krs, count(*) filter (where standing = 'carried') as carried,
        count(*) filter (where standing = 'whole') as whole, bool_or(has_carriers_to_be) as has_carriers_to_be
    from kr_standing
    where person_id is null
    group by unit_id
),
effective as (
    select unit_id, favg(e.effective) as effective
    from key_result k
    join effective_kr e on e.kr_id = k.kr_id
    where k.person_id is null
    group by unit_id
),
carries as (
    -- The KRs above that an O carries, and how many carriers the KR has in all.
    select c.objective_id, count(*) as krs, max(d.carriers) as carriers, max(c.share) as share,
        count(c.share) as shares
    from carrier c
    join carried d on d.kr_id = c.kr_id
    group by c.objective_id
),
own_objectives as (
    select o.unit_id, count(*) as objectives,
        count(*) filter (where t.objective_id is not null) as traced,
        count(*) filter (where c.krs > 1) as polynomial,
        count(*) filter (where c.krs = 1 and c.carriers = 1 and (c.shares = 0 or c.share = 1)) as equal_,
        count(*) filter (where c.krs = 1 and not (c.carriers = 1 and (c.shares = 0 or c.share = 1))) as decomposed
    from objective o
    left join traced t on t.objective_id = o.objective_id
    left join carries c on c.objective_id = o.objective_id
    where o.person_id is null
    group by o.unit_id
),
of_people as (
    select unit_id, count(*) as objectives from objective where person_id is not null group by unit_id
),
krs_of_people as (
    select unit_id, count(*) as krs from key_result where person_id is not null group by unit_id
)
select
    $period, u.unit_id, n.name, coalesce(k.krs, 0), coalesce(k.carried, 0), coalesce(k.whole, 0),
    case when k.has_carriers_to_be then k.carried / k.krs end,
    e.effective, coalesce(o.objectives, 0), coalesce(o.traced, 0), coalesce(o.polynomial, 0),
    coalesce(o.equal_, 0), coalesce(o.decomposed, 0), coalesce(p.objectives, 0), coalesce(pk.krs, 0)
from unit u
join merged.org_units n on n.unit_id = u.unit_id
left join own_krs k on k.unit_id = u.unit_id
left join effective e on e.unit_id = u.unit_id
left join own_objectives o on o.unit_id = u.unit_id
left join of_people p on p.unit_id = u.unit_id
left join krs_of_people pk on pk.unit_id = u.unit_id
where u.active
order by u.unit_id
