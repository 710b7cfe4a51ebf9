-- Which unit each text in `party` means; null: unknown.
create or replace temp table party as
with text as (
    select h.party, f.said
    from (
        select party from merged.handshakes
        union
        select unnest(said)."value" from judged.conflicts where field = 'party'
    ) h
    join folded f on f.text = h.party
),
by_id as (
    select t.party, u.unit_id from text t join unit u on u.unit_id = t.party where u.active
),
by_name as (
    select t.party, min(n.unit_id) as unit_id
    from text t
    join unit_name n on n.said = t.said
    where n.active
    group by t.party
    having count(distinct n.unit_id) = 1
),
of_units as (
    select t.party from text t join unit u on u.unit_id = t.party
    union
    select t.party from text t join unit_name n on n.said = t.said
),
people as (
    select t.party, p.person_id from text t join person p on p.person_id = t.party where p.active
    union
    select t.party, n.person_id from text t join person_name n on n.said = t.said where n.active
),
by_person as (
    select p.party, min(u.unit_id) as unit_id
    from people p
    join person on person.person_id = p.person_id
    left join unit u on u.unit_id = person.unit_id and u.active
    where p.party not in (from of_units)
    group by p.party
    having count(distinct p.person_id) = 1
)
select t.party, coalesce(i.unit_id, n.unit_id, p.unit_id) as unit_id
from text t
left join by_id i on i.party = t.party
left join by_name n on n.party = t.party
left join by_person p on p.party = t.party
