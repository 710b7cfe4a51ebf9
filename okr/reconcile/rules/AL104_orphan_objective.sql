-- code: AL104
-- name: orphan-objective
-- severity: info
-- subject: objective
-- title_zh: 没有承接上级的 O
-- title_en: Orphan objective
-- message_zh: {subject} 没有承接任何上级的 O 或 KR。请补上承接关系；若是自下而上提出的，请注明。
-- message_en: {subject} carries nothing from above. Link it to what it serves, or mark it as bottom-up.
-- why_zh: 不服务于上级目标的工作，要么是新的方向，要么是浪费。
-- why_en: Work that serves no upper goal is a new direction or a waste; either should be known.
-- closes_zh: 补上承接，或把来源标为 bottom_up。
-- closes_en: An alignment is added, or its origin is marked bottom_up.

-- An O whose holder has one above it, that carries nothing at all and is not bottom-up.
select 'objective' as subject_kind, o.objective_id as subject_id, o.unit_id, null as counterparty_unit_id, o.owner_ids,
    {'subject': thing(o.label, o.title, o.public)} as detail
from objective o
where not o.at_root and not o.masked and o.origin is distinct from 'bottom_up'
    and not exists (select 1 from carry c where c.objective_id = o.objective_id)
