-- code: AL110
-- name: late-carrier
-- severity: minor
-- subject: alignment
-- title_zh: 承接方完成得更晚
-- title_en: Late carrier
-- message_zh: {subject} 有 KR 在 {latest} 才完成，晚于它承接的 {target}（{due}）。请对齐日期。
-- message_en: {subject} has a KR due on {latest}, later than {target} that it carries ({due}). Align the dates.
-- why_zh: 承接方按时完成，上级也已经晚了。
-- why_en: The carrier may be on time and the upper result is late all the same.
-- closes_zh: 承接方的 KR 不晚于上级 KR，或上级延期。
-- closes_en: No KR of the carrier is due after the upper one.

-- A carrier of a KR has a KR due later than that KR.
select 'alignment' as subject_kind,
    c.objective_id || '->' || c.parent_kind || ':' || c.parent_id as subject_id,
    c.unit_id, c.parent_unit_id as counterparty_unit_id, any_value(c.owner_ids) as owner_ids,
    {
        'subject': any_value(thing(c.label, c.title, c.public)),
        'target': any_value(thing(c.parent_label, c.parent_title, c.parent_public)),
        'latest': case when bool_and(c.public) then max(k.due_on) end,
        'due': case when bool_and(c.parent_public) then any_value(p.due_on) end
    } as detail
from carry c
join key_result p on c.parent_kind = 'kr' and p.kr_id = c.parent_id
join key_result k on k.objective_id = c.objective_id
where c.below and k.due_on > p.due_on
group by c.objective_id, c.parent_kind, c.parent_id, c.unit_id, c.parent_unit_id
