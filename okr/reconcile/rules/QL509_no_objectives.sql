-- code: QL509
-- name: no-objectives
-- severity: major
-- subject: unit
-- title_zh: 还没有交 OKR
-- title_en: Not handed in
-- message_zh: {unit} 还没有 {period} 的 OKR，而同级单元已经有了。请提交。
-- message_en: {unit} has no OKRs for {period} yet, while a unit beside it has. Hand them in.
-- why_zh: 少一个单元，握手会就少一方。
-- why_en: A unit without OKRs is a party missing from the meeting.
-- closes_zh: 该单元有一个本周期的 O。
-- closes_en: The unit holds an O of the period.

-- An active unit without an O of its own in the view's own period, while an active sibling holds one.
with holding as (
    select distinct unit_id from objective where person_id is null and reach = 0
),
siblings as (
    select distinct u.parent_id from unit u join holding h on h.unit_id = u.unit_id where u.active and u.parent_id is not null
)
select 'unit' as subject_kind, u.unit_id as subject_id, u.unit_id, null as counterparty_unit_id,
    null::varchar[] as owner_ids,
    {'period': $period} as detail
from unit u
where u.active and u.parent_id in (from siblings) and u.unit_id not in (from holding)
