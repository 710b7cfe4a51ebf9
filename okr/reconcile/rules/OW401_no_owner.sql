-- code: OW401
-- name: no-owner
-- severity: critical
-- subject: owned
-- title_zh: 没有责任人
-- title_en: No owner
-- message_zh: {subject} 没有责任人。请指定一个人。
-- message_en: {subject} has no owner. Name one person.
-- why_zh: 没有责任人的事没有人推动。
-- why_en: What nobody owns nobody moves.
-- closes_zh: 指定一位责任人。
-- closes_en: One owner is named.

-- No owner, where a source could have said one.
select kind as subject_kind, id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public)} as detail
from owned
where owner_ids is null and owner_ids_known
