-- code: HS211
-- name: stale-response
-- severity: major
-- subject: handshake
-- title_zh: 回应已经过时
-- title_en: Stale response
-- message_zh: {subject} 的请求在 {receiver} 回应（{answered}）之后改过。请重新确认。
-- message_en: What {subject} needs changed after {receiver} answered on {answered}. Please confirm anew.
-- why_zh: 对方答应的是改之前的内容。
-- why_en: The answer was given to something else.
-- closes_zh: 对方在改动之后重新回应。
-- closes_en: The unit answers again after the change.

-- The request's content is newer than the answer.
select 'handshake' as subject_kind, handshake_id as subject_id, party_unit_id as unit_id, unit_id as counterparty_unit_id,
    null::varchar[] as owner_ids,
    {
        'subject': thing(label, title, public), 'receiver': party_name,
        'answered': case when public then strftime(responded_at at time zone $zone, '%Y-%m-%d') end
    } as detail
from handshake
where stale
