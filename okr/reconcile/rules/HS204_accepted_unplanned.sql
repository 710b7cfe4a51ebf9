-- code: HS204
-- name: accepted-unplanned
-- severity: major
-- subject: handshake
-- title_zh: 答应了却没有安排
-- title_en: Accepted but not planned
-- message_zh: {receiver} 接受了 {subject} 的请求（{point}），但自己的 OKR 里没有支撑它的 KR。请补上支撑的 KR。
-- message_en: {receiver} accepted what {subject} needs ({point}), but plans nothing for it. Name the KR that supports it.
-- why_zh: 没有写进计划的承诺往往不会兑现。
-- why_en: A promise that stands in no plan is mostly not kept.
-- closes_zh: 写明支撑的 KR，或有一个 O 承接该 KR。
-- closes_en: A supporting KR there, or an O there that carries the KR.

-- Accepted, and nothing in the receiving unit or below carries it.
select 'handshake' as subject_kind, handshake_id as subject_id, party_unit_id as unit_id, unit_id as counterparty_unit_id,
    null::varchar[] as owner_ids,
    {'subject': thing(label, title, public), 'receiver': party_name, 'point': shown_point(point, public)} as detail
from handshake
where unplanned
