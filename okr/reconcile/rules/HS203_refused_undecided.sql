-- code: HS203
-- name: refused-undecided
-- severity: critical
-- subject: handshake
-- title_zh: 被拒绝而未裁决
-- title_en: Refused and undecided
-- message_zh: {receiver} 不接受 {subject} 的请求（{point}）：{reason}。请上级裁决：投入资源，还是放弃这一部分。
-- message_en: {receiver} did not accept what {subject} needs ({point}): {reason}. Decide: put in resources, or give it up.
-- why_zh: 拒绝多半是资源问题，只有共同的上级能定。
-- why_en: A refusal is mostly about resources; only the leader above both can decide.
-- closes_zh: 共同上级的负责人决定投入或放弃。
-- closes_en: The leader above both decides to invest or to drop.

-- The party is sideways, refused, and nobody decided. The unit that closes it is the lowest above both.
select 'handshake' as subject_kind, h.handshake_id as subject_id, c.common_id as unit_id,
    h.party_unit_id as counterparty_unit_id, null::varchar[] as owner_ids,
    {
        'subject': thing(h.label, h.title, h.public), 'receiver': h.party_name, 'point': shown_point(h.point, h.public),
        'reason': case when h.public then coalesce(h.response_reason, '—') end
    } as detail
from handshake h
left join common_unit c on c.a = h.unit_id and c.b = h.party_unit_id
where h.sideways and h.response = 'rejected' and h.decision is null
