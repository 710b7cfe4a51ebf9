-- code: QL507
-- name: no-key-results
-- severity: minor
-- subject: objective
-- title_zh: 没有 KR
-- title_en: No key results
-- message_zh: {subject} 没有任何 KR。请写出怎样算达成。
-- message_en: {subject} has no key result. Say how one knows that it is reached.
-- why_zh: 没有 KR 的 O 只是口号。
-- why_en: An objective without key results is a slogan.
-- closes_zh: 至少有一个 KR。
-- closes_en: At least one key result.

-- An O without a KR.
select 'objective' as subject_kind, o.objective_id as subject_id, o.unit_id, null as counterparty_unit_id, o.owner_ids,
    {'subject': thing(o.label, o.title, o.public)} as detail
from objective o
where not o.masked and not exists (select 1 from key_result k where k.objective_id = o.objective_id)
