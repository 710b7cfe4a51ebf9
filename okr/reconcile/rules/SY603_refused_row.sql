-- code: SY603
-- name: refused-row
-- severity: minor
-- subject: row
-- title_zh: 有一行没有被采用
-- title_en: Refused row
-- message_zh: {place} 的这一行没有被采用：{reason}。请在原处改正。
-- message_en: The row at {place} is not used: {reason}. Correct it where it stands.
-- why_zh: 没有被采用的行不参与任何计算。
-- why_en: A row that is refused counts nowhere.
-- closes_zh: 在来源处改正这一行。
-- closes_en: The row is corrected at its source.

-- A row refused whole, or one that refers to what is not known; one gap a row.
select 'row' as subject_kind,
    q.source || '/' || q."table" || '/' || coalesce(q.record_id, q.place, '') as subject_id,
    any_value(u.unit_id) as unit_id, null as counterparty_unit_id, null::varchar[] as owner_ids,
    {
        'place': min(coalesce(q.place, q.record_id)), 'table': q."table", 'text': 'quarantine.' || min(q.code),
        'values': case when bool_or(q.hidden) then '{}' else first(q."values" order by q.code, q."values") end
    } as detail
from refused_row q
left join unit u on u.unit_id = q.unit_id
group by q.source, q."table", coalesce(q.record_id, q.place, '')
