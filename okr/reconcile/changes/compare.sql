-- What stood at run $base and what stands now, of everything that is not just the same: each thing once, as the
-- structs `was` and `now` (null: it was not, or is not, there). Intervals tell it: what stayed has one that
-- reaches from before $base to now, and is never looked at.

create or replace temp table unit_state as
with was as (
    select unit_id, name, parent_id, leader_id, coalesce(active, true) as active
    from history.org_units where from_run <= $base and (to_run is null or to_run > $base)
),
present as (
    select unit_id, name, parent_id, leader_id, coalesce(active, true) as active
    from history.org_units where to_run is null
)
select
    coalesce(n.unit_id, w.unit_id) as unit_id, w.name as was_name, n.name as now_name,
    coalesce(w.active, false) as was_active, coalesce(n.active, false) as now_active,
    w.parent_id as was_parent, n.parent_id as now_parent, w.leader_id as was_leader, n.leader_id as now_leader
from present n
full join was w on w.unit_id = n.unit_id;

create or replace temp table turned_unit as
select unit_id from unit_state where was_active <> now_active;

create or replace temp table touched_objective as
select objective_id
from history.objectives
where (from_run <= $base and to_run > $base) or (from_run > $base and to_run is null)
    or (unit_id in (select unit_id from turned_unit) and from_run <= $base and to_run is null)
group by all;

-- Os that count at one end only: their KRs, requests and links come and go with them.
create or replace temp table turned_objective as
with ends as (
    select
        h.objective_id,
        bool_or(h.from_run <= $base and (h.to_run is null or h.to_run > $base) and u.was_active) as was,
        bool_or(h.to_run is null and u.now_active) as now
    from history.objectives h
    semi join touched_objective t on t.objective_id = h.objective_id
    join unit_state u on u.unit_id = h.unit_id
    where h.state in ('published', 'masked') and list_contains($periods, h.period_id)
    group by all
)
select objective_id from ends where was <> now;

create or replace temp table wanted_handshake as
select handshake_id
from history.handshakes
where (from_run <= $base and to_run > $base) or (from_run > $base and to_run is null)
group by all;

create or replace temp table wanted_alignment as
select objective_id, parent_kind, parent_id
from history.alignments
where (from_run <= $base and to_run > $base) or (from_run > $base and to_run is null)
    or (
        objective_id in (select objective_id from turned_objective)
        and (to_run is null or (from_run <= $base and to_run > $base))
    )
group by all;

create or replace temp table wanted_dependency as
select kr_id, needs_kr_id
from history.dependencies
where (from_run <= $base and to_run > $base) or (from_run > $base and to_run is null)
group by all;

create or replace temp table wanted_kr as
select kr_id
from history.key_results
where (from_run <= $base and to_run > $base) or (from_run > $base and to_run is null)
    or (
        objective_id in (select objective_id from turned_objective)
        and (to_run is null or (from_run <= $base and to_run > $base))
    )
union
select kr_id from history.handshakes semi join wanted_handshake using (handshake_id)
union
select parent_id from wanted_alignment where parent_kind = 'kr'
union
select kr_id from wanted_dependency
union
select needs_kr_id from wanted_dependency;

create or replace temp table kr_end as
select h.*, h.to_run is null as is_now, h.from_run <= $base and (h.to_run is null or h.to_run > $base) as is_was
from history.key_results h
semi join wanted_kr w on w.kr_id = h.kr_id
where h.to_run is null or (h.from_run <= $base and h.to_run > $base);

create or replace temp table wanted_objective as
select objective_id from touched_objective
union
select objective_id from kr_end
union
select objective_id from wanted_alignment
union
select parent_id from wanted_alignment where parent_kind = 'objective';

-- Each O at either end, with whether it counts there and how it is called there.
create or replace temp table objective_end as
with ends as (
    select h.*, true as at_now
    from history.objectives h semi join wanted_objective w on w.objective_id = h.objective_id
    where h.to_run is null
    union all
    select h.*, false
    from history.objectives h semi join wanted_objective w on w.objective_id = h.objective_id
    where h.from_run <= $base and (h.to_run is null or h.to_run > $base)
),
sibling as (
    -- All Os that count in the units of these: where no number is given, the place among them tells.
    select
        h.objective_id, e.at_now,
        row_number() over (
            partition by e.at_now, h.unit_id, h.person_id, h.period_id order by h.ordinal nulls last, h.objective_id
        ) as place
    from history.objectives h
    join (select distinct at_now, unit_id from ends) e on e.unit_id = h.unit_id
    join unit_state u on u.unit_id = h.unit_id
    where h.state in ('published', 'masked') and list_contains($periods, h.period_id)
        and case when e.at_now then h.to_run is null and u.now_active
            else h.from_run <= $base and (h.to_run is null or h.to_run > $base) and u.was_active end
)
select
    e.objective_id, e.at_now, e.hash, e.unit_id, e.person_id, e.period_id, e.title, e.owner_ids, e.visibility,
    e.state = 'masked' as masked, e.visibility = 'public' and e.state <> 'masked' as public,
    coalesce(
        e.state in ('published', 'masked') and list_contains($periods, e.period_id)
        and case when e.at_now then u.now_active else u.was_active end, false
    ) as counts,
    coalesce(case when e.at_now then u.now_name else u.was_name end, e.unit_id)
        || coalesce(' ' || p.name, ' ' || e.person_id, '') || ' O' || coalesce(e.ordinal::varchar, s.place::varchar, '?')
        as label
from ends e
left join unit_state u on u.unit_id = e.unit_id
left join sibling s on s.objective_id = e.objective_id and s.at_now = e.at_now
left join okr.people p on p.person_id = e.person_id;

create or replace temp table kr_state_end as
with ends as (
    select k.*, true as at_now from kr_end k where is_now
    union all
    select k.*, false from kr_end k where is_was
),
sibling as (
    select
        h.kr_id, e.at_now,
        row_number() over (
            partition by e.at_now, h.objective_id order by h.ordinal nulls last, h.kr_id
        ) as place
    from history.key_results h
    join (select distinct at_now, objective_id from ends) e on e.objective_id = h.objective_id
    where case when e.at_now then h.to_run is null
        else h.from_run <= $base and (h.to_run is null or h.to_run > $base) end
)
select
    e.kr_id, e.at_now, e.hash, e.objective_id, e.title, e.owner_ids, e.due_on, e.metric, e.comparator, e.baseline,
    e.target, e.measure_unit, o.unit_id, o.person_id, o.period_id, coalesce(o.public, false) as public,
    coalesce(o.counts, false) as counts,
    coalesce(o.label, e.objective_id) || '-KR' || coalesce(e.ordinal::varchar, s.place::varchar, '?') as label
from ends e
left join objective_end o on o.objective_id = e.objective_id and o.at_now = e.at_now
left join sibling s on s.kr_id = e.kr_id and s.at_now = e.at_now;

create or replace temp table turned_kr as
select kr_id
from kr_state_end
group by kr_id
having coalesce(bool_or(counts) filter (where at_now), false) <> coalesce(bool_or(counts) filter (where not at_now), false);

insert into wanted_handshake
select distinct handshake_id
from history.handshakes
semi join turned_kr using (kr_id)
anti join wanted_handshake using (handshake_id)
where to_run is null or (from_run <= $base and to_run > $base);

-- Os that counted at some time before $base: what was there, went, and is there again.
create or replace temp table earlier_objective as
select distinct h.objective_id
from history.objectives h
semi join wanted_objective w on w.objective_id = h.objective_id
where h.from_run <= $base and h.state in ('published', 'masked')
