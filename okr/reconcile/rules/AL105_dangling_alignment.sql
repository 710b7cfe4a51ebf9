-- code: AL105
-- name: dangling-alignment
-- severity: major
-- subject: alignment
-- title_zh: 承接落空
-- title_en: Dangling alignment
-- message_zh.unknown: {subject} 承接的 {target} 不存在。请改为现有的 O 或 KR。
-- message_en.unknown: {subject} carries {target}, which does not exist. Point it to one that does.
-- message_zh.void: {subject} 承接的 {target} 已不生效（未发布、已撤回或所在单元停用）。请重新承接。
-- message_en.void: {subject} carries {target}, which is not in force (draft, withdrawn, or its unit is closed). Align it anew.
-- message_zh.period: {subject} 承接的 {target} 属于另一个周期，既不是本周期也不是其上级周期。请改为本周期的 O 或 KR。
-- message_en.period: {subject} carries {target} of a period that is neither its own nor one above. Point it to one that is.
-- why_zh: 上级变了而承接没有跟上，下级在为不存在的目标努力。
-- why_en: The upper side changed and the link did not follow: somebody works for a goal that is no more.
-- closes_zh: 承接指向本周期（或上级周期）里有效的 O 或 KR，或者删除。
-- closes_en: The alignment points to an O or KR in force and in reach, or is removed.

-- The target does not exist, does not count, or is of a period out of reach.
with known as (
    select 'kr' as parent_kind, k.kr_id as parent_id, o.unit_id, o.state
    from merged.key_results k
    left join merged.objectives o on o.objective_id = k.objective_id
    union all
    select 'objective', objective_id, unit_id, state from merged.objectives
)
select 'alignment' as subject_kind,
    a.objective_id || '->' || a.parent_kind || ':' || a.parent_id as subject_id,
    a.unit_id, u.unit_id as counterparty_unit_id, a.owner_ids,
    {
        'case': case
            when k.parent_id is null then 'unknown'
            when k.state in ('published', 'masked') and u.active then 'period'
            else 'void'
        end,
        'subject': thing(a.label, a.title, a.public),
        'target': a.parent_id
    } as detail
from stated_alignment a
left join known k on k.parent_kind = a.parent_kind and k.parent_id = a.parent_id
left join unit u on u.unit_id = k.unit_id
left join target t on t.parent_kind = a.parent_kind and t.parent_id = a.parent_id
where t.parent_id is null or t.parent_reach < a.reach
