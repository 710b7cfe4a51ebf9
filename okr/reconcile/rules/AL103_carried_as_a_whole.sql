-- code: AL103
-- name: carried-as-a-whole
-- severity: minor
-- subject: kr
-- title_zh: 只被整体承接
-- title_en: Carried as a whole only
-- message_zh: {subject} 本身没有人承接，只有它的 O 被下级整体承接，看不出指的是哪一条 KR。请承接方写明 KR。
-- message_en: Nobody carries {subject} itself; its O is carried as a whole from below, so nobody can tell which KR is meant. Ask the carriers to name the KR.
-- why_zh: 整体承接说不清谁负责哪一条结果。
-- why_en: A link to the whole O does not say who answers for which result.
-- closes_zh: 承接改为指向具体的 KR。
-- closes_en: The alignment names the key result.

-- A KR without a carrier whose O is carried as a whole from below.
select 'kr' as subject_kind, kr_id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public)} as detail
from kr_standing
where standing = 'whole'
