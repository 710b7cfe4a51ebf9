-- code: OW403
-- name: owner-gone
-- severity: major
-- subject: owned
-- title_zh: 责任人不在了
-- title_en: Owner gone
-- message_zh: {subject} 的责任人 {people} 不在人员名单中或已离职。请换一位责任人。
-- message_en: The owner {people} of {subject} is unknown or has left. Name another.
-- why_zh: 离开的人不会再推动它。
-- why_en: Somebody who left moves nothing.
-- closes_zh: 责任人是在职的人。
-- closes_en: The owner is known and active.

-- An owner is not known, or not active.
select w.kind as subject_kind, w.id as subject_id, w.unit_id, null as counterparty_unit_id,
    any_value(w.owner_ids) as owner_ids,
    {
        'subject': any_value(thing(w.label, w.title, w.public)),
        'people': case when bool_and(w.public) then list(coalesce(p.name, w.owner_id) order by w.owner_id) end
    } as detail
from owner w
left join person p on p.person_id = w.owner_id
where p.person_id is null or not p.active
group by w.kind, w.id, w.unit_id
