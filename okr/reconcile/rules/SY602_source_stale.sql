-- code: SY602
-- name: source-stale
-- severity: critical
-- subject: source
-- title_zh: 数据源没有更新
-- title_en: Source out of date
-- message_zh.failed: 数据源 {subject_id} 读取失败，{since}以前的数据暂时顶替。请运维查看原因（{reason}）。
-- message_en.failed: The source {subject_id} could not be read; rows of {since} stand in. Ops should look into it ({reason}).
-- message_zh.never: 数据源 {subject_id} 读取失败，而且从未成功过。请运维查看原因（{reason}）。
-- message_en.never: The source {subject_id} could not be read and never has been. Ops should look into it ({reason}).
-- message_zh.held: 数据源 {subject_id} 的新数据少了很多，已暂停使用，{since}以前的数据暂时顶替。请用 okr decide delivery 决定是否接受。
-- message_en.held: The new delivery of {subject_id} lost much of what was there and is held back; rows of {since} stand in. Decide with okr decide delivery.
-- message_zh.partial: 数据源 {subject_id} 有一部分从 {since} 起没有读到：{scopes}，这部分沿用旧数据。请运维查看原因（{reason}）。
-- message_en.partial: A part of the source {subject_id} could not be read since {since}: {scopes}; older rows stand in. Ops should look into it ({reason}).
-- why_zh: 用旧数据得出的缺口可能已经不对了。
-- why_en: Gaps found in old rows may no longer be true.
-- closes_zh: 数据源重新读取成功，或被暂停的数据得到决定。
-- closes_en: The source is read again, or the held delivery is decided.

-- A source that failed, is held back, or of which a scope was not read to the end.
with failures as (
    select source, list(scope order by scope)[:10] as scopes, first(code order by scope) as code,
        first("values" order by scope) as "values", min(since) as since
    from store.failures
    group by source
)
select 'source' as subject_kind, s.source as subject_id, null as unit_id, null as counterparty_unit_id,
    null::varchar[] as owner_ids,
    {
        'case': case when s.state = 'held' then 'held' when s.delivered_at is null then 'never'
            when s.state = 'failed' then 'failed' else 'partial' end,
        'since': strftime(
            case when s.state in ('failed', 'held') then s.delivered_at else f.since end at time zone $zone,
            '%Y-%m-%d %H:%M'
        ),
        'scopes': coalesce(f.scopes, []),
        'text': 'error.' || coalesce(s.code, f.code),
        'values': case when s.code is null then f."values" else s."values" end
    } as detail
from store.sources s
left join failures f on f.source = s.source
where s.state in ('failed', 'held') or f.source is not null
