-- code: HS201
-- name: unanswered-request
-- severity: major
-- subject: handshake
-- title_zh: 请求没有回应
-- title_en: Unanswered request
-- message_zh: {subject} 需要 {receiver}：{point}。请答复：接受、需澄清或不接受。
-- message_en: {subject} needs {receiver}: {point}. Please answer: accepted, needs clarification or not accepted.
-- why_zh: 没有回应的请求到开会时就是两边都没安排的工作。
-- why_en: A request without an answer is work that nobody planned.
-- closes_zh: 被请求的单元给出回应。
-- closes_en: The unit that was asked answers.

-- The party is sideways and there is no response.
select 'handshake' as subject_kind, handshake_id as subject_id, party_unit_id as unit_id, unit_id as counterparty_unit_id,
    null::varchar[] as owner_ids,
    {'subject': thing(label, title, public), 'receiver': party_name, 'point': shown_point(point, public)} as detail
from handshake
where sideways and response is null
