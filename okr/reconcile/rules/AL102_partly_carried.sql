-- code: AL102
-- name: partly-carried
-- severity: major
-- subject: kr
-- title_zh: 承接不足
-- title_en: Partly carried
-- message_zh: {subject} 的承接份额合计只有 {share}。请补足其余部分，或调整各承接方的份额。
-- message_en: The shares of those who carry {subject} add up to {share} only. Find carriers for the rest, or mend the shares.
-- why_zh: 所有承接方都完成了，上级 KR 也达不成。
-- why_en: All carriers may succeed and the upper key result is missed all the same.
-- closes_zh: 份额合计达到 100%，或有承接方不注明份额。
-- closes_en: The shares add up to 100 %, or a carrier states none.

-- A KR whose carriers all state a share, and the shares add up to less than 1.
select 'kr' as subject_kind, kr_id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public), 'share': case when public then percent(share) end} as detail
from kr_standing
where carriers > 0 and shares = carriers and share < 1 - 1e-9
