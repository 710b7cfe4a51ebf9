-- Every handshake that counts, and how it stands.
insert into judged.handshakes
select
    $period, h.handshake_id, kr_id, unit_id, party, party_unit_id, point, needed_by, response, response_reason,
    supporting_kr_id, decision,
    case
        when not known then 'unknown-party'
        when not sideways then 'vertical'
        when response is null then 'unanswered'
        when response = 'clarify' then 'clarify'
        when response = 'rejected' and decision is null then 'refused'
        when response = 'rejected' then 'decided'
        when unplanned then 'unplanned'
        else 'planned'
    end,
    coalesce(stale, false), coalesce(late, false),
    case when public or visibility <> 'public' then visibility else 'masked' end, label,
    responded_by, strftime(responded_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ'), a.who, a.how, decided_by
from handshake h
left join merged.answers a on a.handshake_id = h.handshake_id and a.kind = 'response' and h.response is not null
order by h.handshake_id;

insert into judged.handshake_figures
select
    $period, unit_id, party_unit_id, count(*), count(*) filter (where response = 'accepted'),
    count(*) filter (where response = 'clarify'), count(*) filter (where response = 'rejected'),
    count(*) filter (where response is null), count(*) filter (where response = 'accepted' and not unplanned),
    count(*) filter (where stale)
from handshake
where known
group by unit_id, party_unit_id
order by unit_id, party_unit_id
