-- code: HS206
-- name: empty-point
-- severity: minor
-- subject: handshake
-- title_zh: 没有握手点
-- title_en: Empty point
-- message_zh: {subject} 请求 {receiver}，却没有写要什么。请补上具体的握手点和时间。
-- message_en: {subject} asks {receiver} for something without saying what. Write the point, and by when.
-- why_zh: 对方不知道要答应什么。
-- why_en: The other team cannot know what to agree to.
-- closes_zh: 写明握手点。
-- closes_en: The point is written.

-- No point is given.
select 'handshake' as subject_kind, handshake_id as subject_id, unit_id,
    case when party_unit_id <> unit_id then party_unit_id end as counterparty_unit_id, owner_ids,
    {
        'subject': thing(label, title, public),
        'receiver': coalesce(party_name, case when public then coalesce(party, '?') end)
    } as detail
from handshake
where point is null
