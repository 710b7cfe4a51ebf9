-- code: QL502
-- name: too-many-key-results
-- severity: minor
-- subject: objective
-- title_zh: KR 太多
-- title_en: Too many key results
-- message_zh: {subject} 有 {count} 个 KR，超过 {limit} 个。请合并或取舍。
-- message_en: {subject} has {count} key results, more than {limit}. Merge or drop some.
-- why_zh: KR 太多，说明没有想清楚什么才算达成。
-- why_en: Too many key results hide what reaching the goal means.
-- closes_zh: 不超过上限。
-- closes_en: No more than the limit.
-- limit: 4

-- More KRs under an O than the limit.
select 'objective' as subject_kind, o.objective_id as subject_id, o.unit_id, null as counterparty_unit_id, o.owner_ids,
    {'subject': thing(o.label, o.title, o.public), 'count': n.key_results, 'limit': $limit} as detail
from (select objective_id, count(*) as key_results from key_result group by objective_id having count(*) > $limit) n
join objective o on o.objective_id = n.objective_id
where not o.masked
