-- code: HS205
-- name: unknown-party
-- severity: critical
-- subject: handshake
-- title_zh: 不认识的握手方
-- title_en: Unknown party
-- message_zh: {subject} 的握手方“{party}”不对应任何一个有效的单元。{candidates}请改成单元的名称。
-- message_en: The handshake party "{party}" of {subject} is no unit that is known and active. {candidates}Write a unit's name.
-- why_zh: 找不到的握手方收不到请求。
-- why_en: A request to nobody reaches nobody.
-- closes_zh: 握手方写成单元的编号、名称或别名。
-- closes_en: The party is a unit's id, name or alias.

-- The party is no unit that is known.
select 'handshake' as subject_kind, h.handshake_id as subject_id, h.unit_id, null as counterparty_unit_id, h.owner_ids,
    {
        'subject': thing(h.label, h.title, h.public),
        'party': case when h.public then coalesce(h.party, '') end,
        'candidates': case when h.public then coalesce(c.candidates, []) else [] end
    } as detail
from handshake h
left join party_candidates c on c.party = h.party
where not h.known
