-- code: OW402
-- name: several-owners
-- severity: minor
-- subject: owned
-- title_zh: 不止一个责任人
-- title_en: Several owners
-- message_zh: {subject} 有 {count} 个责任人。请定一位责任人，其余为成员。
-- message_en: {subject} has {count} owners. Name one; the others are members.
-- why_zh: 人人负责等于没人负责。
-- why_en: What everybody owns nobody owns.
-- closes_zh: 只留一位责任人。
-- closes_en: One owner is left.

-- More than one owner.
select kind as subject_kind, id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public), 'count': case when public then len(owner_ids) end} as detail
from owned
where len(owner_ids) > 1 and owner_ids_known
