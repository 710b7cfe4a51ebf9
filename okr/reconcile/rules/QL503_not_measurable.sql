-- code: QL503
-- name: not-measurable
-- severity: minor
-- subject: kr
-- title_zh: 无法衡量
-- title_en: Not measurable
-- message_zh: {subject} 没有目标值，标题里也没有数字。请写明怎样算达成。
-- message_en: {subject} has no target and no number in its title. Say how one knows that it is reached.
-- why_zh: 不能衡量的结果到期末只能争论。
-- why_en: What cannot be measured ends in an argument.
-- closes_zh: 填写目标值，或在标题里写明数字。
-- closes_en: A target, or a number in the title.

-- Neither a target nor a number in the title.
select 'kr' as subject_kind, kr_id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public)} as detail
from key_result
where not masked and number_known and target is null and not regexp_matches(coalesce(title, ''), $measurable)
