-- Who carries what: alignments that count and whose target counts and is within reach, stated or inferred.
-- `below`: the carrying O's holder is below the carried thing's, so that it is a carrier.
create or replace temp table stated_alignment as
select
    a.objective_id, a.parent_kind, a.parent_id, a.share, a.updated_at, a.source,
    o.label, o.title, o.public, o.owner_ids, o.unit_id, o.unit_name, o.reach, o.lo, o.content_updated_at
from merged.alignments a
join objective o on o.objective_id = a.objective_id;

create or replace temp table target as
select 'kr' as parent_kind, kr_id as parent_id, objective_id as parent_objective_id, label as parent_label,
    title as parent_title, public as parent_public, unit_id as parent_unit_id, unit_name as parent_unit_name,
    reach as parent_reach, lo as parent_lo, hi as parent_hi, content_updated_at as parent_content_updated_at
from key_result
union all
select 'objective', objective_id, objective_id, label, title, public, unit_id, unit_name, reach, lo, hi,
    content_updated_at
from objective;

create or replace temp table carry as
select
    a.*, t.* exclude (parent_kind, parent_id),
    a.lo > t.parent_lo and a.lo <= t.parent_hi as below,
    true as stated
from stated_alignment a
join target t on t.parent_kind = a.parent_kind and t.parent_id = a.parent_id and t.parent_reach >= a.reach;
