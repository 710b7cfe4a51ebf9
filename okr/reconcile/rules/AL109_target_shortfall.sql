-- code: AL109
-- name: target-shortfall
-- severity: major
-- subject: kr
-- title_zh: 目标值对不上
-- title_en: Target shortfall
-- message_zh: {subject} 的目标是 {comparator} {target}{measure_unit}，承接方的目标合起来是 {together}{measure_unit}。请调整其中一方。
-- message_en: {subject} aims at {comparator} {target} {measure_unit}; the targets of those who carry it come to {together} {measure_unit}. Adjust one of the two.
-- why_zh: 下级全部达成，上级仍然达不到。
-- why_en: All carriers may reach their targets and the upper one is missed.
-- closes_zh: 承接方的目标合起来够得上，或上级目标调整。
-- closes_en: The carriers' targets suffice, or the upper target is adjusted.

-- Put together, the targets of the carriers' KRs in the same metric and unit miss the KR's target.
with children as (
    select distinct c.kr_id, k.kr_id as child_id, k.target, k.public
    from carrier c
    join key_result k on k.objective_id = c.objective_id
    join measured km on km.kr_id = k.kr_id
    join measured um on um.kr_id = c.kr_id
    where k.target is not null and km.metric = um.metric and km.measure_unit = um.measure_unit
),
summed as (
    select kr_id, sum(target) as total, min(target) as least, max(target) as most, bool_and(public) as public
    from children
    group by kr_id
),
judged as (
    select k.*, s.public as children_public, coalesce(k.comparator, '>=') as wanted,
        case coalesce(k.rollup, case when k.comparator = '<=' then 'max' when m.measure_unit = '%' then 'min' else 'sum' end)
            when 'max' then s.most when 'min' then s.least else s.total
        end as together
    from key_result k
    join measured m on m.kr_id = k.kr_id
    join summed s on s.kr_id = k.kr_id
    where k.target is not null
)
select 'kr' as subject_kind, kr_id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {
        'subject': thing(label, title, public),
        'comparator': case when public then wanted end,
        'target': case when public then target end,
        'together': case when public and children_public then together end,
        'measure_unit': case when public then measure_unit else '' end
    } as detail
from judged
where case wanted
    when '<=' then together > target + 1e-9
    when '=' then abs(together - target) > 1e-9
    else together < target - 1e-9
end
