-- The dependencies between KRs that both count.
create or replace temp table dependency as
select d.kr_id, d.needs_kr_id, k.unit_id, n.unit_id as needs_unit_id, n.unit_name as needs_unit_name,
    not (k.unit_lo between n.unit_lo and n.unit_hi) and not (n.unit_lo between k.unit_lo and k.unit_hi) as apart
from merged.dependencies d
join key_result k on k.kr_id = d.kr_id
join key_result n on n.kr_id = d.needs_kr_id
