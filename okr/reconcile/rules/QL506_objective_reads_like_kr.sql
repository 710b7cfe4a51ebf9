-- code: QL506
-- name: objective-reads-like-kr
-- severity: info
-- subject: objective
-- title_zh: O 写得像 KR
-- title_en: Objective reads like a KR
-- message_zh: {subject} 里有数字指标，读起来像 KR。请写成方向和意义，把数字放进 KR。
-- message_en: {subject} holds a figure and reads like a key result. Write where to get to and why; put the figure into a KR.
-- why_zh: O 说方向，KR 说衡量。
-- why_en: An objective says where to, a key result how one knows.
-- closes_zh: O 的标题不含指标数字。
-- closes_en: A title without the figure.

-- A title with a number before a measure or behind a word of reaching.
select 'objective' as subject_kind, o.objective_id as subject_id, o.unit_id, null as counterparty_unit_id, o.owner_ids,
    {'subject': thing(o.label, o.title, o.public)} as detail
from objective o
join compact_title c on c.title = o.title
where not o.masked and regexp_matches(c.compact, $like_kr)
