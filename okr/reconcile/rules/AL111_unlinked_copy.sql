-- code: AL111
-- name: unlinked-copy
-- severity: minor
-- subject: alignment
-- title_zh: 照抄上级但没有关联
-- title_en: Unlinked copy
-- message_zh: {subject} 写的就是 {target} 的原话，但没有建立承接。请把两者关联起来。
-- message_en: {subject} repeats the words of {target}, and nobody linked the two. Link them.
-- why_zh: 系统只能从相同的文字推断承接，改一个字就断了。
-- why_en: The link is only inferred from equal words and breaks with the next edit.
-- closes_zh: 在系统或表格里写明承接关系。
-- closes_en: The alignment is stated.

-- An inferred alignment.
select 'alignment' as subject_kind,
    objective_id || '->' || parent_kind || ':' || parent_id as subject_id,
    unit_id, parent_unit_id as counterparty_unit_id, owner_ids,
    {'subject': thing(label, title, public), 'target': thing(parent_label, parent_title, parent_public)} as detail
from carry
where not stated
