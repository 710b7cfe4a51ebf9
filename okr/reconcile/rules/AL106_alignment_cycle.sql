-- code: AL106
-- name: alignment-cycle
-- severity: critical
-- subject: objective
-- title_zh: 循环承接
-- title_en: Alignment circle
-- message_zh: {subject} 等 {count} 个 O 互相承接成环：{members}。请断开其中一处。
-- message_en: {subject} and others, {count} in all, carry one another in a circle: {members}. Cut it at one place.
-- why_zh: 互相承接的目标谁也没有源头，完成度无从谈起。
-- why_en: Goals that carry one another have no source; their coverage means nothing.
-- closes_zh: 删去或改正环中的一个承接。
-- closes_en: One alignment of the circle is removed or corrected.

-- A circle of Os, named after its least id.
select 'objective' as subject_kind, o.objective_id as subject_id, o.unit_id, null as counterparty_unit_id, o.owner_ids,
    {'subject': thing(o.label, o.title, o.public), 'count': c.members_count, 'members': c.members} as detail
from (
    select circle, count(*) as members_count, list(id order by id)[:10] as members from objective_circle group by circle
) c
join objective o on o.objective_id = c.circle
