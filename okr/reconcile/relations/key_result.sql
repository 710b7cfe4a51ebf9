-- The KRs of the Os that count, with what they have of their O. `has_carriers_to_be` is their holder's.
create or replace temp table key_result as
with unit_of_people as (
    select distinct unit_id from objective where person_id is not null
)
select
    k.kr_id, k.objective_id, k.title, k.due_on, k.confidence, k.progress, k.metric, k.comparator, k.target,
    k.measure_unit, k.rollup, k.content_updated_at,
    k.title_known and k.target_known as number_known, k.due_on_known, k.confidence_known,
    k.owner_ids_known,
    case
        when len(k.owner_ids) > 1 then list_filter(k.owner_ids, lambda x, i: list_position(k.owner_ids, x) = i)
        when k.owner_ids is not null then k.owner_ids
        when o.person_id is not null then [o.person_id]
        when not k.owner_ids_held then o.owner_ids
    end as owner_ids,
    o.unit_id, o.person_id, o.period_id, o.masked, o.public, o.visibility, o.reach, o.starts_on, o.ends_on, o.unit_name,
    o.unit_lo, o.unit_hi, o.at_root, o.lo, o.hi, o.depth,
    o.person_id is null and (u.has_active_below or pu.unit_id is not null) as has_carriers_to_be,
    o.label || '-KR' || coalesce(
        k.ordinal, row_number() over (partition by k.objective_id order by k.ordinal nulls last, k.kr_id)
    ) as label
from merged.key_results k
join objective o on o.objective_id = k.objective_id
join unit u on u.unit_id = o.unit_id
left join unit_of_people pu on pu.unit_id = o.unit_id
