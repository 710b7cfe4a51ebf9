-- code: OW404
-- name: owner-elsewhere
-- severity: minor
-- subject: owned
-- title_zh: 责任人在别的单元
-- title_en: Owner elsewhere
-- message_zh: {subject} 的责任人 {people} 不在本单元或下级，也不领导本单元或上级。请确认责任人。
-- message_en: The owner {people} of {subject} belongs neither to the unit nor below it, and leads neither it nor one above. Check the owner.
-- why_zh: 单元管不到的人，很难对结果负责。
-- why_en: A unit can hardly count on somebody it does not lead.
-- closes_zh: 责任人属于本单元或下级，或领导本单元或上级。
-- closes_en: The owner belongs to the unit or below, or leads it or one above.

-- A known, active owner neither belongs to the unit or below nor leads it or one above.
select w.kind as subject_kind, w.id as subject_id, w.unit_id, null as counterparty_unit_id,
    any_value(w.owner_ids) as owner_ids,
    {
        'subject': any_value(thing(w.label, w.title, w.public)),
        'people': case when bool_and(w.public) then list(coalesce(p.name, w.owner_id) order by w.owner_id) end
    } as detail
from owner w
join person p on p.person_id = w.owner_id and p.active
left join unit u on u.unit_id = p.unit_id
where not coalesce(u.lo between w.unit_lo and w.unit_hi, false)
    and not exists (
        select 1 from unit led where led.leader_id = w.owner_id and w.unit_lo between led.lo and led.hi
    )
group by w.kind, w.id, w.unit_id
