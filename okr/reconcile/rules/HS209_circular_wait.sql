-- code: HS209
-- name: circular-wait
-- severity: critical
-- subject: kr
-- title_zh: 互相等待
-- title_en: Circular wait
-- message_zh: {subject} 等 {count} 个 KR 互相等待：{members}。请定出先后，断开其中一处。
-- message_en: {subject} and others, {count} in all, wait for one another: {members}. Decide who goes first and cut the circle.
-- why_zh: 互相等待的工作谁也开始不了。
-- why_en: Work that waits for itself never starts.
-- closes_zh: 去掉环中的一个依赖或支撑。
-- closes_en: One dependency or support of the circle is removed.

-- A circle of KRs over dependencies and supporting KRs, named after its least id.
select 'kr' as subject_kind, k.kr_id as subject_id, k.unit_id, null as counterparty_unit_id, k.owner_ids,
    {'subject': thing(k.label, k.title, k.public), 'count': c.members_count, 'members': c.members} as detail
from (
    select circle, count(*) as members_count, list(id order by id)[:10] as members from kr_circle group by circle
) c
join key_result k on k.kr_id = c.circle
