-- Rows that refer to what nobody knows: they stay, and count nowhere.
insert into judged.refused_references
with found as (
    select 'objectives' as "table", objective_id as record_id, unit_id as row_unit, null as parent_id, source, place,
        'unit_id' as field, unit_id as "value", 'unknown_unit' as code
    from merged.objectives
    where unit_id not in (select unit_id from unit)
    union all
    select 'objectives', objective_id, unit_id, null, source, place, 'period_id', period_id, 'unknown_period'
    from merged.objectives
    where period_id not in (select period_id from merged.periods)
    union all
    select 'key_results', kr_id, null, objective_id, source, place, 'objective_id', objective_id, 'unknown_objective'
    from merged.key_results
    where objective_id not in (select objective_id from merged.objectives)
    union all
    select 'handshakes', handshake_id, null, kr_id, source, place, 'kr_id', kr_id, 'unknown_kr'
    from merged.handshakes
    where kr_id not in (select kr_id from merged.key_results)
    union all
    select 'dependencies', kr_id || '->' || needs_kr_id, null, kr_id, source, place, 'kr_id', kr_id, 'unknown_kr'
    from merged.dependencies
    where kr_id not in (select kr_id from merged.key_results)
    union all
    select 'dependencies', kr_id || '->' || needs_kr_id, null, kr_id, source, place, 'needs_kr_id', needs_kr_id,
        'unknown_kr'
    from merged.dependencies
    where needs_kr_id not in (select kr_id from merged.key_results)
    union all
    select 'org_units', u.unit_id, u.unit_id, null, o.source, o.place, 'parent_id', o.parent_id, u.misplaced
    from unit u
    join merged.org_units o on o.unit_id = u.unit_id
    where u.misplaced is not null
)
select source, '' as scope, "table", record_id, row_unit, parent_id, place, field, "value", code,
    '{}' as "values", false as whole
from found
