-- code: QL504
-- name: no-due-date
-- severity: minor
-- subject: kr
-- title_zh: 没有合适的完成日期
-- title_en: No due date
-- message_zh.missing: {subject} 没有完成日期。请填写。
-- message_en.missing: {subject} has no due date. Write one.
-- message_zh.outside: {subject} 的完成日期 {due} 不在周期 {period} 之内。请改正。
-- message_en.outside: {subject} is due on {due}, outside its period {period}. Correct it.
-- why_zh: 没有日期的结果无法安排先后。
-- why_en: A result without a date cannot be planned for.
-- closes_zh: 完成日期在周期之内。
-- closes_en: A due date within the period.

-- No due date, or one outside the period.
select 'kr' as subject_kind, kr_id as subject_id, unit_id, null as counterparty_unit_id, owner_ids,
    {
        'case': case when due_on is null then 'missing' else 'outside' end,
        'subject': thing(label, title, public), 'due': case when public then due_on end, 'period': period_id
    } as detail
from key_result
where not masked and ((due_on is null and due_on_known) or due_on < starts_on or due_on > ends_on)
