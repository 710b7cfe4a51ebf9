-- Rows that are not used, with their known unit; `hidden`: of an O whose content is not for everybody.
create or replace temp table refused_row as
with refused as (
    select source, "table", record_id, row_unit, parent_id, place, field, code, "values"
    from store.quarantine
    where whole
    union all
    select source, "table", record_id, row_unit, parent_id, place, field, code, "values"
    from judged.refused_references
)
select
    r.*,
    case
        when r."table" = 'org_units' then coalesce(r.row_unit, r.record_id)
        when r."table" in ('key_results', 'alignments') then o.unit_id
        when r."table" in ('handshakes', 'dependencies') then ko.unit_id
        else r.row_unit
    end as unit_id,
    coalesce(own.visibility, o.visibility, ko.visibility, 'public') <> 'public' as hidden
from refused r
left join merged.objectives own on r."table" = 'objectives' and own.objective_id = r.record_id
left join merged.objectives o on r."table" in ('key_results', 'alignments') and o.objective_id = r.parent_id
left join merged.key_results k on r."table" in ('handshakes', 'dependencies') and k.kr_id = r.parent_id
left join merged.objectives ko on ko.objective_id = k.objective_id
