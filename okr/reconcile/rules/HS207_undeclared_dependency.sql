-- code: HS207
-- name: undeclared-dependency
-- severity: major
-- subject: kr
-- title_zh: 标题点名却没有握手
-- title_en: Undeclared dependency
-- message_zh: {subject} 提到了 {other}，但没有向它提出握手请求。请补上握手，或改写标题。
-- message_en: {subject} names {other}, but asks nothing of it. Add a handshake, or reword the title.
-- why_zh: 写在标题里的依赖，对方多半不知道。
-- why_en: A dependency that only stands in a title is mostly unknown to the other team.
-- closes_zh: 增加一条以该单元为握手方的请求，或标题不再提它。
-- closes_en: A handshake with that unit, or a title that does not name it.

-- The title names a sideways unit, and no handshake of this KR has exactly that unit as its party.
select 'kr' as subject_kind, k.kr_id as subject_id, k.unit_id, u.unit_id as counterparty_unit_id, k.owner_ids,
    {'subject': thing(k.label, k.title, k.public)} as detail
from named_unit n
join key_result k on k.kr_id = n.kr_id
join unit u on u.unit_id = n.unit_id
where not (k.unit_lo between u.lo and u.hi) and not (u.lo between k.unit_lo and k.unit_hi)
    and not exists (select 1 from handshake h where h.kr_id = k.kr_id and h.party_unit_id = u.unit_id)
