-- code: QL501
-- name: too-many-objectives
-- severity: minor
-- subject: holder
-- title_zh: O 太多
-- title_en: Too many objectives
-- message_zh: {holder} 在 {period} 有 {count} 个 O，超过 {limit} 个。请聚焦。
-- message_en: {holder} has {count} objectives in {period}, more than {limit}. Focus.
-- why_zh: 目标太多等于没有重点。
-- why_en: Too many goals are no goals.
-- closes_zh: 一个周期内不超过上限。
-- closes_en: No more than the limit in a period.
-- limit: 5

-- More Os than the limit with one holder in one period in view; one gap a holder.
with counted as (
    select o.unit_id, o.person_id, o.period_id, count(*) as objectives, any_value(o.unit_name) as unit_name,
        any_value(coalesce(' ' || p.name, ' ' || o.person_id, '')) as person_name
    from objective o
    left join person p on p.person_id = o.person_id
    where not o.masked
    group by o.unit_id, o.person_id, o.period_id
    having count(*) > $limit
)
select
    case when person_id is null then 'unit' else 'person' end as subject_kind,
    case when person_id is null then unit_id else person_id || '@' || unit_id end as subject_id,
    unit_id, null as counterparty_unit_id,
    case when person_id is not null then [person_id] end as owner_ids,
    {
        'holder': any_value(unit_name || person_name), 'period': arg_max(period_id, (objectives, period_id)),
        'count': max(objectives), 'limit': $limit
    } as detail
from counted
group by unit_id, person_id
