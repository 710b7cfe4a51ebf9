-- What counts in this view: every O and KR, whose it is, how it is called, and who carries what.
insert into judged.things
select $period, 'objective', objective_id, objective_id, unit_id, person_id, label, visibility, masked, owner_ids, null
from objective
union all
select
    $period, 'kr', kr_id, objective_id, unit_id, person_id, label, visibility, masked, owner_ids,
    case when standing <> 'dropped' or has_carriers_to_be then standing end
from kr_standing;

insert into judged.carries
select $period, objective_id, parent_kind, parent_id, parent_objective_id, share, below, stated
from carry
