-- Os and KRs whose content may be spoken of, with their owners: one row a thing, and one row an owner.
create or replace temp table owned as
select 'objective' as kind, objective_id as id, unit_id, unit_lo, unit_hi, label, title, public, owner_ids,
    owner_ids_known, confidence
from objective
where not masked
union all
select 'kr', kr_id, unit_id, unit_lo, unit_hi, label, title, public, owner_ids, owner_ids_known, confidence
from key_result
where not masked;

create or replace temp table owner as
select * exclude (owner_ids_known, confidence), unnest(owner_ids) as owner_id
from owned
where owner_ids is not null;

-- What AL109 compares: the metric and the measure unit of KRs that have both.
create or replace temp table measured as
select k.kr_id, m.said as metric, u.said as measure_unit
from key_result k
join folded m on m.text = k.metric
join folded u on u.text = k.measure_unit
