-- code: QL508
-- name: low-confidence
-- severity: minor
-- subject: owned
-- title_zh: 信心不足
-- title_en: Low confidence
-- message_zh: {subject} 的信心指数只有 {confidence}（低于 {limit}）。请在会上说明需要什么。
-- message_en: The confidence of {subject} is {confidence} only (below {limit}). Say in the meeting what it needs.
-- why_zh: 信心低的目标要在会前而不是期末讨论。
-- why_en: Low confidence wants talk before the meeting, not at the end of the period.
-- closes_zh: 信心回升，或目标调整。
-- closes_en: Confidence rises, or the goal is adjusted.
-- limit: 0.5

-- A confidence below the limit.
select kind as subject_kind, id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {
        'subject': thing(label, title, public), 'confidence': case when public then percent(confidence) end,
        'limit': percent($limit)
    } as detail
from owned
where confidence < $limit
