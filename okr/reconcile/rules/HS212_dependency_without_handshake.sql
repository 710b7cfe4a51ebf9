-- code: HS212
-- name: dependency-without-handshake
-- severity: major
-- subject: kr
-- title_zh: 有依赖没有握手
-- title_en: Dependency without handshake
-- message_zh: {subject} 依赖 {other} 的 KR，但没有向它提出握手请求。请补上握手。
-- message_en: {subject} depends on KRs of {other}, but asks nothing of it. Add a handshake.
-- why_zh: 对方不知道有人在等。
-- why_en: The other team does not know that somebody waits.
-- closes_zh: 增加一条以该单元为握手方的请求，或删除依赖。
-- closes_en: A handshake with that unit, or no dependency.

-- A dependency across units side by side without a handshake with exactly that unit.
select 'kr' as subject_kind, k.kr_id as subject_id, k.unit_id, d.needs_unit_id as counterparty_unit_id, k.owner_ids,
    {'subject': thing(k.label, k.title, k.public), 'needs': d.needs} as detail
from (
    select kr_id, needs_unit_id, list(needs_kr_id order by needs_kr_id)[:10] as needs
    from dependency
    where apart
    group by kr_id, needs_unit_id
) d
join key_result k on k.kr_id = d.kr_id
where not exists (select 1 from handshake h where h.kr_id = d.kr_id and h.party_unit_id = d.needs_unit_id)
