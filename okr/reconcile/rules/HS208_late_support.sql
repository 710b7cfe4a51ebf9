-- code: HS208
-- name: late-support
-- severity: major
-- subject: handshake
-- title_zh: 支撑来得太晚
-- title_en: Late support
-- message_zh: {subject} 在 {needed} 之前需要 {receiver}，而支撑它的 KR 要到 {due} 才完成。请对齐日期。
-- message_en: {subject} needs {receiver} by {needed}; the KR that supports it is due on {due}. Align the dates.
-- why_zh: 支撑按计划完成，需要它的一方还是等不到。
-- why_en: The support may be on time and still come too late.
-- closes_zh: 支撑的 KR 提前，或需要的日期推后。
-- closes_en: The supporting KR comes earlier, or the need later.

-- The supporting KR is due later than needed.
select 'handshake' as subject_kind, handshake_id as subject_id, party_unit_id as unit_id, unit_id as counterparty_unit_id,
    null::varchar[] as owner_ids,
    {
        'subject': thing(label, title, public), 'receiver': party_name,
        'needed': case when public then needed_by end, 'due': case when public and supporting_public then supporting_due_on end
    } as detail
from handshake
where late
