-- code: AL101
-- name: dropped-ball
-- severity: critical
-- subject: kr
-- title_zh: 漏球
-- title_en: Dropped ball
-- message_zh: {subject} 没有任何下级承接。请为它定一个承接的 O，或者说明由谁负责。
-- message_en: {subject} is carried by nobody below. Name an O that carries it, or say who takes it up.
-- why_zh: 上级的关键结果没有人接，到期末才发现时已经来不及。
-- why_en: An upper key result that nobody took up is found missing only when it is too late.
-- closes_zh: 下级单元（或本单元的个人）有一个 O 承接它；或者该 KR 撤回。
-- closes_en: An O of a unit below (or of a person in the unit) carries it, or the KR is withdrawn.

-- A KR whose holder has carriers to be, that has no carrier, and whose O is not carried as a whole.
select 'kr' as subject_kind, kr_id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public)} as detail
from kr_standing
where has_carriers_to_be and standing = 'dropped'
