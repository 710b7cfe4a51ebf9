-- code: HS210
-- name: vertical-handshake
-- severity: minor
-- subject: handshake
-- title_zh: 上下级之间的握手
-- title_en: Vertical handshake
-- message_zh: {subject} 的握手方 {receiver} 是本单元或上下级。请改用承接表达。
-- message_en: {subject} asks {receiver}, its own unit or one above or below. Say it by carrying instead.
-- why_zh: 上下级之间用承接，握手用于平级协同。
-- why_en: Up and down is carrying; handshakes are for teams side by side.
-- closes_zh: 改为承接关系，或换成真正的协同方。
-- closes_en: It becomes an alignment, or names the team that is meant.

-- The party is known and not sideways.
select 'handshake' as subject_kind, handshake_id as subject_id, unit_id,
    case when party_unit_id <> unit_id then party_unit_id end as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public), 'receiver': party_name} as detail
from handshake
where known and not sideways
