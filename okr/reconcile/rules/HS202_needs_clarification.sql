-- code: HS202
-- name: needs-clarification
-- severity: major
-- subject: handshake
-- title_zh: 需要澄清
-- title_en: Needs clarification
-- message_zh: {receiver} 对 {subject} 的请求（{point}）表示需要澄清。请说明具体要什么、何时要。
-- message_en: {receiver} asks what {subject} needs exactly ({point}). Say what, and by when.
-- why_zh: 没有说清的请求不会有人安排。
-- why_en: Nobody plans for a request that is not clear.
-- closes_zh: 请求方说清之后，对方改为接受或不接受。
-- closes_en: The request is made clear and answered anew.

-- The party is sideways and asks for clarification.
select 'handshake' as subject_kind, handshake_id as subject_id, unit_id, party_unit_id as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public), 'receiver': party_name, 'point': shown_point(point, public)} as detail
from handshake
where sideways and response = 'clarify'
