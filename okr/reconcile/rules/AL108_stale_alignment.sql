-- code: AL108
-- name: stale-alignment
-- severity: major
-- subject: alignment
-- title_zh: 上级已变，承接未更新
-- title_en: Stale alignment
-- message_zh: {subject} 承接的 {target} 在 {since} 改过，之后承接方没有再确认。请核对后更新。
-- message_en: {target}, which {subject} carries, was changed on {since} and has not been looked at since. Check it and update.
-- why_zh: 上级 OKR 一变，承接它的都要重新看一遍。
-- why_en: Whenever an upper OKR changes, those that carry it must be looked at again.
-- closes_zh: 承接方更新自己的 O 或承接关系。
-- closes_en: The carrying O, or the alignment, is updated after the change.

-- The carried thing's content is newer than the carrying O's and the alignment.
with timed as (
    select c.*,
        coalesce(tc.at, c.parent_content_updated_at) as target_at,
        coalesce(
            greatest(coalesce(oc.at, c.content_updated_at), c.updated_at), l.first_seen, $now
        ) as carried_at
    from carry c
    left join changed tc on tc.kind = c.parent_kind and tc.id = c.parent_id
    left join changed oc on oc.kind = 'objective' and oc.id = c.objective_id
    left join history.links l
        on l.objective_id = c.objective_id and l.parent_kind = c.parent_kind and l.parent_id = c.parent_id
)
select 'alignment' as subject_kind,
    objective_id || '->' || parent_kind || ':' || parent_id as subject_id,
    unit_id, parent_unit_id as counterparty_unit_id, owner_ids,
    {
        'subject': thing(label, title, public), 'target': thing(parent_label, parent_title, parent_public),
        'since': strftime(target_at at time zone $zone, '%Y-%m-%d')
    } as detail
from timed
where target_at > carried_at
