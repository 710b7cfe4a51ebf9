-- The handshakes that count, with both units and how they stand to each other.
create or replace temp table handshake as
with met as (
    select
        h.handshake_id, h.kr_id, h.party, h.point, coalesce(h.needed_by, k.due_on) as needed_by, h.response,
        h.response_reason, h.responded_by, h.responded_at, h.supporting_kr_id, h.decision, h.decided_by,
        h.content_updated_at,
        k.objective_id, k.unit_id, k.unit_name, k.unit_lo, k.unit_hi, k.owner_ids, k.label, k.title, k.public,
        k.visibility, k.content_updated_at as kr_content_updated_at,
        p.unit_id as party_unit_id, u.name as party_name, u.lo as party_lo, u.hi as party_hi,
        s.kr_id is not null as supported, s.due_on as supporting_due_on, s.unit_lo as supporting_lo,
        s.public as supporting_public
    from merged.handshakes h
    join key_result k on k.kr_id = h.kr_id
    left join party p on p.party = h.party
    left join unit u on u.unit_id = p.unit_id
    left join key_result s on s.kr_id = h.supporting_kr_id
),
placed as (
    select *,
        party_unit_id is not null as known,
        party_unit_id is not null
            and not (unit_lo between party_lo and party_hi) and not (party_lo between unit_lo and unit_hi) as sideways
    from met
),
carrying_back as (
    -- An O in the receiving unit or below that carries the requesting KR itself.
    select distinct p.handshake_id
    from placed p
    join carry c on c.parent_kind = 'kr' and c.parent_id = p.kr_id
    where c.lo between p.party_lo and p.party_hi
)
select
    p.*,
    p.sideways and p.response = 'accepted' and b.handshake_id is null
        and not (p.supported and p.supporting_lo between p.party_lo and p.party_hi) as unplanned,
    p.sideways and p.supported and p.supporting_due_on > p.needed_by as late,
    p.sideways and p.responded_at is not null
        and greatest(coalesce(hc.at, p.content_updated_at), coalesce(kc.at, p.kr_content_updated_at)) > p.responded_at
        as stale
from placed p
left join carrying_back b on b.handshake_id = p.handshake_id
left join changed hc on hc.kind = 'handshake' and hc.id = p.handshake_id
left join changed kc on kc.kind = 'kr' and kc.id = p.kr_id
