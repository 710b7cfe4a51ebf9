-- code: SY604
-- name: ambiguous-identity
-- severity: major
-- subject: row
-- title_zh: 不能确定是不是同一个
-- title_en: Ambiguous identity
-- message_zh.several: {place} 的这一行可能是 {things}，无法确定是哪一个，暂且当作另外一个。请用 okr decide identity 说明，或在来源处补上工号、邮箱。
-- message_en.several: The row at {place} may be {things}; nobody can tell which, so it stands for itself. Decide with okr decide identity, or add an employee number or address at its source.
-- message_zh.later: {place} 的这一行现在看来就是 {things}，但两者先前都已分别出现。请用 okr decide identity 说明是否同一个。
-- message_en.later: The row at {place} now looks like {things}, but both were known as two before. Decide with okr decide identity whether they are one.
-- message_zh.contrary: {place} 的这一行与 {things} 有相同之处，但姓名或状态对不上（也许是离职者的邮箱给了别人）。请用 okr decide identity 说明是否同一个。
-- message_en.contrary: The row at {place} agrees with {things} in some things, but in name or state it does not (perhaps an address that was given out again). Decide with okr decide identity.
-- message_zh.claimed: {place} 和别的数据源都用编号 {ids}，说的却像是两个不同的事物。请用 okr decide identity 说明是否同一个。
-- message_en.claimed: The row at {place} and another source both use the id {ids}, yet they seem to speak of different things. Decide with okr decide identity whether they are one.
-- why_zh: 认错了，责任和历史就记到别人名下；没认出，同一个就成了两个。
-- why_en: Taken for the wrong one, it carries somebody else's work and history; not recognised, one thing counts twice.
-- closes_zh: 用 okr decide identity 决定，或来源处写得能够分清。
-- closes_en: A person decides with okr decide identity, or the source says enough to tell.

-- A row whose person, unit or item may be more than one known thing, with those that it may be.
with named as (
    select 'unit' as kind, unit_id as id, name as title, true as public from merged.org_units
    union all
    select 'person', person_id, name, true from merged.people
    union all
    select 'period', period_id, name, true from merged.periods
    union all
    select 'meeting', meeting_id, title, true from merged.meetings
    union all
    select 'objective', objective_id, title, visibility = 'public' and state <> 'masked' from merged.objectives
    union all
    select 'kr', k.kr_id, k.title, o.visibility = 'public' and o.state <> 'masked'
    from merged.key_results k
    left join merged.objectives o on o.objective_id = k.objective_id
    union all
    select 'handshake', h.handshake_id, h.point, o.visibility = 'public' and o.state <> 'masked'
    from merged.handshakes h
    left join merged.key_results k on k.kr_id = h.kr_id
    left join merged.objectives o on o.objective_id = k.objective_id
),
candidate as (
    select d.source, d.kind, d.id, unnest(d.candidates) as candidate, generate_subscripts(d.candidates, 1) as place
    from judged.identity_doubts d
),
things as (
    select c.source, c.kind, c.id,
        list(
            {
                'label': c.candidate, 'title': case when n.public then n.title end,
                'hidden': n.title is not null and n.public is not true
            }
            order by c.place
        )[:5] as things
    from candidate c
    left join named n on n.kind = c.kind and n.id = c.candidate
    group by all
)
select 'row' as subject_kind,
    d.source || '/' || case d.kind
        when 'unit' then 'org_units' when 'person' then 'people' when 'kr' then 'key_results' else d.kind || 's'
    end || '/' || coalesce(d.source_id, d.place, '') as subject_id,
    u.unit_id, null as counterparty_unit_id, null::varchar[] as owner_ids,
    {
        'case': d."case", 'kind': d.kind, 'place': coalesce(d.place, d.source_id), 'id': d.id,
        'ids': d.candidates, 'things': t.things, 'how': d.how
    } as detail
from judged.identity_doubts d
join things t on t.source = d.source and t.kind = d.kind and t.id = d.id
left join unit u on u.unit_id = d.unit_id
