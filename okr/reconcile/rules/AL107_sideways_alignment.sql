-- code: AL107
-- name: sideways-alignment
-- severity: minor
-- subject: alignment
-- title_zh: 横向承接
-- title_en: Sideways alignment
-- message_zh: {subject} 承接的 {target} 不在上级，而在 {other}。横向的需要请用握手表达。
-- message_en: {subject} carries {target} of {other}, which is not above it. Needs between teams are handshakes.
-- why_zh: 承接是上下级之间的关系，横向依赖需要对方答应。
-- why_en: Carrying runs upward; a need across teams needs the other team's word.
-- closes_zh: 改为承接上级的 O 或 KR，或改成握手。
-- closes_en: It points to something above, or becomes a handshake.

-- The carried thing's holder is not above the carrying O's.
select 'alignment' as subject_kind,
    objective_id || '->' || parent_kind || ':' || parent_id as subject_id,
    unit_id, parent_unit_id as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public), 'target': thing(parent_label, parent_title, parent_public)} as detail
from carry
where not below
