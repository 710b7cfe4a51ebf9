-- code: QL505
-- name: no-confidence
-- severity: info
-- subject: objective
-- title_zh: 没有信心指数
-- title_en: No confidence
-- message_zh: {subject} 没有信心指数。请填写。
-- message_en: {subject} has no confidence. Write one.
-- why_zh: 信心指数让人在会前看到风险。
-- why_en: Confidence shows risk before the meeting.
-- closes_zh: 填写信心指数。
-- closes_en: A confidence is given.

-- An O without a confidence.
select 'objective' as subject_kind, objective_id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public)} as detail
from objective
where not masked and confidence is null and confidence_known
